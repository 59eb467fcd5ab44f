/** CRC-32C's polynomial, the bits from high to low powers. */
const POLYNOMIAL = 0x82f63b78;
const ONE = 0x80000000;

/** The product of two polynomials, by that of CRC-32C. */
function times(a: number, b: number): number {
  let [product, factor] = [0, b];
  for (let bit = ONE; bit !== 0; bit >>>= 1) {
    if (a & bit) product ^= factor;
    factor = factor & 1 ? factor >>> 1 ^ POLYNOMIAL : factor >>> 1;
  }
  return product;
}

/** Entry k: x to the power of 8 · 2^k. */
const POWERS = powers();

function powers(): Int32Array {
  const all = new Int32Array(32);
  // x^8
  all[0] = ONE >>> 8;
  for (let at = 1; at < all.length; at++) all[at] = times(all[at - 1], all[at - 1]);
  return all;
}

/**
 * What a difference of checksums becomes when so many bytes come behind: it is multiplied by
 * x^(8 · bytes). A CRC is linear, so a few bytes can be changed without a look at all others.
 */
export function shiftCrc(difference: number, bytes: number): number {
  let shifted = difference;
  for (let [left, at] = [bytes, 0]; left > 0; left = Math.floor(left / 2), at++) {
    if (left % 2 === 1) shifted = times(POWERS[at], shifted);
  }
  return shifted >>> 0;
}
