/** Rows that mutual information is worked out from, at most. */
const MOST_ROWS = 50_000;

/** Variables in the order of a tree. */
export interface Tree {
  /** Variables, parents before children. */
  readonly order: readonly number[];
  /** The place of each one's parent in the order, −1 for the first. */
  readonly parents: readonly number[];
}

/** Two columns of symbols. */
export interface Pair {
  readonly a: Uint8Array;
  readonly b: Uint8Array;
  readonly symbolsA: number;
  readonly symbolsB: number;
}

/** How likely a number has to be to count, beside the likeliest one. */
const LEAST_SHARE = 1e-9;

/** The logarithms of the factorials of 0, 1, 2, … */
function logFactorials(most: number): Float64Array {
  const out = new Float64Array(most + 1);
  for (let n = 2; n <= most; n++) out[n] = out[n - 1] + Math.log(n);
  return out;
}

/**
 * The mean of n ln n, where n of `a` rows are among `b` of all by chance: hypergeometric. Summed from
 * the likeliest n both ways, since far from it the shares are too small to count.
 *
 * @param factorials The logarithms of the factorials up to `rows`.
 */
function meanLogOf(a: number, b: number, rows: number, factorials: Float64Array): number {
  const least = Math.max(0, a + b - rows);
  const most = Math.min(a, b);
  if (most < 2) return 0;
  const mode = Math.floor((a + 1) * (b + 1) / (rows + 2));
  const f = factorials;
  const likeliest = Math.exp(
    f[a] + f[b] + f[rows - a] + f[rows - b] - f[rows] - f[mode] - f[a - mode] - f[b - mode] -
      f[rows - a - b + mode],
  );
  let sum = mode < 2 ? 0 : likeliest * mode * Math.log(mode);
  let share = likeliest;
  for (let n = mode + 1; n <= most && share > LEAST_SHARE * likeliest; n++) {
    share *= (a - n + 1) * (b - n + 1) / (n * (rows - a - b + n));
    sum += share * n * Math.log(n);
  }
  share = likeliest;
  for (let n = mode - 1; n >= Math.max(2, least) && share > LEAST_SHARE * likeliest; n--) {
    share *= (n + 1) * (rows - a - b + n + 1) / ((a - n) * (b - n));
    sum += share * n * Math.log(n);
  }
  return sum;
}

/** The mean of the joint entropy where the rows of one column are put beside those of the other at random. */
function chanceEntropy(ofA: Uint32Array, ofB: Uint32Array, rows: number): number {
  const factorials = logFactorials(rows);
  let sum = 0;
  for (const a of ofA) for (const b of ofB) sum += meanLogOf(a, b, rows, factorials);
  return Math.log(rows) - sum / rows;
}

/** Σ n ln n of counts. */
function logSum(counts: Uint32Array): number {
  let sum = 0;
  for (const count of counts) if (count > 0) sum += count * Math.log(count);
  return sum;
}

/**
 * Mutual information in nats, adjusted for chance: 0 on average of columns that have nothing to do with
 * each other, the lesser entropy where one follows from the other (Vinh, Epps, Bailey, "Information
 * theoretic measures for clusterings comparison", 2010).
 */
export function mutualInformation({ a, b, symbolsA, symbolsB }: Pair): number {
  const joint = new Uint32Array(symbolsA * symbolsB);
  const [ofA, ofB] = [new Uint32Array(symbolsA), new Uint32Array(symbolsB)];
  const step = Math.max(1, Math.ceil(a.length / MOST_ROWS));
  let rows = 0;
  for (let row = 0; row < a.length; row += step, rows++) {
    joint[a[row] * symbolsB + b[row]]++;
    ofA[a[row]]++;
    ofB[b[row]]++;
  }
  if (rows === 0) return 0;
  const entropy = (counts: Uint32Array) => Math.log(rows) - logSum(counts) / rows;
  const [own, other] = [entropy(ofA), entropy(ofB)];
  const most = Math.min(own, other);
  const chance = own + other - chanceEntropy(ofA, ofB, rows);
  if (most <= chance) return 0;
  return most * (own + other - entropy(joint) - chance) / (most - chance);
}

/** The maximum spanning tree of weights, from the variable that weighs most (Prim). */
export function spanningTree(weights: readonly Float64Array[]): Tree {
  const totals = weights.map((row) => row.reduce((sum, each) => sum + each, 0));
  const root = totals.indexOf(Math.max(...totals));
  const order = [Math.max(0, root)];
  const parents = [-1];
  const nearest = weights.map(() => 0);
  const waiting = new Set(weights.keys());
  waiting.delete(order[0]);
  while (waiting.size > 0) {
    let best = -1;
    let most = -Infinity;
    for (const v of waiting) {
      const weight = weights[order[nearest[v]]][v];
      if (weight > most) [best, most] = [v, weight];
    }
    waiting.delete(best);
    parents.push(nearest[best]);
    order.push(best);
    for (const v of waiting) {
      if (weights[best][v] > weights[order[nearest[v]]][v]) nearest[v] = order.length - 1;
    }
  }
  return { order, parents };
}

/** The Chow-Liu tree of columns (Chow, Liu, "Approximating discrete probability distributions", 1968). */
export function chowLiuTree(columns: readonly Uint8Array[], symbols: readonly number[]): Tree {
  const weights = columns.map(() => new Float64Array(columns.length));
  for (let a = 0; a < columns.length; a++) {
    for (let b = a + 1; b < columns.length; b++) {
      const pair = { a: columns[a], b: columns[b], symbolsA: symbols[a], symbolsB: symbols[b] };
      weights[a][b] = weights[b][a] = mutualInformation(pair);
    }
  }
  return spanningTree(weights);
}
