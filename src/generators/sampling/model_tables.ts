import type { DrawTable, SamplerKernel } from "../../kernel/sampler_kernel.ts";
import { tableBits, writeAliasTable } from "./alias_table.ts";
import type { CircuitModel, Model } from "../model/models.ts";

/** How one variable is drawn. */
export interface VariableDraw {
  readonly variable: number;
  /** The place in the order of draws of the variable whose state decides; −1 for none. */
  readonly parent: number;
  /** Tables of the hidden state by that of the parent; absent where no child asks for it. */
  readonly states?: DrawTable;
  /** Tables of the symbol: by the own state, or where there is none by the parent's. */
  readonly symbols: DrawTable;
}

/** How all variables are drawn, in order. */
export interface ModelDraws {
  readonly draws: readonly VariableDraw[];
  /** The bits of a state that say which component of the mixture it is of. */
  readonly keep: number;
}

/** Tables, each of the weights that a function writes. */
function tables(
  kernel: SamplerKernel,
  { count, outcomes, weigh }: {
    count: number;
    outcomes: number;
    weigh: (table: number, weights: Float64Array) => void;
  },
): DrawTable {
  const bits = tableBits(outcomes);
  const words = new Uint32Array(count << bits);
  const weights = new Float64Array(outcomes);
  for (let table = 0; table < count; table++) {
    weigh(table, weights);
    writeAliasTable(weights, bits, words.subarray(table << bits, (table + 1) << bits));
  }
  return { at: kernel.place(words), bits };
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
    if (place > 0 && !parents.includes(place)) {
      return { variable, parent, symbols: this.#leafSymbols(place) };
    }
    const states = place === 0 ? this.#root() : this.#transitions(place);
    return { variable, parent, states, symbols: this.#symbols(place) };
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
    return tables(this.#kernel, { count: 1, outcomes: this.#all, weigh });
  }

  #transitions(place: number): DrawTable {
    const states = this.#states;
    const weigh = (table: number, out: Float64Array) => {
      const start = (table % states) * states;
      out.set(this.#component(table).transitions[place].subarray(start, start + states));
    };
    return tables(this.#kernel, { count: this.#all, outcomes: states, weigh });
  }

  #symbols(place: number): DrawTable {
    const states = this.#states;
    const outcomes = this.#model.components[0].symbols[place];
    const weigh = (table: number, out: Float64Array) => {
      const emissions = this.#component(table).emissions[place];
      for (let s = 0; s < outcomes; s++) out[s] = emissions[s * states + table % states];
    };
    return tables(this.#kernel, { count: this.#all, outcomes, weigh });
  }

  /** The symbol by the parent's state: one draw where the hidden state is of no other use. */
  #leafSymbols(place: number): DrawTable {
    const states = this.#states;
    const outcomes = this.#model.components[0].symbols[place];
    const weigh = (table: number, out: Float64Array) => {
      const { emissions, transitions } = this.#component(table);
      const start = (table % states) * states;
      const row = transitions[place].subarray(start, start + states);
      for (let s = 0; s < outcomes; s++) {
        let sum = 0;
        for (let h = 0; h < states; h++) sum += row[h] * emissions[place][s * states + h];
        out[s] = sum;
      }
    };
    return tables(this.#kernel, { count: this.#all, outcomes, weigh });
  }
}

/** Compiles a model to alias tables in kernel memory. */
export function modelDraws(kernel: SamplerKernel, model: Model): ModelDraws {
  if (model.kind === "circuit") {
    const compiled = new CircuitTables(kernel, model);
    const draws = model.tree.order.map((_, place) => compiled.draw(place));
    return { draws, keep: 0xffff & ~(model.components[0].states - 1) };
  }
  const draws = model.shares.map((shares, variable) => {
    const weigh = (_: number, out: Float64Array) => out.set(shares);
    const symbols = tables(kernel, { count: 1, outcomes: shares.length, weigh });
    return { variable, parent: -1, symbols };
  });
  return { draws, keep: 0 };
}
