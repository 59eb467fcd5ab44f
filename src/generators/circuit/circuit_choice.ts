import type { Kernel } from "../../kernel/kernel.ts";
import { alikeNeighbours } from "./alike_neighbours.ts";
import { CircuitFit } from "./circuit_fit.ts";
import type { SymbolRows } from "../encoding/symbol_rows.ts";
import { startCircuit, SymbolOwners } from "./circuit_start.ts";
import { axesOf, halvedRows, partsLike } from "./row_parts.ts";
import { chowLiuTree, type Tree } from "./circuit_tree.ts";
import type { ModelFitOptions } from "../model/model_face.ts";
import type { CircuitModel } from "../model/models.ts";
import { SeededRandom, shuffledOrder } from "../sampling/seeded_random.ts";

const VALIDATION_SHARE = 0.1;
const MOST_VALIDATION_ROWS = 10_000;
/** Fewer rows are too few to hold some out: they get the smallest model. */
const LEAST_ROWS_TO_CHOOSE = 500;
/** Mixtures pay only above so many rows. */
const LEAST_ROWS_TO_MIX = 20_000;
const STATES = [16, 32, 64, 128, 256];
const MIXED = [4, 8];
/** Where even the most states are too few, as for places on a map: many small trees. */
const LARGE: Size = { components: 32, states: 32 };
/** Rows that sizes are tried with, at most. */
const MOST_TRIED_ROWS = 40_000;
/** Rows, counted in every pass, after which a model has hardly anything more to learn. */
const ENOUGH_ROWS = 80_000;
const [FEWEST_PASSES, MOST_PASSES] = [6, 60];
/** Passes in a row that make a model worse before it is left. */
const PATIENCE = 3;
/** Multiplications of a trial, at most. */
const MOST_WORK = 1.2e10;
/** Rows, counted in every step over all of them, once the size is chosen. */
const FINISHING_ROWS = 200_000;
const [FEWEST_STEPS, MOST_STEPS] = [2, 40];
/** Rows for each such step, at least: of few rows more steps would learn them by heart. */
const ROWS_A_STEP = 250;
/** Nats a row by which a larger model has to be better. */
const LEAST_GAIN = 0.003;

/** How large a model is. */
interface Size {
  /** Trees that are mixed. */
  readonly components: number;
  /** Hidden states of each variable. */
  readonly states: number;
}

/** What a choice is made with. */
export interface ChoiceOptions extends ModelFitOptions {
  readonly kernel: Kernel;
}

function taken({ columns, symbols }: SymbolRows, order: Uint32Array): SymbolRows {
  const picked = columns.map((column) => {
    const out = new Uint8Array(order.length);
    for (let i = 0; i < out.length; i++) out[i] = column[order[i]];
    return out;
  });
  return { columns: picked, symbols, length: order.length };
}

function startModel(
  rows: SymbolRows,
  tree: Tree,
  { components, parts, ...start }: Size & {
    parts: readonly (readonly number[] | undefined)[];
    random: SeededRandom;
    owners: SymbolOwners;
  },
): CircuitModel {
  return {
    kind: "circuit",
    tree,
    weights: Float64Array.from(
      parts,
      (part) => ((part?.length ?? 0) + 1) / (rows.length + components),
    ),
    components: parts.map((some) => startCircuit(rows, { tree, ...start, some })),
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

function passesOver(rows: number): number {
  return Math.min(MOST_PASSES, Math.max(FEWEST_PASSES, Math.ceil(ENOUGH_ROWS / rows)));
}

/** Fits hidden Chow-Liu trees to rows, and chooses how large by rows that are held out. */
export class CircuitChooser {
  readonly #options: ChoiceOptions;
  readonly #random: SeededRandom;
  readonly #train: SymbolRows;
  readonly #validation: SymbolRows;
  readonly #tree: Tree;
  readonly #all: SymbolRows;
  readonly #linked: readonly Uint8Array[];
  readonly #owners: SymbolOwners;
  #most = 1;
  #share = 0;
  #best: Scored | undefined;
  #known: ReturnType<typeof axesOf> | undefined;

  /** Over rows of symbols. */
  constructor(rows: SymbolRows, options: ChoiceOptions) {
    this.#options = options;
    this.#random = new SeededRandom(options.seed, 1);
    const order = shuffledOrder(rows.length, this.#random);
    const share = rows.length < LEAST_ROWS_TO_CHOOSE ? 0 : VALIDATION_SHARE;
    const held = Math.min(MOST_VALIDATION_ROWS, Math.floor(rows.length * share));
    this.#all = taken(rows, order);
    this.#validation = taken(rows, order.subarray(0, held));
    this.#train = taken(rows, order.subarray(held, held + MOST_TRIED_ROWS));
    this.#linked = alikeNeighbours({ rows: this.#all, ordered: options.ordered });
    this.#owners = new SymbolOwners(this.#train, options.ordered);
    this.#tree = chowLiuTree(this.#all.columns, rows.symbols);
  }

  /** The model of the best size, fitted to all rows. */
  async choose(): Promise<CircuitModel> {
    if (this.#validation.length === 0) return await this.#small();
    const sizes = STATES.filter((states) =>
      states === STATES[0] || this.#work({ components: 1, states }) < MOST_WORK
    );
    this.#most = sizes.length + MIXED.length + 1;
    let states = STATES[0];
    for (const each of sizes) {
      if (!(await this.#try({ components: 1, states: each }))) break;
      states = each;
    }
    for (const size of this.#mixtures(states)) if (!(await this.#try(size))) break;
    return await this.#finish(this.#best!.model);
  }

  /** Mixtures to be tried where so many states are the best of one tree. */
  #mixtures(states: number): Size[] {
    if (this.#all.length < LEAST_ROWS_TO_MIX) return [];
    const isMost = states === STATES[STATES.length - 1];
    if (isMost && this.#axes.length > 0 && this.#work(LARGE) < MOST_WORK) return [LARGE];
    return MIXED.map((components) => ({ components, states: Math.min(states, 32) }));
  }

  /** Of too few rows to hold some out: the smallest. */
  async #small(): Promise<CircuitModel> {
    const model = this.#start({ components: 1, states: STATES[0] });
    using fit = this.#fit(model, this.#all);
    const passes = passesOver(this.#all.length);
    for (let pass = 1; pass <= passes; pass++) {
      for (const _ of fit.pass()) await this.#tell(pass / passes);
    }
    return fit.model;
  }

  /** What rows can be halved by. */
  get #axes() {
    return this.#known ??= axesOf(this.#train, this.#options.ordered);
  }

  /** Multiplications that a trial takes: each message along an edge is by a matrix of states. */
  #work({ components, states }: Size): number {
    const { parents } = this.#tree;
    const edges = parents.filter((parent, at) => parent >= 0 && parents.includes(at)).length;
    const rows = this.#train.length * passesOver(this.#train.length);
    return rows * 3 * components * (edges * states ** 2 + parents.length * states);
  }

  #start(size: Size): CircuitModel {
    return startModel(this.#train, this.#tree, {
      ...size,
      parts: this.#parts(size),
      random: this.#random,
      owners: this.#owners,
    });
  }

  /** The rows that each component begins with; undefined for all. */
  #parts(size: Size): readonly (readonly number[] | undefined)[] {
    const { components } = size;
    if (components === 1) return [undefined];
    return size === LARGE
      ? halvedRows(this.#train, components, this.#axes)
      : partsLike(this.#train, components, this.#random);
  }

  #fit(model: CircuitModel, rows: SymbolRows): CircuitFit {
    return new CircuitFit(this.#options.kernel, model, { rows, linked: this.#linked });
  }

  /** Whether a model of this size is the best so far. */
  async #try(size: Size): Promise<boolean> {
    using fit = this.#fit(this.#start(size), this.#train);
    let best: Scored = { model: fit.model, score: -Infinity };
    const passes = passesOver(this.#train.length);
    let worse = 0;
    for (let pass = 1; pass <= passes; pass++) {
      for (const _ of fit.pass()) await this.#tell(pass / passes);
      const score = mean(fit.logLikelihoods(this.#validation));
      if (score > best.score) {
        best = { model: fit.model, score };
        worse = 0;
      } else if (++worse === PATIENCE) break; // more would only learn the rows by heart
    }
    this.#share++;
    const isBetter = this.#best === undefined || best.score > this.#best.score + LEAST_GAIN;
    if (isBetter) this.#best = best;
    return isBetter;
  }

  /** Lets a model learn from the rows that it was not tried with, too. */
  async #finish(model: CircuitModel): Promise<CircuitModel> {
    this.#share = this.#most - 1;
    using fit = this.#fit(model, this.#all);
    const { length } = this.#all;
    const wanted = Math.min(MOST_STEPS, FINISHING_ROWS / length, length / ROWS_A_STEP);
    const steps = Math.max(FEWEST_STEPS, Math.round(wanted));
    for (let step = 1; step <= steps; step++) {
      for (const _ of fit.wholeStep()) await this.#tell(step / steps);
    }
    return fit.model;
  }

  /** Tells how far a part of the work is. */
  async #tell(share: number): Promise<void> {
    const done = (this.#share + share) / this.#most;
    await this.#options.onStep(Math.min(1, done), this.#best?.score);
  }
}
