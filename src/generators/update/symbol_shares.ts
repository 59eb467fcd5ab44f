import { BLOCK_ROWS, SamplerKernel } from "../../kernel/sampler_kernel.ts";
import { generatorKernel } from "../generator_kernel.ts";
import { faceOf } from "../model/model_kinds.ts";
import type { Model } from "../model/models.ts";

const BLOCKS = 8;

/** How likely each variable's symbols are, of some that the model draws. */
export function symbolShares(model: Model, symbols: readonly number[]): Float64Array[] {
  using sampler = new SamplerKernel(generatorKernel());
  const at = symbols.map(() => sampler.reserve(BLOCK_ROWS * 2));
  const draws = faceOf(model).draws(sampler, model);
  const shares = symbols.map((count) => new Float64Array(count));
  for (let block = 0; block < BLOCKS; block++) {
    draws.draw({ seed: 0n, block }, at);
    at.forEach((from, v) => {
      const drawn = new Uint16Array(sampler.bytes(from, BLOCK_ROWS * 2).buffer);
      for (const symbol of drawn) shares[v][symbol] += 1 / (BLOCKS * BLOCK_ROWS);
    });
  }
  return shares;
}
