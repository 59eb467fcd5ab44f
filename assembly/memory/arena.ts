// The kernel's memory: a two-level segregated fit (Masmano, Ripoll, Crespo, Real, "TLSF: a new
// dynamic memory allocator for real-time systems", ECRTS 2004) over everything above the static
// data. Allocating and releasing take constant time, and neighbours that are free become one, so
// that what a closed window gives back is used again, whatever size comes next.
//
// No managed objects: every block is a plain address, 16-byte aligned, as SIMD wants. A block is
//
//   u32 size in bytes, header included, its lowest bit set while free | u32 address of the block
//   before it, 0 for the first | 8 bytes unused | payload; of a free block: u32 next, u32 previous
//
// The memory ends in a block of size 0 that is never free, and GUARD bytes, so that a SIMD load
// that starts in a payload never leaves the memory.

const PAGE: u32 = 65536;
const HEADER: u32 = 16;
const LEAST: u32 = 32;
const GUARD: u32 = 64;
const FREE: u32 = 1;

// Size classes: 2^4 steps between powers of two from 2^8, below that steps of 16 bytes.
const STEP_BITS: u32 = 4;
const STEPS: u32 = 16;
const SMALL: u32 = 256;
const CLASSES: u32 = 25;

const CLASS_BITS: usize = memory.data(4, 16);
const STEP_MAPS: usize = memory.data(CLASSES * 4, 16);
const HEADS: usize = memory.data(CLASSES * STEPS * 4, 16);

const LARGEST: u32 = 0xf000_0000;
const GROW_SHARE: u64 = 16;
const GROW_LEAST: u64 = 4 * 65536;

let end: u32 = 0; // address of the last block, the one of size 0
let budget: u32 = 0;
let used: u32 = 0;

/** Sets the largest size of the memory in bytes; 0 is no limit of our own. */
export function setBudget(bytes: u32): void {
  budget = bytes;
}

/** Bytes in blocks that are allocated now, headers and rounding included. */
export function usedBytes(): u32 {
  return used;
}

// @ts-ignore: decorator
@inline
function sizeOf(block: u32): u32 {
  return load<u32>(block) & ~FREE;
}

// @ts-ignore: decorator
@inline
function isFree(block: u32): bool {
  return (load<u32>(block) & FREE) != 0;
}

// @ts-ignore: decorator
@inline
function head(index: u32): u32 {
  return (<u32>HEADS) + (index << 2);
}

// The list that a free block of this size belongs to.
function indexOf(size: u32): u32 {
  if (size < SMALL) return size >> 4;
  const power = 31 - clz<u32>(size);
  return ((power - 7) << STEP_BITS) + ((size >> (power - STEP_BITS)) & (STEPS - 1));
}

function insert(block: u32, size: u32): void {
  store<u32>(block, size | FREE);
  store<u32>(block + size, block, 4);
  const index = indexOf(size);
  const first = load<u32>(head(index));
  store<u32>(block, first, HEADER);
  store<u32>(block, 0, HEADER + 4);
  if (first != 0) store<u32>(first, block, HEADER + 4);
  store<u32>(head(index), block);
  const maps = (<u32>STEP_MAPS) + ((index >> STEP_BITS) << 2);
  store<u32>(maps, load<u32>(maps) | (1 << (index & (STEPS - 1))));
  store<u32>(CLASS_BITS, load<u32>(CLASS_BITS) | (1 << (index >> STEP_BITS)));
}

function remove(block: u32): void {
  const index = indexOf(sizeOf(block));
  const next = load<u32>(block, HEADER);
  const previous = load<u32>(block, HEADER + 4);
  if (next != 0) store<u32>(next, previous, HEADER + 4);
  if (previous != 0) {
    store<u32>(previous, next, HEADER);
    return;
  }
  store<u32>(head(index), next);
  if (next != 0) return;
  const maps = (<u32>STEP_MAPS) + ((index >> STEP_BITS) << 2);
  const left = load<u32>(maps) & ~(1 << (index & (STEPS - 1)));
  store<u32>(maps, left);
  if (left == 0) {
    store<u32>(CLASS_BITS, load<u32>(CLASS_BITS) & ~(1 << (index >> STEP_BITS)));
  }
}

// A free block of at least `size` bytes, still in its list; 0 when there is none.
function find(size: u32): u32 {
  // rounded up to the next list's least size, every block of a list fits
  const rounded = size < SMALL ? size : size + (1 << (27 - clz<u32>(size))) - 1;
  const index = indexOf(rounded);
  let group = index >> STEP_BITS;
  let map = load<u32>((<u32>STEP_MAPS) + (group << 2)) & (~0 << (index & (STEPS - 1)));
  if (map == 0) {
    const groups = load<u32>(CLASS_BITS) & (~0 << (group + 1));
    if (groups == 0 || group + 1 >= CLASSES) return 0;
    group = ctz<u32>(groups);
    map = load<u32>((<u32>STEP_MAPS) + (group << 2));
  }
  return load<u32>(head((group << STEP_BITS) + ctz<u32>(map)));
}

function start(): bool {
  const first = ((<u32>__heap_base) + 15) & ~15;
  const pages = (first + HEADER + GUARD + PAGE - 1) / PAGE;
  const have = <u32>memory.size();
  if (pages > have && memory.grow(pages - have) < 0) return false;
  end = first;
  store<u32>(end, 0);
  store<u32>(end, 0, 4);
  return true;
}

// The size of the memory in pages that gives `size` bytes at its end and some to spare, within the
// budget; 0 when that has no room.
function pagesFor(last: u32, size: u32): u32 {
  const need = <u64>last + size + HEADER + GUARD;
  const limit = budget != 0 ? <u64>budget : <u64>0xffff_0000;
  const have = <u64>memory.size() * PAGE;
  let wanted = max(need, have + max(have / GROW_SHARE, GROW_LEAST));
  if (wanted > limit) wanted = need;
  const pages = (wanted + PAGE - 1) / PAGE;
  if (pages * PAGE <= limit) return <u32>pages;
  const least = (need + PAGE - 1) / PAGE;
  return least * PAGE <= limit ? <u32>least : 0;
}

// Makes the memory larger by at least `size` bytes at its end; false when it cannot.
function extend(size: u32): bool {
  if (end == 0 && !start()) return false;
  const before = load<u32>(end, 4);
  const last = before != 0 && isFree(before) ? before : end;
  const pages = pagesFor(last, size);
  const have = <u32>memory.size();
  if (pages == 0 || (pages > have && memory.grow(pages - have) < 0)) return false;
  if (last != end) remove(last);
  const previous = load<u32>(last, 4);
  end = (max(pages, have) * PAGE - HEADER - GUARD) & ~15;
  store<u32>(end, 0);
  store<u32>(last, previous, 4);
  insert(last, end - last);
  return true;
}

function lastFits(size: u32): bool {
  if (end == 0) return false;
  const last = load<u32>(end, 4);
  return last != 0 && isFree(last) && sizeOf(last) >= size;
}

/** A block of at least `bytes`, 16-byte aligned, contents undefined; 0 when the budget is spent. */
export function allocate(bytes: u32): u32 {
  if (bytes > LARGEST) return 0;
  const size = max<u32>(LEAST, (bytes + HEADER + 15) & ~15);
  let block = find(size);
  if (block == 0) {
    // the block at the end may fit, or be made to, though its list holds smaller ones too
    if (!lastFits(size) && !extend(size)) return 0;
    block = load<u32>(end, 4);
  }
  remove(block);
  const whole = sizeOf(block);
  if (whole - size >= LEAST) {
    insert(block + size, whole - size);
    store<u32>(block + size, block, 4);
    store<u32>(block, size);
  } else {
    store<u32>(block, whole);
  }
  used += sizeOf(block);
  return block + HEADER;
}

/** Gives a block back; 0 is allowed and does nothing. */
export function release(payload: u32): void {
  if (payload == 0) return;
  let block = payload - HEADER;
  let size = sizeOf(block);
  used -= size;
  const next = block + size;
  if (isFree(next)) {
    remove(next);
    size += sizeOf(next);
  }
  const before = load<u32>(block, 4);
  if (before != 0 && isFree(before)) {
    remove(before);
    size += sizeOf(before);
    block = before;
  }
  insert(block, size);
}

/** Whether `bytes` bytes in blocks of any sizes could be allocated, as far as the budget goes. */
export function hasRoomFor(bytes: f64): bool {
  const limit = budget != 0 ? <f64>budget : <f64>0xffff_0000;
  return <f64>end + bytes + PAGE <= limit;
}
