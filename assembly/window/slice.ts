// One window's groups: an open-addressing index of slots and, apart from it, the states.
//
// The index is buckets of a cache line each: ten tags of 16 bits and the addresses of their ten
// states. A tag is some bits of the key's hash, the lowest set (0: free). So a key is looked up by a
// comparison of ten tags at once, without a branch that depends on which one it is. Buckets that are
// full overflow into the next; of many slots in a bucket few do, so that the index can be well
// filled, and a key's part of it is small. States are appended in chunks, long keys in chunks of
// their own; all of it is given back when the window closes.
import { allocate, release } from "../memory/arena";
import { frontForget } from "./front";
import { hashOf } from "./groups";
import {
  FIXED,
  keepSpare,
  T_BYTES,
  T_EXPECTED,
  T_GROUPS,
  T_HEAD,
  T_INDEX,
  T_INITIAL,
  T_STATE,
} from "./table";

export const S_NEXT: u32 = 0;
export const S_BUCKETS: u32 = 4;
export const S_MASK: u32 = 8; // (buckets − 1) · 64, what an offset to a bucket is cut by
export const S_COUNT: u32 = 12; // entries in buckets
const S_LIMIT: u32 = 16; // entries at which the index grows
export const S_FIRST: u32 = 20; // chunks of states, oldest first
const S_LAST: u32 = 24;
const S_AT: u32 = 28; // room in the last chunk
const S_END: u32 = 32;
export const S_NULL: u32 = 36; // state of the null key of mode FIXED
export const S_TAILS: u32 = 40; // chunks of long keys, newest first
export const S_TAIL_AT: u32 = 44;
export const S_TAIL_END: u32 = 48;
export const S_MAP: u32 = 52; // states by dictionary index
export const S_MAP_SIZE: u32 = 56;
export const S_MAP_GENERATION: u32 = 60;
export const S_MAP_LEFT: u32 = 64; // entries, null's included, that have no state yet
export const S_NODES: u32 = 68; // blocks of results over this slice and later ones (compose.ts)
export const S_TAKEN: u32 = 72; // which kinds of windows have begun to take it, a bit each
const S_BLOCK: u32 = 76; // where the buckets were allocated, at most a line before them
export const S_ORDER: u32 = 80; // block of the states in the order of their keys (order.ts)
export const S_ORDERED: u32 = 84; // how many it has, or lie in order where the buckets were
export const S_ORDER_BYTES: u32 = 88;
export const SLICE_BYTES: u32 = 96;

// A block of nodes: u32 next block, u32 bytes, u32 kind of the windows, 4 bytes unused, nodes.
export const NODES_HEAD: u32 = 16;
export const NODES_BYTES: u32 = 4;
const NODES_KIND: u32 = 8;

// A chunk: u32 next chunk, u32 bytes, u32 end of what is used, 4 bytes unused, entries.
export const CHUNK_HEAD: u32 = 16;
export const C_BYTES: u32 = 4;
export const C_USED: u32 = 8;

const BUCKET_SHIFT: u32 = 6;
const AT_STATES: u32 = 24;
const ALL_SLOTS: u32 = 1023;
const LEAST_BUCKETS: u32 = 2;
const MOST_GROWTH: u32 = 8;
const LARGE_BUCKETS: u32 = 512;
const LINE: u32 = 64;
export const LEAST_CHUNK: u32 = 1024;
export const MOST_CHUNK: u32 = 65536;
/** A chunk has room for this part of the entries that there are, at most. */
export const CHUNK_SHARE: u32 = 16;
const SPARSE: u32 = 8;

export function take(table: u32, bytes: u32): u32 {
  const block = allocate(bytes);
  if (block != 0) store<u32>(table, load<u32>(table, T_BYTES) + bytes, T_BYTES);
  return block;
}

export function give(table: u32, block: u32, bytes: u32): void {
  if (block == 0) return;
  store<u32>(table, load<u32>(table, T_BYTES) - bytes, T_BYTES);
  release(block);
}

// Entries at which an index of this many buckets grows: five eighths of the slots. One in seventy
// keys has then overflowed, and a key's part of the index is between 10 and 20.5 bytes.
function limitOf(buckets: u32): u32 {
  return buckets * 6 + (buckets >> 2);
}

/** An empty slice, or 0. */
export function sliceCreate(table: u32): u32 {
  const slice = take(table, SLICE_BYTES);
  if (slice == 0) return 0;
  memory.fill(slice, 0, SLICE_BYTES);
  if (!setBuckets(table, slice, LEAST_BUCKETS)) {
    give(table, slice, SLICE_BYTES);
    return 0;
  }
  return slice;
}

function setBuckets(table: u32, slice: u32, buckets: u32): bool {
  const bytes = buckets << BUCKET_SHIFT;
  const block = take(table, bytes + LINE);
  if (block == 0) return false;
  const first = (block + LINE - 1) & ~(LINE - 1);
  memory.fill(first, 0, bytes);
  store<u32>(table, load<u32>(table, T_INDEX) + bytes, T_INDEX);
  store<u32>(slice, block, S_BLOCK);
  store<u32>(slice, first, S_BUCKETS);
  store<u32>(slice, (buckets - 1) << BUCKET_SHIFT, S_MASK);
  store<u32>(slice, limitOf(buckets), S_LIMIT);
  return true;
}

/** The most that a window with one group takes, but for its key's bytes and a dictionary's map. */
export function sliceCost(entry: u32): u32 {
  const chunk = max(LEAST_CHUNK, entry) + CHUNK_HEAD + LINE;
  const index = MOST_GROWTH * 4 * (LEAST_BUCKETS << BUCKET_SHIFT);
  return SLICE_BYTES + index + 2 * chunk + 8 * 16;
}

function bucketsIn(slice: u32): u32 {
  return (load<u32>(slice, S_MASK) >> BUCKET_SHIFT) + 1;
}

function giveBuckets(table: u32, block: u32, buckets: u32): void {
  store<u32>(table, load<u32>(table, T_INDEX) - (buckets << BUCKET_SHIFT), T_INDEX);
  give(table, block, (buckets << BUCKET_SHIFT) + LINE);
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
  frontForget(slice);
  store<u32>(table, groupsIn(slice), T_EXPECTED);
  store<u32>(table, load<u32>(table, T_GROUPS) - groupsIn(slice), T_GROUPS);
  freeChunks(table, load<u32>(slice, S_FIRST));
  freeChunks(table, load<u32>(slice, S_TAILS));
  giveBuckets(table, load<u32>(slice, S_BLOCK), bucketsIn(slice));
  give(table, load<u32>(slice, S_MAP), load<u32>(slice, S_MAP_SIZE) << 2);
  freeNodes(table, slice);
  forgetOrder(table, slice);
  give(table, slice, SLICE_BYTES);
}

/** Room for partial results of a kind of windows that goes with the slice; the block, or 0. */
export function sliceNodes(table: u32, slice: u32, bytes: u32, kind: u32): u32 {
  const block = take(table, bytes + NODES_HEAD);
  if (block == 0) return 0;
  memory.fill(block, 0, bytes + NODES_HEAD);
  store<u32>(block, load<u32>(slice, S_NODES));
  store<u32>(block, bytes + NODES_HEAD, NODES_BYTES);
  store<u32>(block, kind, NODES_KIND);
  store<u32>(slice, block, S_NODES);
  return block;
}

/** The block of a kind's partial results, or 0. */
export function nodesOf(slice: u32, kind: u32): u32 {
  let block = load<u32>(slice, S_NODES);
  while (block != 0 && load<u32>(block, NODES_KIND) != kind) block = load<u32>(block);
  return block;
}

/** Gives back the block of a kind's partial results, which there must be. */
export function giveNodes(table: u32, slice: u32, block: u32): void {
  let link = slice + S_NODES;
  while (load<u32>(link) != block) link = load<u32>(link);
  store<u32>(link, load<u32>(block));
  give(table, block, load<u32>(block, NODES_BYTES));
}

function freeNodes(table: u32, slice: u32): void {
  for (let block = load<u32>(slice, S_NODES); block != 0;) {
    const next = load<u32>(block);
    give(table, block, load<u32>(block, NODES_BYTES));
    block = next;
  }
}

/** Gives back what tells the order of a slice's keys. */
export function forgetOrder(table: u32, slice: u32): void {
  give(table, load<u32>(slice, S_ORDER), load<u32>(slice, S_ORDER_BYTES));
  store<u32>(slice, 0, S_ORDER);
  store<u32>(slice, 0, S_ORDERED);
  store<u32>(slice, 0, S_ORDER_BYTES);
}

/** Groups of a slice, the null key's included. */
export function groupsIn(slice: u32): u32 {
  return load<u32>(slice, S_COUNT) + (load<u32>(slice, S_NULL) != 0 ? 1 : 0);
}

/** Empties a slice and puts it aside for another window, or gives it back. */
export function sliceRecycle(table: u32, slice: u32): void {
  const buckets = bucketsIn(slice);
  const sparse = buckets > LARGE_BUCKETS && load<u32>(slice, S_COUNT) * SPARSE < buckets;
  if (sparse || !keepSpare(table, slice)) {
    sliceFree(table, slice);
    return;
  }
  frontForget(slice);
  store<u32>(table, load<u32>(table, T_GROUPS) - groupsIn(slice), T_GROUPS);
  memory.fill(load<u32>(slice, S_BUCKETS), 0, buckets << BUCKET_SHIFT);
  store<u32>(slice, 0, S_COUNT);
  store<u32>(slice, 0, S_NULL);
  store<u32>(slice, 0, S_MAP_GENERATION);
  freeChunks(table, load<u32>(slice, S_TAILS));
  store<u32>(slice, 0, S_TAILS);
  store<u32>(slice, 0, S_TAIL_AT);
  store<u32>(slice, 0, S_TAIL_END);
  freeNodes(table, slice);
  store<u32>(slice, 0, S_NODES);
  store<u32>(slice, 0, S_TAKEN);
  forgetOrder(table, slice);
  keepFirstChunk(table, slice);
}

function keepFirstChunk(table: u32, slice: u32): void {
  const first = load<u32>(slice, S_FIRST);
  if (first == 0) return;
  freeChunks(table, load<u32>(first));
  store<u32>(first, 0);
  store<u32>(first, firstEntry(first), C_USED);
  store<u32>(slice, first, S_LAST);
  store<u32>(slice, firstEntry(first), S_AT);
  store<u32>(slice, first + load<u32>(first, C_BYTES), S_END);
}

// The next size of an index: twice as large, or up to eight times where the window before needed it.
function nextBuckets(table: u32, buckets: u32): u32 {
  let next = buckets * 2;
  const most = buckets * MOST_GROWTH;
  while (next < most && limitOf(next) < load<u32>(table, T_EXPECTED)) next *= 2;
  return next;
}

// Makes the index larger. Without memory for that it goes on until it is three quarters full: what
// is left is room for sorting 8 bytes a group in it.
function growBuckets(table: u32, slice: u32): bool {
  const old = load<u32>(slice, S_BLOCK);
  const buckets = bucketsIn(slice);
  if (!setBuckets(table, slice, nextBuckets(table, buckets))) {
    const most = buckets * 7 + (buckets >> 1);
    store<u32>(slice, most, S_LIMIT);
    return load<u32>(slice, S_COUNT) < most;
  }
  placeAll(table, slice);
  giveBuckets(table, old, buckets);
  return true;
}

// Enters all groups into an empty index, but for the null key of mode FIXED, which is in none.
function placeAll(table: u32, slice: u32): void {
  const headBytes = load<u32>(table, T_HEAD);
  const entry = headBytes + load<u32>(table, T_STATE);
  const none = load<u32>(slice, S_NULL);
  for (let chunk = load<u32>(slice, S_FIRST); chunk != 0; chunk = load<u32>(chunk)) {
    const end = load<u32>(chunk, C_USED);
    for (let state = firstEntry(chunk) + headBytes; state < end; state += entry) {
      if (state != none) place(slice, hashOf(table, slice, state), state);
    }
  }
}

/** The bucket where the key of a hash, or of its low half, is looked for first. */
// @ts-ignore: decorator
@inline
export function bucketOf(buckets: u32, mask: u32, hash: u32): u32 {
  return buckets + ((hash << BUCKET_SHIFT) & mask);
}

/** The bucket after one, the first after the last. */
// @ts-ignore: decorator
@inline
export function nextBucket(buckets: u32, mask: u32, bucket: u32): u32 {
  return buckets + ((bucket - buckets + (1 << BUCKET_SHIFT)) & mask);
}

/** The tag of a hash, in the lowest 16 bits. */
// @ts-ignore: decorator
@inline
export function tagOf(hash: u64): u32 {
  return <u32>(hash >> 32) | 1;
}

/** Stands for no match: the state in a bucket's last slot, if any, then turns out to be another's. */
export const LAST_SLOT: u32 = 512;

/** Which of a bucket's ten slots have this tag, as bits. */
// @ts-ignore: decorator
@inline
export function matches(bucket: u32, tag: u32): u32 {
  const tags = i16x8.splat(<i16>tag);
  const eight = i16x8.eq(v128.load(bucket), tags);
  const two = i16x8.eq(v128.load_zero<u32>(bucket, 16), tags);
  return i8x16.bitmask(i8x16.narrow_i16x8_s(eight, two));
}

// Which of a bucket's slots are free, as bits.
// @ts-ignore: decorator
@inline
export function freeIn(bucket: u32): u32 {
  return matches(bucket, 0) & ALL_SLOTS;
}

/** The state in the lowest of a bucket's slots that `found` names. */
// @ts-ignore: decorator
@inline
export function stateIn(bucket: u32, found: u32): u32 {
  return load<u32>(bucket + (ctz(found) << 2), AT_STATES);
}

function place(slice: u32, hash: u64, state: u32): void {
  const buckets = load<u32>(slice, S_BUCKETS);
  const mask = load<u32>(slice, S_MASK);
  let bucket = bucketOf(buckets, mask, <u32>hash);
  let free = freeIn(bucket);
  while (free == 0) {
    bucket = nextBucket(buckets, mask, bucket);
    free = freeIn(bucket);
  }
  const slot = ctz(free);
  store<u16>(bucket + (slot << 1), <u16>tagOf(hash));
  store<u32>(bucket + (slot << 2), state, AT_STATES);
}

// Entries start at a cache line, so that those of 64 bytes lie in one each.
// @ts-ignore: decorator
@inline
export function firstEntry(chunk: u32): u32 {
  return (chunk + CHUNK_HEAD + LINE - 1) & ~(LINE - 1);
}

// Bytes for a part of so many entries, as far as a chunk holds them.
// @ts-ignore: decorator
@inline
function roomOf(entries: u32, entry: u32, part: u32): u32 {
  return <u32>min<u64>(MOST_CHUNK, <u64>entries * entry / part);
}

// Makes a chunk with room for `room` bytes of entries, or for more where that is little.
function addChunk(table: u32, slice: u32, entry: u32, room: u32): bool {
  const last = load<u32>(slice, S_LAST);
  const entries = max<u32>(1, max(LEAST_CHUNK, room) / entry);
  const bytes = CHUNK_HEAD + LINE + entries * entry;
  const chunk = take(table, bytes);
  if (chunk == 0) return false;
  store<u32>(chunk, 0);
  store<u32>(chunk, bytes, C_BYTES);
  store<u32>(chunk, firstEntry(chunk), C_USED);
  if (last == 0) store<u32>(slice, chunk, S_FIRST);
  else store<u32>(last, chunk);
  store<u32>(slice, chunk, S_LAST);
  store<u32>(slice, firstEntry(chunk), S_AT);
  store<u32>(slice, chunk + bytes, S_END);
  return true;
}

/** Room for a state, with room for its key before it, with anything in both; 0 without memory. */
// @ts-ignore: decorator
@inline
export function newEntry(table: u32, slice: u32): u32 {
  const headBytes = load<u32>(table, T_HEAD);
  const entry = headBytes + load<u32>(table, T_STATE);
  if (load<u32>(slice, S_AT) + entry > load<u32>(slice, S_END)) {
    if (!addChunk(table, slice, entry, roomOf(load<u32>(slice, S_COUNT), entry, CHUNK_SHARE))) return 0;
  }
  const at = load<u32>(slice, S_AT);
  store<u32>(slice, at + entry, S_AT);
  store<u32>(load<u32>(slice, S_LAST), at + entry, C_USED);
  store<u32>(table, load<u32>(table, T_GROUPS) + 1, T_GROUPS);
  return at + headBytes;
}

/** Copies a state of so many bytes, a multiple of 8. */
// @ts-ignore: decorator
@inline
export function copyState(into: u32, from: u32, bytes: u32): void {
  const end = bytes & ~15;
  for (let at: u32 = 0; at < end; at += 16) v128.store(into + at, v128.load(from + at));
  if (end != bytes) store<u64>(into + end, load<u64>(from + end));
}

// A state of no rows with room for its key before it; 0 without memory.
export function newState(table: u32, slice: u32): u32 {
  const state = newEntry(table, slice);
  if (state == 0) return 0;
  copyState(state, load<u32>(table, T_INITIAL), load<u32>(table, T_STATE));
  return state;
}

/** Makes an empty slice fit for so many groups at once; false without memory. */
export function sliceReserve(table: u32, slice: u32, groups: u32): bool {
  let buckets = bucketsIn(slice);
  const old = buckets;
  while (limitOf(buckets) < groups) buckets *= 2;
  if (buckets != old) {
    const block = load<u32>(slice, S_BLOCK);
    if (!setBuckets(table, slice, buckets)) return false;
    giveBuckets(table, block, old);
  }
  if (load<u32>(slice, S_FIRST) != 0) return true;
  const entry = load<u32>(table, T_HEAD) + load<u32>(table, T_STATE);
  return addChunk(table, slice, entry, roomOf(groups, entry, 1));
}

export function enter(slice: u32, hash: u64, state: u32): void {
  place(slice, hash, state);
  store<u32>(slice, load<u32>(slice, S_COUNT) + 1, S_COUNT);
}

export function hasRoom(table: u32, slice: u32): bool {
  return load<u32>(slice, S_COUNT) < load<u32>(slice, S_LIMIT) || growBuckets(table, slice);
}
