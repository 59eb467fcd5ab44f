const STEP = 0.25;
/** The least events that a key is expected to have: rarer ones are as good as this. */
const LEAST_ROOT = 0.5;
const BAND = 3.5;
const STEPS = 200;

/** log Γ(x), x > 0, by Lanczos' approximation. */
function logGamma(x: number): number {
  const terms = [
    ...[76.18009172947146, -86.50532032941677, 24.01409824083091],
    ...[-1.231739572450155, 0.1208650973866179e-2, -0.5395239384953e-5],
  ];
  const series = terms.reduce((sum, term, i) => sum + term / (x + 1 + i), 1.000000000190015);
  return (x + 0.5) * Math.log(x + 5.5) - (x + 5.5) + Math.log(2.5066282746310005 * series / x);
}

interface CountGroup {
  readonly count: number;
  readonly keys: number;
  /** Of the first expectation that may lead to the count. */
  readonly from: number;
  /** How likely the count is under each, if it is not 0. */
  readonly likely: Float64Array;
}

function groupOf(count: number, keys: number, grid: Float64Array): CountGroup {
  const root = Math.sqrt(count);
  const near = Array.from(grid.keys()).filter((j) => Math.abs(Math.sqrt(grid[j]) - root) <= BAND);
  const likely = Float64Array.from(near, (j) => {
    const log = count * Math.log(grid[j]) - grid[j] - logGamma(count + 1);
    return Math.exp(log) / -Math.expm1(-grid[j]);
  });
  return { count, keys, from: near[0], likely };
}

function gridUpTo(most: number): Float64Array {
  const roots = Math.ceil((Math.sqrt(most) + 1 - LEAST_ROOT) / STEP) + 1;
  return Float64Array.from({ length: roots }, (_, j) => (LEAST_ROOT + j * STEP) ** 2);
}

/**
 * How many events keys are expected to have, by how many each had: sorted descending, those of keys
 * which had none included. The counts are taken for Poisson ones, and the distribution of what they
 * are expected to be is that which makes them likeliest (Kiefer, Wolfowitz, 1956; by EM on a grid, of
 * counts from 1, as Laird, "Nonparametric maximum likelihood estimation of a mixing distribution",
 * 1978). Taking the counts for what is expected would scatter them twice.
 *
 * @param counts Each above 0.
 * @param dispersion What the variance of a key's count is of its mean; 1 of Poisson counts.
 */
export function expectedCounts(counts: Float64Array, dispersion = 1): Float64Array {
  return poissonMeans(counts.map((count) => count / dispersion)).map((mean) => mean * dispersion);
}

function poissonMeans(counts: Float64Array): Float64Array {
  if (counts.length === 0) return new Float64Array();
  const of = new Map<number, number>();
  for (const count of counts) of.set(count, (of.get(count) ?? 0) + 1);
  const grid = gridUpTo(counts.reduce((a, b) => Math.max(a, b)));
  const groups = Array.from(of, ([count, keys]) => groupOf(count, keys, grid));
  let weights = new Float64Array(grid.length).fill(1 / grid.length);
  for (let step = 0; step < STEPS; step++) {
    const next = new Float64Array(grid.length);
    for (const { keys, from, likely } of groups) {
      let sum = 0;
      for (let j = 0; j < likely.length; j++) sum += weights[from + j] * likely[j];
      const scale = sum > 0 ? keys / sum / counts.length : 0;
      for (let j = 0; j < likely.length; j++) {
        next[from + j] += weights[from + j] * likely[j] * scale;
      }
    }
    weights = next;
  }
  return quantiles(grid, weights.map((w, j) => w * counts.length / -Math.expm1(-grid[j])));
}

/** As many numbers as there are keys, of how many keys are expected at each point of the grid. */
function quantiles(grid: Float64Array, keys: Float64Array): Float64Array {
  const total = Math.max(1, Math.round(keys.reduce((a, b) => a + b, 0)));
  const out = new Float64Array(total);
  let filled = 0;
  let due = 0;
  for (let j = grid.length - 1; j >= 0; j--) {
    due += keys[j];
    // what is between two points belongs to both
    while (filled < total && filled + 0.5 <= due) out[filled++] = grid[j];
  }
  out.fill(grid[0], filled);
  return out;
}
