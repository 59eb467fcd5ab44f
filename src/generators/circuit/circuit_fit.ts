import {
  type CircuitCounts,
  CircuitKernel,
  type CircuitParameters,
  emptyCounts,
} from "../../kernel/circuit_kernel.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { SymbolRows } from "../encoding/symbol_rows.ts";
import type { CircuitModel } from "../model/models.ts";

/** Rows of a minibatch. */
export const BATCH_ROWS = 8192;
const TILE_ROWS = 64;
/** Weight of the marginal in each distribution, in rows a symbol or state. */
const SMOOTHING = 0.1;
/** Minibatches that are all looked at in each step; where there are more, each step is of one. */
const MOST_WHOLE_BATCHES = 4;
/** How fast steps of one minibatch forget (Cappé, Moulines, "On-line EM for latent data", 2009). */
const FORGETTING = 0.6;

function smoothed(counts: Float64Array, by: Float64Array, weight: number, out: Float32Array): void {
  let total = 0;
  for (let i = 0; i < counts.length; i++) total += counts[i];
  for (let i = 0; i < counts.length; i++) {
    out[i] = (counts[i] + weight * by[i]) / (total + weight);
  }
}

function normalized(values: Float64Array): Float64Array {
  const total = values.reduce((sum, each) => sum + each, 0) || 1;
  return values.map((each) => each / total);
}

/** The sums of counts over rows, `[row][column]`. */
function columnSums(counts: Float64Array, columns: number): Float64Array {
  const sums = new Float64Array(columns);
  for (let i = 0; i < counts.length; i++) sums[i % columns] += counts[i];
  return sums;
}

function nextEmissions(counts: Float64Array, states: number, shares: Float64Array): Float32Array {
  const symbols = counts.length / states;
  const out = new Float32Array(counts.length);
  const own = new Float64Array(symbols);
  const next = new Float32Array(symbols);
  for (let h = 0; h < states; h++) {
    for (let s = 0; s < symbols; s++) own[s] = counts[s * states + h];
    smoothed(own, shares, SMOOTHING * symbols, next);
    for (let s = 0; s < symbols; s++) out[s * states + h] = next[s];
  }
  return out;
}

/** How common each symbol is in all counts. */
function symbolShares(counts: Float64Array, states: number): Float64Array {
  const sums = new Float64Array(counts.length / states);
  for (let i = 0; i < counts.length; i++) sums[Math.floor(i / states)] += counts[i];
  return normalized(sums);
}

/** The parameters that counts lead to. */
function nextParameters(of: CircuitParameters, counts: CircuitCounts): CircuitParameters {
  const { states } = of;
  const emissions = counts.emissions.map((each) =>
    nextEmissions(each, states, symbolShares(each, states))
  );
  const transitions = counts.transitions.map((each) => {
    const out = new Float32Array(each.length);
    const shares = normalized(columnSums(each, states));
    for (let at = 0; at < each.length; at += states) {
      const row = each.subarray(at, at + states);
      smoothed(row, shares, SMOOTHING * states, out.subarray(at, at + states));
    }
    return out;
  });
  const prior = new Float32Array(states);
  const even = new Float64Array(states).fill(1 / states);
  smoothed(counts.prior, even, SMOOTHING, prior);
  return { ...of, prior, emissions, transitions };
}

function blend(into: CircuitCounts, from: CircuitCounts, share: number): void {
  const one = (a: Float64Array, b: Float64Array) => {
    for (let i = 0; i < a.length; i++) a[i] = (1 - share) * a[i] + share * b[i];
  };
  one(into.prior, from.prior);
  into.emissions.forEach((each, v) => one(each, from.emissions[v]));
  into.transitions.forEach((each, v) => one(each, from.transitions[v]));
}

function add(to: CircuitCounts, from: CircuitCounts): void {
  const one = (a: Float64Array, b: Float64Array) => b.forEach((each, i) => a[i] += each);
  one(to.prior, from.prior);
  to.emissions.forEach((each, v) => one(each, from.emissions[v]));
  to.transitions.forEach((each, v) => one(each, from.transitions[v]));
}

/** Rows from `start` to `end`. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/** A mixture in the kernel, which is made better step by step, and tells how likely rows are. */
export class CircuitFit implements Disposable {
  readonly #circuits: CircuitKernel[];
  readonly #weights = new Float32Array(TILE_ROWS);
  #model: CircuitModel;
  #counts: CircuitCounts[] = [];
  #steps = 0;

  /**
   * Begins with a model.
   *
   * @throws {KernelMemoryError} when the kernel's budget does not hold it.
   */
  constructor(kernel: Kernel, model: CircuitModel) {
    this.#model = model;
    this.#circuits = model.components.map((each) => new CircuitKernel(kernel, each, BATCH_ROWS));
  }

  /** The model as it is now. */
  get model(): CircuitModel {
    return this.#model;
  }

  /** One step of EM, over all rows or, of many, one minibatch. */
  step(rows: SymbolRows): void {
    const batches = Math.max(1, Math.ceil(rows.length / BATCH_ROWS));
    const isWhole = batches <= MOST_WHOLE_BATCHES;
    const counts = this.#model.components.map(emptyCounts);
    const sizes = new Float64Array(counts.length);
    const first = isWhole ? 0 : this.#steps % batches;
    const last = isWhole ? batches : first + 1;
    for (let batch = first; batch < last; batch++) {
      const start = Math.floor((rows.length * batch) / batches);
      const end = Math.floor((rows.length * (batch + 1)) / batches);
      this.#count(rows, { start, end }, { counts, sizes });
    }
    this.#advance(counts, sizes, isWhole ? 1 : (this.#steps + 2) ** -FORGETTING);
    this.#steps++;
  }

  /** One step of EM over all rows, on top of counts that stand for rows that are not among them. */
  stepFrom(before: readonly CircuitCounts[], rows: SymbolRows): void {
    const counts = this.#model.components.map(emptyCounts);
    counts.forEach((each, m) => add(each, before[m]));
    const sizes = new Float64Array(counts.length);
    for (let start = 0; start < rows.length; start += BATCH_ROWS) {
      const end = Math.min(rows.length, start + BATCH_ROWS);
      this.#count(rows, { start, end }, { counts, sizes });
    }
    this.#advance(counts, sizes, 1);
  }

  #advance(counts: CircuitCounts[], sizes: Float64Array, share: number): void {
    if (share === 1 || this.#counts.length === 0) this.#counts = counts;
    else counts.forEach((each, m) => blend(this.#counts[m], each, share));
    const components = this.#model.components.map((each, m) =>
      nextParameters(each, this.#counts[m])
    );
    const of = Float64Array.from(this.#counts, ({ prior }) => prior.reduce((a, b) => a + b, 0));
    const total = of.reduce((a, b) => a + b, 0);
    const weights = of.map((each) => (each + 1) / (total + sizes.length));
    this.#model = { ...this.#model, weights, components };
    this.#circuits.forEach((circuit, m) => circuit.load(components[m]));
  }

  #count(
    rows: SymbolRows,
    { start, end }: Range,
    to: { counts: CircuitCounts[]; sizes: Float64Array },
  ) {
    const columns = this.#model.tree.order.map((v) => rows.columns[v]);
    for (const circuit of this.#circuits) {
      circuit.clear();
      circuit.put(columns, start, end);
    }
    const logs = this.#circuits.map(() => new Float64Array(TILE_ROWS));
    for (let from = 0; from < end - start; from += TILE_ROWS) {
      const filled = Math.min(TILE_ROWS, end - start - from);
      this.#circuits.forEach((circuit, m) => logs[m].set(circuit.up(from)));
      this.#share(logs);
      this.#circuits.forEach((circuit, m) => {
        for (let i = 0; i < TILE_ROWS; i++) this.#weights[i] = i < filled ? logs[m][i] : 0;
        circuit.down(from, this.#weights);
      });
    }
    this.#circuits.forEach((circuit, m) => circuit.addTo(to.counts[m]));
  }

  /** Turns log-likelihoods into how likely each component is; returns each row's log-likelihood. */
  #share(logs: readonly Float64Array[]): Float64Array {
    const all = new Float64Array(TILE_ROWS);
    for (let i = 0; i < TILE_ROWS; i++) {
      let most = -Infinity;
      logs.forEach((of, m) => most = Math.max(most, of[i] += Math.log(this.#model.weights[m])));
      let sum = 0;
      for (const of of logs) sum += Math.exp(of[i] - most);
      all[i] = most + Math.log(sum);
      for (const of of logs) of[i] = Math.exp(of[i] - all[i]);
    }
    return all;
  }

  /** The log-likelihood of each row. */
  logLikelihoods(rows: SymbolRows): Float64Array {
    const out = new Float64Array(rows.length);
    const columns = this.#model.tree.order.map((v) => rows.columns[v]);
    for (let start = 0; start < rows.length; start += BATCH_ROWS) {
      const end = Math.min(rows.length, start + BATCH_ROWS);
      for (const circuit of this.#circuits) circuit.put(columns, start, end);
      for (let from = 0; from < end - start; from += TILE_ROWS) {
        const logs = this.#circuits.map((circuit) => circuit.up(from).slice());
        const filled = Math.min(TILE_ROWS, end - start - from);
        out.set(this.#share(logs).subarray(0, filled), start + from);
      }
    }
    return out;
  }

  /** Gives the kernel memory back. */
  [Symbol.dispose](): void {
    for (const circuit of this.#circuits) circuit[Symbol.dispose]();
  }
}
