import {
  BLOCK_ROWS,
  type BlockSeed,
  type DrawTable,
  type SamplerKernel,
} from "../../kernel/sampler_kernel.ts";
import { type CircuitParameters, isLeaf } from "../../kernel/circuit_kernel.ts";
import type { SymbolDraws } from "../model/model_face.ts";
import type { CircuitModel } from "../model/models.ts";
import { leafShares } from "./leaf_shares.ts";
import { drawTables } from "../sampling/draw_tables.ts";
import { STATE, STREAMS, SYMBOL } from "../sampling/streams.ts";

/** How one variable is drawn. */
export interface VariableDraw {
  readonly variable: number;
  /** The place in the order of draws of the variable whose state decides; −1 for none. */
  readonly parent: number;
  /** Tables of the hidden state by that of the parent; absent where no child asks for it. */
  readonly states?: DrawTable;
  /** Tables of the symbol: by the own state, or where there is none by the parent's. */
  readonly symbols: DrawTable;
  /** The bits of the parent's state that the tables of states go by, where not all. */
  readonly known?: number;
  /** The bits of the state that the tables of symbols go by, where not all. */
  readonly shown?: number;
}

class CircuitTables {
  readonly #kernel: SamplerKernel;
  readonly #model: CircuitModel;
  readonly #states: number;
  readonly #all: number;

  constructor(kernel: SamplerKernel, model: CircuitModel) {
    this.#kernel = kernel;
    this.#model = model;
    this.#states = model.components[0].states;
    this.#all = this.#states * model.components.length;
  }

  draw(place: number): VariableDraw {
    const { tree: { order, parents } } = this.#model;
    const variable = order[place];
    const parent = parents[place];
    if (isLeaf(parents, place)) {
      // by the parent's state: one draw where the hidden state is of no other use
      return { variable, parent, symbols: this.#symbols(place, (of) => leafShares(of, place)) };
    }
    const states = place === 0 ? this.#root() : this.#transitions(place);
    const symbols = this.#symbols(place, ({ emissions }) => emissions[place]);
    return { variable, parent, states, symbols };
  }

  #component(state: number) {
    return this.#model.components[Math.floor(state / this.#states)];
  }

  #root(): DrawTable {
    const { weights, components } = this.#model;
    const states = this.#states;
    const weigh = (_: number, out: Float64Array) => {
      components.forEach(({ prior }, m) =>
        prior.forEach((p, h) => out[m * states + h] = weights[m] * p)
      );
    };
    return drawTables(this.#kernel, { count: 1, outcomes: this.#all, weigh });
  }

  #transitions(place: number): DrawTable {
    const states = this.#states;
    const weigh = (table: number, out: Float64Array) => {
      const start = (table % states) * states;
      out.set(this.#component(table).transitions[place].subarray(start, start + states));
    };
    return drawTables(this.#kernel, { count: this.#all, outcomes: states, weigh });
  }

  #symbols(
    place: number,
    shown: (of: CircuitParameters) => Float32Array | Float64Array,
  ): DrawTable {
    const states = this.#states;
    const outcomes = this.#model.components[0].symbols[place];
    const weigh = (table: number, out: Float64Array) => {
      const shares = shown(this.#component(table));
      for (let s = 0; s < outcomes; s++) out[s] = shares[s * states + table % states];
    };
    return drawTables(this.#kernel, { count: this.#all, outcomes, weigh });
  }
}

/** Draws of variables one after the other: of each the state, then the symbol. */
export class VariableDraws implements SymbolDraws {
  readonly #kernel: SamplerKernel;
  /** How each is drawn, parents before children. */
  readonly draws: readonly VariableDraw[];
  /** Where in kernel memory the states of each are drawn to; 0 for those that have none. */
  readonly states: readonly number[];
  /** The bits of a state that its children's have as well. */
  readonly #keep: number;

  /** By tables in kernel memory; states are drawn to `states`, of which some is reserved if there is none. */
  constructor(
    kernel: SamplerKernel,
    draws: readonly VariableDraw[],
    { keep, states }: { keep: number; states?: readonly number[] },
  ) {
    this.#kernel = kernel;
    this.draws = draws;
    this.#keep = keep;
    this.states = states ??
      draws.map(({ states }) => states ? kernel.reserve(BLOCK_ROWS * 2) : 0);
  }

  /** Draws one block. */
  draw(at: BlockSeed, to: readonly number[]): void {
    const kernel = this.#kernel;
    this.draws.forEach(({ variable, parent, states, symbols, known, shown }, place) => {
      const above = parent < 0 ? 0 : this.states[parent];
      if (states) {
        kernel.randomize(at, variable * STREAMS + STATE);
        kernel.draw(states, above, this.#keep, this.states[place], known);
      }
      kernel.randomize(at, variable * STREAMS + SYMBOL);
      kernel.draw(symbols, states ? this.states[place] : above, 0, to[variable], shown);
    });
  }
}

/** The bits of a state that say which component of a mixture it is of. */
export function componentBits(states: number): number {
  return 0xffff & ~(states - 1);
}

/** Compiles a model to alias tables in kernel memory. */
export function circuitDraws(kernel: SamplerKernel, model: CircuitModel): VariableDraws {
  const tables = new CircuitTables(kernel, model);
  const draws = model.tree.order.map((_, place) => tables.draw(place));
  return new VariableDraws(kernel, draws, { keep: componentBits(model.components[0].states) });
}
