import type { DrawTable, SamplerKernel } from "../../kernel/sampler_kernel.ts";
import { tableBits, writeAliasTable } from "./alias_table.ts";

/** Places as many alias tables in kernel memory, each of the weights that a function writes. */
export function drawTables(
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
