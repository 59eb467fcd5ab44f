// When sessions close: a hierarchical timing wheel (Varghese and Lauck, "Hashed and hierarchical
// timing wheels", SOSP 1987, scheme 7), of which level k has 64 slots of 64^k ms each.
//
// A session has one timer from when it opens. It is not moved when the session grows, but looked at
// when its time comes, and set again by the end that the session then has. The level of a timer is
// that of the highest six bits in which it differs from the time that has passed, so that the
// lowest slot of the lowest level that has any is the next one due. A slot that is due on a level
// above the lowest is spread over lower ones, so sessions close in the order of their ends, to the
// millisecond.
//
// Timers lie in chunks of 31, so that one read leads to many sessions at once: u32 next chunk,
// u32 timers, then for each the state, and the tag of its key's hash, by which the index tells its
// end. A session that became a part of another keeps its timer, and its entry until that is due, or
// until there are too many of them.
import { allocate, release } from "../memory/arena";
import { bucketOf } from "./buckets";
import { endNow } from "./index_of_keys";
import {
  DEAD,
  E_END,
  E_MORE,
  E_TAG,
  firstSession,
  FIRED,
  freeEntry,
  itemsOf,
  LEVELS,
  moreOf,
  nextSession,
  SLOTS,
  tagIn,
  X_BUCKETS,
  X_CHUNKS,
  X_CHUNKS_ALL,
  X_DEAD,
  X_ELAPSED,
  X_ENTRIES,
  X_FIRED,
  X_MAPS,
  X_MASK,
  X_SLOTS,
} from "./sessions";

const CHUNK_BYTES: u32 = 256;
const C_COUNT: u32 = 4;
const C_TIMERS: u32 = 8;
const CHUNK_TIMERS: u32 = 31;
const LEVEL_BITS: u32 = 6;

// Times and gaps are at most 8.64e15 ms, so that ends are no less than −2^54 and below 2^54.
const BIAS: i64 = 1 << 54;

// Timers that are looked at together.
const TOGETHER: u32 = 124;
const TIMERS: usize = memory.data(128 * 8, 16);

// Sessions that may be parts of others, beside half of those that are not.
const MOST_DEAD: u32 = 1024;

let sink: u32 = 0;

// Chunks that so many timers need at most: all slots' first chunks may have a single one.
function chunksFor(timers: u32): u32 {
  return timers / CHUNK_TIMERS + min(timers, LEVELS * SLOTS) + 1;
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
  store<u32>(chunk, 0, C_COUNT);
  store<u32>(slotAt(sessions, slot), chunk);
  const map = mapOf(sessions, slot / SLOTS);
  store<u64>(map, load<u64>(map) | (<u64>1 << (slot & (SLOTS - 1))));
  return chunk;
}

/** Sets the timer of a session with an end, for which there is room. */
export function setTimer(sessions: u32, state: u32, tag: u32, end: i64): void {
  const elapsed = load<u64>(sessions, X_ELAPSED);
  const when = max(<u64>(end + BIAS), elapsed);
  const level = (63 - <u32>clz<u64>((elapsed ^ when) | (SLOTS - 1))) / LEVEL_BITS;
  const slot = level * SLOTS + (<u32>(when >> (level * LEVEL_BITS)) & (SLOTS - 1));
  let chunk = load<u32>(slotAt(sessions, slot));
  if (chunk == 0 || load<u32>(chunk, C_COUNT) == CHUNK_TIMERS) {
    chunk = addChunk(sessions, slot, chunk);
  }
  const count = load<u32>(chunk, C_COUNT);
  store<u64>(chunk + (count << 3), (<u64>tag << 32) | state, C_TIMERS);
  store<u32>(chunk, count + 1, C_COUNT);
}

function dropFirstChunk(sessions: u32, slot: u32, chunk: u32): void {
  const next = load<u32>(chunk);
  store<u32>(slotAt(sessions, slot), next);
  freeChunk(sessions, chunk);
  if (next != 0) return;
  const map = mapOf(sessions, slot / SLOTS);
  store<u64>(map, load<u64>(map) & ~(<u64>1 << (slot & (SLOTS - 1))));
}

function dropTimers(sessions: u32): void {
  for (let slot: u32 = 0; slot < LEVELS * SLOTS; slot++) {
    let chunk = load<u32>(slotAt(sessions, slot));
    while (chunk != 0) {
      dropFirstChunk(sessions, slot, chunk);
      chunk = load<u32>(slotAt(sessions, slot));
    }
  }
}

/** Forgets all timers, and how much time has passed. */
export function clearTimers(sessions: u32): void {
  dropTimers(sessions);
  store<u64>(sessions, 0, X_ELAPSED);
}

/** Notes that a session has become a part of another, and gives such back when there are many. */
export function bury(sessions: u32, state: u32): void {
  store<u32>(state - E_TAG, DEAD);
  const dead = load<u32>(sessions, X_DEAD) + 1;
  store<u32>(sessions, dead, X_DEAD);
  if (dead > MOST_DEAD + load<u32>(sessions, X_ENTRIES) / 2) freeDead(sessions);
}

// The timers of all others are set anew.
function freeDead(sessions: u32): void {
  dropTimers(sessions);
  // entries that are given back change the order of the walk
  let dead: u32 = 0;
  for (let state = firstSession(sessions); state != 0; state = nextSession(sessions, state)) {
    const tag = tagIn(state);
    if (tag == DEAD) {
      store<u32>(state - E_MORE, dead);
      dead = state;
    } else if (tag != FIRED) setTimer(sessions, state, tag, endNow(sessions, state, tag));
  }
  while (dead != 0) {
    const next = moreOf(dead);
    freeEntry(sessions, dead);
    dead = next;
  }
  store<u32>(sessions, 0, X_DEAD);
}

// Takes timers of a slot, as many as are looked at together; how many.
function takeTimers(sessions: u32, slot: u32): u32 {
  let count: u32 = 0;
  while (count + CHUNK_TIMERS <= TOGETHER) {
    const chunk = load<u32>(slotAt(sessions, slot));
    if (chunk == 0) break;
    const some = load<u32>(chunk, C_COUNT);
    memory.copy((<u32>TIMERS) + (count << 3), chunk + C_TIMERS, some << 3);
    count += some;
    dropFirstChunk(sessions, slot, chunk);
  }
  touchBuckets(sessions, count);
  return count;
}

function touchBuckets(sessions: u32, count: u32): void {
  const buckets = load<u32>(sessions, X_BUCKETS);
  const mask = load<u32>(sessions, X_MASK);
  let seen: u32 = 0;
  for (let timer: u32 = 0; timer < count; timer++) {
    seen ^= load<u32>(bucketOf(buckets, mask, load<u32>((<u32>TIMERS) + (timer << 3), 4)));
  }
  sink ^= seen;
}

function fire(sessions: u32, state: u32, end: i64): void {
  if (tagIn(state) == DEAD) {
    store<u32>(sessions, load<u32>(sessions, X_DEAD) - 1, X_DEAD);
    freeEntry(sessions, state);
    return;
  }
  store<i64>(state - E_END, end);
  const fired = load<u32>(sessions, X_FIRED);
  store<u64>(itemsOf(sessions) + (fired << 3), <u64>state);
  store<u32>(sessions, fired + 1, X_FIRED);
}

// A session that has grown does not get its timer into the same slot again: that is over.
function spread(sessions: u32, slot: u32, now: i64): void {
  const isLowest = slot < SLOTS;
  for (let count = takeTimers(sessions, slot); count != 0; count = takeTimers(sessions, slot)) {
    for (let timer: u32 = 0; timer < count; timer++) {
      const state = load<u32>((<u32>TIMERS) + (timer << 3));
      const tag = load<u32>((<u32>TIMERS) + (timer << 3), 4);
      const end = endNow(sessions, state, tag);
      if (isLowest && end <= now) fire(sessions, state, end);
      else setTimer(sessions, state, tag, end);
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
    spread(sessions, slot, <i64>time - BIAS);
  }
  store<u64>(sessions, max(now, load<u64>(sessions, X_ELAPSED)), X_ELAPSED);
}
