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
import { NO_TIME, timeAt } from "../window/block_times";
import { fixedKeys, isValid, kindOf, validityOf, valuesOf } from "../window/columns";
import { BLOCKS, HASHES } from "../window/encode";
import { longBlock, sameKey } from "../window/slice_keys";
import { T_TRASH } from "../window/table";
import {
  bucketOf,
  endAt,
  findSlot,
  linkLatest,
  linkSession,
  matches,
  reserveKey,
  settle,
  stateIn,
  tagOf,
  unlinkSession,
  unsettle,
} from "./index_of_keys";
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
  X_BUCKETS,
  X_GAP,
  X_LATE,
  X_MASK,
  X_OUTSIDE,
  X_TABLE,
  X_TOUCH,
  X_UNTIMED,
} from "./sessions";
import { reserveTimer, setTimer } from "./timers";

/** Rows whose sessions are looked up at a time. */
const AHEAD: u32 = 128;

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
  if (!reserveKey(sessions) || !reserveItem(sessions) || !reserveTimer(sessions)) return NONE;
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
  setTimer(sessions, state, tagOf(hash), end);
  return state;
}

// The first open session of a key that a row touches, made one with the others that it touches;
// those that the watermark has reached are no longer open then.
function joinSessions(sessions: u32, head: u32, time: i64, until: i64, mark: i64): u32 {
  const touch = load<i64>(sessions, X_TOUCH);
  let into: u32 = NONE;
  for (let state = head; state != 0;) {
    const next = moreOf(state);
    if (endOf(state) <= mark) unlinkSession(sessions, state);
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
  const slot = findSlot(sessions, block, hash);
  if (until <= mark && (slot == 0 || load<u32>(sessions, X_ALONE) != 0)) {
    return load<u32>(load<u32>(sessions, X_TABLE), T_TRASH);
  }
  if (slot == 0) {
    const state = newSession(sessions, block, hash, time, until);
    if (state != NONE) linkSession(sessions, 0, state);
    return state;
  }
  if (time >= load<i64>(endAt(slot)) + load<i64>(sessions, X_TOUCH) && until > mark) {
    const state = newSession(sessions, block, hash, time, until);
    if (state != NONE) linkLatest(findSlot(sessions, block, hash), state);
    return state;
  }
  unsettle(slot);
  const state = placeAmong(sessions, row, stateIn(slot), time, until, mark);
  const left = findSlot(sessions, block, hash);
  if (left != 0) settle(left);
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

// Slots of the rows' keys, probably.
const CANDIDATES: usize = memory.data(128 * 4, 16);

// Stands for no match: the last slot of a bucket, which then turns out to be of another key.
const LAST_SLOT: u32 = 8;

let sink: u32 = 0;

// What of a key is read ahead; where there is no state, what lies at the start of the memory.
const STATES: usize = memory.data(128 * 4, 16);

// @ts-ignore: decorator
@inline
function readBucket(buckets: u32, mask: u32, hash: u32): u32 {
  return load<u32>(bucketOf(buckets, mask, load<u32>(hash)));
}

// Brings the buckets of rows' keys into the cache. The loops that read ahead are kept short: what
// counts is how many reads the processor has under way at once.
function touchBuckets(buckets: u32, mask: u32, hashes: u32, count: u32): void {
  const end = hashes + (count << 3);
  let seen: u32 = 0;
  for (; hashes + 32 <= end; hashes += 32) {
    seen ^= readBucket(buckets, mask, hashes);
    seen ^= readBucket(buckets, mask, hashes + 8);
    seen ^= readBucket(buckets, mask, hashes + 16);
    seen ^= readBucket(buckets, mask, hashes + 24);
  }
  for (; hashes < end; hashes += 8) seen ^= readBucket(buckets, mask, hashes);
  sink ^= seen;
}

function touchStates(count: u32): void {
  let seen: u32 = 0;
  let at = <u32>STATES;
  const end = at + (count << 2);
  for (; at + 16 <= end; at += 16) {
    seen ^= load<u32>(load<u32>(at));
    seen ^= load<u32>(load<u32>(at, 4));
    seen ^= load<u32>(load<u32>(at, 8));
    seen ^= load<u32>(load<u32>(at, 12));
  }
  for (; at < end; at += 4) seen ^= load<u32>(load<u32>(at));
  sink ^= seen;
}

// Finds the slots of rows, and brings what belongs to them into the cache.
function listCandidates(sessions: u32, from: u32, count: u32): void {
  const buckets = load<u32>(sessions, X_BUCKETS);
  const mask = load<u32>(sessions, X_MASK);
  const hashes = (<u32>HASHES) + (from << 3);
  touchBuckets(buckets, mask, hashes, count);
  for (let row: u32 = 0; row < count; row++) {
    const tag = tagOf(load<u64>(hashes + (row << 3)));
    const bucket = bucketOf(buckets, mask, tag);
    const slot = bucket + (ctz(matches(bucket, tag) | LAST_SLOT) << 2);
    store<u32>((<u32>CANDIDATES) + (row << 2), slot);
    store<u32>((<u32>STATES) + (row << 2), stateIn(slot));
  }
  touchStates(count);
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
  inOrder: bool,
): bool {
  const hash = load<u64>((<u32>HASHES) + (row << 3));
  const at = endAt(slot);
  const end = load<i64>(at);
  const state = stateIn(slot);
  if (load<u32>(slot) != tagOf(hash) || end <= last || time >= end + touch) return false;
  if (!sameKey(state, v128.load((<u32>BLOCKS) + (row << 4)), hash)) return false;
  if (until >= end && inOrder) {
    // not before the last row of the latest session, and so far from all others
    store<i64>(at, until);
    return true;
  }
  if (until + touch <= startOf(state) || moreOf(state) != 0) return false;
  store<i64>(at, max(end, until));
  if (time < startOf(state)) store<i64>(state - E_START, time);
  return true;
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
  base: u32,
): u32 {
  const kind = kindOf(times);
  const values = valuesOf(times);
  const validity = validityOf(times);
  const trash = load<u32>(load<u32>(sessions, X_TABLE), T_TRASH);
  const touch = load<i64>(sessions, X_TOUCH);
  const buckets = load<u32>(sessions, X_BUCKETS);
  const last = markOf(load<f64>(marks + ((from + count - 1) << 3)));
  const ended = load<u32>(sessions, X_ALONE) != 0 ? last : i64.MIN_VALUE;
  let gap = load<i64>(sessions, X_GAP);
  for (let row = from; row < from + count; row++) {
    const time = isValid(validity, row) ? timeAt(kind, values, row) : NO_TIME;
    if (gaps != 0) gap = <i64>load<f64>(valuesOf(gaps) + (row << 3));
    if (time == NO_TIME || gap == 0) {
      store<u32>(out + (row << 2), trash);
      countRow(sessions, time == NO_TIME ? X_UNTIMED : X_OUTSIDE);
      continue;
    }
    const until = time + gap;
    const slot = load<u32>((<u32>CANDIDATES) + ((row - from) << 2));
    if (until > ended && extend(slot, row, time, until, last, touch, gaps == 0)) {
      store<u32>(out + (row << 2), stateIn(slot));
      continue;
    }
    const state = placeRow(sessions, row, time, until, markOf(load<f64>(marks + (row << 3))));
    if (state == NONE) return 0;
    if (state == trash) addLate(sessions, late, base + row);
    store<u32>(out + (row << 2), state);
    if (load<u32>(sessions, X_BUCKETS) != buckets) return row + 1 - from;
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
