import type { Kernel } from "../../kernel/kernel.ts";
import { CircuitFit } from "./circuit_fit.ts";
import type { SymbolRows } from "../encoding/symbol_rows.ts";
import { startCircuit } from "./circuit_start.ts";
import { chowLiuTree, type Tree } from "./circuit_tree.ts";
import type { CircuitModel } from "../model/models.ts";
import { SeededRandom, shuffledOrder } from "../sampling/seeded_random.ts";

const VALIDATION_SHARE = 0.1;
const MOST_VALIDATION_ROWS = 10_000;
/** Fewer rows are too few to hold some out: they get the smallest model. */
const LEAST_ROWS_TO_CHOOSE = 500;
/** Mixtures pay only above so many rows. */
const LEAST_ROWS_TO_MIX = 20_000;
/** The largest trees pay only above so many. */
const LEAST_ROWS_FOR_MOST_STATES = 20_000;
const STATES = [16, 32, 64, 128];
const MIXED = [4, 8];
const TRIAL_STEPS = 20;
const STEPS = 40;
/** Nats a row by which a larger model has to be better. */
const LEAST_GAIN = 0.003;
const CHECKED_STEPS = 5;

/** What a choice is made with. */
export interface ChoiceOptions {
  readonly kernel: Kernel;
  readonly seed: bigint;
  /** Called between steps with the share that is done; may throw to end it. */
  readonly onStep: (share: number, logLikelihood?: number) => Promise<void>;
}

function taken({ columns, symbols }: SymbolRows, order: Uint32Array): SymbolRows {
  const picked = columns.map((column) => {
    const out = new Uint8Array(order.length);
    for (let i = 0; i < out.length; i++) out[i] = column[order[i]];
    return out;
  });
  return { columns: picked, symbols, length: order.length };
}

/** Splits rows into as many parts as components, by which of as many rows of them they resemble. */
function partsLike(rows: SymbolRows, components: number, random: SeededRandom): number[][] {
  const pivots = Array.from({ length: components }, () => Math.floor(random.next() * rows.length));
  const parts = pivots.map((): number[] => []);
  for (let row = 0; row < rows.length; row++) {
    const likeness = pivots.map((pivot) => {
      let sum = random.next();
      rows.columns.forEach((column, v) => {
        sum += 1 - Math.min(1, Math.abs(column[row] - column[pivot]) / (rows.symbols[v] / 4));
      });
      return sum;
    });
    parts[likeness.indexOf(Math.max(...likeness))].push(row);
  }
  return parts;
}

function startModel(
  rows: SymbolRows,
  tree: Tree,
  { components, states, random }: { components: number; states: number; random: SeededRandom },
): CircuitModel {
  const parts = components === 1 ? [undefined] : partsLike(rows, components, random);
  return {
    kind: "circuit",
    tree,
    weights: Float64Array.from(
      parts,
      (part) => ((part?.length ?? 0) + 1) / (rows.length + components),
    ),
    components: parts.map((some) => startCircuit(rows, { tree, states, random, some })),
  };
}

function mean(values: Float64Array): number {
  return values.reduce((sum, each) => sum + each, 0) / values.length;
}

/** A model, and how likely it makes rows that it has not seen. */
interface Scored {
  readonly model: CircuitModel;
  readonly score: number;
}

/** Fits hidden Chow-Liu trees to rows, and chooses how large by rows that are held out. */
export class CircuitChooser {
  readonly #options: ChoiceOptions;
  readonly #random: SeededRandom;
  readonly #train: SymbolRows;
  readonly #validation: SymbolRows;
  readonly #tree: Tree;
  readonly #all: SymbolRows;
  #done = 0;
  #most = STEPS;
  #best: Scored | undefined;

  /** Over rows of symbols. */
  constructor(rows: SymbolRows, options: ChoiceOptions) {
    this.#options = options;
    this.#random = new SeededRandom(options.seed, 1);
    const order = shuffledOrder(rows.length, this.#random);
    const share = rows.length < LEAST_ROWS_TO_CHOOSE ? 0 : VALIDATION_SHARE;
    const held = Math.min(MOST_VALIDATION_ROWS, Math.floor(rows.length * share));
    this.#all = taken(rows, order);
    this.#validation = taken(rows, order.subarray(0, held));
    this.#train = taken(rows, order.subarray(held));
    this.#tree = chowLiuTree(this.#train.columns, rows.symbols);
  }

  /** The model of the best size, fitted to all rows. */
  async choose(): Promise<CircuitModel> {
    if (this.#validation.length === 0) {
      return await this.#refine(this.#start({ components: 1, states: STATES[0] }), STEPS);
    }
    const isLarge = this.#all.length >= LEAST_ROWS_FOR_MOST_STATES;
    const sizes = isLarge ? STATES : STATES.slice(0, -1);
    const mixed = this.#all.length >= LEAST_ROWS_TO_MIX ? MIXED : [];
    this.#most = (sizes.length + mixed.length) * TRIAL_STEPS + STEPS - TRIAL_STEPS;
    let states = STATES[0];
    for (const each of sizes) {
      if (!(await this.#try({ components: 1, states: each }))) break;
      states = each;
    }
    for (const components of mixed) {
      if (!(await this.#try({ components, states: Math.min(states, 32) }))) break;
    }
    this.#done = this.#most - (STEPS - TRIAL_STEPS);
    return await this.#refine(this.#best!.model, STEPS - TRIAL_STEPS);
  }

  #start(size: { components: number; states: number }): CircuitModel {
    return startModel(this.#train, this.#tree, { ...size, random: this.#random });
  }

  /** Whether a model of this size is the best so far. */
  async #try(size: { components: number; states: number }): Promise<boolean> {
    using fit = new CircuitFit(this.#options.kernel, this.#start(size));
    let best: Scored = { model: fit.model, score: -Infinity };
    for (let step = 1; step <= TRIAL_STEPS; step++) {
      fit.step(this.#train);
      if (step % CHECKED_STEPS === 0) {
        const score = mean(fit.logLikelihoods(this.#validation));
        if (score < best.score) break; // more steps would only learn the rows by heart
        best = { model: fit.model, score };
      }
      await this.#tell();
    }
    const isBetter = this.#best === undefined || best.score > this.#best.score + LEAST_GAIN;
    if (isBetter) this.#best = best;
    return isBetter;
  }

  async #refine(model: CircuitModel, steps: number): Promise<CircuitModel> {
    using fit = new CircuitFit(this.#options.kernel, model);
    for (let step = 0; step < steps; step++) {
      fit.step(this.#all);
      await this.#tell();
    }
    return fit.model;
  }

  async #tell(): Promise<void> {
    const share = ++this.#done / this.#most;
    await this.#options.onStep(Math.min(1, share), this.#best?.score);
  }
}
