// The open sessions of one operator: its settings, and an entry each.
//
// An entry is reached by the address of its state, which never moves while the session lives.
// Before the state lie, from low to high: the next open session of the same key, the tag of the
// key's hash, or else what has become of the session, the slab that the entry is in, its slot in the
// index, start and end (i64, ms), and the 16-byte block of the key. The block starts a line of the
// cache, so that with one value a row needs that line and the one of the index, which tells the end
// of a key's latest session (index_of_keys.ts); end and slot here are void then.
//
// Whatever closing sessions needs is set aside when they open: only a row that opens a session can
// be short of memory.
import { allocate, hasRoomFor, release } from "../memory/arena";
import { LONG_MARK } from "../hash/hash";
import { S_BUCKETS as ITEMS_OF, SLICE_BYTES } from "../window/slice";
import {
  T_COUNT,
  T_INITIAL,
  T_SLICES,
  T_STATE,
  tableFree,
} from "../window/table";
import { createIndex, freeIndex } from "./index_of_keys";

export const X_TABLE: u32 = 0; // settings of keys and states, in a window table of its own
export const X_BUCKETS: u32 = 4; // of the index, as those of a slice
export const X_MASK: u32 = 8;
export const X_USED: u32 = 12; // slots of the index that are not free
export const X_LIMIT: u32 = 16; // of them, at which the index is made anew
export const X_LINKED: u32 = 20; // sessions in the index
export const X_GAP: u32 = 24; // i64, ms; 0: a column tells
export const X_TOUCH: u32 = 32; // i64: 1 where rows exactly a gap apart are one session, else 0
export const X_STRIDE: u32 = 40; // bytes of an entry
export const X_ENTRIES: u32 = 44; // sessions that are open, or closed and not dropped
export const X_FIRED: u32 = 48; // closed and not dropped
export const X_FIRST: u32 = 52; // slabs, those with room first
export const X_LAST: u32 = 56;
export const X_ITEMS_ROOM: u32 = 60; // closed sessions that the items can take
export const X_BYTES: u32 = 64;
export const X_LATE: u32 = 68; // of the batch
export const X_UNTIMED: u32 = 72;
export const X_ITEMS: u32 = 76; // a slice of which only the items are used, and their number
export const X_OUTSIDE: u32 = 80; // of the batch
export const X_INDEX: u32 = 84; // the block that the buckets lie in
export const X_ALONE: u32 = 88; // 1 where a row is late as one alone, else 0
export const X_FAR: u32 = 92; // ends lately that the index could not tell
export const X_RANGE: u32 = 96; // i64, what the index counts ends back from
export const X_LEAST: u32 = 104; // i64, no session ends before
export const X_GROUPS: u32 = 112; // the same for groups of buckets, and for groups of those
export const X_REGIONS: u32 = 116;
export const X_ANY_FAR: u32 = 120; // whether the index may have sessions whose end it does not tell
export const X_MOVES: u32 = 124; // how often the slots of the index were others
const SESSIONS_BYTES: u32 = 128;

/** What lies before a state, as distances to it. */
export const E_MORE: u32 = 48;
export const E_TAG: u32 = 44;
export const E_SLAB: u32 = 40;
export const E_SLOT: u32 = 36;
export const E_START: u32 = 32;
export const E_END: u32 = 24;
export const E_KEY: u32 = 16;
const HEAD: u32 = 48;
/** Bytes of an entry before its key. */
const BEFORE_KEY: u32 = 32;

/** Tags of sessions that take no rows any more: over, and closed. */
export const OVER: u32 = 0;
export const FIRED: u32 = 4;

const LINE: u32 = 64;
const ITEM_BYTES: u32 = 8;
const LEAST_ITEMS: u32 = 64;
const ENTRY_OF_SLICES: u32 = 16;

// A slab of entries.
const B_NEXT: u32 = 0;
const B_PREVIOUS: u32 = 4;
const B_FREE: u32 = 8; // entries that were given back, a list
const B_LIVE: u32 = 12;
const B_AT: u32 = 16; // where none has been yet
const B_END: u32 = 20;
const B_BYTES: u32 = 24;
const SLAB_HEAD: u32 = 32;
const LEAST_SLAB: u32 = 1024;
const MOST_SLAB: u32 = 65536;
const LEAST_ENTRIES: u32 = 4;
const SLAB_SHARE: u32 = 4;

// A long key: its hash (u64), its bytes, and what loads may read beyond.
const TAIL_HEAD: u32 = 8;
const TAIL_SLACK: u32 = 16;

export function take(sessions: u32, bytes: u32): u32 {
  const block = allocate(bytes);
  if (block != 0) store<u32>(sessions, load<u32>(sessions, X_BYTES) + bytes, X_BYTES);
  return block;
}

export function give(sessions: u32, block: u32, bytes: u32): void {
  if (block == 0) return;
  store<u32>(sessions, load<u32>(sessions, X_BYTES) - bytes, X_BYTES);
  release(block);
}

/**
 * Sessions without any, or 0 when there is no memory for it.
 *
 * @param table A window table without slices, of mode BYTES, for whose states they are.
 * @param gap Milliseconds; 0: each row has its own.
 * @param touch Whether rows exactly a gap apart are one session.
 * @param alone Whether a row is late that would be if it were alone, though it touches one that is
 *   open.
 */
export function sessionsCreate(table: u32, gap: f64, touch: bool, alone: bool): u32 {
  const sessions = allocate(SESSIONS_BYTES + SLICE_BYTES);
  if (sessions == 0) return 0;
  memory.fill(sessions, 0, SESSIONS_BYTES + SLICE_BYTES);
  const slices = allocate(ENTRY_OF_SLICES);
  store<u32>(sessions, table, X_TABLE);
  if (slices == 0 || !createIndex(sessions)) {
    release(slices);
    release(sessions);
    return 0;
  }
  const slice = sessions + SESSIONS_BYTES;
  store<i64>(slices, 0);
  store<u32>(slices, slice, 8);
  store<u32>(slices, 0, 12);
  store<u32>(table, slices, T_SLICES);
  store<u32>(table, 1, T_COUNT);
  store<u32>(sessions, slice, X_ITEMS);
  store<i64>(sessions, <i64>gap, X_GAP);
  store<i64>(sessions, touch ? 1 : 0, X_TOUCH);
  store<u32>(sessions, alone ? 1 : 0, X_ALONE);
  const entry = HEAD + load<u32>(table, T_STATE);
  store<u32>(sessions, (entry + LINE - 1) & ~(LINE - 1), X_STRIDE);
  return sessions;
}

/** Gives back everything that the sessions have, themselves, and their table. */
export function sessionsFree(sessions: u32): void {
  const table = load<u32>(sessions, X_TABLE);
  sessionsClear(sessions);
  freeIndex(sessions);
  release(load<u32>(load<u32>(sessions, X_ITEMS), ITEMS_OF));
  store<u32>(table, 0, T_COUNT);
  tableFree(table);
  release(sessions);
}

/** Gives back all sessions but no settings; the index is void and to be emptied. */
export function sessionsClear(sessions: u32): void {
  for (let state = firstSession(sessions); state != 0; state = nextSession(sessions, state)) {
    giveTail(sessions, state);
  }
  for (let slab = load<u32>(sessions, X_FIRST); slab != 0;) {
    const next = load<u32>(slab, B_NEXT);
    give(sessions, slab, load<u32>(slab, B_BYTES));
    slab = next;
  }
  store<u32>(sessions, 0, X_FIRST);
  store<u32>(sessions, 0, X_LAST);
  store<u32>(sessions, 0, X_ENTRIES);
  store<u32>(sessions, 0, X_FIRED);
}

/** Sessions that are open. */
export function sessionsOpen(sessions: u32): u32 {
  return load<u32>(sessions, X_ENTRIES) - load<u32>(sessions, X_FIRED);
}

/** The least start of a session that is open, ms; infinity without one. */
export function sessionsOldest(sessions: u32): f64 {
  let oldest = i64.MAX_VALUE;
  for (let state = firstSession(sessions); state != 0; state = nextSession(sessions, state)) {
    if (tagIn(state) == FIRED) continue;
    const start = startOf(state);
    if (start < oldest) oldest = start;
  }
  return oldest == i64.MAX_VALUE ? Infinity : <f64>oldest;
}

/** Bytes that the sessions take. */
export function sessionsBytes(sessions: u32): u32 {
  return load<u32>(sessions, X_BYTES);
}

// @ts-ignore: decorator
@inline
export function startOf(state: u32): i64 {
  return load<i64>(state - E_START);
}

// @ts-ignore: decorator
@inline
export function endOf(state: u32): i64 {
  return load<i64>(state - E_END);
}

// @ts-ignore: decorator
@inline
export function moreOf(state: u32): u32 {
  return load<u32>(state - E_MORE);
}

// @ts-ignore: decorator
@inline
export function tagIn(state: u32): u32 {
  return load<u32>(state - E_TAG);
}

let sink: u64 = 0;

function hasRoom(sessions: u32, slab: u32): bool {
  return load<u32>(slab, B_FREE) != 0 ||
    load<u32>(slab, B_AT) + load<u32>(sessions, X_STRIDE) <= load<u32>(slab, B_END);
}

function linkFirst(sessions: u32, slab: u32): void {
  const first = load<u32>(sessions, X_FIRST);
  store<u32>(slab, first, B_NEXT);
  store<u32>(slab, 0, B_PREVIOUS);
  if (first != 0) store<u32>(first, slab, B_PREVIOUS);
  else store<u32>(sessions, slab, X_LAST);
  store<u32>(sessions, slab, X_FIRST);
}

function linkLast(sessions: u32, slab: u32): void {
  const last = load<u32>(sessions, X_LAST);
  store<u32>(slab, 0, B_NEXT);
  store<u32>(slab, last, B_PREVIOUS);
  if (last != 0) store<u32>(last, slab, B_NEXT);
  else store<u32>(sessions, slab, X_FIRST);
  store<u32>(sessions, slab, X_LAST);
}

function unlink(sessions: u32, slab: u32): void {
  const next = load<u32>(slab, B_NEXT);
  const previous = load<u32>(slab, B_PREVIOUS);
  if (previous != 0) store<u32>(previous, next, B_NEXT);
  else store<u32>(sessions, next, X_FIRST);
  if (next != 0) store<u32>(next, previous, B_PREVIOUS);
  else store<u32>(sessions, previous, X_LAST);
}

function addSlab(sessions: u32): u32 {
  const stride = load<u32>(sessions, X_STRIDE);
  const wanted = (load<u32>(sessions, X_ENTRIES) / SLAB_SHARE) * stride;
  const least = SLAB_HEAD + 2 * LINE + LEAST_ENTRIES * stride;
  const bytes = max(least, max(LEAST_SLAB, min(MOST_SLAB, wanted)));
  const slab = take(sessions, bytes);
  if (slab == 0) return 0;
  store<u32>(slab, 0, B_FREE);
  store<u32>(slab, 0, B_LIVE);
  store<u32>(slab, firstIn(slab) - HEAD, B_AT);
  store<u32>(slab, slab + bytes, B_END);
  store<u32>(slab, bytes, B_BYTES);
  linkFirst(sessions, slab);
  return slab;
}

/** A state of no rows; nothing before it is set but its slab. 0 without memory. */
export function newEntry(sessions: u32): u32 {
  let slab = load<u32>(sessions, X_FIRST);
  if (slab == 0 || !hasRoom(sessions, slab)) {
    slab = addSlab(sessions);
    if (slab == 0) return 0;
  }
  let state = load<u32>(slab, B_FREE);
  if (state != 0) {
    const next = moreOf(state);
    store<u32>(slab, next, B_FREE);
    // it is read ahead: it is needed next, and was not touched for long
    if (next != 0) sink ^= load<u64>(next - E_MORE) ^ load<u64>(next - E_KEY);
  }
  else {
    const at = load<u32>(slab, B_AT);
    state = at + HEAD;
    store<u32>(slab, at + load<u32>(sessions, X_STRIDE), B_AT);
  }
  store<u32>(slab, load<u32>(slab, B_LIVE) + 1, B_LIVE);
  if (!hasRoom(sessions, slab)) {
    unlink(sessions, slab);
    linkLast(sessions, slab);
  }
  store<u32>(state - E_SLAB, slab);
  store<u32>(sessions, load<u32>(sessions, X_ENTRIES) + 1, X_ENTRIES);
  const table = load<u32>(sessions, X_TABLE);
  const initial = load<u32>(table, T_INITIAL);
  const bytes = load<u32>(table, T_STATE);
  for (let at: u32 = 0; at < bytes; at += 8) store<u64>(state + at, load<u64>(initial + at));
  return state;
}

/** Gives an entry back, its long key too. */
export function freeEntry(sessions: u32, state: u32): void {
  const slab = load<u32>(state - E_SLAB);
  giveTail(sessions, state);
  store<u32>(state - E_SLAB, 0);
  store<u32>(sessions, load<u32>(sessions, X_ENTRIES) - 1, X_ENTRIES);
  const left = load<u32>(slab, B_LIVE) - 1;
  if (left == 0) {
    unlink(sessions, slab);
    give(sessions, slab, load<u32>(slab, B_BYTES));
    return;
  }
  if (!hasRoom(sessions, slab)) {
    unlink(sessions, slab);
    linkFirst(sessions, slab);
  }
  store<u32>(slab, left, B_LIVE);
  store<u32>(state - E_MORE, load<u32>(slab, B_FREE));
  store<u32>(slab, state, B_FREE);
}

/** Copies a long key behind its hash; its address, or 0. */
export function keepTail(sessions: u32, from: u32, length: u32, hash: u64): u32 {
  const tail = take(sessions, TAIL_HEAD + length + TAIL_SLACK);
  if (tail == 0) return 0;
  store<u64>(tail, hash);
  memory.copy(tail + TAIL_HEAD, from, length);
  return tail + TAIL_HEAD;
}

function giveTail(sessions: u32, state: u32): void {
  if (load<u8>(state - 1) != LONG_MARK) return;
  const length = load<u32>(state - E_KEY);
  give(sessions, load<u32>(state - E_KEY + 4) - TAIL_HEAD, TAIL_HEAD + length + TAIL_SLACK);
}

/** Makes room for one more among the items of closed sessions; false without memory. */
export function reserveItem(sessions: u32): bool {
  const room = load<u32>(sessions, X_ITEMS_ROOM);
  const entries = load<u32>(sessions, X_ENTRIES);
  return entries < room || setItems(sessions, max(LEAST_ITEMS, entries * 2));
}

function setItems(sessions: u32, room: u32): bool {
  const items = take(sessions, room * ITEM_BYTES);
  if (items == 0) return false;
  const slice = load<u32>(sessions, X_ITEMS);
  const old = load<u32>(slice, ITEMS_OF);
  const fired = load<u32>(sessions, X_FIRED);
  if (fired != 0) memory.copy(items, old, fired * ITEM_BYTES);
  give(sessions, old, load<u32>(sessions, X_ITEMS_ROOM) * ITEM_BYTES);
  store<u32>(slice, items, ITEMS_OF);
  store<u32>(sessions, room, X_ITEMS_ROOM);
  return true;
}

/** Gives back what far fewer sessions no longer need. */
export function trimItems(sessions: u32): void {
  const entries = load<u32>(sessions, X_ENTRIES);
  const wanted = max(LEAST_ITEMS, entries * 2);
  if (load<u32>(sessions, X_ITEMS_ROOM) > wanted * 4) setItems(sessions, wanted);
}

// @ts-ignore: decorator
@inline
export function itemsOf(sessions: u32): u32 {
  return load<u32>(load<u32>(sessions, X_ITEMS), ITEMS_OF);
}

let walkSlab: u32 = 0;

// The first live entry of a slab from `state` on, or of the slabs after it.
function liveFrom(sessions: u32, slab: u32, state: u32): u32 {
  const stride = load<u32>(sessions, X_STRIDE);
  while (true) {
    for (; state - HEAD < load<u32>(slab, B_AT); state += stride) {
      if (load<u32>(state - E_SLAB) != slab) continue;
      walkSlab = slab;
      return state;
    }
    slab = load<u32>(slab, B_NEXT);
    if (slab == 0) return 0;
    state = firstIn(slab);
  }
}

// @ts-ignore: decorator
@inline
function firstIn(slab: u32): u32 {
  return ((slab + SLAB_HEAD + BEFORE_KEY + LINE - 1) & ~(LINE - 1)) + E_KEY;
}

/** The first of the sessions, in whatever order; 0 if there is none. */
export function firstSession(sessions: u32): u32 {
  const slab = load<u32>(sessions, X_FIRST);
  return slab == 0 ? 0 : liveFrom(sessions, slab, firstIn(slab));
}

/** The session after one, 0 after the last. */
export function nextSession(sessions: u32, state: u32): u32 {
  return liveFrom(sessions, load<u32>(state - E_SLAB), state + load<u32>(sessions, X_STRIDE));
}

// Bytes that an open session takes beside its entry: its item, its part of the index.
const BESIDE: u32 = 256;
const GROWTH: f64 = 3;

/**
 * Whether the budget has room for a batch even if each of its rows opened a session of its own.
 *
 * @param keyBytes Of all its keys.
 */
export function sessionsHold(sessions: u32, rows: u32, keyBytes: f64): bool {
  const row = <f64>(load<u32>(sessions, X_STRIDE) + BESIDE);
  const index = <f64>load<u32>(sessions, X_MASK);
  const items = <f64>load<u32>(sessions, X_ITEMS_ROOM) * <f64>ITEM_BYTES;
  const once = 2 * <f64>MOST_SLAB;
  return hasRoomFor(<f64>rows * row + keyBytes + GROWTH * (index + items) + once);
}
