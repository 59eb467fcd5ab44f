import { from } from "../../sources/from.ts";
import { SessionWindow, SlidingWindow, TumblingWindow } from "../../windows/mod.ts";
import type { PipelineMetrics } from "../../stream/pipeline_metrics.ts";
import type { RunnablePipeline } from "../../stream/runnable_pipeline.ts";
import { aggregateList } from "../aggregate_list.ts";
import {
  type CommandContext,
  Interrupted,
  progressOf,
  type QuietOption,
} from "../command_context.ts";
import type { Progress } from "../progress_line.ts";
import { recordInput } from "../record_input.ts";
import { type OutputOptions, recordOutput } from "../record_output.ts";
import { count, elapsed, several } from "../terminal_text.ts";
import { UsageError } from "../usage_error.ts";

/** Options of `waggle window`. */
export interface WindowCommandOptions extends OutputOptions, QuietOption {
  readonly time: string;
  readonly key?: readonly string[];
  readonly tumbleMs?: number;
  readonly slideMs?: number;
  readonly sizeMs?: number;
  readonly sessionMs?: number;
  readonly maxDisorderMs?: number;
  readonly agg: string;
  readonly workers?: number;
}

function assigner({ tumbleMs, sizeMs, slideMs, sessionMs }: WindowCommandOptions) {
  const kinds = [tumbleMs, sizeMs, sessionMs].filter((each) => each !== undefined);
  if (kinds.length !== 1 || (sizeMs === undefined) !== (slideMs === undefined)) {
    throw new UsageError(
      "give one kind of window: --tumble 60s, --size 60s --slide 10s, or --session 5m",
    );
  }
  if (tumbleMs !== undefined) return new TumblingWindow({ size: tumbleMs });
  if (sessionMs !== undefined) return new SessionWindow({ gap: sessionMs });
  return new SlidingWindow({ size: sizeMs!, slide: slideMs! });
}

/** A pipeline whose columns are known when it runs, and not to the type checker. */
interface AnyPipeline {
  timestamps(column: string, options: { maxDisorder: number }): AnyPipeline;
  keyBy(...columns: readonly string[]): AnyPipeline;
  window(assigner: unknown): AnyPipeline;
  aggregate(aggregates: object): RunnablePipeline<unknown>;
}

async function pipelineOf(data: string, options: WindowCommandOptions, context: CommandContext) {
  const { runtime } = context;
  const { time, key = [], maxDisorderMs: maxDisorder = 0, agg, workers } = options;
  const rows = from(await recordInput(data, context), {
    runtime,
    ...(workers !== undefined && { workers }),
  });
  const timed = (rows as unknown as AnyPipeline).timestamps(time, { maxDisorder });
  const keyed = key.length > 0 ? timed.keyBy(...key) : timed;
  return keyed.window(assigner(options)).aggregate(aggregateList(agg));
}

function progressIn(
  { recordsIn, recordsPerSecond, bytesRead, bytesTotal }: PipelineMetrics,
): Progress {
  const text = `${count(recordsIn)} rows, ${count(recordsPerSecond)}/s`;
  return bytesTotal ? { share: bytesRead / bytesTotal, text } : { text };
}

/** Aggregates the rows of a file in windows of event time. */
export async function windowCommand(
  data: string,
  options: WindowCommandOptions,
  context: CommandContext,
): Promise<void> {
  const pipeline = await pipelineOf(data, options, context);
  const progress = progressOf(context, options);
  await using publisher = await recordOutput(options, context);
  const metrics = await pipeline.to(publisher).run({
    signal: context.signal,
    onAbort: "drain",
    onProgress: (now) => progress.show(() => progressIn(now)),
  });
  const { recordsIn, windowsFired, late, elapsedMs, recordsPerSecond } = metrics;
  progress.end(
    `${count(recordsIn)} rows in ${elapsed(elapsedMs)} (${count(recordsPerSecond)}/s), ` +
      `${several(windowsFired, "window", "windows")}, ${several(late, "late row", "late rows")}` +
      (context.signal.reason instanceof Interrupted ? ", interrupted" : ""),
  );
}
