// Which session each row belongs to, and whether it is late: decided in the order of the rows.
//
// A row is a session of its own from its time to a gap after it; it becomes one with all sessions of
// its key that it touches, and is late when the watermark before it has reached the end of what comes
// of that. Sessions that the watermark has reached take no rows any more, though they may not have
// been closed yet.
import {
  hashFixed,
  hashNull,
  LONG_MARK,
  nullBlock,
} from "../hash/hash";
import { NO_TIME, timeAt } from "../window/assign";
import { fixedKeys, isValid, kindOf, validityOf, valuesOf } from "../window/columns";
import { BLOCKS, HASHES } from "../window/encode";
import { longBlock, sameKey, tagOf } from "../window/slice";
import { T_TRASH } from "../window/table";
import { AHEAD, CANDIDATES, listCandidates } from "../window/touch";
import { findKey, linkSession, reserveKey, unlinkSession } from "./index_of_keys";
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
  X_BUCKETS,
  X_GAP,
  X_LATE,
  X_MASK,
  X_OUTSIDE,
  X_TABLE,
  X_TOUCH,
  X_UNTIMED,
} from "./sessions";
import { removeTimer, reserveTimer, setTimer } from "./timers";

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
  removeTimer(sessions, state);
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
  setTimer(sessions, state);
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
  const head = findKey(sessions, block, hash);
  const into = joinSessions(sessions, head, time, until, mark);
  if (into != NONE) {
    store<i64>(into - E_START, min(startOf(into), time));
    store<i64>(into - E_END, max(endOf(into), until));
    return into;
  }
  if (until <= mark) return load<u32>(load<u32>(sessions, X_TABLE), T_TRASH);
  const state = newSession(sessions, block, hash, time, until);
  // of the key's sessions some may have been unlinked
  if (state != NONE) linkSession(sessions, head == 0 ? 0 : findKey(sessions, block, hash), state);
  return state;
}

// What a candidate is where there is none: what is read around it lies in the memory.
const NOWHERE: u32 = 64;

// @ts-ignore: decorator
@inline
function readSession(candidate: u32): u64 {
  const state = max(load<u32>(candidate), NOWHERE);
  return load<u64>(state - E_MORE) ^ load<u64>(state);
}

// Brings candidates, what lies before their states and the states, into the cache.
function touchSessions(count: u32): void {
  let seen: u64 = 0;
  const end = (<u32>CANDIDATES) + (count << 2);
  let at = <u32>CANDIDATES;
  for (; at + 16 <= end; at += 16) {
    seen ^= readSession(at);
    seen ^= readSession(at + 4);
    seen ^= readSession(at + 8);
    seen ^= readSession(at + 12);
  }
  for (; at < end; at += 4) seen ^= readSession(at);
  sink ^= seen;
}

let sink: u64 = 0;

/** A watermark as the last whole millisecond that it has reached. */
// @ts-ignore: decorator
@inline
export function markOf(watermark: f64): i64 {
  return <i64>max(-9e18, min(9e18, floor(watermark)));
}

// Whether a candidate is the only open session of the row's key, takes the row, and touches no other.
// @ts-ignore: decorator
@inline
function fits(state: u32, row: u32, time: i64, until: i64, mark: i64, touch: i64): bool {
  if (state == 0) return false;
  const hash = load<u64>((<u32>HASHES) + (row << 3));
  // the first session of its key, and there is no other behind it
  if (load<u64>(state - E_MORE) != <u64>tagOf(hash) << 32) return false;
  const end = endOf(state);
  return time < end + touch && until + touch > startOf(state) && end > mark &&
    sameKey(state, v128.load((<u32>BLOCKS) + (row << 4)), hash);
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
  for (let from: u32 = 0; from < count; from += AHEAD) {
    const some = min(AHEAD, count - from);
    const buckets = load<u32>(sessions, X_BUCKETS);
    const mask = load<u32>(sessions, X_MASK);
    listCandidates(buckets, mask, (<u32>HASHES) + (from << 3), some);
    touchSessions(some);
    if (!placeRows(sessions, times, gaps, marks, from, some, out, late, base)) return false;
  }
  return true;
}

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
): bool {
  const kind = kindOf(times);
  const values = valuesOf(times);
  const validity = validityOf(times);
  const trash = load<u32>(load<u32>(sessions, X_TABLE), T_TRASH);
  const touch = load<i64>(sessions, X_TOUCH);
  const last = markOf(load<f64>(marks + ((from + count - 1) << 3)));
  let gap = load<i64>(sessions, X_GAP);
  for (let row = from; row < from + count; row++) {
    const time = isValid(validity, row) ? timeAt(kind, values, row) : NO_TIME;
    if (time == NO_TIME) {
      store<u32>(out + (row << 2), trash);
      store<u32>(sessions, load<u32>(sessions, X_UNTIMED) + 1, X_UNTIMED);
      continue;
    }
    if (gaps != 0) {
      gap = <i64>load<f64>(valuesOf(gaps) + (row << 3));
      if (gap == 0) {
        store<u32>(out + (row << 2), trash);
        store<u32>(sessions, load<u32>(sessions, X_OUTSIDE) + 1, X_OUTSIDE);
        continue;
      }
    }
    const until = time + gap;
    let state = load<u32>((<u32>CANDIDATES) + ((row - from) << 2));
    if (fits(state, row, time, until, last, touch)) {
      if (until > endOf(state)) store<i64>(state - E_END, until);
      if (time < startOf(state)) store<i64>(state - E_START, time);
    } else {
      const mark = markOf(load<f64>(marks + (row << 3)));
      state = placeRow(sessions, row, time, until, mark);
      if (state == NONE) return false;
      if (state == trash) addLate(sessions, late, base + row);
    }
    store<u32>(out + (row << 2), state);
  }
  return true;
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
