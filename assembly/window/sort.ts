// Puts the groups of a window that closes into the order of their keys, in the memory of its index.
//
// An item is 8 bytes: 32 bits of the key, the address of the state. Items are sorted as numbers;
// runs with equal bits are sorted again by the next 32 bits of their keys, and so on.
import { KIND_BYTES, KIND_F32, KIND_F64 } from "./columns";
import { firstState, keyAddress, keyLength, nextState, NULL_LENGTH } from "./groups";
import { S_BUCKETS, S_ORDERED } from "./slice";
import { isNullKey } from "./slice_keys";
import { sliceAt, T_PART_COUNT, T_PARTS, T_STATE } from "./table";

const FEW: u32 = 24;

// What of a key column the next 32 bits are.
const STAGE_NULL: u32 = 0;
const STAGE_HIGH: u32 = 1;
const STAGE_LOW: u32 = 2;
const STAGE_BYTES: u32 = 3;
const STAGE_LENGTH: u32 = 4;

let partAddress: u32 = 0;
let partLength: u32 = 0;
let partNull: bool = false;

/** Address of the key column that was located last. */
export function locatedAddress(): u32 {
  return partAddress;
}

/** Bytes of the key column that was located last. */
export function locatedLength(): u32 {
  return partLength;
}

/** Whether the key column that was located last is null. */
export function locatedNull(): bool {
  return partNull;
}

// @ts-ignore: decorator
@inline
function kindOfPart(table: u32, part: u32): u32 {
  return load<u8>(load<u32>(table, T_PARTS) + part);
}

function skipTo(table: u32, at: u32, part: u32): u32 {
  for (let before: u32 = 0; before < part; before++) {
    if (load<u8>(at) == 0) at += 1;
    else if (kindOfPart(table, before) == KIND_BYTES) at += 5 + load<u32>(at, 1);
    else at += 9;
  }
  return at;
}

/** Locates a column of a state's key. */
export function locate(table: u32, slice: u32, state: u32, part: u32): void {
  if (load<u32>(table, T_PART_COUNT) == 1) {
    partNull = isNullKey(table, slice, state);
    partAddress = keyAddress(table, state);
    partLength = partNull ? 0 : keyLength(table, slice, state);
    return;
  }
  const at = skipTo(table, keyAddress(table, state), part);
  partNull = load<u8>(at) == 0;
  const bytes = kindOfPart(table, part) == KIND_BYTES;
  partAddress = at + (bytes ? 5 : 1);
  partLength = partNull ? 0 : bytes ? load<u32>(at, 1) : 8;
}

// A fixed-width key as a number in the same order; NaN is the greatest.
function ordered(kind: u32, key: u64): u64 {
  const sign: u64 = 1 << 63;
  const negative = (kind == KIND_F64 || kind == KIND_F32) && (key & sign) != 0;
  return negative ? ~key : key ^ sign;
}

// 4 bytes of the located column from `offset`, most significant first, 0 beyond its end.
function fourBytes(offset: u32): u32 {
  if (offset >= partLength) return 0;
  const left = partLength - offset;
  const word = bswap<u32>(load<u32>(partAddress + offset));
  return left >= 4 ? word : word & (~0 << ((4 - left) << 3));
}

function bitsOf(kind: u32, stage: u32, offset: u32): u32 {
  if (stage == STAGE_NULL) return partNull ? 1 : 0;
  if (stage == STAGE_HIGH) return <u32>(ordered(kind, load<u64>(partAddress)) >> 32);
  if (stage == STAGE_LOW) return <u32>ordered(kind, load<u64>(partAddress));
  return stage == STAGE_LENGTH ? partLength : fourBytes(offset);
}

function heapify(base: u32, root: u32, count: u32): void {
  const item = load<u64>(base + (root << 3));
  while (true) {
    let child: u32 = 2 * root + 1;
    if (child >= count) break;
    if (child + 1 < count && load<u64>(base + (child << 3)) < load<u64>(base + (child << 3), 8)) {
      child++;
    }
    if (load<u64>(base + (child << 3)) <= item) break;
    store<u64>(base + (root << 3), load<u64>(base + (child << 3)));
    root = child;
  }
  store<u64>(base + (root << 3), item);
}

function heapSort(base: u32, count: u32): void {
  for (let root = count >> 1; root > 0; root--) heapify(base, root - 1, count);
  for (let end = count - 1; end > 0; end--) {
    const greatest = load<u64>(base);
    store<u64>(base, load<u64>(base + (end << 3)));
    store<u64>(base + (end << 3), greatest);
    heapify(base, 0, end);
  }
}

function insertionSort(base: u32, count: u32): void {
  for (let index: u32 = 1; index < count; index++) {
    const item = load<u64>(base + (index << 3));
    let at = base + (index << 3);
    while (at > base && load<u64>(at - 8) > item) {
      store<u64>(at, load<u64>(at - 8));
      at -= 8;
    }
    store<u64>(at, item);
  }
}

function middleOf(a: u64, b: u64, c: u64): u64 {
  return max(min(a, b), min(max(a, b), c));
}

/** Quicksort; where it goes wrong too often, heap sort. Items are all different. */
export function sortItems(base: u32, count: u32, depth: u32): void {
  while (count > FEW) {
    if (depth == 0) {
      heapSort(base, count);
      return;
    }
    depth--;
    const last = base + ((count - 1) << 3);
    const pivot = middleOf(load<u64>(base), load<u64>(base + ((count >> 1) << 3)), load<u64>(last));
    let low = base;
    let high = last;
    while (true) {
      while (load<u64>(low) < pivot) low += 8;
      while (load<u64>(high) > pivot) high -= 8;
      if (low >= high) break;
      const item = load<u64>(low);
      store<u64>(low, load<u64>(high));
      store<u64>(high, item);
      low += 8;
      high -= 8;
    }
    const left = (low - base) >> 3;
    if (left < count - left) {
      sortItems(base, left, depth);
      base = low;
      count -= left;
    } else {
      sortItems(low, count - left, depth);
      count = left;
    }
  }
  insertionSort(base, count);
}

// The longest of a run's located columns, after setBits().
let longest: u32 = 0;

// Sets the bits of a run's items; whether they differ.
function setBits(table: u32, slice: u32, base: u32, count: u32, part: u32, stage: u32, offset: u32): bool {
  const kind = kindOfPart(table, part);
  let least: u32 = ~0;
  let greatest: u32 = 0;
  longest = 0;
  for (let index: u32 = 0; index < count; index++) {
    const at = base + (index << 3);
    const state = load<u32>(at);
    locate(table, slice, state, part);
    const bits = bitsOf(kind, stage, offset);
    least = min(least, bits);
    greatest = max(greatest, bits);
    longest = max(longest, partLength);
    store<u32>(at, bits, 4);
  }
  return least != greatest;
}

// Sorts a run whose keys are equal in all columns before `part` and all stages before `stage`.
function sortRun(table: u32, slice: u32, base: u32, count: u32, part: u32, stage: u32, offset: u32): void {
  const parts = load<u32>(table, T_PART_COUNT);
  while (count > 1 && part < parts) {
    const differ = setBits(table, slice, base, count, part, stage, offset);
    const reach = longest;
    let nextPart = part;
    let nextStage = stage;
    let nextOffset = offset;
    if (stage == STAGE_NULL) {
      nextStage = kindOfPart(table, part) == KIND_BYTES ? STAGE_BYTES : STAGE_HIGH;
      nextOffset = 0;
    } else if (stage == STAGE_HIGH) nextStage = STAGE_LOW;
    else if (stage == STAGE_BYTES) {
      nextOffset = offset + 4;
      if (nextOffset >= reach) nextStage = STAGE_LENGTH;
    } else {
      nextPart = part + 1;
      nextStage = STAGE_NULL;
    }
    if (differ) {
      sortItems(base, count, 2 * (32 - clz<u32>(count)));
      // the longest run of equal bits goes on in this loop, so that calls nest at most log₂ deep
      const run = longestRun(base, count);
      sortOthers(table, slice, base, count, run, nextPart, nextStage, nextOffset);
      base = run;
      count = runLength;
    }
    locate(table, slice, load<u32>(base), part);
    const skip = stage == STAGE_NULL && partNull;
    part = skip ? part + 1 : nextPart;
    stage = skip ? STAGE_NULL : nextStage;
    offset = nextOffset;
  }
}

let runLength: u32 = 0;

/** Items from `at` to before `end` that have the bits of the first. */
export function runAt(at: u32, end: u32): u32 {
  const bits = load<u32>(at, 4);
  let next = at + 8;
  while (next < end && load<u32>(next, 4) == bits) next += 8;
  return (next - at) >> 3;
}

function longestRun(base: u32, count: u32): u32 {
  const end = base + (count << 3);
  let best = base;
  let most: u32 = 0;
  for (let at = base; at < end;) {
    const length = runAt(at, end);
    if (length > most) {
      most = length;
      best = at;
    }
    at += length << 3;
  }
  runLength = most;
  return best;
}

function sortOthers(table: u32, slice: u32, base: u32, count: u32, except: u32, part: u32, stage: u32, offset: u32): void {
  const kept = runLength;
  const end = base + (count << 3);
  for (let at = base; at < end;) {
    const length = runAt(at, end);
    if (at != except && length > 1) sortAfter(table, slice, at, length, part, stage, offset);
    at += length << 3;
  }
  runLength = kept;
}

// As sortRun(), for a run that a stage has just parted: of nulls nothing more of the column counts.
function sortAfter(table: u32, slice: u32, base: u32, count: u32, part: u32, stage: u32, offset: u32): void {
  if (part >= load<u32>(table, T_PART_COUNT)) return;
  locate(table, slice, load<u32>(base), part);
  const skip = stage != STAGE_NULL && partNull;
  if (skip) sortRun(table, slice, base, count, part + 1, STAGE_NULL, 0);
  else sortRun(table, slice, base, count, part, stage, offset);
}

/** Sorts items by the keys of their states. */
export function sortKeys(table: u32, slice: u32, base: u32, count: u32): void {
  sortRun(table, slice, base, count, 0, STAGE_NULL, 0);
}

/**
 * Sorts the groups of an open window by their keys: by value, text by its bytes, NaN and null
 * last. Its index is lost: nothing can be done with the window but gathering and dropping it. One
 * that was made in order stays as it is.
 *
 * @returns How many groups have rows.
 */
export function sortWindow(table: u32, index: u32): u32 {
  const slice = sliceAt(table, index);
  const ordered = load<u32>(slice, S_ORDERED);
  if (ordered != 0) return ordered;
  const base = load<u32>(slice, S_BUCKETS);
  let count: u32 = 0;
  for (let state = firstState(table, slice); state != 0; state = nextState(table, state)) {
    if (load<u64>(state) == 0) continue;
    store<u64>(base + (count << 3), <u64>state);
    count++;
  }
  sortKeys(table, slice, base, count);
  store<u32>(slice, count, S_ORDERED);
  return count;
}

/** The first state whose sum at `at` does not fit into 64 bits; 0 if there is none. */
export function findOverflow(table: u32, index: u32, at: u32): u32 {
  const slice = sliceAt(table, index);
  for (let state = firstState(table, slice); state != 0; state = nextState(table, state)) {
    if (load<i64>(state + at, 8) != load<i64>(state + at) >> 63) return state;
  }
  return 0;
}
