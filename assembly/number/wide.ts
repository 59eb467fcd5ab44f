// Products of 128 bits.

const LOW: u64 = 0xffff_ffff;

/** The upper 64 bits of a product; the lower ones are `a * b`. */
// @ts-ignore: decorator
@inline
export function high(a: u64, b: u64): u64 {
  const a0 = a & LOW;
  const a1 = a >> 32;
  const b0 = b & LOW;
  const b1 = b >> 32;
  const middle = a1 * b0 + ((a0 * b0) >> 32);
  return a1 * b1 + (middle >> 32) + ((a0 * b1 + (middle & LOW)) >> 32);
}

/** The same, or up to two less. */
// @ts-ignore: decorator
@inline
export function nearlyHigh(a: u64, b: u64): u64 {
  const a1 = a >> 32;
  const b1 = b >> 32;
  return a1 * b1 + ((a1 * (b & LOW)) >> 32) + (((a & LOW) * b1) >> 32);
}
