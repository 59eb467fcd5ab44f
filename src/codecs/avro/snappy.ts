const BLOCK_BYTES = 65_536;
const HASH_BITS = 14;
/** A constant of multiplicative hashing, from snappy's own encoder. */
const HASH_FACTOR = 0x1e35a7bd;
const MIN_MATCH = 4;
/** Where so few bytes are left, a match is not worth looking for. */
const TAIL_BYTES = 15;

/** As many bytes are copied one by one. */
const SHORT_BYTES = 40;

const LITERAL = 0;
const COPY_NEAR = 1;
const COPY_FAR = 2;

function damaged(at: number, reason: string): RangeError {
  return new RangeError(`the snappy block is damaged at its byte ${at}: ${reason}`);
}

/** The length in front of a block: a little-endian base-128 number of at most 32 bits. */
function readLength(bytes: Uint8Array): { length: number; at: number } {
  let length = 0;
  for (let at = 0; at < 5 && at < bytes.length; at++) {
    length += (bytes[at] & 0x7f) * 2 ** (7 * at);
    if (bytes[at] < 0x80) return { length, at: at + 1 };
  }
  throw damaged(0, "it does not begin with a length");
}

function readNumber(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = count - 1; i >= 0; i--) value = value * 256 + bytes[at + i];
  return value;
}

/** Copies bytes, few by few since a call for them takes longer. */
function copyBytes(from: Uint8Array, at: number, out: Uint8Array, to: number, count: number): void {
  if (count > SHORT_BYTES) out.set(from.subarray(at, at + count), to);
  else for (let i = 0; i < count; i++) out[to + i] = from[at + i];
}

/**
 * Decompresses a block in snappy's raw format (google/snappy, format_description.txt).
 *
 * @param maxBytes The most bytes that it may make.
 * @throws {RangeError} when it is damaged, or makes more.
 */
export function snappyDecompress(bytes: Uint8Array, maxBytes: number): Uint8Array<ArrayBuffer> {
  const { length, at: start } = readLength(bytes);
  if (length > maxBytes) throw damaged(0, `it claims ${length} bytes, more than ${maxBytes}`);
  // no element makes more than 64 bytes of 2
  if (length > 32 * bytes.length) throw damaged(0, `it claims ${length} bytes`);
  const out = new Uint8Array(length);
  let to = 0;
  let at = start;
  while (at < bytes.length) {
    const tag = bytes[at];
    const kind = tag & 3;
    if (kind === LITERAL) {
      const extra = Math.max(0, (tag >>> 2) - 59);
      const count = 1 + (extra === 0 ? tag >>> 2 : readNumber(bytes, at + 1, extra));
      at += 1 + extra;
      if (!(at + count <= bytes.length && to + count <= length)) throw damaged(at, "a literal");
      copyBytes(bytes, at, out, to, count);
      at += count;
      to += count;
    } else {
      const isNear = kind === COPY_NEAR;
      const width = isNear ? 1 : kind === COPY_FAR ? 2 : 4;
      const count = isNear ? 4 + (tag >>> 2 & 7) : 1 + (tag >>> 2);
      const offset = isNear ? (tag >>> 5) << 8 | bytes[at + 1] : readNumber(bytes, at + 1, width);
      const fits = offset > 0 && offset <= to && to + count <= length;
      if (!fits) throw damaged(at, "a copy");
      // byte by byte, for what is copied may be written only now
      for (let i = to; i < to + count; i++) out[i] = out[i - offset];
      at += 1 + width;
      to += count;
    }
  }
  if (to === length && at === bytes.length) return out;
  throw damaged(at, `it ends after ${to} of ${length} bytes`);
}

/** Writes the elements of a block. */
class Elements {
  readonly bytes: Uint8Array<ArrayBuffer>;
  at = 0;

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity);
  }

  length(value: number): void {
    let left = value;
    for (; left >= 0x80; left = Math.floor(left / 128)) this.bytes[this.at++] = left % 128 | 0x80;
    this.bytes[this.at++] = left;
  }

  literal(from: Uint8Array, start: number, end: number): void {
    if (start === end) return;
    const last = end - start - 1;
    const extra = last < 60 ? 0 : last < 256 ? 1 : 2;
    this.bytes[this.at++] = (extra === 0 ? last : 59 + extra) << 2;
    for (let i = 0; i < extra; i++) this.bytes[this.at++] = last >>> 8 * i;
    copyBytes(from, start, this.bytes, this.at, last + 1);
    this.at += last + 1;
  }

  copy(offset: number, length: number): void {
    let left = length;
    while (left > 0) {
      // not so many that fewer than 4 are left
      const count = left > 64 && left < 68 ? 60 : Math.min(left, 64);
      this.bytes[this.at++] = (count - 1) << 2 | COPY_FAR;
      this.bytes[this.at++] = offset;
      this.bytes[this.at++] = offset >>> 8;
      left -= count;
    }
  }
}

/** Compresses up to 64 KiB: what occurred before within them becomes a copy. */
function compressBlock(bytes: Uint8Array, to: Elements): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const seen = new Uint16Array(1 << HASH_BITS);
  let written = 0;
  let at = 1;
  let misses = 32;
  while (at < bytes.length - TAIL_BYTES) {
    const word = view.getUint32(at, true);
    const slot = Math.imul(word, HASH_FACTOR) >>> (32 - HASH_BITS);
    const candidate = seen[slot];
    seen[slot] = at;
    if (candidate >= at || view.getUint32(candidate, true) !== word) {
      at += misses++ >>> 5; // what does not compress is passed faster and faster
      continue;
    }
    let end = at + MIN_MATCH;
    while (end < bytes.length && bytes[end] === bytes[candidate + end - at]) end++;
    to.literal(bytes, written, at);
    to.copy(at - candidate, end - at);
    at = written = end;
    misses = 32;
  }
  to.literal(bytes, written, bytes.length);
}

/** Compresses bytes to a block in snappy's raw format. */
export function snappyCompress(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  // a literal of 64 KiB takes 3 bytes more, one between copies no more than the copy saves
  const to = new Elements(32 + bytes.length + Math.ceil(bytes.length / 6));
  to.length(bytes.length);
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    compressBlock(bytes.subarray(at, at + BLOCK_BYTES), to);
  }
  return to.bytes.slice(0, to.at);
}
