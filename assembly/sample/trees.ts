// Draws by decision trees over the symbols of other variables. A node's record: `u32 symbols of the
// variable that is asked for, or 0 for a leaf | u32 the node for symbols outside of the set, or the
// leaf's alias table | 2 unused | 8 words: the set of symbols that go on to the next node`.

import { drawn } from "./draw";

const NODE: u32 = 48;
const SIDES: u32 = 16;

/**
 * Draws one symbol a row from the alias table, of `2^bits` words, of the leaf that it ends up at. All
 * rows go down a level together, so that none waits for another's answers; `scratch` has 6 bytes a row.
 */
export function sampleTree(
  random: u32, rows: u32, nodes: u32, bits: u32, scratch: u32, to: u32,
): void {
  const open = scratch + (rows << 2);
  let left: u32 = load<u32>(nodes) == 0 ? 0 : rows;
  for (let i: u32 = 0; i < rows; i++) {
    store<u32>(scratch + (i << 2), nodes);
    store<u16>(open + (i << 1), <u16>i);
  }
  while (left > 0) {
    let still: u32 = 0;
    for (let i: u32 = 0; i < left; i++) {
      const row = <u32>load<u16>(open + (i << 1));
      const node = load<u32>(scratch + (row << 2));
      const symbol = <u32>load<u16>(load<u32>(node) + (row << 1));
      const word = load<u32>(node + ((symbol >> 5) << 2), SIDES);
      const other = load<u32>(node, 4);
      const next = select<u32>(node + NODE, other, (word >> (symbol & 31)) & 1);
      store<u32>(scratch + (row << 2), next);
      store<u16>(open + (still << 1), <u16>row);
      still += u32(load<u32>(next) != 0);
    }
    left = still;
  }
  const mask = ((<u32>1) << bits) - 1;
  for (let i: u32 = 0; i < rows; i++) {
    const table = load<u32>(load<u32>(scratch + (i << 2)), 4);
    store<u16>(to + (i << 1), <u16>drawn(load<u32>(random + (i << 2)), table, mask));
  }
}
