/** Rows that a split is looked for in, at most. */
const MOST_SEARCHED = 16_384;
const MOST_SYMBOLS = 256;
/** Rounds of reciprocal averaging, and what scores begin with: numbers spread without a pattern. */
const ROUNDS = 3;
const GOLDEN_ANGLE = 2.399963;

/** How rows are best told apart. */
export interface Split {
  /** The place of the variable that is asked for. */
  readonly place: number;
  /** Its symbols on the first side. */
  readonly side: readonly number[];
  /** Nats that it gains, of all rows. */
  readonly gain: number;
  /** How many symbols there are to tell apart. */
  readonly kinds: number;
}

type Cut = Omit<Split, "kinds">;

/** What a split is looked for with. */
export interface SplitInput {
  /** The symbols of the variables that may be asked for, in order. */
  readonly columns: readonly Uint8Array[];
  /** The symbols to tell apart. */
  readonly target: Uint8Array;
  /** Whether neighbouring symbols of a variable are alike. */
  readonly ordered: readonly boolean[];
  /** The fewest rows of each side. */
  readonly leastRows: number;
}

/** Finds the splits of nodes; holds what it needs for that, of a number of rows. */
export class SplitSearch {
  readonly #input: SplitInput;
  readonly #logs: Float64Array;
  readonly #rows: Uint32Array;
  readonly #sorted: Uint8Array;
  readonly #counts = new Int32Array(MOST_SYMBOLS + 1);
  readonly #left = new Int32Array(MOST_SYMBOLS);
  readonly #right = new Int32Array(MOST_SYMBOLS);
  readonly #all = new Int32Array(MOST_SYMBOLS);
  readonly #scores = new Float64Array(MOST_SYMBOLS);
  readonly #targetScores = new Float64Array(MOST_SYMBOLS);
  readonly #order: number[] = [];

  /** In rows of which there are so many. */
  constructor(input: SplitInput, length: number) {
    this.#input = input;
    const most = Math.min(length, MOST_SEARCHED);
    this.#logs = Float64Array.from({ length: most + 2 }, (_, n) => n === 0 ? 0 : n * Math.log(n));
    this.#rows = new Uint32Array(most);
    this.#sorted = new Uint8Array(most);
  }

  /** The best split of rows; undefined where none gains anything. */
  best(rows: Uint32Array): Split | undefined {
    const few = this.#sampled(rows);
    this.#all.fill(0);
    for (const row of few) this.#all[this.#input.target[row]]++;
    const kinds = this.#all.reduce((sum, count) => sum + Number(count > 0), 0);
    if (kinds < 2) return undefined;
    const scale = rows.length / few.length;
    const least = Math.max(1, this.#input.leastRows / scale);
    let best: Split | undefined;
    for (let place = 0; place < this.#input.columns.length; place++) {
      const found = this.#ofColumn(place, few, least);
      if (found && found.gain * scale > (best?.gain ?? 0)) {
        best = { ...found, gain: found.gain * scale, kinds };
      }
    }
    return best;
  }

  #sampled(rows: Uint32Array): Uint32Array {
    if (rows.length <= this.#rows.length) return rows;
    const out = this.#rows;
    for (let i = 0; i < out.length; i++) out[i] = rows[Math.floor((i * rows.length) / out.length)];
    return out;
  }

  #ofColumn(place: number, rows: Uint32Array, least: number): Cut | undefined {
    const column = this.#input.columns[place];
    const counts = this.#counts;
    counts.fill(0);
    for (let i = 0; i < rows.length; i++) counts[column[rows[i]]]++;
    const order = this.#order;
    order.length = 0;
    for (let s = 0; s < MOST_SYMBOLS; s++) if (counts[s] > 0) order.push(s);
    if (order.length < 2) return undefined;
    if (!this.#input.ordered[place] && order.length > 2) this.#arrange(column, rows, order);
    return this.#cut(place, rows, least);
  }

  /**
   * Orders symbols by their scores on the first axis of a correspondence analysis with the target, by
   * reciprocal averaging (Hill, "Reciprocal averaging: an eigenvector method of ordination", 1973):
   * so that the best cut of the order is nearly the best of all sets.
   */
  #arrange(column: Uint8Array, rows: Uint32Array, order: number[]): void {
    const { target } = this.#input;
    const [scores, targets] = [this.#scores, this.#targetScores];
    for (let s = 0; s < MOST_SYMBOLS; s++) targets[s] = Math.sin(s * GOLDEN_ANGLE + 1);
    for (let round = 0; round < ROUNDS; round++) {
      if (round > 0) this.#scoreTargets(column, rows);
      scores.fill(0);
      for (let i = 0; i < rows.length; i++) scores[column[rows[i]]] += targets[target[rows[i]]];
      for (const s of order) scores[s] /= this.#counts[s];
    }
    order.sort((a, b) => scores[a] - scores[b] || a - b);
  }

  /** Scores of the target's symbols: the mean score of their rows, less that of all. */
  #scoreTargets(column: Uint8Array, rows: Uint32Array): void {
    const { target } = this.#input;
    const [scores, targets] = [this.#scores, this.#targetScores];
    targets.fill(0);
    let mean = 0;
    for (let i = 0; i < rows.length; i++) {
      const score = scores[column[rows[i]]];
      targets[target[rows[i]]] += score;
      mean += score;
    }
    mean /= rows.length;
    for (let s = 0; s < MOST_SYMBOLS; s++) {
      if (this.#all[s] > 0) targets[s] = targets[s] / this.#all[s] - mean;
    }
  }

  /** Sorts the target's symbols by the order; counts become the places where symbols end. */
  #sortTargets(column: Uint8Array, rows: Uint32Array): void {
    const [counts, sorted, { target }] = [this.#counts, this.#sorted, this.#input];
    let start = 0;
    for (const s of this.#order) [counts[s], start] = [start, start + counts[s]];
    for (let i = 0; i < rows.length; i++) sorted[counts[column[rows[i]]]++] = target[rows[i]];
  }

  /** The cut of the order that gains most. */
  #cut(place: number, rows: Uint32Array, least: number): Cut | undefined {
    this.#sortTargets(this.#input.columns[place], rows);
    const [order, counts, sorted] = [this.#order, this.#counts, this.#sorted];
    const [left, right] = [this.#left, this.#right];
    left.fill(0);
    right.set(this.#all);
    const logs = this.#logs;
    let sum = 0;
    for (let s = 0; s < MOST_SYMBOLS; s++) sum += logs[right[s]];
    const before = sum - logs[rows.length];
    let [at, best, bestEnd] = [0, 0, -1];
    for (let position = 0; position < order.length - 1; position++) {
      const end = counts[order[position]];
      for (; at < end; at++) {
        const value = sorted[at];
        const l = left[value]++;
        const r = right[value]--;
        sum += logs[l + 1] - logs[l] + logs[r - 1] - logs[r];
      }
      const other = rows.length - at;
      if (at < least) continue;
      if (other < least) break;
      const gain = sum - logs[at] - logs[other] - before;
      if (gain > best) [best, bestEnd] = [gain, position];
    }
    if (bestEnd < 0) return undefined;
    return { place, side: order.slice(0, bestEnd + 1), gain: best };
  }
}
