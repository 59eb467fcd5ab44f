import type { SymbolTree } from "../model/models.ts";
import { LEAF, SIDE_WORDS } from "./symbol_tree.ts";
import { type Split, type SplitInput, SplitSearch } from "./split_search.ts";

/** Depth at which a tree ends. */
const MOST_DEPTH = 64;
/** Nats that the best of many splits gains more than any one, by chance. */
const CHOICE_GAIN = 2;

/** What trees are grown by. */
export interface GrowthOptions extends SplitInput {
  /** How many times as much as by chance a split has to gain. */
  readonly strictness: number;
  /** What the counts of leaves are smoothed with. */
  readonly smoothing: number;
}

interface Waiting {
  readonly start: number;
  readonly end: number;
  readonly depth: number;
}

/** Puts the rows of one side first; returns where those of the other start. */
function partition(rows: Uint32Array, column: Uint8Array, side: Uint8Array): number {
  const others: number[] = [];
  let at = 0;
  for (const row of rows) {
    if (side[column[row]]) rows[at++] = row;
    else others.push(row);
  }
  rows.set(others, at);
  return at;
}

/**
 * Nats that a split gains on average where it tells nothing of so many symbols: twice the gain has a χ²
 * distribution with a degree of freedom less (Wilks, "The large-sample distribution of the likelihood
 * ratio", 1938).
 */
function chanceGain(kinds: number): number {
  return (kinds - 1) / 2;
}

class Growth {
  readonly #options: GrowthOptions;
  readonly #search: SplitSearch;
  readonly #rows: Uint32Array;
  readonly #asks: number[] = [];
  readonly #sides: number[] = [];
  readonly #starts: number[] = [0];
  readonly #values: number[] = [];
  readonly #counts: number[] = [];
  readonly #seen = new Uint32Array(256);

  constructor(rows: Uint32Array, options: GrowthOptions) {
    this.#options = options;
    this.#rows = rows;
    this.#search = new SplitSearch(options, rows.length);
  }

  grow(): SymbolTree {
    const waiting: Waiting[] = [{ start: 0, end: this.#rows.length, depth: 0 }];
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const { start, end, depth } = next;
      const rows = this.#rows.subarray(start, end);
      const split = this.#splitOf(rows, depth);
      if (!split) {
        this.#leaf(rows);
        continue;
      }
      const middle = start + this.#ask(split, rows);
      waiting.push({ start: middle, end, depth: depth + 1 });
      waiting.push({ start, end: middle, depth: depth + 1 });
    }
    return {
      asks: Int32Array.from(this.#asks),
      sides: Int32Array.from(this.#sides),
      starts: Int32Array.from(this.#starts),
      values: Uint8Array.from(this.#values),
      counts: Float32Array.from(this.#counts),
      smoothing: this.#options.smoothing,
    };
  }

  #splitOf(rows: Uint32Array, depth: number): Split | undefined {
    const { leastRows, strictness } = this.#options;
    if (rows.length < 2 * leastRows || depth >= MOST_DEPTH) return undefined;
    const split = this.#search.best(rows);
    if (!split) return undefined;
    return split.gain >= strictness * chanceGain(split.kinds) + CHOICE_GAIN ? split : undefined;
  }

  #ask({ place, side }: Split, rows: Uint32Array): number {
    const words = new Int32Array(SIDE_WORDS);
    const isIn = new Uint8Array(256);
    for (const symbol of side) {
      words[symbol >> 5] |= 1 << (symbol & 31);
      isIn[symbol] = 1;
    }
    this.#asks.push(place);
    this.#sides.push(...words);
    return partition(rows, this.#options.columns[place], isIn);
  }

  #leaf(rows: Uint32Array): void {
    this.#asks.push(LEAF);
    this.#seen.fill(0);
    for (const row of rows) this.#seen[this.#options.target[row]]++;
    this.#seen.forEach((count, symbol) => {
      if (count === 0) return;
      this.#values.push(symbol);
      this.#counts.push(count);
    });
    this.#starts.push(this.#values.length);
  }
}

/** Grows the tree of one variable on some rows, which change places. */
export function growTree(rows: Uint32Array, options: GrowthOptions): SymbolTree {
  return new Growth(rows, options).grow();
}
