import type { SymbolRows } from "../encoding/symbol_rows.ts";
import type { ModelFitOptions } from "../model/model_face.ts";
import type { SymbolTree, TreesModel } from "../model/models.ts";
import { SeededRandom, shuffledOrder } from "../sampling/seeded_random.ts";
import { nodeShares } from "./leaf_shares.ts";
import { MOST_LEAVES, TreeWalk } from "./symbol_tree.ts";
import { type GrowthOptions, growTree } from "./tree_growth.ts";

/** The fewest rows of a leaf. */
const LEAST_ROWS = 20;
const HELD_SHARE = 0.1;
const MOST_HELD = 10_000;
/** Rows that a choice is tried on, at most. */
const MOST_TRIED = 30_000;
/** Fewer rows are too few to hold some out. */
const LEAST_ROWS_TO_CHOOSE = 500;
/** What is tried: how many times as much as by chance splits have to gain, and how leaves are smoothed. */
const STRICT = [1.5, 2, 3];
const SMOOTHING = [1, 2, 4, 8];

/** How a tree is grown. */
type Choice = Pick<GrowthOptions, "strictness" | "smoothing">;

/** What has nothing to choose by. */
const USUAL: Choice = { strictness: 3, smoothing: 4 };

/** Variables in ascending order of how many symbols they have. */
function orderOf(symbols: readonly number[]): number[] {
  return symbols.map((_, v) => v).sort((a, b) => symbols[a] - symbols[b] || a - b);
}

class TreesFit {
  readonly #rows: SymbolRows;
  readonly #options: ModelFitOptions;
  readonly #order: readonly number[];
  readonly #shuffled: Uint32Array;
  readonly #held: number;

  constructor(rows: SymbolRows, options: ModelFitOptions) {
    this.#rows = rows;
    this.#options = options;
    this.#order = orderOf(rows.symbols);
    this.#shuffled = shuffledOrder(rows.length, new SeededRandom(options.seed, 1));
    const share = rows.length < LEAST_ROWS_TO_CHOOSE ? 0 : HELD_SHARE;
    this.#held = Math.min(MOST_HELD, Math.floor(rows.length * share));
  }

  async fit(): Promise<TreesModel> {
    const trees: SymbolTree[] = [];
    let logLikelihood = 0;
    for (const place of this.#order.keys()) {
      const { choice, score } = this.#choose(place);
      logLikelihood += score;
      trees.push(this.#grow(place, this.#shuffled.slice(), choice));
      const isLast = place === this.#order.length - 1;
      const known = isLast && this.#held > 0 ? logLikelihood : undefined;
      await this.#options.onStep((place + 1) / this.#order.length, known);
    }
    return {
      kind: "trees",
      order: this.#order,
      symbols: this.#order.map((v) => this.#rows.symbols[v]),
      trees,
    };
  }

  #columns(place: number): Uint8Array[] {
    return this.#order.slice(0, place).map((v) => this.#rows.columns[v]);
  }

  #grow(place: number, rows: Uint32Array, choice: Choice): SymbolTree {
    return growTree(rows, {
      columns: this.#columns(place),
      target: this.#rows.columns[this.#order[place]],
      ordered: this.#order.slice(0, place).map((v) => this.#options.ordered[v] > 0),
      leastRows: Math.max(LEAST_ROWS, Math.ceil(this.#rows.length / MOST_LEAVES)),
      ...choice,
    });
  }

  /** The choice that makes held-out rows likeliest, and their mean log-likelihood. */
  #choose(place: number): { choice: Choice; score: number } {
    if (this.#held === 0) return { choice: USUAL, score: 0 };
    const tried = this.#shuffled.slice(this.#held, this.#held + MOST_TRIED);
    let best = { choice: USUAL, score: -Infinity };
    for (const strictness of STRICT) {
      const tree = this.#grow(place, tried.slice(), { ...USUAL, strictness });
      for (const smoothing of SMOOTHING) {
        const score = this.#score(place, { ...tree, smoothing });
        if (score > best.score) best = { choice: { strictness, smoothing }, score };
      }
    }
    return best;
  }

  #score(place: number, tree: SymbolTree): number {
    const v = this.#order[place];
    const count = this.#rows.symbols[v];
    const walk = new TreeWalk(tree);
    const shares = nodeShares(tree, walk.shape, count);
    const columns = this.#columns(place);
    let sum = 0;
    for (const row of this.#shuffled.subarray(0, this.#held)) {
      sum += Math.log(shares[walk.leafOf(columns, row) * count + this.#rows.columns[v][row]]);
    }
    return sum / this.#held;
  }
}

/**
 * Grows a decision tree for each variable, in ascending order of cardinality, on those before it
 * (Reiter, "Using CART to generate partially synthetic public use microdata", 2005). How far trees
 * grow, and how much their leaves are smoothed, is chosen for each by rows that are held out.
 */
export async function fitTrees(rows: SymbolRows, options: ModelFitOptions): Promise<TreesModel> {
  return await new TreesFit(rows, options).fit();
}
