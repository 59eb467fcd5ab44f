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

const CENTRAL = 0.425;
const FAR = 5;

/** Coefficients of the rational approximations, highest powers first. */
const CENTRE = [
  [2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987],
  [13731.69376550946, 1971.5909503065513, 133.14166789178438, 3.3871328727963665],
].flat();
const CENTRE_BELOW = [
  [5226.495278852854, 28729.085735721943, 39307.89580009271, 21213.794301586597],
  [5394.196021424751, 687.1870074920579, 42.31333070160091, 1],
].flat();
const MIDDLE = [
  [7.745450142783414e-4, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684],
  [3.6478483247632045, 5.769497221460691, 4.630337846156546, 1.4234371107496835],
].flat();
const MIDDLE_BELOW = [
  [1.0507500716444169e-9, 5.475938084995345e-4, 0.015198666563616457, 0.14810397642748008],
  [0.6897673349851, 1.6763848301838038, 2.053191626637759, 1],
].flat();
const TAIL = [
  [2.0103343992922881e-7, 2.7115555687434876e-5, 1.2426609473880784e-3, 0.026532189526576124],
  [0.29656057182850487, 1.7848265399172913, 5.463784911164114, 6.657904643501103],
].flat();
const TAIL_BELOW = [
  [2.0442631033899397e-15, 1.421511758316446e-7, 1.8463183175100548e-5, 7.868691311456133e-4],
  [0.014875361290850615, 0.1369298809227358, 0.599832206555888, 1],
].flat();

/**
 * The number below which a standard normal variable is with a probability, to about 16 digits; infinite for 0
 * and 1
 * (Wichura, "Algorithm AS 241: The percentage points of the normal distribution", 1988).
 */
export function normalQuantile(share: number): number {
  if (!(share > 0)) return -Infinity;
  if (!(share < 1)) return Infinity;
  const q = share - 0.5;
  if (Math.abs(q) <= CENTRAL) {
    const r = CENTRAL * CENTRAL - q * q;
    return q * polynomial(CENTRE, r) / polynomial(CENTRE_BELOW, r);
  }
  const r = Math.sqrt(-Math.log(q < 0 ? share : 1 - share));
  const size = r <= FAR
    ? polynomial(MIDDLE, r - 1.6) / polynomial(MIDDLE_BELOW, r - 1.6)
    : polynomial(TAIL, r - FAR) / polynomial(TAIL_BELOW, r - FAR);
  return q < 0 ? -size : size;
}

/** How dense a standard normal deviate is at `x`. */
export function normalDensity(x: number): number {
  return Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
}
