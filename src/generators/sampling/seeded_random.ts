const TWO_32 = 4294967296;
const GOLDEN = 0x9e37_79b9_7f4a_7c15n;
const WORD = 0xffff_ffff_ffff_ffffn;

/** splitmix64's finalizer (Steele, Lea, Flood, 2014), of the next state. */
export function mix64(given: bigint): bigint {
  let z = (given + GOLDEN) & WORD;
  z = ((z ^ (z >> 30n)) * 0xbf58_476d_1ce4_e5b9n) & WORD;
  z = ((z ^ (z >> 27n)) * 0x94d0_49bb_1331_11ebn) & WORD;
  return z ^ (z >> 31n);
}

/** A small seeded generator for fitting (xoshiro128++, Blackman and Vigna, 2021). */
export class SeededRandom {
  readonly #state = new Uint32Array(4);

  /** Of 64 bits of seed, for one purpose. */
  constructor(seed: bigint, purpose: number) {
    const start = mix64(mix64(seed) ^ BigInt(purpose));
    for (let i = 0; i < 2; i++) {
      const word = mix64((start + GOLDEN * BigInt(i)) & WORD);
      this.#state[2 * i] = Number(word & 0xffff_ffffn);
      this.#state[2 * i + 1] = Number(word >> 32n);
    }
  }

  /** A random word of 32 bits. */
  word(): number {
    const s = this.#state;
    const sum = (s[0] + s[3]) | 0;
    const result = (((sum << 7) | (sum >>> 25)) + s[0]) >>> 0;
    const t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = (s[3] << 11) | (s[3] >>> 21);
    return result;
  }

  /** A number from 0 to below 1. */
  next(): number {
    return this.word() / TWO_32;
  }
}

/** The numbers below `length` in random order. */
export function shuffledOrder(length: number, random: SeededRandom): Uint32Array {
  const order = Uint32Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
