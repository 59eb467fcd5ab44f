// Draws by decision trees over the symbols of other variables. A node's record: `u32 symbols of the
// variable that is asked for, or 0 for a leaf | u32 number of the node for symbols outside of the set,
// or the leaf's alias table | 2 unused | 4 words: the set of symbols that go on to the next node`.

import { drawn } from "./draw";

const NODE: u32 = 32;
const SIDES: u32 = 16;

/** Draws one symbol a row from the alias table, of `2^bits` words, of the leaf that it ends up at. */
export function sampleTree(random: u32, rows: u32, nodes: u32, bits: u32, to: u32): void {
  const mask = ((<u32>1) << bits) - 1;
  for (let i: u32 = 0; i < rows; i++) {
    let node = nodes;
    let symbols = load<u32>(node);
    while (symbols != 0) {
      const symbol = <u32>load<u16>(symbols + (i << 1));
      const word = load<u32>(node + ((symbol >> 5) << 2), SIDES);
      const other = nodes + load<u32>(node, 4) * NODE;
      node = (word >> (symbol & 31)) & 1 ? node + NODE : other;
      symbols = load<u32>(node);
    }
    store<u16>(to + (i << 1), <u16>drawn(load<u32>(random + (i << 2)), load<u32>(node, 4), mask));
  }
}
