// Sessions that close: put into the order of their results, gathered, and given back.
import { S_ORDERED } from "../window/slice";
import { runAt, sortItems, sortKeys } from "../window/sort";
import { bucketOf } from "./buckets";
import { settle, trimIndex, unlinkSession } from "./index_of_keys";
import { markOf } from "./place";
import {
  E_TAG,
  endOf,
  FIRED,
  freeEntry,
  itemsOf,
  OVER,
  startOf,
  tagIn,
  trimItems,
  X_BUCKETS,
  X_FIRED,
  X_ITEMS,
  X_MASK,
  X_TABLE,
} from "./sessions";
import { fireTimers, trimTimers } from "./timers";

const TOGETHER: u32 = 128;

let sink: u32 = 0;

// @ts-ignore: decorator
@inline
function sessionAt(items: u32, row: u32): u32 {
  return load<u32>(items + (row << 3));
}

// Brings the parts of the index that tell of sessions into the cache.
function touchBuckets(sessions: u32, from: u32, end: u32): void {
  const items = itemsOf(sessions);
  const buckets = load<u32>(sessions, X_BUCKETS);
  const mask = load<u32>(sessions, X_MASK);
  let seen: u32 = 0;
  for (let row = from; row < end; row++) {
    seen ^= load<u32>(bucketOf(buckets, mask, tagIn(sessionAt(items, row))));
  }
  sink ^= seen;
}

function unlinkFired(sessions: u32, from: u32, count: u32): void {
  const items = itemsOf(sessions);
  for (let at = from; at < count; at += TOGETHER) {
    const end = min(count, at + TOGETHER);
    touchBuckets(sessions, at, end);
    for (let row = at; row < end; row++) {
      const state = sessionAt(items, row);
      const slot = tagIn(state) == OVER ? 0 : unlinkSession(sessions, state);
      if (slot != 0) settle(sessions, slot);
      store<u32>(state - E_TAG, FIRED);
    }
  }
}

// Sorts by 32 bits of how long sessions are before the end that they share, the longest first.
function sortStarts(sessions: u32, base: u32, count: u32, shift: u64): void {
  let differ: u32 = 0;
  for (let row: u32 = 0; row < count; row++) {
    const state = sessionAt(base, row);
    const bits = ~<u32>(<u64>(endOf(state) - startOf(state)) >> shift);
    store<u32>(base + (row << 3), bits, 4);
    differ |= bits ^ load<u32>(base, 4);
  }
  if (differ != 0) sortItems(base, count, 2 * (32 - clz<u32>(count)));
  const end = base + (count << 3);
  for (let at = base; at < end;) {
    const length = runAt(at, end);
    if (shift != 0) sortStarts(sessions, at, length, 0);
    else sortKeys(load<u32>(sessions, X_TABLE), load<u32>(sessions, X_ITEMS), at, length);
    at += length << 3;
  }
}

// Sessions are in the order of their ends, those with one end are to be sorted by start and keys.
function sortFired(sessions: u32, count: u32): void {
  const items = itemsOf(sessions);
  for (let row: u32 = 0; row < count;) {
    const first = endOf(sessionAt(items, row));
    let next = row + 1;
    while (next < count && endOf(sessionAt(items, next)) == first) next++;
    if (next - row > 1) sortStarts(sessions, items + (row << 3), next - row, 32);
    row = next;
  }
}

/**
 * Takes the sessions that end at or before a watermark out of the open ones, and puts them into the
 * order of their ends, then their starts, then their keys, as the only slice of their table.
 *
 * @returns How many sessions are closed and not dropped.
 */
export function closeSessions(sessions: u32, watermark: f64): u32 {
  const before = load<u32>(sessions, X_FIRED);
  fireTimers(sessions, markOf(watermark));
  const count = load<u32>(sessions, X_FIRED);
  if (count == before) return count;
  unlinkFired(sessions, before, count);
  sortFired(sessions, count);
  store<u32>(load<u32>(sessions, X_ITEMS), count, S_ORDERED);
  return count;
}

/** The first closed session whose sum at `at` does not fit into 64 bits; 0 if there is none. */
export function sessionOverflow(sessions: u32, at: u32): u32 {
  const items = itemsOf(sessions);
  const count = load<u32>(sessions, X_FIRED);
  for (let row: u32 = 0; row < count; row++) {
    const state = sessionAt(items, row);
    if (load<i64>(state + at, 8) != load<i64>(state + at) >> 63) return state;
  }
  return 0;
}

/** Gathers `count` starts of closed sessions, then as many ends. */
export function gatherSessions(sessions: u32, from: u32, count: u32, out: u32): void {
  const items = itemsOf(sessions) + (from << 3);
  for (let row: u32 = 0; row < count; row++) {
    const state = sessionAt(items, row);
    store<i64>(out + (row << 3), startOf(state));
    store<i64>(out + ((count + row) << 3), endOf(state));
  }
}

/** Gives back what far fewer sessions no longer need. */
export function trimSessions(sessions: u32): void {
  trimItems(sessions);
  trimIndex(sessions);
  trimTimers(sessions);
}

/** Gives the closed sessions back, and what the open ones do not need. */
export function dropSessions(sessions: u32): void {
  const items = itemsOf(sessions);
  const count = load<u32>(sessions, X_FIRED);
  for (let row: u32 = 0; row < count; row++) freeEntry(sessions, sessionAt(items, row));
  store<u32>(sessions, 0, X_FIRED);
  trimSessions(sessions);
}
