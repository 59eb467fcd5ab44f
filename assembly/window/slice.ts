// One window's groups: an open-addressing index of slots and, apart from it, the states.
//
// A slot is 8 bytes: the low half of the key's hash, and the address of the state (0: free), so
// that eight fit into a cache line and growing never looks at a key. States are appended in
// chunks, long keys in chunks of their own; all of it is given back when the window closes.
import { hashFixed, hashLong, LONG_MARK, NULL_MARK, sameBytes } from "../hash/hash";
import { allocate, release } from "../memory/arena";
import {
  FIXED,
  keepSpare,
  T_BYTES,
  T_GROUPS,
  T_HEAD,
  T_INITIAL,
  T_MODE,
  T_STATE,
} from "./table";

export const S_NEXT: u32 = 0;
export const S_SLOTS: u32 = 4;
export const S_MASK: u32 = 8;
export const S_COUNT: u32 = 12; // entries in slots
const S_LIMIT: u32 = 16; // entries at which the index grows
export const S_FIRST: u32 = 20; // chunks of states, oldest first
const S_LAST: u32 = 24;
const S_AT: u32 = 28; // room in the last chunk
const S_END: u32 = 32;
export const S_NULL: u32 = 36; // state of the null key of mode FIXED
const S_TAILS: u32 = 40; // chunks of long keys, newest first
const S_TAIL_AT: u32 = 44;
const S_TAIL_END: u32 = 48;
export const S_MAP: u32 = 52; // states by dictionary index
export const S_MAP_SIZE: u32 = 56;
export const S_MAP_GENERATION: u32 = 60;
const SLICE_BYTES: u32 = 64;

// A chunk: u32 next chunk, u32 bytes, u32 end of what is used, 4 bytes unused, entries.
export const CHUNK_HEAD: u32 = 16;
const C_BYTES: u32 = 4;
export const C_USED: u32 = 8;

const LEAST_SLOTS: u32 = 16;
const NEAR_SLOTS: u32 = 65536;
const LEAST_CHUNK: u32 = 1024;
const MOST_CHUNK: u32 = 65536;
const SPARSE: u32 = 16;

function take(table: u32, bytes: u32): u32 {
  const block = allocate(bytes);
  if (block != 0) store<u32>(table, load<u32>(table, T_BYTES) + bytes, T_BYTES);
  return block;
}

function give(table: u32, block: u32, bytes: u32): void {
  if (block == 0) return;
  store<u32>(table, load<u32>(table, T_BYTES) - bytes, T_BYTES);
  release(block);
}

// How many entries `slots` slots take before there are more: a quarter while they fit into the
// caches and a longer probe would cost more than a larger table, then half.
function limitOf(slots: u32): u32 {
  return slots <= NEAR_SLOTS ? slots >> 2 : slots >> 1;
}

/** An empty slice, or 0. */
export function sliceCreate(table: u32): u32 {
  const slice = take(table, SLICE_BYTES);
  if (slice == 0) return 0;
  memory.fill(slice, 0, SLICE_BYTES);
  if (!setSlots(table, slice, LEAST_SLOTS)) {
    give(table, slice, SLICE_BYTES);
    return 0;
  }
  return slice;
}

function setSlots(table: u32, slice: u32, slots: u32): bool {
  const block = take(table, slots << 3);
  if (block == 0) return false;
  memory.fill(block, 0, slots << 3);
  store<u32>(slice, block, S_SLOTS);
  store<u32>(slice, slots - 1, S_MASK);
  store<u32>(slice, limitOf(slots), S_LIMIT);
  return true;
}

function freeChunks(table: u32, first: u32): void {
  for (let chunk = first; chunk != 0;) {
    const next = load<u32>(chunk);
    give(table, chunk, load<u32>(chunk, C_BYTES));
    chunk = next;
  }
}

/** Gives back a slice and everything in it. */
export function sliceFree(table: u32, slice: u32): void {
  store<u32>(table, load<u32>(table, T_GROUPS) - groupsIn(slice), T_GROUPS);
  freeChunks(table, load<u32>(slice, S_FIRST));
  freeChunks(table, load<u32>(slice, S_TAILS));
  give(table, load<u32>(slice, S_SLOTS), (load<u32>(slice, S_MASK) + 1) << 3);
  give(table, load<u32>(slice, S_MAP), load<u32>(slice, S_MAP_SIZE) << 2);
  give(table, slice, SLICE_BYTES);
}

/** Groups of a slice, the null key's included. */
export function groupsIn(slice: u32): u32 {
  return load<u32>(slice, S_COUNT) + (load<u32>(slice, S_NULL) != 0 ? 1 : 0);
}

/** Empties a slice and puts it aside for another window, or gives it back. */
export function sliceRecycle(table: u32, slice: u32): void {
  const slots = load<u32>(slice, S_MASK) + 1;
  const sparse = slots > NEAR_SLOTS / SPARSE && load<u32>(slice, S_COUNT) * SPARSE < slots;
  if (sparse || !keepSpare(table, slice)) {
    sliceFree(table, slice);
    return;
  }
  store<u32>(table, load<u32>(table, T_GROUPS) - groupsIn(slice), T_GROUPS);
  memory.fill(load<u32>(slice, S_SLOTS), 0, slots << 3);
  store<u32>(slice, 0, S_COUNT);
  store<u32>(slice, 0, S_NULL);
  store<u32>(slice, 0, S_MAP_GENERATION);
  freeChunks(table, load<u32>(slice, S_TAILS));
  store<u32>(slice, 0, S_TAILS);
  store<u32>(slice, 0, S_TAIL_AT);
  store<u32>(slice, 0, S_TAIL_END);
  keepFirstChunk(table, slice);
}

function keepFirstChunk(table: u32, slice: u32): void {
  const first = load<u32>(slice, S_FIRST);
  if (first == 0) return;
  freeChunks(table, load<u32>(first));
  store<u32>(first, 0);
  store<u32>(first, first + CHUNK_HEAD, C_USED);
  store<u32>(slice, first, S_LAST);
  store<u32>(slice, first + CHUNK_HEAD, S_AT);
  store<u32>(slice, first + load<u32>(first, C_BYTES), S_END);
}

// Doubles the index. Without memory for that it goes on until it is seven eighths full.
function growSlots(table: u32, slice: u32): bool {
  const old = load<u32>(slice, S_SLOTS);
  const slots = load<u32>(slice, S_MASK) + 1;
  if (!setSlots(table, slice, slots * 2)) {
    const most = slots - (slots >> 3);
    store<u32>(slice, most, S_LIMIT);
    return load<u32>(slice, S_COUNT) < most;
  }
  const mask = slots * 2 - 1;
  const base = load<u32>(slice, S_SLOTS);
  for (let at = old; at < old + (slots << 3); at += 8) {
    const slot = load<u64>(at);
    if (slot != 0) store<u64>(freeSlot(base, mask, <u32>slot), slot);
  }
  give(table, old, slots << 3);
  return true;
}

// @ts-ignore: decorator
@inline
function freeSlot(base: u32, mask: u32, tag: u32): u32 {
  let at = tag & mask;
  while (load<u64>(base + (at << 3)) != 0) at = (at + 1) & mask;
  return base + (at << 3);
}

function addChunk(table: u32, slice: u32, least: u32): bool {
  const last = load<u32>(slice, S_LAST);
  const wanted = last == 0 ? LEAST_CHUNK : min(MOST_CHUNK, load<u32>(last, C_BYTES) * 2);
  const bytes = max(wanted, least + CHUNK_HEAD);
  const chunk = take(table, bytes);
  if (chunk == 0) return false;
  store<u32>(chunk, 0);
  store<u32>(chunk, bytes, C_BYTES);
  store<u32>(chunk, chunk + CHUNK_HEAD, C_USED);
  if (last == 0) store<u32>(slice, chunk, S_FIRST);
  else store<u32>(last, chunk);
  store<u32>(slice, chunk, S_LAST);
  store<u32>(slice, chunk + CHUNK_HEAD, S_AT);
  store<u32>(slice, chunk + bytes, S_END);
  return true;
}

// A state of no rows with room for its key before it; 0 without memory.
function newState(table: u32, slice: u32): u32 {
  const headBytes = load<u32>(table, T_HEAD);
  const bytes = load<u32>(table, T_STATE);
  const initial = load<u32>(table, T_INITIAL);
  const entry = headBytes + bytes;
  if (load<u32>(slice, S_AT) + entry > load<u32>(slice, S_END)) {
    if (!addChunk(table, slice, entry)) return 0;
  }
  const at = load<u32>(slice, S_AT);
  const state = at + headBytes;
  for (let word: u32 = 0; word < bytes; word += 8) {
    store<u64>(state + word, load<u64>(initial + word));
  }
  store<u32>(slice, at + entry, S_AT);
  store<u32>(load<u32>(slice, S_LAST), at + entry, C_USED);
  store<u32>(table, load<u32>(table, T_GROUPS) + 1, T_GROUPS);
  return state;
}

function enter(slice: u32, tag: u32, state: u32): void {
  const slot = freeSlot(load<u32>(slice, S_SLOTS), load<u32>(slice, S_MASK), tag);
  store<u64>(slot, (<u64>state << 32) | tag);
  store<u32>(slice, load<u32>(slice, S_COUNT) + 1, S_COUNT);
}

function hasRoom(table: u32, slice: u32): bool {
  return load<u32>(slice, S_COUNT) < load<u32>(slice, S_LIMIT) || growSlots(table, slice);
}

/** Enters a fixed-width key that is not there; the address of its state, or 0. */
export function insertFixed(table: u32, slice: u32, key: u64, tag: u32): u32 {
  if (!hasRoom(table, slice)) return 0;
  const state = newState(table, slice);
  if (state == 0) return 0;
  store<u64>(state - 8, key);
  enter(slice, tag, state);
  return state;
}

/** The state of a fixed-width key, entered if it is not there; 0 without memory for it. */
export function findFixed(table: u32, slice: u32, key: u64): u32 {
  const tag = <u32>hashFixed(key);
  const slots = load<u32>(slice, S_SLOTS);
  const mask = load<u32>(slice, S_MASK);
  let at = tag & mask;
  while (true) {
    const slot = load<u64>(slots + (at << 3));
    const state = <u32>(slot >> 32);
    if (state == 0) return insertFixed(table, slice, key, tag);
    if (<u32>slot == tag && load<u64>(state - 8) == key) return state;
    at = (at + 1) & mask;
  }
}

/** The state of the null key of mode FIXED, made if it is not there; 0 without memory for it. */
export function findNull(table: u32, slice: u32): u32 {
  let state = load<u32>(slice, S_NULL);
  if (state != 0) return state;
  state = newState(table, slice);
  if (state == 0) return 0;
  store<u64>(state - 8, 0);
  store<u32>(slice, state, S_NULL);
  return state;
}

// Copies a long key into the slice; its address, or 0.
function keepTail(table: u32, slice: u32, from: u32, length: u32): u32 {
  let at = load<u32>(slice, S_TAIL_AT);
  if (at + length > load<u32>(slice, S_TAIL_END) || at == 0) {
    const bytes = max(length + CHUNK_HEAD, min(MOST_CHUNK, LEAST_CHUNK + load<u32>(slice, S_COUNT) * 16));
    const chunk = take(table, bytes);
    if (chunk == 0) return 0;
    store<u32>(chunk, load<u32>(slice, S_TAILS));
    store<u32>(chunk, bytes, C_BYTES);
    store<u32>(slice, chunk, S_TAILS);
    store<u32>(slice, chunk + bytes, S_TAIL_END);
    at = chunk + CHUNK_HEAD;
  }
  memory.copy(at, from, length);
  store<u32>(slice, at + length, S_TAIL_AT);
  return at;
}

/** The block of a long key: its length, its address, and the mark. */
// @ts-ignore: decorator
@inline
export function longBlock(at: u32, length: u32): v128 {
  const block = i64x2.replace_lane(i64x2.splat(0), 0, (<u64>at << 32) | length);
  return i8x16.replace_lane(block, 15, <i8>LONG_MARK);
}

/** Enters a key that is not there by its block and hash; the address of its state, or 0. */
export function insertBytes(table: u32, slice: u32, block: v128, hash: u64): u32 {
  if (!hasRoom(table, slice)) return 0;
  let own = block;
  if (<u8>i8x16.extract_lane_u(block, 15) == LONG_MARK) {
    const length = <u32>i32x4.extract_lane(block, 0);
    const at = keepTail(table, slice, <u32>i32x4.extract_lane(block, 1), length);
    if (at == 0) return 0;
    own = longBlock(at, length);
  }
  const state = newState(table, slice);
  if (state == 0) return 0;
  store<u64>(state - 24, hash);
  v128.store(state - 16, own);
  enter(slice, <u32>hash, state);
  return state;
}

/** Whether the key of `state` is that of `block` and `hash`. */
// @ts-ignore: decorator
@inline
export function sameKey(state: u32, block: v128, hash: u64): bool {
  if (!v128.any_true(v128.xor(v128.load(state - 16), block))) return true;
  return <u8>i8x16.extract_lane_u(block, 15) == LONG_MARK && sameLong(state, block, hash);
}

function sameLong(state: u32, block: v128, hash: u64): bool {
  if (load<u8>(state - 1) != LONG_MARK || load<u64>(state - 24) != hash) return false;
  const length = <u32>i32x4.extract_lane(block, 0);
  if (load<u32>(state - 16) != length) return false;
  return sameBytes(load<u32>(state - 12), <u32>i32x4.extract_lane(block, 1), length);
}

/** The state of a key by its block and hash, entered if it is not there; 0 without memory. */
export function findBytes(table: u32, slice: u32, block: v128, hash: u64): u32 {
  const tag = <u32>hash;
  const slots = load<u32>(slice, S_SLOTS);
  const mask = load<u32>(slice, S_MASK);
  let at = tag & mask;
  while (true) {
    const slot = load<u64>(slots + (at << 3));
    const state = <u32>(slot >> 32);
    if (state == 0) return insertBytes(table, slice, block, hash);
    if (<u32>slot == tag && sameKey(state, block, hash)) return state;
    at = (at + 1) & mask;
  }
}

/** Makes the dictionary map of a slice fit for `size` indices of a generation; false: no memory. */
export function setMap(table: u32, slice: u32, size: u32, generation: u32): bool {
  const old = load<u32>(slice, S_MAP_SIZE);
  if (old < size || old > 2 * size + 64) {
    give(table, load<u32>(slice, S_MAP), old << 2);
    const map = take(table, size << 2);
    store<u32>(slice, map, S_MAP);
    store<u32>(slice, map == 0 ? 0 : size, S_MAP_SIZE);
    store<u32>(slice, 0, S_MAP_GENERATION);
    if (map == 0) return false;
  }
  memory.fill(load<u32>(slice, S_MAP), 0, size << 2);
  store<u32>(slice, generation, S_MAP_GENERATION);
  return true;
}

/** Whether a state of mode FIXED or BYTES has the null key. */
// @ts-ignore: decorator
@inline
export function isNullKey(table: u32, slice: u32, state: u32): bool {
  return load<u32>(table, T_MODE) == FIXED
    ? state == load<u32>(slice, S_NULL)
    : load<u8>(state - 1) == NULL_MARK;
}
