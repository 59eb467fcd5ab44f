import { KNOT_BITS, KNOTS } from "../encoding/plans.ts";
import type { Run, SumCell } from "./sum_cell.ts";

/** Numbers of a run: see `recordOf`. */
const RUN = 9;
/** Shares by which runs are found (Chen and Asau, 1974: an index table). */
const GUIDES = 64;
const GUIDE_SHIFT = 26;
const SEGMENTS = 1 << KNOT_BITS;
const WORDS = 2 ** 32;
const STEP = 0x6d2b79f5;

/** Which pairs are drawn. */
export interface SumRows {
  /** The rows, and of each the number of its cell. */
  readonly rows: Uint16Array;
  readonly cells: Uint16Array;
  /** How many they are. */
  readonly count: number;
  /** A random word of each row there is. */
  readonly words: Uint32Array;
}

/** Draws pairs of numbers by cells, all of which lie in few lists. */
export class SumDraws {
  readonly #runs: Float64Array;
  /** How likely a cell's sum is by a run and those before it, of all that is wanted. */
  readonly #upTo: Float64Array;
  /** The run in which each of equal shares of a cell begins. */
  readonly #guides: Uint32Array;
  /** The knots of the second part, by cell. */
  readonly #knots: Float64Array;

  /** Of cells that have at least one run each. */
  constructor(cells: readonly SumCell[]) {
    const all = cells.flatMap(({ runs }) => runs);
    this.#runs = new Float64Array(all.length * RUN);
    all.forEach((run, at) => this.#runs.set(recordOf(run), at * RUN));
    this.#upTo = new Float64Array(all.length);
    this.#guides = new Uint32Array(cells.length * GUIDES);
    this.#knots = new Float64Array(cells.length * KNOTS);
    let first = 0;
    cells.forEach(({ runs, mass, parts }, cell) => {
      this.#knots.set(parts[1].knots, cell * KNOTS);
      this.#guide(cell, first, runs.map((run) => run.mass / mass));
      first += runs.length;
    });
  }

  #guide(cell: number, first: number, shares: readonly number[]): void {
    let sum = 0;
    shares.forEach((share, at) => this.#upTo[first + at] = sum += share);
    // whatever rounding left
    this.#upTo[first + shares.length - 1] = Infinity;
    for (let at = 0, run = first; at < GUIDES; at++) {
      while (this.#upTo[run] <= at / GUIDES) run++;
      this.#guides[cell * GUIDES + at] = run;
    }
  }

  /**
   * Draws a pair for each row: a run, the first number by how likely the second then is, and the
   * second. Of two different places in a run, any two as likely, the later one is as likely as it is
   * far from the start, and the earlier as it is far from the end: one or the other is taken.
   */
  draw({ rows, cells, count, words }: SumRows, first: Float64Array, second: Float64Array): void {
    const [runs, upTo, guides, knots] = [this.#runs, this.#upTo, this.#guides, this.#knots];
    for (let k = 0; k < count; k++) {
      const cell = cells[k];
      const word = words[rows[k]] | 0;
      const share = (word >>> 0) / WORDS;
      let run = guides[cell * GUIDES + (word >>> GUIDE_SHIFT)];
      while (upTo[run] <= share) run++;
      const at = run * RUN;
      const length = runs[at + 1];
      const one = Math.floor(uniform((word + STEP) | 0) * (length + 1));
      let two = Math.floor(uniform((word + 2 * STEP) | 0) * length);
      if (two >= one) two++;
      const end = runs[at + 7];
      const both = runs[at + 4] - runs[at + 2] + end;
      const isLater = uniform((word + 3 * STEP) | 0) * both < end;
      const place = Math.min(length, isLater ? Math.max(one, two) : Math.min(one, two));
      const low = runs[at + 2] + runs[at + 3] * place;
      const high = runs[at + 4] + runs[at + 5] * place;
      const wanted = (low + uniform((word + 4 * STEP) | 0) * (high - low)) * SEGMENTS;
      const segment = Math.max(0, Math.min(SEGMENTS - 1, Math.floor(wanted)));
      const knot = knots[cell * KNOTS + segment];
      const next = knots[cell * KNOTS + segment + 1];
      const number = runs[at] + place;
      const other = Math.floor(knot + (next - knot) * (wanted - segment) + 0.5);
      const least = runs[at + 6] - number;
      first[k] = number;
      second[k] = Math.max(least, Math.min(least + runs[at + 8], other));
    }
  }
}

/** Of a run: where it begins, how far it reaches, two lines, the least sum, how likely it ends. */
function recordOf({ from, to, range, below, upTo }: Run): number[] {
  const length = to - from;
  const slope = ([start, end]: readonly [number, number]) =>
    length > 0 ? (end - start) / length : 0;
  return [
    from,
    length,
    below[0],
    slope(below),
    upTo[0],
    slope(upTo),
    range[0],
    upTo[1] - below[1],
    range[1] - range[0],
  ];
}

/** A number from 0 to below 1 of a word (Mulberry32, Ettinger, 2017). */
function uniform(state: number): number {
  let z = Math.imul(state ^ (state >>> 15), state | 1);
  z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
  return ((z ^ (z >>> 14)) >>> 0) / WORDS;
}
