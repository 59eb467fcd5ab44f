// Which session each row belongs to, and whether it is late: decided in the order of the rows.
//
// A row is a session of its own from its time to a gap after it; it becomes one with all sessions
// of its key that it touches, and is late when the watermark before it has reached the end of what
// comes of that, or, where sessions say so, the end of what it would be alone. Sessions that the
// watermark has reached take no rows any more, though they may not have been closed yet.
import {
  hashFixed,
  hashNull,
  LONG_MARK,
  nullBlock,
} from "../hash/hash";
import { GREATEST_TIME, NO_TIME, timeAt } from "../window/block_times";
import { fixedKeys, isValid, KIND_F64, kindOf, validityOf, valuesOf } from "../window/columns";
import { BLOCKS, HASHES } from "../window/encode";
import { longBlock, sameKey } from "../window/slice_keys";
import { T_TRASH } from "../window/table";
import { AHEAD, CANDIDATES, listCandidates } from "./ahead";
import { endIn, FAR, leftIn, MOST_LEFT, stateIn, storeLeft, tagOf } from "./buckets";
import { endSession, linkLatest, linkSession, settle, unlinkSession } from "./chains";
import { findSlot, reserveSlot, unsettle } from "./index_of_keys";
import {
  E_END,
  E_KEY,
  E_MORE,
  E_START,
  E_TAG,
  endOf,
  freeEntry,
  keepTail,
  moreOf,
  newEntry,
  reserveItem,
  startOf,
  tagIn,
  X_ALONE,
  X_GAP,
  X_LATE,
  X_MOVES,
  X_OUTSIDE,
  X_RANGE,
  X_TABLE,
  X_TOUCH,
  X_UNTIMED,
} from "./sessions";

/** Rows after which it is tried again whether rows just move ends on, when not even one did. */
const RARE: u32 = 4;

/** What stands for a session when there is none, or no memory for one. */
const NONE: u32 = 0;

/** Sessions that have become part of others and are still to be merged into them, in order. */
let firstAbsorbed: u32 = 0;
let lastAbsorbed: u32 = 0;

/** The first session to be merged into that which {@linkcode tagIn} then tells; 0 for none. */
export function takeAbsorbed(): u32 {
  const state = firstAbsorbed;
  if (state == 0) return 0;
  firstAbsorbed = moreOf(state);
  return state;
}

/** Forgets sessions that were to be merged. */
export function forgetAbsorbed(): void {
  firstAbsorbed = 0;
}

function absorb(sessions: u32, into: u32, state: u32): void {
  unlinkSession(sessions, state);
  store<i64>(into - E_START, min(startOf(into), startOf(state)));
  store<i64>(into - E_END, max(endOf(into), endOf(state)));
  store<u32>(state - E_TAG, into);
  store<u32>(state - E_MORE, 0);
  if (firstAbsorbed == 0) firstAbsorbed = state;
  else store<u32>(lastAbsorbed - E_MORE, state);
  lastAbsorbed = state;
}

/** A session of no rows, closed to rows until it is linked; 0 without memory for it. */
export function newSession(sessions: u32, block: v128, hash: u64, start: i64, end: i64): u32 {
  if (!reserveSlot(sessions) || !reserveItem(sessions)) return NONE;
  const state = newEntry(sessions);
  if (state == 0) return NONE;
  let own = block;
  if (<u8>i8x16.extract_lane_u(block, 15) == LONG_MARK) {
    const length = <u32>i32x4.extract_lane(block, 0);
    const at = keepTail(sessions, <u32>i32x4.extract_lane(block, 1), length, hash);
    if (at == 0) {
      v128.store(state - E_KEY, nullBlock());
      freeEntry(sessions, state);
      return NONE;
    }
    own = longBlock(at, length);
  }
  v128.store(state - E_KEY, own);
  store<u32>(state - E_TAG, tagOf(hash));
  store<i64>(state - E_START, start);
  store<i64>(state - E_END, end);
  return state;
}

// The first open session of a key that a row touches, made one with the others that it touches;
// those that the watermark has reached are no longer open then.
function joinSessions(sessions: u32, head: u32, time: i64, until: i64, mark: i64): u32 {
  const touch = load<i64>(sessions, X_TOUCH);
  let into: u32 = NONE;
  for (let state = head; state != 0;) {
    const next = moreOf(state);
    if (endOf(state) <= mark) endSession(sessions, state);
    else if (time < endOf(state) + touch && until + touch > startOf(state)) {
      if (into == NONE) into = state;
      else absorb(sessions, into, state);
    }
    state = next;
  }
  return into;
}

// The session of a row by the slow way, opened if need be; the trash when the row is late.
function placeRow(sessions: u32, row: u32, time: i64, until: i64, mark: i64): u32 {
  const block = v128.load((<u32>BLOCKS) + (row << 4));
  const hash = load<u64>((<u32>HASHES) + (row << 3));
  // a slot for a new session, so that none moves when there is one; without memory it is missed then
  reserveSlot(sessions);
  const slot = findSlot(sessions, block, hash);
  if (until <= mark && (slot == 0 || load<u32>(sessions, X_ALONE) != 0)) {
    return load<u32>(load<u32>(sessions, X_TABLE), T_TRASH);
  }
  if (slot == 0) {
    const state = newSession(sessions, block, hash, time, until);
    if (state != NONE) linkSession(sessions, 0, state);
    return state;
  }
  if (time >= endIn(sessions, slot) + load<i64>(sessions, X_TOUCH) && until > mark) {
    const state = newSession(sessions, block, hash, time, until);
    if (state != NONE) linkLatest(sessions, slot, state);
    return state;
  }
  unsettle(sessions, slot);
  const state = placeAmong(sessions, row, stateIn(slot), time, until, mark);
  const left = findSlot(sessions, block, hash);
  if (left != 0) settle(sessions, left);
  return state;
}

// The same among the sessions of its key.
function placeAmong(sessions: u32, row: u32, head: u32, time: i64, until: i64, mark: i64): u32 {
  const into = joinSessions(sessions, head, time, until, mark);
  if (into != NONE) {
    store<i64>(into - E_START, min(startOf(into), time));
    store<i64>(into - E_END, max(endOf(into), until));
    return into;
  }
  if (until <= mark) return load<u32>(load<u32>(sessions, X_TABLE), T_TRASH);
  const block = v128.load((<u32>BLOCKS) + (row << 4));
  const hash = load<u64>((<u32>HASHES) + (row << 3));
  const state = newSession(sessions, block, hash, time, until);
  if (state != NONE) linkSession(sessions, findSlot(sessions, block, hash), state);
  return state;
}

/** A watermark as the last whole millisecond that it has reached. */
// @ts-ignore: decorator
@inline
export function markOf(watermark: f64): i64 {
  return <i64>max(-9e18, min(9e18, floor(watermark)));
}

/**
 * Finds the sessions of a block of at most BLOCK rows whose keys are encoded.
 *
 * @param gaps Column of gaps, doubles; 0 where all are one.
 * @param marks Address of the watermarks before the rows, doubles.
 * @param out Takes the address of a state a row; the trash where there is none for it.
 * @param late Takes the numbers of late rows, counted from `base`.
 * @returns Whether there was memory for all of them.
 */
export function placeBlock(
  sessions: u32,
  times: u32,
  gaps: u32,
  marks: u32,
  count: u32,
  out: u32,
  late: u32,
  base: u32,
): bool {
  for (let from: u32 = 0; from < count;) {
    const some = min(AHEAD, count - from);
    listCandidates(sessions, from, some);
    const placed = placeRows(sessions, times, gaps, marks, from, some, out, late, base);
    if (placed == 0) return false;
    from += placed;
  }
  return true;
}

// Whether the session in a slot is that of a row's key, takes the row, and touches no other then.
// If so its end is moved on.
// @ts-ignore: decorator
@inline
function extend(
  slot: u32,
  row: u32,
  time: i64,
  until: i64,
  last: i64,
  touch: i64,
  range: i64,
  inOrder: bool,
): bool {
  const had = leftIn(slot);
  const end = range - <i64>had;
  const left = <u64>(range - until);
  const state = stateIn(slot);
  if (state == 0 || had == FAR || left - 1 >= MOST_LEFT) return false;
  if (end <= last || time >= end + touch) return false;
  const block = v128.load((<u32>BLOCKS) + (row << 4));
  if (!sameKey(state, block, load<u64>((<u32>HASHES) + (row << 3)))) return false;
  if (until >= end && inOrder) {
    // not before the last row of the latest session, and so far from all others
    storeLeft(slot, <u32>left);
    return true;
  }
  if (until + touch <= startOf(state) || moreOf(state) != 0) return false;
  storeLeft(slot, min(had, <u32>left));
  if (time < startOf(state)) store<i64>(state - E_START, time);
  return true;
}

// The first row from one on that does more than move on the end of a session that it does not come
// before; all before it are taken. What is compared are ends as the index has them: the session's is
// from `from` on less than `width`, so that it has not ended and the row's cannot be out of range;
// the row's is less than `span` later, so that the row comes neither before nor after the session.
function extendInOrder(
  row: u32,
  last: u32,
  values: u32,
  origin: i64,
  slots: u32,
  out: u32,
  from: u64,
  width: u64,
  span: u64,
): u32 {
  for (; row < last; row++) {
    const left = <u64>(origin - load<i64>(values + (row << 3)));
    const slot = load<u32>(slots + (row << 2));
    const had = <u64>leftIn(slot);
    if (had - from >= width || had - left >= span) break;
    const state = stateIn(slot);
    const block = v128.load((<u32>BLOCKS) + (row << 4));
    if (!sameKey(state, block, load<u64>((<u32>HASHES) + (row << 3)))) break;
    storeLeft(slot, <u32>left);
    store<u32>(out + (row << 2), state);
  }
  return row;
}

// How many rows were placed before the index moved; 0 without memory for the first of them.
function placeRows(
  sessions: u32,
  times: u32,
  gaps: u32,
  marks: u32,
  from: u32,
  count: u32,
  out: u32,
  late: u32,
  first: u32,
): u32 {
  const kind = kindOf(times);
  const values = valuesOf(times);
  const validity = validityOf(times);
  const trash = load<u32>(load<u32>(sessions, X_TABLE), T_TRASH);
  const touch = load<i64>(sessions, X_TOUCH);
  const moves = load<u32>(sessions, X_MOVES);
  const last = markOf(load<f64>(marks + ((from + count - 1) << 3)));
  const ended = load<u32>(sessions, X_ALONE) != 0 ? last : i64.MIN_VALUE;
  let gap = load<i64>(sessions, X_GAP);
  let range = load<i64>(sessions, X_RANGE);
  const isPlain = gaps == 0 && validity == 0 && kind != KIND_F64;
  const slots = (<u32>CANDIDATES) - (from << 2);
  let retry = isPlain ? from : from + count;
  for (let row = from; row < from + count; row++) {
    if (row >= retry) {
      const at = row;
      const span = gap + touch;
      const first = span + max<i64>(1, range - (GREATEST_TIME + gap));
      const width = <u64>max<i64>(0, range - last - first);
      const end = from + count;
      row = extendInOrder(row, end, values, range - gap, slots, out, <u64>first, width, <u64>span);
      if (row == from + count) break;
      retry = row + (row == at ? RARE : 1);
    }
    const time = isValid(validity, row) ? timeAt(kind, values, row) : NO_TIME;
    if (gaps != 0) gap = <i64>load<f64>(valuesOf(gaps) + (row << 3));
    if (time == NO_TIME || gap == 0) {
      store<u32>(out + (row << 2), trash);
      countRow(sessions, time == NO_TIME ? X_UNTIMED : X_OUTSIDE);
      continue;
    }
    const until = time + gap;
    const slot = load<u32>(slots + (row << 2));
    if (until > ended && extend(slot, row, time, until, last, touch, range, gaps == 0)) {
      store<u32>(out + (row << 2), stateIn(slot));
      continue;
    }
    const state = placeRow(sessions, row, time, until, markOf(load<f64>(marks + (row << 3))));
    if (state == NONE) return 0;
    if (state == trash) addLate(sessions, late, first + row);
    store<u32>(out + (row << 2), state);
    if (load<u32>(sessions, X_MOVES) != moves) return row + 1 - from;
    range = load<i64>(sessions, X_RANGE);
  }
  return count;
}

function countRow(sessions: u32, what: u32): void {
  store<u32>(sessions + what, load<u32>(sessions + what) + 1);
}

function addLate(sessions: u32, late: u32, row: u32): void {
  const count = load<u32>(sessions, X_LATE);
  store<u32>(late + (count << 2), row);
  store<u32>(sessions, count + 1, X_LATE);
}

const KEYS: usize = memory.data(512 * 8, 16);
const FIXED_LENGTH: u64 = 8;

/** The block of a key of fixed width, that of 8 bytes. */
// @ts-ignore: decorator
@inline
export function fixedBlock(key: u64): v128 {
  return i64x2.replace_lane(i64x2.splat(<i64>(FIXED_LENGTH << 56)), 0, <i64>key);
}

/** Keys and hashes of a column of fixed width. */
export function blocksOfFixed(column: u32, from: u32, count: u32): void {
  const keys = fixedKeys(column, from, count, <u32>KEYS);
  const validity = validityOf(column);
  for (let row: u32 = 0; row < count; row++) {
    const valid = isValid(validity, from + row);
    const key = load<u64>(keys + (row << 3));
    v128.store((<u32>BLOCKS) + (row << 4), valid ? fixedBlock(key) : nullBlock());
    store<u64>((<u32>HASHES) + (row << 3), valid ? hashFixed(key) : hashNull());
  }
}
