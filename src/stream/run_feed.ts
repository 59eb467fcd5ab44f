import type { BadInputs } from "./bad_inputs.ts";
import { BatchFeed } from "./batch_feed.ts";
import { blockBytesOf, longestBody } from "./block_plan.ts";
import { askedColumns } from "./pipeline_plan.ts";
import type { RunSpec } from "./run_spec.ts";
import type { Settlement, Source, SourceOptions } from "./source.ts";

/** The feed of a run, from a source that is opened with what its plan asks for. */
export function runFeed(
  source: Source,
  { plan, settings, onLate }: RunSpec,
  { bad, signal, settling }: {
    readonly bad: BadInputs;
    readonly signal: AbortSignal;
    readonly settling: Settlement;
  },
): BatchFeed {
  const { runtime, badRecords, lateOutput, batchRows, ringBytes, kernel } = settings;
  const columns = askedColumns(plan);
  const tellsLate = lateOutput !== undefined || onLate !== undefined;
  const maxBytes = longestBody(ringBytes);
  const blockBytes = blockBytesOf({ source, plan, maxBytes });
  const hasWindows = plan.window !== undefined || plan.ordered !== undefined;
  const open: SourceOptions = {
    runtime,
    signal,
    badRecords,
    deadLetter: bad.deliver.bind(bad),
    settlement: settling,
    ...(columns && { columns }),
    ...((badRecords === "deadLetter" || tellsLate && hasWindows) && { wholeRecords: true }),
    ...(blockBytes !== undefined && { blockBytes }),
  };
  return new BatchFeed(source, { plan, open, bad, tellsLate, batchRows, maxBytes, kernel });
}
