const C1 = 0x239b961b;
const C2 = 0xab0e9789 | 0;
const C3 = 0x38b34ae5;
const C4 = 0xa1e38b93 | 0;
const BLOCK = 16;

function rotated(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

function mixed(word: number): number {
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return word ^ (word >>> 16);
}

/** A little-endian word of bytes, of which those from `end` on are 0. */
function wordAt(bytes: Uint8Array, at: number, end: number): number {
  if (at + 4 <= end) {
    return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
  }
  let word = 0;
  for (let i = 0; at + i < end; i++) word |= bytes[at + i] << (8 * i);
  return word;
}

/**
 * A 64-bit hash: the first half of MurmurHash3_x86_128 with seed 0 (Austin Appleby, SMHasher,
 * https://github.com/aappleby/smhasher, public domain). It needs 32-bit arithmetic alone, so that
 * no bigint is made for a value, and is the same wherever it is computed.
 */
export class Hash64 {
  /** The upper 32 bits of the last hash. */
  high = 0;
  /** The lower 32 bits of the last hash. */
  low = 0;
  #h1 = 0;
  #h2 = 0;
  #h3 = 0;
  #h4 = 0;

  /** Hashes some of the bytes. */
  ofBytes(bytes: Uint8Array, from: number, to: number): void {
    this.#h1 =
      this.#h2 =
      this.#h3 =
      this.#h4 =
        0;
    let at = from;
    for (; at + BLOCK <= to; at += BLOCK) this.#block(bytes, at, to);
    if (at < to) {
      this.#mix(
        wordAt(bytes, at, to),
        wordAt(bytes, at + 4, to),
        wordAt(bytes, at + 8, to),
        wordAt(bytes, at + 12, to),
      );
    }
    this.#finish(to - from);
  }

  /** Hashes the 8 bytes of two words, the lower one first. */
  ofWords(low: number, high: number): void {
    this.#h1 =
      this.#h2 =
      this.#h3 =
      this.#h4 =
        0;
    this.#mix(low, high, 0, 0);
    this.#finish(8);
  }

  #mix(k1: number, k2: number, k3: number, k4: number): void {
    this.#h1 ^= Math.imul(rotated(Math.imul(k1, C1), 15), C2);
    this.#h2 ^= Math.imul(rotated(Math.imul(k2, C2), 16), C3);
    this.#h3 ^= Math.imul(rotated(Math.imul(k3, C3), 17), C4);
    this.#h4 ^= Math.imul(rotated(Math.imul(k4, C4), 18), C1);
  }

  #block(bytes: Uint8Array, at: number, to: number): void {
    let [h1, h2, h3, h4] = [this.#h1, this.#h2, this.#h3, this.#h4];
    h1 ^= Math.imul(rotated(Math.imul(wordAt(bytes, at, to), C1), 15), C2);
    h1 = (Math.imul((rotated(h1, 19) + h2) | 0, 5) + 0x561ccd1b) | 0;
    h2 ^= Math.imul(rotated(Math.imul(wordAt(bytes, at + 4, to), C2), 16), C3);
    h2 = (Math.imul((rotated(h2, 17) + h3) | 0, 5) + 0x0bcaa747) | 0;
    h3 ^= Math.imul(rotated(Math.imul(wordAt(bytes, at + 8, to), C3), 17), C4);
    h3 = (Math.imul((rotated(h3, 15) + h4) | 0, 5) + 0x96cd1c35) | 0;
    h4 ^= Math.imul(rotated(Math.imul(wordAt(bytes, at + 12, to), C4), 18), C1);
    h4 = (Math.imul((rotated(h4, 13) + h1) | 0, 5) + 0x32ac3b17) | 0;
    [this.#h1, this.#h2, this.#h3, this.#h4] = [h1, h2, h3, h4];
  }

  #finish(length: number): void {
    let [h1, h2, h3, h4] = [
      this.#h1 ^ length,
      this.#h2 ^ length,
      this.#h3 ^ length,
      this.#h4 ^ length,
    ];
    h1 = (h1 + h2 + h3 + h4) | 0;
    [h2, h3, h4] = [(h2 + h1) | 0, (h3 + h1) | 0, (h4 + h1) | 0];
    [h1, h2, h3, h4] = [mixed(h1), mixed(h2), mixed(h3), mixed(h4)];
    h1 = (h1 + h2 + h3 + h4) | 0;
    this.high = h1 >>> 0;
    this.low = (h2 + h1) >>> 0;
  }
}
