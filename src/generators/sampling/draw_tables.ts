import type { DrawTable, SamplerKernel } from "../../kernel/sampler_kernel.ts";
import { tableBits } from "./alias_table.ts";

/** Places as many alias tables in kernel memory, each of the weights that a function writes. */
export function drawTables(
  kernel: SamplerKernel,
  of: {
    count: number;
    outcomes: number;
    weigh: (table: number, weights: Float64Array) => void;
  },
): DrawTable {
  return kernel.aliasTables({ ...of, bits: tableBits(of.outcomes) });
}
