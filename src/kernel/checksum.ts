const FACTOR_A = 0x9e3779b1;
const FACTOR_B = 0x85ebca77;
const FACTOR_C = 0xc2b2ae3d;
const FACTOR_D = 0x27d4eb2f;

/** One to one in each of its arguments: what has changed stays different. */
function step(lane: number, word: number, factor: number): number {
  const mixed = lane ^ word;
  return Math.imul((mixed << 13) | (mixed >>> 19), factor);
}

/**
 * A checksum of 64 bits of the words from `from` on, against damage and not against forgers. Four
 * lanes take every fourth word each, so that a processor works on all of them at once; one changed
 * word always changes the sum, others do but for one case in 2^32.
 */
export function checksum(words: Int32Array, from: number): [low: number, high: number] {
  let [a, b, c, d] = [1, 2, 3, 4];
  let at = from;
  for (const end = words.length - 3; at < end; at += 4) {
    a = step(a, words[at], FACTOR_A);
    b = step(b, words[at + 1], FACTOR_B);
    c = step(c, words[at + 2], FACTOR_C);
    d = step(d, words[at + 3], FACTOR_D);
  }
  for (; at < words.length; at++) a = step(a, words[at], FACTOR_A);
  const low = step(step(step(step(0, a, FACTOR_A), b, FACTOR_B), c, FACTOR_C), d, FACTOR_D);
  const high = step(step(step(step(0, d, FACTOR_B), c, FACTOR_A), b, FACTOR_D), a, FACTOR_C);
  return [low, high];
}
