const TABLE_BITS = 13;
/** Coefficients of Acklam's rational approximation (2003), whose relative error is below 1.2e-9. */
const A = [
  -3.969683028665376e1,
  2.209460984245205e2,
  -2.759285104469687e2,
  1.38357751867269e2,
  -3.066479806614716e1,
  2.506628277459239,
];
const B = [
  -5.447609879822406e1,
  1.615858368580409e2,
  -1.556989798598866e2,
  6.680131188771972e1,
  -1.328068155288572e1,
];
const C = [
  -7.784894002430293e-3,
  -3.223964580411365e-1,
  -2.400758277161838,
  -2.549732539343734,
  4.374664141464968,
  2.938163982698783,
];
const D = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416];
const TAIL = 0.02425;

function polynomial(of: readonly number[], x: number): number {
  return of.reduce((sum, each) => sum * x + each, 0);
}

/** The number below which a standard normal variable is with probability `p`, 0 < p < 1. */
export function normalQuantile(p: number): number {
  if (p > 1 - TAIL) return -normalQuantile(1 - p);
  if (p < TAIL) {
    const q = Math.sqrt(-2 * Math.log(p));
    return polynomial(C, q) / (polynomial(D, q) * q + 1);
  }
  const q = p - 0.5;
  const r = q * q;
  return polynomial(A, r) * q / (polynomial(B, r) * r + 1);
}

/** Bits of a random word that choose one of {@linkcode NORMALS}. */
export const NORMAL_MASK: number = (1 << TABLE_BITS) - 1;

/** As many standard normal numbers at equal shares: a random one of them is a normal number. */
export const NORMALS: Float32Array = Float32Array.from(
  { length: 1 << TABLE_BITS },
  (_, i) => normalQuantile((i + 0.5) / (1 << TABLE_BITS)),
);
