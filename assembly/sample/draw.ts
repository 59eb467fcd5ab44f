// Draws from alias tables (Walker, "An efficient method for generating discrete random variables
// with general distributions", ACM TOMS 3, 1977; built as by Vose, 1991). A table has a power of two
// of entries, each a word: in its upper half the share of 65,536 that is the entry's own, in its
// lower half what the rest is. One random word decides: its low bits are the entry, its upper half
// is held against the share.

// @ts-ignore: decorator
@inline
export function drawn(random: u32, table: u32, mask: u32): u32 {
  const own = random & mask;
  const entry = load<u32>(table + (own << 2));
  return (random >> 16) < (entry >> 16) ? own : entry & 0xffff;
}

/**
 * Draws one symbol a row, from table 0 or, with `parents` (a u16 each, of which the bits of `known`
 * count), from that table. What `keep` masks of a parent is kept in the result: the component of a
 * mixture.
 */
export function sampleDraw(
  random: u32, rows: u32, parents: u32, tables: u32, bits: u32, known: u32, keep: u32, to: u32,
): void {
  const mask = ((<u32>1) << bits) - 1;
  if (parents == 0) {
    for (let i: u32 = 0; i < rows; i++) {
      store<u16>(to + (i << 1), <u16>drawn(load<u32>(random + (i << 2)), tables, mask));
    }
    return;
  }
  const shift = bits + 2;
  for (let i: u32 = 0; i < rows; i++) {
    const parent = <u32>load<u16>(parents + (i << 1)) & known;
    const one = drawn(load<u32>(random + (i << 2)), tables + (parent << shift), mask);
    store<u16>(to + (i << 1), <u16>(one | (parent & keep)));
  }
}

/**
 * The values that symbols stand for, as positions in a list, −1 for null. A symbol's record is
 * `u32 first position | u32 alias table or 0 | u32 bits of the table | u32 unused`.
 */
export function sampleValues(random: u32, rows: u32, symbols: u32, records: u32, to: u32): void {
  for (let i: u32 = 0; i < rows; i++) {
    const record = records + (<u32>load<u16>(symbols + (i << 1)) << 4);
    const table = load<u32>(record, 4);
    let value = load<u32>(record);
    if (table != 0) {
      const mask = ((<u32>1) << load<u32>(record, 8)) - 1;
      value += drawn(load<u32>(random + (i << 2)), table, mask);
    }
    store<u32>(to + (i << 2), value);
  }
}

/**
 * Looks values up by those of one or two other columns: the entry at `(first + 1) × width + second +
 * 1`. An entry below −1 is the record −2 − entry of `choices`, one of several values: `u32 alias
 * table | u32 bits | u32 values | u32 unused`.
 */
export function sampleLookup(
  random: u32, rows: u32, first: u32, second: u32, width: u32, entries: u32, choices: u32, to: u32,
): void {
  for (let i: u32 = 0; i < rows; i++) {
    let key = (load<u32>(first + (i << 2)) + 1) * width;
    if (second != 0) key += load<u32>(second + (i << 2)) + 1;
    let value = load<i32>(entries + (key << 2));
    if (value < -1) {
      const choice = choices + (<u32>(-2 - value) << 4);
      const mask = ((<u32>1) << load<u32>(choice, 4)) - 1;
      const one = drawn(load<u32>(random + (i << 2)), load<u32>(choice), mask);
      value = load<i32>(load<u32>(choice, 8) + (one << 2));
    }
    store<i32>(to + (i << 2), value);
  }
}
