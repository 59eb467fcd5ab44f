import {
  BLOCK_ROWS,
  type BlockSeed,
  type DrawTable,
  type SamplerKernel,
} from "../../kernel/sampler_kernel.ts";
import type { ConditionedModel, Evidence, SymbolDraws } from "../model/model_face.ts";
import type { IndependentModel } from "../model/models.ts";
import { drawTables } from "../sampling/draw_tables.ts";
import { STATE, STREAMS, SYMBOL } from "../sampling/streams.ts";

const NONE = 0;

/** Columns that have nothing to do with each other but that a row is in one of the boxes of evidence. */
export class ConditionedIndependent implements ConditionedModel {
  readonly probability: number;
  readonly #model: IndependentModel;
  readonly #evidence: Evidence;
  readonly #boxes: Float64Array;

  /** Works out how likely the evidence is. */
  constructor(model: IndependentModel, evidence: Evidence) {
    this.#model = model;
    this.#evidence = evidence;
    this.#boxes = Float64Array.from(evidence.boxes, (box) => {
      let product = 1;
      for (const variable of box.keys()) {
        product *= this.#weights(variable, box).reduce((sum, each) => sum + each, 0);
      }
      return product;
    });
    this.probability = Math.min(1, this.#boxes.reduce((sum, each) => sum + each, 0));
  }

  /** How likely the parts of a variable's symbols are that a box keeps. */
  #weights(variable: number, box: ReadonlyMap<number, Float64Array>): Float64Array {
    const { of, shares } = this.#evidence.variables.get(variable)!;
    const kept = box.get(variable);
    return shares.map((share, part) => {
      const is = kept ? kept[part] : 1;
      return is * share * this.#model.shares[variable][of[part]];
    });
  }

  /** Compiles it: first the box is drawn, then each variable by it. */
  draws(kernel: SamplerKernel, of: SymbolDraws): SymbolDraws {
    const { boxes, variables } = this.#evidence;
    const tables = new Map<number, DrawTable>();
    for (const [variable, parts] of variables) {
      const weigh = (box: number, out: Float64Array) =>
        out.set(this.#weights(variable, boxes[box]));
      const outcomes = parts.of.length;
      tables.set(variable, drawTables(kernel, { count: boxes.length, outcomes, weigh }));
    }
    const box = boxes.length > 1 ? kernel.reserve(BLOCK_ROWS * 2) : NONE;
    const weigh = (_: number, out: Float64Array) => out.set(this.#boxes);
    const boxTable = drawTables(kernel, { count: 1, outcomes: boxes.length, weigh });
    return {
      draw: (at: BlockSeed, symbols: readonly number[]) => {
        of.draw(at, symbols);
        if (box !== NONE) {
          kernel.randomize(at, STATE);
          kernel.draw(boxTable, 0, 0, box);
        }
        for (const [variable, table] of tables) {
          kernel.randomize(at, variable * STREAMS + SYMBOL);
          kernel.draw(table, box, 0, symbols[variable]);
        }
      },
    };
  }
}
