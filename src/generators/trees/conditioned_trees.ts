import {
  BLOCK_ROWS,
  type BlockSeed,
  type DrawTable,
  type SamplerKernel,
} from "../../kernel/sampler_kernel.ts";
import type { ConditionedModel, Evidence, SymbolDraws } from "../model/model_face.ts";
import type { TreesModel } from "../model/models.ts";
import { drawTables } from "../sampling/draw_tables.ts";
import { STATE, STREAMS, SYMBOL } from "../sampling/streams.ts";
import { keptShares, MOST_CELLS, type PrefixCells, prefixCells } from "./prefix_cells.ts";
import type { TreesDraws } from "./trees_draws.ts";

/** A cell of the first variables that satisfies the evidence by one box. */
interface Entry {
  readonly cell: number;
  readonly box: number;
  readonly share: number;
}

/** How the parts of a variable's symbols are drawn. */
interface PartTable {
  readonly variable: number;
  /** The box and symbol of each entry, as one number. */
  readonly known: DrawTable;
  /** Where these numbers go. */
  readonly at: number;
  /** Parts, by these numbers. */
  readonly parts: DrawTable;
}

/** A table that holds a number for each row of another: a draw of which there is one outcome. */
function numberTable(kernel: SamplerKernel, numbers: ArrayLike<number>): DrawTable {
  return { at: kernel.place(Uint32Array.from(numbers)), bits: 0 };
}

/**
 * Trees of those rows that satisfy evidence: the first variables, up to the last that it is about, are
 * drawn together from all that they can be, and the others by their trees.
 */
export class ConditionedTrees implements ConditionedModel {
  readonly probability: number;
  readonly #model: TreesModel;
  readonly #evidence: Evidence;
  readonly #cells: PrefixCells;
  readonly #entries: readonly Entry[];

  private constructor(
    model: TreesModel,
    evidence: Evidence,
    { cells, entries }: { cells: PrefixCells; entries: readonly Entry[] },
  ) {
    this.#model = model;
    this.#evidence = evidence;
    this.#cells = cells;
    this.#entries = entries;
    this.probability = Math.min(1, entries.reduce((sum, { share }) => sum + share, 0));
  }

  /** Of a model, unless its first variables can be too much. */
  static of(model: TreesModel, evidence: Evidence): ConditionedTrees | undefined {
    const cells = prefixCells(model, evidence);
    if (!cells) return undefined;
    const entries: Entry[] = [];
    for (let box = 0; box < evidence.boxes.length; box++) {
      const kept = cells.columns.map((_, place) => {
        const variable = model.order[place];
        return keptShares(evidence, { variable, symbols: model.symbols[place], box });
      });
      cells.shares.forEach((share, cell) => {
        const all = kept.reduce((product, of, at) => product * of[cells.columns[at][cell]], share);
        if (all > 0) entries.push({ cell, box, share: all });
      });
      if (entries.length > MOST_CELLS) return undefined;
    }
    return new ConditionedTrees(model, evidence, { cells, entries });
  }

  /** Compiles it. */
  draws(kernel: SamplerKernel, of: SymbolDraws): SymbolDraws {
    const { order } = this.#model;
    const base = of as TreesDraws;
    const prefix = this.#cells.columns.length;
    const weigh = (_: number, out: Float64Array) =>
      this.#entries.forEach(({ share }, at) => out[at] = share);
    const outcomes = this.#entries.length;
    const entryTable = drawTables(kernel, { count: 1, outcomes, weigh });
    const entries = kernel.reserve(BLOCK_ROWS * 2);
    const symbolsOf = this.#cells.columns.map((column) =>
      numberTable(kernel, this.#entries.map(({ cell }) => column[cell]))
    );
    const parts = Array.from(
      this.#evidence.variables.keys(),
      (variable) => this.#parts(kernel, variable),
    );
    const drawPrefix = (at: BlockSeed, symbols: readonly number[]) => {
      kernel.randomize(at, order[0] * STREAMS + SYMBOL);
      kernel.draw(entryTable, 0, 0, entries);
      symbolsOf.forEach((table, place) => kernel.draw(table, entries, 0, symbols[order[place]]));
      for (const { known, at: to } of parts) kernel.draw(known, entries, 0, to);
    };
    return {
      draw: (at, symbols) => {
        drawPrefix(at, symbols);
        base.drawFrom(prefix, at, symbols);
        // trees ask for symbols, so parts of them come last
        for (const { variable, at: from, parts: table } of parts) {
          kernel.randomize(at, variable * STREAMS + STATE);
          kernel.draw(table, from, 0, symbols[variable]);
        }
      },
    };
  }

  #parts(kernel: SamplerKernel, variable: number): PartTable {
    const { variables, boxes } = this.#evidence;
    const place = this.#model.order.indexOf(variable);
    const count = this.#model.symbols[place];
    const column = this.#cells.columns[place];
    const { of, shares } = variables.get(variable)!;
    const weigh = (number: number, out: Float64Array) => {
      const [box, symbol] = [Math.floor(number / count), number % count];
      const kept = boxes[box].get(variable);
      let total = 0;
      of.forEach((own, part) => {
        out[part] = own === symbol ? shares[part] * (kept ? kept[part] : 1) : 0;
        total += out[part];
      });
      if (total === 0) out[0] = 1; // no entry leads here
    };
    const numbers = this.#entries.map(({ cell, box }) => box * count + column[cell]);
    return {
      variable,
      known: numberTable(kernel, numbers),
      at: kernel.reserve(BLOCK_ROWS * 2),
      parts: drawTables(kernel, { count: boxes.length * count, outcomes: of.length, weigh }),
    };
  }
}
