import {
  BLOCK_ROWS,
  type BlockSeed,
  type CopulaTable,
  type SamplerKernel,
} from "../../kernel/sampler_kernel.ts";
import type { SymbolDraws } from "../model/model_face.ts";
import type { CopulaModel } from "../model/models.ts";
import { tableBits } from "../sampling/alias_table.ts";
import { STATE, STREAMS } from "../sampling/streams.ts";
import { limitsOf } from "./copula_fit.ts";

/** The upper limits of symbols but the last, filled up with limits that nothing reaches. */
export function upperLimits(shares: Float64Array): Float32Array {
  const bits = tableBits(shares.length);
  const limits = limitsOf(shares);
  return Float32Array.from(
    { length: 1 << bits },
    (_, s) => s + 1 < shares.length ? limits[s + 1] : Infinity,
  );
}

/** Draws of symbols by normal deviates that correlate. */
export class CopulaDraws implements SymbolDraws {
  readonly #kernel: SamplerKernel;
  readonly #normals: number;
  readonly #tables: readonly CopulaTable[];

  /** Places the limits and weights of a model in kernel memory. */
  constructor(kernel: SamplerKernel, { shares, factor }: CopulaModel) {
    this.#kernel = kernel;
    this.#normals = kernel.reserve(shares.length * BLOCK_ROWS * 4);
    let start = 0;
    this.#tables = shares.map((each, v) => ({
      weights: kernel.place(Float32Array.from(factor.subarray(start, start += v + 1))),
      count: v + 1,
      limits: kernel.place(upperLimits(each)),
      bits: tableBits(each.length),
    }));
  }

  /** Draws one block. */
  draw(at: BlockSeed, symbols: readonly number[]): void {
    this.#tables.forEach((table, variable) => {
      this.#kernel.randomize(at, variable * STREAMS + STATE);
      this.#kernel.normals(this.#normals + variable * BLOCK_ROWS * 4);
      this.#kernel.copula(this.#normals, table, symbols[variable]);
    });
  }
}
