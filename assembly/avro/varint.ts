// Avro's whole numbers: zigzag, then 7 bits a byte, the lowest first (Avro 1.12, "Binary encoding").

/** The most bytes of one. */
export const VARINT_BYTES: u32 = 10;

const SPREAD_BITS: u64 = 56;
const CONTINUED: u64 = 0x8080808080808080;

// @ts-ignore: decorator
@inline
function zigzag(value: i64): u64 {
  return (<u64>value << 1) ^ <u64>(value >> 63);
}

function writeLong(to: u32, value: u64): u32 {
  let left = value;
  let at = to;
  while (left >= 0x80) {
    store<u8>(at++, <u8>left | 0x80);
    left >>= 7;
  }
  store<u8>(at, <u8>left);
  return at + 1;
}

/** Writes a number, and up to 7 bytes beyond; returns the end. */
// @ts-ignore: decorator
@inline
export function writeVarint(to: u32, value: i64): u32 {
  const left = zigzag(value);
  if (left < 0x80) {
    store<u8>(to, <u8>left);
    return to + 1;
  }
  if (left >= 1 << SPREAD_BITS) return writeLong(to, left);
  return writeSpread(to, left);
}

// All groups of 7 bits move to their bytes at once: halves, quarters, eighths.
// @ts-ignore: decorator
@inline
function writeSpread(to: u32, left: u64): u32 {
  const bytes = (70 - <u32>clz<u64>(left)) / 7;
  let x = (left & 0x000000000fffffff) | ((left & 0x00fffffff0000000) << 4);
  x = (x & 0x00003fff00003fff) | ((x & 0x0fffc0000fffc000) << 2);
  x = (x & 0x007f007f007f007f) | ((x & 0x3f803f803f803f80) << 1);
  store<u64>(to, x | (CONTINUED & ((<u64>1 << ((bytes - 1) << 3)) - 1)));
  return to + bytes;
}

let readEnd: u32 = 0;

/** Where the number ended that was read last; 0 when it had no end, or was too long. */
// @ts-ignore: decorator
@inline
export function varintEnd(): u32 {
  return readEnd;
}

function readLong(at: u32, end: u32): i64 {
  let value: u64 = 0;
  let shift: u64 = 0;
  let next = at;
  while (next < end && shift < 70) {
    const byte = <u64>load<u8>(next++);
    if (shift == 63 && byte > 1) break;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      readEnd = next;
      return unzigzag(value);
    }
    shift += 7;
  }
  readEnd = 0;
  return 0;
}

// @ts-ignore: decorator
@inline
function unzigzag(value: u64): i64 {
  return <i64>((value >> 1) ^ (0 - (value & 1)));
}

// The bytes up to the first that is not continued, all at once: as `writeSpread`, backwards.
// @ts-ignore: decorator
@inline
function gather(bytes: u64): i64 {
  let x = bytes & ~CONTINUED;
  x = (x & 0x007f007f007f007f) | ((x & 0x7f007f007f007f00) >> 1);
  x = (x & 0x00003fff00003fff) | ((x & 0x3fff00003fff0000) >> 2);
  x = (x & 0x000000000fffffff) | ((x & 0x0fffffff00000000) >> 4);
  return unzigzag(x);
}

/** Where the number at `at` ends, which is before or at `end`; 0 when it does not. */
// @ts-ignore: decorator
@inline
export function wholeEnd(at: u32, end: u32): u32 {
  const ends = ~load<u64>(at) & CONTINUED;
  const next = at + (<u32>ctz<u64>(ends) >> 3) + 1;
  if (ends != 0 && next <= end) return next;
  readLong(at, end);
  return readEnd;
}

/** The number at `at` that ends at `next`. */
// @ts-ignore: decorator
@inline
export function wholeAt(at: u32, next: u32): i64 {
  if (next - at > 8) return readLong(at, next);
  return gather(load<u64>(at) & (u64.MAX_VALUE >> (<u64>(8 - (next - at)) << 3)));
}

/** As `wholeAt`, where it is mostly one byte. */
// @ts-ignore: decorator
@inline
export function lengthAt(at: u32, next: u32): i64 {
  const byte = <u32>load<u8>(at);
  return (byte & 0x81) == 0 ? <i64>(byte >> 1) : wholeAt(at, next);
}

/** Reads a number that begins at `at` and ends before `end`; see `varintEnd`. */
// @ts-ignore: decorator
@inline
export function readVarint(at: u32, end: u32): i64 {
  readEnd = wholeEnd(at, end);
  return readEnd == 0 ? 0 : wholeAt(at, readEnd);
}

/** Whether what began at `at` and is no number is only cut off by `end`. */
export function isVarintCut(at: u32, end: u32): bool {
  return end - at < VARINT_BYTES;
}
