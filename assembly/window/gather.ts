// Results of the sorted groups of windows that close, a column at a time: `count` groups, from the
// `from`th of all windows on.
import { locate, locatedAddress, locatedLength, locatedNull } from "./sort";
import { S_BUCKETS, S_NULL, S_ORDERED } from "./slice";
import { FIXED, sliceAt, T_MODE, T_STATE } from "./table";

/** What `gatherResults()` makes of a state's fields; the same numbers as the host's. */
const COUNT: u32 = 0;
const WORD: u32 = 1;
const SUM: u32 = 2;
const MEAN: u32 = 3;
const LEAST: u32 = 4;
/** The low half of a word: 4 bytes a row. */
const HALF: u32 = 6;

/** Instead of where a field lies: there is none. */
const NO_FIELD: u32 = ~0;
/** Instead of an end: the texts before it take more than a column holds. */
const TOO_LONG: u64 = 0xffff_ffff;

// Where the addresses of sorted groups are listed, from one on.
// @ts-ignore: decorator
@inline
function itemsFrom(slice: u32, from: u32): u32 {
  return load<u32>(slice, S_BUCKETS) + (from << 3);
}

// How many of the groups still wanted a window has, from one of its own on.
// @ts-ignore: decorator
@inline
function groupsFrom(slice: u32, from: u32, wanted: u32): u32 {
  const groups = load<u32>(slice, S_ORDERED);
  return from < groups ? min(wanted, groups - from) : 0;
}

// Where to begin in the windows after one.
// @ts-ignore: decorator
@inline
function fromAfter(slice: u32, from: u32): u32 {
  const groups = load<u32>(slice, S_ORDERED);
  return from < groups ? 0 : from - groups;
}

// @ts-ignore: decorator
@inline
function stateAt(items: u32, row: u32): u32 {
  return load<u32>(items + (row << 3));
}

/**
 * Gathers the states of sorted groups word by word: `count` first words, `count` second words, and
 * so on.
 */
export function gatherWords(table: u32, from: u32, count: u32, out: u32): void {
  const bytes = load<u32>(table, T_STATE);
  for (let index: u32 = 0, done: u32 = 0; done < count; index++) {
    const slice = sliceAt(table, index);
    const items = itemsFrom(slice, from);
    const some = groupsFrom(slice, from, count - done);
    for (let row: u32 = 0; row < some; row++) {
      const state = stateAt(items, row);
      let to = out + ((done + row) << 3);
      for (let at: u32 = 0; at < bytes; at += 8) {
        store<u64>(to, load<u64>(state + at));
        to += count << 3;
      }
    }
    done += some;
    from = fromAfter(slice, from);
  }
}

// A sum with its compensation, which means nothing once the sum is infinite or NaN.
// @ts-ignore: decorator
@inline
function totalAt(at: u32): f64 {
  const sum = load<f64>(at);
  const error = load<f64>(at, 8);
  return sum - sum == 0 && error == error ? sum + error : sum;
}

// @ts-ignore: decorator
@inline
function resultOf(what: u32, at: u32, values: u64): u64 {
  if (what == COUNT) return values;
  if (what == WORD) return load<u64>(at);
  if (what == SUM) return reinterpret<u64>(totalAt(at));
  if (what == MEAN) return reinterpret<u64>(totalAt(at) / <f64>values);
  // never −0, whose order with 0 is chance
  const value = load<f64>(at);
  if (what == LEAST) return reinterpret<u64>(value + 0.0);
  return reinterpret<u64>(0.0 - value); // greatest values are kept negated
}

// What an aggregate comes to in `count` listed groups; how many of them had values.
// @ts-ignore: decorator
@inline
function resultsOf(
  items: u32,
  count: u32,
  what: u32,
  at: u32,
  nulls: u32,
  out: u32,
  valid: u32,
): u32 {
  let some: u32 = 0;
  for (let row: u32 = 0; row < count; row++) {
    const state = stateAt(items, row);
    const values = load<u64>(state) - (nulls == NO_FIELD ? 0 : load<u64>(state + nulls));
    store<u64>(out + (row << 3), resultOf(what, state + at, values));
    store<u8>(valid + row, u8(values != 0));
    some += u32(values != 0);
  }
  return some;
}

// As resultsOf(), for the low halves of words.
function halvesOf(items: u32, count: u32, at: u32, nulls: u32, out: u32, valid: u32): u32 {
  let some: u32 = 0;
  for (let row: u32 = 0; row < count; row++) {
    const state = stateAt(items, row);
    const values = load<u64>(state) - (nulls == NO_FIELD ? 0 : load<u64>(state + nulls));
    store<u32>(out + (row << 2), load<u32>(state + at));
    store<u8>(valid + row, u8(values != 0));
    some += u32(values != 0);
  }
  return some;
}

/**
 * Gathers what an aggregate comes to in sorted groups: 8 bytes a row, 4 of a HALF, and a byte, 0
 * where there was no value.
 *
 * @param at Where its field lies in a state.
 * @param nulls Where the nulls are counted that do not count; NO_FIELD when there are none.
 * @returns How many rows had values.
 */
export function gatherResults(
  table: u32,
  from: u32,
  count: u32,
  what: u32,
  at: u32,
  nulls: u32,
  out: u32,
  valid: u32,
): u32 {
  let some: u32 = 0;
  for (let index: u32 = 0, done: u32 = 0; done < count; index++) {
    const slice = sliceAt(table, index);
    const items = itemsFrom(slice, from);
    const rows = groupsFrom(slice, from, count - done);
    if (what == HALF) some += halvesOf(items, rows, at, nulls, out + (done << 2), valid + done);
    else some += resultsOf(items, rows, what, at, nulls, out + (done << 3), valid + done);
    done += rows;
    from = fromAfter(slice, from);
  }
  return some;
}

// A fixed-width column of `count` listed groups' keys; how many are not null.
function keysOf(table: u32, slice: u32, items: u32, count: u32, part: u32, out: u32, valid: u32): u32 {
  let some: u32 = 0;
  for (let row: u32 = 0; row < count; row++) {
    locate(table, slice, stateAt(items, row), part);
    const isNull = locatedNull();
    store<u64>(out + (row << 3), isNull ? 0 : load<u64>(locatedAddress()));
    store<u8>(valid + row, u8(!isNull));
    some += u32(!isNull);
  }
  return some;
}

// As keysOf() where the keys are nothing but the column.
function fixedKeysOf(slice: u32, items: u32, count: u32, out: u32, valid: u32): u32 {
  const none = load<u32>(slice, S_NULL);
  let some: u32 = 0;
  for (let row: u32 = 0; row < count; row++) {
    const state = stateAt(items, row);
    store<u64>(out + (row << 3), load<u64>(state - 8)); // 0 before the state of the null key
    store<u8>(valid + row, u8(state != none));
    some += u32(state != none);
  }
  return some;
}

/**
 * Gathers a fixed-width key column of sorted groups: 8 bytes a row, and a byte, 0 for null; how
 * many are not null.
 */
export function gatherKeys(
  table: u32,
  from: u32,
  count: u32,
  part: u32,
  out: u32,
  valid: u32,
): u32 {
  const fixed = load<u32>(table, T_MODE) == FIXED;
  let some: u32 = 0;
  for (let index: u32 = 0, done: u32 = 0; done < count; index++) {
    const slice = sliceAt(table, index);
    const items = itemsFrom(slice, from);
    const rows = groupsFrom(slice, from, count - done);
    const to = out + (done << 3);
    some += fixed
      ? fixedKeysOf(slice, items, rows, to, valid + done)
      : keysOf(table, slice, items, rows, part, to, valid + done);
    done += rows;
    from = fromAfter(slice, from);
  }
  return some;
}

/**
 * Gathers where the texts of a key column end (u32), the first of which starts at `start`, and a
 * byte, 0 for null; how many are not null.
 */
export function gatherEnds(
  table: u32,
  from: u32,
  count: u32,
  part: u32,
  start: u32,
  out: u32,
  valid: u32,
): u32 {
  let end: u64 = start;
  let some: u32 = 0;
  for (let index: u32 = 0, done: u32 = 0; done < count; index++) {
    const slice = sliceAt(table, index);
    const items = itemsFrom(slice, from);
    const rows = done + groupsFrom(slice, from, count - done);
    for (let row: u32 = 0; done < rows; row++, done++) {
      locate(table, slice, stateAt(items, row), part);
      end = min(TOO_LONG, end + <u64>locatedLength());
      const isNull = locatedNull();
      store<u32>(out + (done << 2), <u32>end);
      store<u8>(valid + done, u8(!isNull));
      some += u32(!isNull);
    }
    from = fromAfter(slice, from);
  }
  return some;
}

/** Gathers the bytes of a key column one after the other, and 15 of anything; their number. */
export function gatherBytes(
  table: u32,
  from: u32,
  count: u32,
  part: u32,
  out: u32,
): u32 {
  let at = out;
  for (let index: u32 = 0, done: u32 = 0; done < count; index++) {
    const slice = sliceAt(table, index);
    const items = itemsFrom(slice, from);
    const some = groupsFrom(slice, from, count - done);
    for (let row: u32 = 0; row < some; row++) {
      locate(table, slice, stateAt(items, row), part);
      const address = locatedAddress();
      const length = locatedLength();
      for (let byte: u32 = 0; byte < length; byte += 16) {
        v128.store(at + byte, v128.load(address + byte));
      }
      at += length;
    }
    done += some;
    from = fromAfter(slice, from);
  }
  return at - out;
}
