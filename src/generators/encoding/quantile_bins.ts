import { lowerBound } from "../../batch/sorted_numbers.ts";
import { KNOTS } from "./plans.ts";

/** What bins are made with. */
export interface BinOptions {
  /** The most symbols. */
  readonly symbols: number;
  /** The fewest rows of a value that gets a symbol of its own. */
  readonly minCount: number;
  /** Whether the numbers are whole. */
  readonly whole: boolean;
}

const LEAST_BIN_ROWS = 2 * KNOTS;

/** The distinct values of a sorted list, and how often each comes. */
function runsOf(sorted: Float64Array): { values: number[]; counts: number[] } {
  const values: number[] = [];
  const counts: number[] = [];
  for (const value of sorted) {
    if (values.length > 0 && values[values.length - 1] === value) counts[counts.length - 1]++;
    else {
      values.push(value);
      counts.push(1);
    }
  }
  return { values, counts };
}

/** Which runs are symbols of their own. */
function atomsOf(counts: readonly number[], rows: number, options: BinOptions): Set<number> {
  const { symbols, minCount } = options;
  const few = counts.length <= symbols;
  const least = few ? minCount : Math.max(minCount, rows / symbols);
  const frequent = counts.map((_, at) => at).filter((at) => counts[at] >= least);
  const most = few ? symbols : symbols >> 1;
  frequent.sort((a, b) => counts[b] - counts[a] || a - b);
  return new Set(frequent.slice(0, most));
}

function knotsOf(sorted: ArrayLike<number>, start: number, end: number, whole: boolean): number[] {
  const last = end - start - 1;
  const knots = Array.from({ length: KNOTS }, (_, k) => {
    const at = (last * k) / (KNOTS - 1);
    const low = sorted[start + Math.floor(at)];
    return low + (sorted[start + Math.ceil(at)] - low) * (at % 1);
  });
  if (whole && knots[0] < knots[KNOTS - 1]) {
    knots[0] -= 0.5; // so that the outermost numbers get their share when they are rounded
    knots[KNOTS - 1] += 0.5;
  }
  return knots;
}

/** Cuts sorted values into bins of about equal numbers of rows, equal values never apart. */
function binsOf(sorted: readonly number[], bins: number, whole: boolean): number[][] {
  const out: number[][] = [];
  let start = 0;
  for (let bin = 1; bin <= bins && start < sorted.length; bin++) {
    let end = bin === bins ? sorted.length : Math.round((sorted.length * bin) / bins);
    while (end < sorted.length && end > 0 && sorted[end] === sorted[end - 1]) end++;
    if (end <= start) continue;
    out.push(knotsOf(sorted, start, end, whole));
    start = end;
  }
  return out;
}

/**
 * The symbols of a column of numbers, as the knots of each in ascending order: frequent values for
 * themselves, the rest in bins of equal share.
 */
export function quantileBins(numbers: Float64Array, options: BinOptions): Float64Array {
  const sorted = numbers.slice().sort();
  const { values, counts } = runsOf(sorted);
  const atoms = atomsOf(counts, sorted.length, options);
  const rest: number[] = [];
  values.forEach((value, at) => {
    if (!atoms.has(at)) { for (let i = 0; i < counts[at]; i++) rest.push(value); }
  });
  const symbols = Array.from(atoms, (at) => Array<number>(KNOTS).fill(values[at]));
  const most = Math.min(options.symbols - atoms.size, Math.floor(rest.length / LEAST_BIN_ROWS));
  // a handful of rare values beside frequent ones goes with its neighbours
  const bins = atoms.size === 0 ? Math.max(1, most) : most;
  if (bins > 0) symbols.push(...binsOf(rest, bins, options.whole));
  symbols.sort((a, b) => a[0] + a[KNOTS - 1] - (b[0] + b[KNOTS - 1]) || a[0] - b[0]);
  return Float64Array.from(symbols.flat());
}

/** Finds the symbol of a number by the knots of the symbols. */
export class BinFinder {
  readonly #atoms = new Map<number, number>();
  readonly #tops: number[] = [];
  readonly #bins: number[] = [];
  readonly #middles: number[] = [];

  /** Of symbols in ascending order. */
  constructor(knots: Float64Array) {
    for (let symbol = 0; symbol * KNOTS < knots.length; symbol++) {
      const low = knots[symbol * KNOTS];
      const high = knots[symbol * KNOTS + KNOTS - 1];
      this.#middles.push(low / 2 + high / 2);
      if (low === high) this.#atoms.set(low, symbol);
      else {
        this.#tops.push(high);
        this.#bins.push(symbol);
      }
    }
  }

  /** The symbol of a number; one that was never seen goes with the nearest. */
  find(value: number): number {
    const atom = this.#atoms.get(value);
    if (atom !== undefined) return atom;
    if (this.#bins.length === 0) return this.#nearest(value);
    return this.#bins[Math.min(lowerBound(this.#tops, value), this.#bins.length - 1)];
  }

  #nearest(value: number): number {
    const above = Math.min(lowerBound(this.#middles, value), this.#middles.length - 1);
    if (above === 0) return 0;
    const isBelow = value - this.#middles[above - 1] <= this.#middles[above] - value;
    return isBelow ? above - 1 : above;
  }
}
