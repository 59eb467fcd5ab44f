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

function entropy(counts: ArrayLike<number>, rows: number): { nats: number; filled: number } {
  let [nats, filled] = [0, 0];
  for (let i = 0; i < counts.length; i++) {
    if (counts[i] === 0) continue;
    filled++;
    nats -= (counts[i] / rows) * Math.log(counts[i] / rows);
  }
  return { nats, filled };
}

/**
 * Mutual information in nats, of entropies with the correction (symbols − 1) / 2 rows (Miller, "Note
 * on the bias of information estimates", 1955).
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
  const corrected = (counts: Uint32Array) => {
    const { nats, filled } = entropy(counts, rows);
    return nats + (filled - 1) / (2 * rows);
  };
  return corrected(ofA) + corrected(ofB) - corrected(joint);
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
