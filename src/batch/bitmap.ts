/** Whether bit `at` of a bitmap, least significant bit first, is set. */
export function getBit(bits: Uint8Array, at: number): boolean {
  return (bits[at >> 3] & (1 << (at & 7))) !== 0;
}

/** Sets bit `at`. */
export function setBit(bits: Uint8Array, at: number): void {
  bits[at >> 3] |= 1 << (at & 7);
}

/** Clears bit `at`. */
export function clearBit(bits: Uint8Array, at: number): void {
  bits[at >> 3] &= ~(1 << (at & 7));
}

/** Bytes of a bitmap of `length` bits. */
export function bitmapBytes(length: number): number {
  return (length + 7) >>> 3;
}

/** A bitmap of `length` bits, all set; the bits past the end are 0. */
export function fullBitmap(length: number): Uint8Array {
  const bits = new Uint8Array(bitmapBytes(length)).fill(0xff);
  if (length & 7) bits[bits.length - 1] = (1 << (length & 7)) - 1;
  return bits;
}

function onesIn(byte: number): number {
  let v = byte - ((byte >> 1) & 0x55);
  v = (v & 0x33) + ((v >> 2) & 0x33);
  return (v + (v >> 4)) & 0x0f;
}

/** How many of the first `length` bits are 0. */
export function countZeros(bits: Uint8Array, length: number): number {
  const whole = length >>> 3;
  let ones = 0;
  for (let at = 0; at < whole; at++) ones += onesIn(bits[at]);
  if (length & 7) ones += onesIn(bits[whole] & ((1 << (length & 7)) - 1));
  return length - ones;
}

/** Bits `start` to `end` as a bitmap of its own: a view where `start` is a multiple of 8. */
export function sliceBits(bits: Uint8Array, start: number, end: number): Uint8Array {
  const size = bitmapBytes(end - start);
  const first = start >>> 3;
  const shift = start & 7;
  if (shift === 0) return bits.subarray(first, first + size);
  const out = new Uint8Array(size);
  for (let at = 0; at < size; at++) {
    out[at] = (bits[first + at] >> shift) | ((bits[first + at + 1] ?? 0) << (8 - shift));
  }
  return out;
}

/** The bits at `indices`, in that order. */
export function takeBits(bits: Uint8Array, indices: ArrayLike<number>): Uint8Array {
  const out = new Uint8Array(bitmapBytes(indices.length));
  for (let at = 0; at < indices.length; at++) if (getBit(bits, indices[at])) setBit(out, at);
  return out;
}

/** Copies the first `length` bits of `bits` to `out` from bit `start`, where `out` is still 0. */
export function copyBits(bits: Uint8Array, out: Uint8Array, place: BitRange): void {
  const { start, length } = place;
  if ((start & 7) === 0 && (length & 7) === 0) {
    out.set(bits.subarray(0, length >>> 3), start >>> 3);
    return;
  }
  for (let at = 0; at < length; at++) if (getBit(bits, at)) setBit(out, start + at);
}

/** A run of bits. */
export interface BitRange {
  /** The first bit. */
  readonly start: number;
  /** How many. */
  readonly length: number;
}
