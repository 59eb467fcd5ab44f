/**
 * How likely a standard normal deviate is below `x` (West, "Better approximations to cumulative normal
 * functions", Wilmott, 2005, after Hart, 1968).
 */
export function normalBelow(x: number): number {
  const size = Math.abs(x);
  if (size > 37) return x > 0 ? 1 : 0;
  const tail = Math.exp(-size * size / 2) * (size < 7.07106781186547 ? ratio(size) : far(size));
  return x > 0 ? 1 - tail : tail;
}

const ABOVE = [
  ...[3.52624965998911e-2, 0.700383064443688, 6.37396220353165, 33.912866078383],
  ...[112.079291497871, 221.213596169931, 220.206867912376],
];
const BELOW = [
  ...[8.83883476483184e-2, 1.75566716318264, 16.064177579207, 86.7807322029461],
  ...[296.564248779674, 637.333633378831, 793.826512519948, 440.413735824752],
];

/** A polynomial, the highest power first. */
function polynomial(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (const each of coefficients) sum = sum * x + each;
  return sum;
}

function ratio(x: number): number {
  return polynomial(ABOVE, x) / polynomial(BELOW, x);
}

function far(x: number): number {
  return 1 / (x + 1 / (x + 2 / (x + 3 / (x + 4 / (x + 0.65))))) / 2.506628274631;
}

const QUANTILES = {
  centre: [
    [59.10937472, 159.29113202, 50.434271938, 3.3871327179],
    [67.1875636, 78.757757664, 17.895169469, 1],
  ],
  near: [
    [0.17023821103, 1.3067284816, 2.75681539, 1.4234372777],
    [0.12021132975, 0.7370016425, 1],
  ],
  far: [
    [0.017337203997, 0.42868294337, 3.081226386, 6.657905115],
    [0.012258202635, 0.24197894225, 1],
  ],
};

function fraction([above, below]: readonly number[][], x: number): number {
  return polynomial(above, x) / polynomial(below, x);
}

/**
 * What a standard normal deviate is below with this probability, to seven digits; infinite for 0 and 1
 * (Wichura, "Algorithm AS 241: the percentage points of the normal distribution", 1988, PPND7).
 */
export function normalQuantile(p: number): number {
  if (!(p > 0)) return -Infinity;
  if (!(p < 1)) return Infinity;
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) return q * fraction(QUANTILES.centre, 0.180625 - q * q);
  const r = Math.sqrt(-Math.log(q < 0 ? p : 1 - p));
  const value = r <= 5 ? fraction(QUANTILES.near, r - 1.6) : fraction(QUANTILES.far, r - 5);
  return q < 0 ? -value : value;
}

/** How dense a standard normal deviate is at `x`. */
export function normalDensity(x: number): number {
  return Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
}
