import type { RecordBatch } from "../../batch/record_batch.ts";
import { BLOCK_ROWS } from "../../kernel/sampler_kernel.ts";
import { timeTextCells, withTimeTexts } from "../encoding/time_texts.ts";
import type { SavedModel } from "../model/model_file.ts";
import type { TwinSample, TwinSamples } from "../twins/twin_samples.ts";
import type { SampleRange } from "./sample.ts";
import { checkKeys } from "./sample_options.ts";

/** What makes blocks. */
export interface SampledModel {
  readonly encoding: SavedModel["encoding"];
  /** Of a stream. */
  readonly twin: TwinSamples | undefined;
}

/**
 * How the blocks of a sample are made.
 *
 * @param of What is sampled; its rows are so many.
 */
export function sampleBlocks<Row>(
  { encoding, twin }: SampledModel,
  of: TwinSample & { readonly count: number },
): Pick<SampleRange<Row>, "block" | "cells" | "approach"> {
  if (twin) {
    return {
      block: (block) => twin.block(block, of) as RecordBatch<Row>,
      approach: (block) => twin.approach(block, of),
    };
  }
  const { seed, rows, count } = of;
  const maker = (block: number) => {
    if (count === Infinity) checkKeys(encoding, (block + 1) * BLOCK_ROWS);
    return rows.maker();
  };
  return {
    block: (block: number) =>
      withTimeTexts(maker(block).block({ seed, block }) as RecordBatch<Row>, encoding),
    cells: {
      names: encoding.columns.map(({ field }) => field.name),
      make: (block: number) => timeTextCells(maker(block).cells({ seed, block }), encoding),
    },
  };
}
