// When sessions close: a hierarchical timing wheel (Varghese and Lauck, "Hashed and hierarchical
// timing wheels", SOSP 1987, scheme 7), of which level k has 64 slots of 64^k ms each.
//
// A session has one timer from when it opens. It is not moved when the session grows, but looked at
// when its time comes, and set again by the end that the session then has. The level of a timer is
// that of the highest six bits in which it differs from the time that has passed, so that the lowest
// slot of the lowest level that has any is the next one due. A slot that is due on a level above the
// lowest is spread over lower ones, so sessions close in the order of their ends, to the millisecond.
//
// Timers lie in chunks of 14, so that all of their sessions can be asked for at once: u32 next chunk,
// u16 timers, u16 slot, 14 states.
import { allocate, release } from "../memory/arena";
import {
  E_CHUNK,
  endOf,
  itemsOf,
  LEVELS,
  SLOTS,
  X_CHUNKS,
  X_CHUNKS_ALL,
  X_ELAPSED,
  X_ENTRIES,
  X_FIRED,
  X_MAPS,
  X_SLOTS,
} from "./sessions";

const CHUNK_BYTES: u32 = 64;
const C_COUNT: u32 = 4;
const C_SLOT: u32 = 6;
const C_STATES: u32 = 8;
const CHUNK_STATES: u32 = 14;
const LEVEL_BITS: u32 = 6;

// Times and gaps are at most 8.64e15 ms, so that ends are no less than −2^54 and below 2^54.
const BIAS: i64 = 1 << 54;

/** States that are looked at together. */
const TOGETHER: u32 = 126;
const STATES: usize = memory.data(128 * 4, 16);

let sink: i64 = 0;

// @ts-ignore: decorator
@inline
function whenOf(state: u32): u64 {
  return <u64>(endOf(state) + BIAS);
}

// Chunks that so many timers need at most: all slots' first chunks may have a single one.
function chunksFor(timers: u32): u32 {
  return timers / CHUNK_STATES + min(timers, LEVELS * SLOTS) + 1;
}

/** Makes room for one more timer; false without memory. */
export function reserveTimer(sessions: u32): bool {
  const needed = chunksFor(load<u32>(sessions, X_ENTRIES) + 1);
  while (load<u32>(sessions, X_CHUNKS_ALL) < needed) {
    const chunk = allocate(CHUNK_BYTES);
    if (chunk == 0) return false;
    store<u32>(sessions, load<u32>(sessions, X_CHUNKS_ALL) + 1, X_CHUNKS_ALL);
    freeChunk(sessions, chunk);
  }
  return true;
}

/** Gives back what far fewer timers no longer need. */
export function trimTimers(sessions: u32): void {
  const most = chunksFor(load<u32>(sessions, X_ENTRIES)) * 2;
  while (load<u32>(sessions, X_CHUNKS_ALL) > most) {
    const chunk = load<u32>(sessions, X_CHUNKS);
    if (chunk == 0) return;
    store<u32>(sessions, load<u32>(chunk), X_CHUNKS);
    store<u32>(sessions, load<u32>(sessions, X_CHUNKS_ALL) - 1, X_CHUNKS_ALL);
    release(chunk);
  }
}

// @ts-ignore: decorator
@inline
function freeChunk(sessions: u32, chunk: u32): void {
  store<u32>(chunk, load<u32>(sessions, X_CHUNKS));
  store<u32>(sessions, chunk, X_CHUNKS);
}

// @ts-ignore: decorator
@inline
function mapOf(sessions: u32, level: u32): u32 {
  return sessions + X_MAPS + (level << 3);
}

// @ts-ignore: decorator
@inline
function slotAt(sessions: u32, slot: u32): u32 {
  return sessions + X_SLOTS + (slot << 2);
}

function addChunk(sessions: u32, slot: u32, next: u32): u32 {
  const chunk = load<u32>(sessions, X_CHUNKS);
  store<u32>(sessions, load<u32>(chunk), X_CHUNKS);
  store<u32>(chunk, next);
  store<u16>(chunk, 0, C_COUNT);
  store<u16>(chunk, <u16>slot, C_SLOT);
  store<u32>(slotAt(sessions, slot), chunk);
  const map = mapOf(sessions, slot / SLOTS);
  store<u64>(map, load<u64>(map) | (<u64>1 << (slot & (SLOTS - 1))));
  return chunk;
}

/** Sets the timer of a session, for which there is room. */
export function setTimer(sessions: u32, state: u32): void {
  const elapsed = load<u64>(sessions, X_ELAPSED);
  const when = max(whenOf(state), elapsed);
  const level = (63 - <u32>clz<u64>((elapsed ^ when) | (SLOTS - 1))) / LEVEL_BITS;
  const slot = level * SLOTS + (<u32>(when >> (level * LEVEL_BITS)) & (SLOTS - 1));
  let chunk = load<u32>(slotAt(sessions, slot));
  if (chunk == 0 || <u32>load<u16>(chunk, C_COUNT) == CHUNK_STATES) {
    chunk = addChunk(sessions, slot, chunk);
  }
  const count = <u32>load<u16>(chunk, C_COUNT);
  store<u32>(chunk + (count << 2), state, C_STATES);
  store<u16>(chunk, <u16>(count + 1), C_COUNT);
  store<u32>(state - E_CHUNK, chunk);
}

function dropFirstChunk(sessions: u32, slot: u32, chunk: u32): void {
  const next = load<u32>(chunk);
  store<u32>(slotAt(sessions, slot), next);
  freeChunk(sessions, chunk);
  if (next != 0) return;
  const map = mapOf(sessions, slot / SLOTS);
  store<u64>(map, load<u64>(map) & ~(<u64>1 << (slot & (SLOTS - 1))));
}

/** Takes the timer of a session out. */
export function removeTimer(sessions: u32, state: u32): void {
  const chunk = load<u32>(state - E_CHUNK);
  const slot = <u32>load<u16>(chunk, C_SLOT);
  let at = chunk + C_STATES;
  while (load<u32>(at) != state) at += 4;
  // all chunks of a slot but the first are full
  const first = load<u32>(slotAt(sessions, slot));
  const left = <u32>load<u16>(first, C_COUNT) - 1;
  const moved = load<u32>(first + (left << 2), C_STATES);
  store<u32>(at, moved);
  store<u32>(moved - E_CHUNK, chunk);
  store<u16>(first, <u16>left, C_COUNT);
  if (left == 0) dropFirstChunk(sessions, slot, first);
}

/** Forgets all timers, and how much time has passed. */
export function clearTimers(sessions: u32): void {
  for (let slot: u32 = 0; slot < LEVELS * SLOTS; slot++) {
    let chunk = load<u32>(slotAt(sessions, slot));
    while (chunk != 0) {
      dropFirstChunk(sessions, slot, chunk);
      chunk = load<u32>(slotAt(sessions, slot));
    }
  }
  store<u64>(sessions, 0, X_ELAPSED);
}

// Takes timers of a slot, as many as are looked at together; how many.
function takeTimers(sessions: u32, slot: u32): u32 {
  let count: u32 = 0;
  while (count + CHUNK_STATES <= TOGETHER) {
    const chunk = load<u32>(slotAt(sessions, slot));
    if (chunk == 0) break;
    const some = <u32>load<u16>(chunk, C_COUNT);
    memory.copy((<u32>STATES) + (count << 2), chunk + C_STATES, some << 2);
    count += some;
    dropFirstChunk(sessions, slot, chunk);
  }
  let seen: i64 = 0;
  for (let at: u32 = 0; at < count; at++) seen ^= endOf(load<u32>((<u32>STATES) + (at << 2)));
  sink ^= seen;
  return count;
}

function fire(sessions: u32, state: u32): void {
  const fired = load<u32>(sessions, X_FIRED);
  store<u64>(itemsOf(sessions) + (fired << 3), <u64>state);
  store<u32>(sessions, fired + 1, X_FIRED);
}

// A session that has grown may have its timer set in the same slot again only where that is not due.
function spread(sessions: u32, slot: u32, now: u64): void {
  const isLowest = slot < SLOTS;
  for (let count = takeTimers(sessions, slot); count != 0; count = takeTimers(sessions, slot)) {
    for (let at: u32 = 0; at < count; at++) {
      const state = load<u32>((<u32>STATES) + (at << 2));
      if (isLowest && whenOf(state) <= now) fire(sessions, state);
      else setTimer(sessions, state);
    }
  }
}

/** The next time that a timer may be due, biased; all ones when there is none. */
function nextTime(sessions: u32, level: u32): u64 {
  const shift = level * LEVEL_BITS;
  const before = load<u64>(sessions, X_ELAPSED) & ~((<u64>1 << (shift + LEVEL_BITS)) - 1);
  return before | (ctz<u64>(load<u64>(mapOf(sessions, level))) << shift);
}

function lowestLevel(sessions: u32): u32 {
  let level: u32 = 0;
  while (level < LEVELS && load<u64>(mapOf(sessions, level)) == 0) level++;
  return level;
}

/** Puts the sessions that end at or before a time among the closed ones, by their ends. */
export function fireTimers(sessions: u32, mark: i64): void {
  const last: i64 = BIAS - 1;
  if (mark < -BIAS) return;
  const now = <u64>(min(mark, last) + BIAS);
  for (let level = lowestLevel(sessions); level < LEVELS; level = lowestLevel(sessions)) {
    const time = nextTime(sessions, level);
    if (time > now) break;
    store<u64>(sessions, max(time, load<u64>(sessions, X_ELAPSED)), X_ELAPSED);
    const slot = level * SLOTS + <u32>ctz<u64>(load<u64>(mapOf(sessions, level)));
    spread(sessions, slot, time);
  }
  store<u64>(sessions, max(now, load<u64>(sessions, X_ELAPSED)), X_ELAPSED);
}
