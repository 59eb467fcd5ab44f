import {
  BLOCK_ROWS,
  type BlockSeed,
  type DrawTable,
  type SamplerKernel,
} from "../../kernel/sampler_kernel.ts";
import type { SymbolDraws } from "../model/model_face.ts";
import type { CircuitModel } from "../model/models.ts";
import { drawTables } from "../sampling/draw_tables.ts";
import { STATE, STREAMS, SYMBOL } from "../sampling/streams.ts";

/** How one variable is drawn. */
interface VariableDraw {
  readonly variable: number;
  /** The place in the order of draws of the variable whose state decides; −1 for none. */
  readonly parent: number;
  /** Tables of the hidden state by that of the parent; absent where no child asks for it. */
  readonly states?: DrawTable;
  /** Tables of the symbol: by the own state, or where there is none by the parent's. */
  readonly symbols: DrawTable;
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

  #symbols(place: number): DrawTable {
    const states = this.#states;
    const outcomes = this.#model.components[0].symbols[place];
    const weigh = (table: number, out: Float64Array) => {
      const emissions = this.#component(table).emissions[place];
      for (let s = 0; s < outcomes; s++) out[s] = emissions[s * states + table % states];
    };
    return drawTables(this.#kernel, { count: this.#all, outcomes, weigh });
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
    return drawTables(this.#kernel, { count: this.#all, outcomes, weigh });
  }
}

/** Draws of a mixture of hidden trees: the state of each variable, then its symbol. */
export class CircuitDraws implements SymbolDraws {
  readonly #kernel: SamplerKernel;
  readonly #draws: readonly VariableDraw[];
  readonly #states: readonly number[];
  /** The bits of a state that say which component of the mixture it is of. */
  readonly #keep: number;

  /** Compiles a model to alias tables in kernel memory. */
  constructor(kernel: SamplerKernel, model: CircuitModel) {
    const compiled = new CircuitTables(kernel, model);
    this.#kernel = kernel;
    this.#draws = model.tree.order.map((_, place) => compiled.draw(place));
    this.#states = this.#draws.map(({ states }) => states ? kernel.reserve(BLOCK_ROWS * 2) : 0);
    this.#keep = 0xffff & ~(model.components[0].states - 1);
  }

  /** Draws one block. */
  draw(at: BlockSeed, to: readonly number[]): void {
    this.#draws.forEach(({ variable, parent, states, symbols }, place) => {
      const above = parent < 0 ? 0 : this.#states[parent];
      if (states) {
        this.#kernel.randomize(at, variable * STREAMS + STATE);
        this.#kernel.draw(states, above, this.#keep, this.#states[place]);
      }
      this.#kernel.randomize(at, variable * STREAMS + SYMBOL);
      this.#kernel.draw(symbols, states ? this.#states[place] : above, 0, to[variable]);
    });
  }
}
