// Makes alias tables as writeAliasTable() of src/generators/sampling does (Vose, "A linear algorithm
// for generating random numbers with a given distribution", 1991), many at once.

const SHARES: f64 = 65536;

// @ts-ignore: decorator
@inline
function wordOf(share: f64, own: u32, other: u32): u32 {
  const threshold = Math.floor(share * SHARES + 0.5);
  if (threshold >= SHARES) return 0xffff_0000 | own;
  return (<u32>threshold << 16) | other;
}

// What rounding left over: outcomes that take all of their place, but for those that never come.
function fillRest(weights: u32, outcomes: u32, from: u32, end: u32, to: u32): void {
  let most: u32 = 0;
  for (let i: u32 = 1; i < outcomes; i++) {
    if (load<f64>(weights + (i << 3)) > load<f64>(weights + (most << 3))) most = i;
  }
  for (let at = from; at < end; at += 4) {
    const one = load<u32>(at);
    const comes = one < outcomes && load<f64>(weights + (one << 3)) > 0;
    store<u32>(to + (one << 2), comes ? wordOf(1, one, one) : most);
  }
}

// One table. `work` has room for 2^bits shares, f64 each, and as many outcomes, u32 each: from its
// start those that have less than their place, from its end those that have more.
function writeTable(weights: u32, outcomes: u32, bits: u32, to: u32, work: u32): void {
  const size = <u32>1 << bits;
  let total: f64 = 0;
  for (let i: u32 = 0; i < outcomes; i++) total += load<f64>(weights + (i << 3));
  const start = work + (size << 3);
  let small = start;
  let large = start + (size << 2);
  const end = large;
  for (let i: u32 = 0; i < size; i++) {
    const left = i < outcomes ? load<f64>(weights + (i << 3)) / total * <f64>size : 0;
    store<f64>(work + (i << 3), left);
    if (left < 1) {
      store<u32>(small, i);
      small += 4;
    } else {
      large -= 4;
      store<u32>(large, i);
    }
  }
  while (small > start && large < end) {
    small -= 4;
    const one = load<u32>(small);
    const other = load<u32>(large);
    const share = load<f64>(work + (one << 3));
    store<u32>(to + (one << 2), wordOf(share, one, other));
    const left = load<f64>(work + (other << 3)) - (1 - share);
    store<f64>(work + (other << 3), left);
    if (left < 1) {
      large += 4;
      store<u32>(small, other);
      small += 4;
    }
  }
  for (; large < end; large += 4) {
    const one = load<u32>(large);
    store<u32>(to + (one << 2), wordOf(1, one, one));
  }
  if (small > start) fillRest(weights, outcomes, start, small, to);
}

/**
 * Makes tables of `2^bits` words each from weights, f64 each, of `outcomes` outcomes a table; `work`
 * has room for 12 bytes a word of a table.
 */
export function sampleAlias(
  weights: u32, tables: u32, outcomes: u32, bits: u32, to: u32, work: u32,
): void {
  for (let table: u32 = 0; table < tables; table++) {
    writeTable(weights, outcomes, bits, to, work);
    weights += outcomes << 3;
    to += <u32>4 << bits;
  }
}
