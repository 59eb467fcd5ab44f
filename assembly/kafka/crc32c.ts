// CRC-32C (Castagnoli), RFC 3720. Few bytes go by tables, eight a step. Many are folded: the state
// is 128 bytes that stand for all before them, and each step finds 128 others that mean the same 128
// bytes further on, to which the next ones are added. A byte at some place of a quarter becomes bytes
// at that place of all quarters, by the same 4 × 4 maps for every place; a map of 8 bits to 8 is two
// lookups of 4 bits, of which `swizzle` does sixteen at once. (With quarters of 16 bytes there would
// be no such maps: the bytes of a column would not reach every checksum.)

const POLYNOMIAL: u32 = 0x82f63b78;
const TABLE_BYTES: u32 = 1024;
const STEPS: usize = memory.data(8192, 16);
/** By quarter of the state, its half of a byte, and the quarter that it goes to: 16 bytes. */
const FOLDS: usize = memory.data(512, 16);
/** By its highest bit: a checksum, and above it the bytes of a column that have it. */
const SOLVED: usize = memory.data(256, 16);
const BLOCK: u32 = 128;
const QUARTER: u32 = 32;
/** Fewer bytes than this are not folded. */
const FEW: u32 = 256;

let isReady: bool = false;

/** Tables k advance a byte that has k more behind it. */
function makeSteps(): void {
  for (let byte: u32 = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) != 0 ? POLYNOMIAL : 0);
    store<u32>(STEPS + (byte << 2), crc);
  }
  for (let at: u32 = 256; at < 2048; at++) {
    const before = load<u32>(STEPS + ((at - 256) << 2));
    store<u32>(STEPS + (at << 2), (before >>> 8) ^ load<u32>(STEPS + ((before & 0xff) << 2)));
  }
}

/** What one bit of a byte adds to the checksum of a message in which so many bytes are behind it. */
function addedBy(bit: u32, behind: u32): u32 {
  let crc = load<u32>(STEPS + ((1 << bit) << 2));
  for (let at: u32 = 0; at < behind; at++) {
    crc = (crc >>> 8) ^ load<u32>(STEPS + ((crc & 0xff) << 2));
  }
  return crc;
}

/** Prepares to find bytes of a column, one in each quarter, by the checksum that they add. */
function makeSolved(): void {
  for (let unit: u32 = 0; unit < 32; unit++) {
    let pair = <u64>addedBy(unit & 7, 3 * QUARTER - QUARTER * (unit >> 3)) | (<u64>1 << (32 + unit));
    while (<u32>pair != 0) {
      const place = SOLVED + ((31 - clz<u32>(<u32>pair)) << 3);
      const known = load<u64>(place);
      if (known == 0) {
        store<u64>(place, pair);
        break;
      }
      pair ^= known;
    }
  }
}

/** The bytes of a column, the first quarter's lowest, that add this to a checksum. */
function columnOf(crc: u32): u32 {
  let pair = <u64>crc;
  while (<u32>pair != 0) pair ^= load<u64>(SOLVED + ((31 - clz<u32>(<u32>pair)) << 3));
  return <u32>(pair >>> 32);
}

function makeFolds(): void {
  for (let from: u32 = 0; from < 4; from++) {
    for (let half: u32 = 0; half < 2; half++) {
      for (let value: u32 = 0; value < 16; value++) {
        let column: u32 = 0;
        for (let bit: u32 = 0; bit < 4; bit++) {
          if (((value >> bit) & 1) == 0) continue;
          column ^= columnOf(addedBy(bit + 4 * half, BLOCK + 3 * QUARTER - QUARTER * from));
        }
        const place = FOLDS + ((from * 2 + half) << 6) + value;
        for (let to: u32 = 0; to < 4; to++) {
          store<u8>(place + (to << 4), <u8>(column >>> (to << 3)));
        }
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function entry(table: u32, byte: u32): u32 {
  return load<u32>(STEPS + table * TABLE_BYTES + (byte << 2));
}

// @ts-ignore: decorator
@inline
function step(crc: u32, at: u32): u32 {
  const word = load<u64>(at);
  const low = <u32>word ^ crc;
  const high = <u32>(word >>> 32);
  return entry(7, low & 0xff) ^ entry(6, (low >>> 8) & 0xff) ^ entry(5, (low >>> 16) & 0xff) ^
    entry(4, low >>> 24) ^ entry(3, high & 0xff) ^ entry(2, (high >>> 8) & 0xff) ^
    entry(1, (high >>> 16) & 0xff) ^ entry(0, high >>> 24);
}

// @ts-ignore: decorator
@inline
function fold(half: u32, to: u32, values: v128): v128 {
  return i8x16.swizzle(v128.load(FOLDS + (half << 6) + (to << 4)), values);
}

// @ts-ignore: decorator
@inline
function quarter(
  to: u32, a: v128, b: v128, c: v128, d: v128, e: v128, f: v128, g: v128, h: v128,
): v128 {
  return v128.xor(
    v128.xor(v128.xor(fold(0, to, a), fold(1, to, b)), v128.xor(fold(2, to, c), fold(3, to, d))),
    v128.xor(v128.xor(fold(4, to, e), fold(5, to, f)), v128.xor(fold(6, to, g), fold(7, to, h))),
  );
}

const STATE: usize = memory.data(128, 16);

/** Moves a half of the quarters at `state` on by a block, and adds that at `next`. */
// @ts-ignore: decorator
@inline
function foldHalf(state: u32, next: u32): void {
  const low = i8x16.splat(15);
  const s = v128.load(state);
  const t = v128.load(state, 32);
  const u = v128.load(state, 64);
  const v = v128.load(state, 96);
  const a = v128.and(s, low);
  const b = v128.and(i16x8.shr_u(s, 4), low);
  const c = v128.and(t, low);
  const d = v128.and(i16x8.shr_u(t, 4), low);
  const e = v128.and(u, low);
  const f = v128.and(i16x8.shr_u(u, 4), low);
  const g = v128.and(v, low);
  const h = v128.and(i16x8.shr_u(v, 4), low);
  v128.store(state, v128.xor(quarter(0, a, b, c, d, e, f, g, h), v128.load(next)));
  v128.store(state, v128.xor(quarter(1, a, b, c, d, e, f, g, h), v128.load(next, 32)), 32);
  v128.store(state, v128.xor(quarter(2, a, b, c, d, e, f, g, h), v128.load(next, 64)), 64);
  v128.store(state, v128.xor(quarter(3, a, b, c, d, e, f, g, h), v128.load(next, 96)), 96);
}

/** Folds whole blocks from `at` to `end` into a checksum that is begun. */
function foldBlocks(crc: u32, at: u32, end: u32): u32 {
  const state = <u32>STATE;
  memory.copy(state, at, BLOCK);
  store<u32>(state, load<u32>(state) ^ crc);
  for (let next = at + BLOCK; next < end; next += BLOCK) {
    foldHalf(state, next);
    foldHalf(state + 16, next + 16);
  }
  let folded: u32 = 0;
  for (let each: u32 = 0; each < BLOCK; each += 8) folded = step(folded, state + each);
  return folded;
}

/** The checksum of bytes behind others, whose checksum is `seed`; 0 where there are none. */
export function kafkaCrc(from: u32, bytes: u32, seed: u32): u32 {
  if (!isReady) {
    makeSteps();
    makeSolved();
    makeFolds();
    isReady = true;
  }
  let crc = ~seed;
  let at = from;
  const end = from + bytes;
  if (bytes >= FEW) {
    const blocks = at + (bytes & ~(BLOCK - 1));
    crc = foldBlocks(crc, at, blocks);
    at = blocks;
  }
  for (; end - at >= 8; at += 8) crc = step(crc, at);
  for (; at < end; at++) crc = (crc >>> 8) ^ entry(0, (crc ^ load<u8>(at)) & 0xff);
  return ~crc;
}
