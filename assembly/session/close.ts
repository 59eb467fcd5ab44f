// Sessions that close: put into the order of their results, gathered, and given back.
import { S_ORDERED } from "../window/slice";
import { runAt, sortItems, sortKeys } from "../window/sort";
import { trimIndex } from "./index_of_keys";
import { markOf } from "./place";
import {
  endOf,
  freeEntry,
  itemsOf,
  startOf,
  trimItems,
  X_FIRED,
  X_ITEMS,
  X_TABLE,
} from "./sessions";
import { sweep } from "./sweep";

// Times and gaps are at most 8.64e15 ms, so that ends are no less than −2^54 and below 2^54.
const BIAS: i64 = 1 << 54;

// What of an end, and of how long a session is before it, the next 32 bits are.
const END_HIGH: u32 = 0;
const END_LOW: u32 = 1;
const LENGTH_HIGH: u32 = 2;
const LENGTH_LOW: u32 = 3;

// @ts-ignore: decorator
@inline
function sessionAt(items: u32, row: u32): u32 {
  return load<u32>(items + (row << 3));
}

// The longest sessions of those with one end are to come first.
// @ts-ignore: decorator
@inline
function bitsOf(state: u32, stage: u32): u32 {
  if (stage == END_HIGH) return <u32>(<u64>(endOf(state) + BIAS) >> 32);
  if (stage == END_LOW) return <u32>(endOf(state) + BIAS);
  const length = <u64>(endOf(state) - startOf(state));
  return ~<u32>(stage == LENGTH_HIGH ? length >> 32 : length);
}

// Sorts closed sessions that are equal in all stages before one.
function sortFrom(sessions: u32, base: u32, count: u32, stage: u32): void {
  let differ: u32 = 0;
  for (let row: u32 = 0; row < count; row++) {
    const bits = bitsOf(sessionAt(base, row), stage);
    store<u32>(base + (row << 3), bits, 4);
    differ |= bits ^ load<u32>(base, 4);
  }
  if (differ != 0) sortItems(base, count, 2 * (32 - clz<u32>(count)));
  const end = base + (count << 3);
  for (let at = base; at < end;) {
    const length = runAt(at, end);
    if (length > 1) {
      if (stage != LENGTH_LOW) sortFrom(sessions, at, length, stage + 1);
      else sortKeys(load<u32>(sessions, X_TABLE), load<u32>(sessions, X_ITEMS), at, length);
    }
    at += length << 3;
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
  sweep(sessions, markOf(watermark));
  const count = load<u32>(sessions, X_FIRED);
  if (count == before) return count;
  sortFrom(sessions, itemsOf(sessions), count, END_HIGH);
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
}

/** Gives the closed sessions back, and what the open ones do not need. */
export function dropSessions(sessions: u32): void {
  const items = itemsOf(sessions);
  const count = load<u32>(sessions, X_FIRED);
  for (let row: u32 = 0; row < count; row++) freeEntry(sessions, sessionAt(items, row));
  store<u32>(sessions, 0, X_FIRED);
  trimSessions(sessions);
}
