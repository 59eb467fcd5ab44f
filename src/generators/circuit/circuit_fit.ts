import {
  type CircuitCounts,
  CircuitKernel,
  type CircuitParameters,
  emptyCounts,
} from "../../kernel/circuit_kernel.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { SymbolRows } from "../encoding/symbol_rows.ts";
import { symbolShares } from "./circuit_start.ts";
import type { CircuitModel } from "../model/models.ts";

/** Rows that likelihoods are worked out for at a time. */
const TOLD_ROWS = 8192;
const TILE_ROWS = 64;
/** What a component has of a row, at least, to learn from it. */
const LEAST_SHARE = 1e-5;
/** Weight of the marginal in each distribution, in rows a symbol or state. */
const SMOOTHING = 0.01;
/** The same of mixtures, at most, as a share of the rows of a state: more would blur many states. */
const MOST_SMOOTHING = 0.005;
/** What a symbol takes from each neighbour that is like it. */
const NEIGHBOUR = 0.2;
/** Minibatches that rows are cut into, as far as their limits allow. */
const BATCHES = 16;
/** The same for many components, whose next parameters take as long as to count rows. */
const FEW_BATCHES = 8;
const MANY_COMPONENTS = 16;
const LEAST_BATCH_ROWS = 256;
const MOST_BATCH_ROWS = 8192;
/** How fast minibatches forget (Cappé, Moulines, "On-line EM for latent data models", 2009). */
const FORGETTING = 0.7;

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

/** What is known of rows before anything is learned from them. */
export interface LearnedFrom {
  readonly rows: SymbolRows;
  /** Of each variable's symbols 1 where one is like the next. */
  readonly linked: readonly Uint8Array[];
}

/** What is known of a variable's symbols. */
interface SymbolPrior {
  readonly shares: Float64Array;
  readonly linked: Uint8Array;
}

/**
 * Counts in which a part of what is behind each symbol is that of its neighbours, so that states do
 * not learn the noise between them (Silverman, Jones, Wilson, Nychka, "A smoothed EM approach to
 * indirect estimation problems", 1990).
 */
function withNeighbours(counts: Float64Array, states: number, linked: Uint8Array): Float64Array {
  if (!linked.includes(1)) return counts;
  const totals = new Float64Array(linked.length);
  for (let i = 0; i < counts.length; i++) totals[Math.floor(i / states)] += counts[i];
  const out = counts.slice();
  const take = (to: number, from: number) => {
    if (totals[from] === 0) return;
    const ratio = totals[to] / totals[from];
    for (let h = 0; h < states; h++) {
      const at = to * states + h;
      out[at] += NEIGHBOUR * (counts[from * states + h] * ratio - counts[at]);
    }
  };
  for (let s = 0; s + 1 < linked.length; s++) {
    if (linked[s] === 0) continue;
    take(s, s + 1);
    take(s + 1, s);
  }
  return out;
}

function nextEmissions(
  counts: Float64Array,
  states: number,
  shares: Float64Array,
  most: number,
): Float32Array {
  const symbols = counts.length / states;
  const out = new Float32Array(counts.length);
  const own = new Float64Array(symbols);
  const next = new Float32Array(symbols);
  for (let h = 0; h < states; h++) {
    for (let s = 0; s < symbols; s++) own[s] = counts[s * states + h];
    smoothed(own, shares, Math.min(most, SMOOTHING * symbols), next);
    for (let s = 0; s < symbols; s++) out[s * states + h] = next[s];
  }
  return out;
}

/** The parameters that counts lead to. */
function nextParameters(
  of: CircuitParameters,
  counts: CircuitCounts,
  { priors, isMixed }: { priors: readonly SymbolPrior[]; isMixed: boolean },
): CircuitParameters {
  const { states } = of;
  const total = counts.prior.reduce((sum, each) => sum + each, 0);
  const most = isMixed ? MOST_SMOOTHING * total / states : Infinity;
  const emissions = counts.emissions.map((each, at) => {
    const { shares, linked } = priors[at];
    return nextEmissions(withNeighbours(each, states, linked), states, shares, most);
  });
  const transitions = counts.transitions.map((each) => {
    const out = new Float32Array(each.length);
    const shares = normalized(columnSums(each, states));
    for (let at = 0; at < each.length; at += states) {
      const row = each.subarray(at, at + states);
      smoothed(row, shares, Math.min(most, SMOOTHING * states), out.subarray(at, at + states));
    }
    return out;
  });
  const prior = new Float32Array(states);
  const even = new Float64Array(states).fill(1 / states);
  smoothed(counts.prior, even, SMOOTHING, prior);
  return { ...of, prior, emissions, transitions };
}

function scale(counts: CircuitCounts, by: number): void {
  for (const each of [counts.prior, ...counts.emissions, ...counts.transitions]) {
    for (let i = 0; i < each.length; i++) each[i] *= by;
  }
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
  readonly #rows: SymbolRows | undefined;
  readonly #priors: readonly SymbolPrior[];
  #model: CircuitModel;
  #counts: CircuitCounts[] = [];
  #steps = 0;

  /**
   * Begins with a model.
   *
   * @param learned What is learned from, if anything is.
   * @throws {KernelMemoryError} when the kernel's budget does not hold it.
   */
  constructor(kernel: Kernel, model: CircuitModel, learned?: LearnedFrom) {
    this.#model = model;
    this.#rows = learned?.rows;
    this.#priors = learned
      ? model.tree.order.map((v) => ({
        shares: symbolShares(learned.rows, v),
        linked: learned.linked[v],
      }))
      : [];
    this.#circuits = model.components.map((each) => new CircuitKernel(kernel, each, TOLD_ROWS));
  }

  get #batches(): number {
    return this.#model.components.length < MANY_COMPONENTS ? BATCHES : FEW_BATCHES;
  }

  /** The model as it is now. */
  get model(): CircuitModel {
    return this.#model;
  }

  /**
   * One pass over the rows, in which the model becomes better after each of 8 to 16 minibatches;
   * yields after each.
   */
  *pass(): Generator<void> {
    const { length } = this.#rows!;
    const size = Math.min(MOST_BATCH_ROWS, Math.max(LEAST_BATCH_ROWS, length / this.#batches));
    const batches = Math.max(1, Math.round(length / size));
    for (let batch = 0; batch < batches; batch++) {
      const counts = this.#model.components.map(emptyCounts);
      const start = Math.floor((length * batch) / batches);
      const end = Math.floor((length * (batch + 1)) / batches);
      this.#count({ start, end }, counts);
      for (const each of counts) scale(each, length / Math.max(1, end - start));
      this.#advance(counts, batches === 1 ? 1 : (this.#steps++ + 2) ** -FORGETTING);
      yield;
    }
  }

  /**
   * One step over all rows (EM as it was: Dempster, Laird, Rubin, 1977); yields now and then.
   *
   * @param before Counts that stand for rows which are not among them.
   */
  *wholeStep(before?: readonly CircuitCounts[]): Generator<void> {
    const { length } = this.#rows!;
    const counts = this.#model.components.map(emptyCounts);
    counts.forEach((each, m) => before && add(each, before[m]));
    for (let start = 0; start < length; start += TOLD_ROWS) {
      this.#count({ start, end: Math.min(length, start + TOLD_ROWS) }, counts);
      yield;
    }
    this.#advance(counts, 1);
  }

  #advance(counts: CircuitCounts[], share: number): void {
    if (share === 1 || this.#counts.length === 0) this.#counts = counts;
    else counts.forEach((each, m) => blend(this.#counts[m], each, share));
    const known = { priors: this.#priors, isMixed: this.#model.components.length > 1 };
    const components = this.#model.components.map((each, m) =>
      nextParameters(each, this.#counts[m], known)
    );
    const of = Float64Array.from(this.#counts, ({ prior }) => prior.reduce((a, b) => a + b, 0));
    const total = of.reduce((a, b) => a + b, 0);
    const weights = of.map((each) => (each + 1) / (total + of.length));
    this.#model = { ...this.#model, weights, components };
    this.#circuits.forEach((circuit, m) => circuit.load(components[m]));
  }

  #count({ start, end }: Range, to: readonly CircuitCounts[]): void {
    const columns = this.#model.tree.order.map((v) => this.#rows!.columns[v]);
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
        for (let i = 0; i < TILE_ROWS; i++) {
          this.#weights[i] = i < filled && logs[m][i] > LEAST_SHARE ? logs[m][i] : 0;
        }
        circuit.down(from, this.#weights);
      });
    }
    this.#circuits.forEach((circuit, m) => circuit.addTo(to[m]));
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
    for (let start = 0; start < rows.length; start += TOLD_ROWS) {
      const end = Math.min(rows.length, start + TOLD_ROWS);
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
