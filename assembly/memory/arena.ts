// The kernel's memory: a bump top above the static data, grown page by page up to a budget, with
// size-class free lists so that what a closed window gives back is used again.
//
// No managed objects: every block is a plain address. Blocks are 16-byte aligned, as SIMD wants.

const PAGE: u32 = 65536;
const HEADER: u32 = 16; // holds the block's size class, keeps the payload aligned

// Free lists for sizes 2^4 .. 2^31, one head per class, in static memory.
const HEADS: usize = memory.data(32 * 4, 16);

let top: u32 = 0;
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
function classOf(bytes: u32): u32 {
  const need = bytes + HEADER;
  return need <= 32 ? 5 : 32 - clz<u32>(need - 1);
}

/** A block of at least `bytes`, 16-byte aligned, contents undefined; 0 when the budget is spent. */
export function allocate(bytes: u32): u32 {
  if (bytes > 0x3fff_fff0) return 0;
  const k = classOf(bytes);
  const size: u32 = 1 << k;
  const head = load<u32>(HEADS + (k << 2));
  if (head != 0) {
    store<u32>(HEADS + (k << 2), load<u32>(head));
    used += size;
    return head;
  }
  if (top == 0) top = (<u32>__heap_base + 15) & ~15;
  const end = <u64>top + size;
  if (budget != 0 && end > <u64>budget) return 0;
  if (end > 0xffff_0000) return 0;
  const pages = <u32>((end + PAGE - 1) / PAGE);
  const have = <u32>memory.size();
  if (pages > have && memory.grow(pages - have) < 0) return 0;
  const block = top + HEADER;
  store<u32>(top, k);
  top = <u32>end;
  used += size;
  return block;
}

/** Gives a block back; 0 is allowed and does nothing. */
export function release(block: u32): void {
  if (block == 0) return;
  const k = load<u32>(block - HEADER);
  used -= 1 << k;
  store<u32>(block, load<u32>(HEADS + (k << 2)));
  store<u32>(HEADS + (k << 2), block);
}
