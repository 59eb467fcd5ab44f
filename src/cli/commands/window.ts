import { from } from "../../sources/from.ts";
import { SessionWindow, SlidingWindow, TumblingWindow } from "../../windows/mod.ts";
import type { PipelineMetrics } from "../../stream/pipeline_metrics.ts";
import type { RunnablePipeline } from "../../stream/runnable_pipeline.ts";
import { aggregateList } from "../aggregate_list.ts";
import {
  type CommandContext,
  Interrupted,
  progressOf,
  QUIET,
  type QuietOption,
} from "../command_context.ts";
import {
  choice,
  type CommandSpec,
  names,
  required,
  text,
  whole,
  wholeDuration,
} from "../command_spec.ts";
import type { Progress, ProgressLine } from "../progress_line.ts";
import { INPUT_FLAGS, type InputOptions, recordInput } from "../record_input.ts";
import {
  checkNew,
  OUTPUT_FLAGS,
  type OutputOptions,
  type RecordOutput,
  recordOutput,
} from "../record_output.ts";
import { count, elapsed, several } from "../terminal_text.ts";
import { UsageError } from "../usage_error.ts";

const TIME_FORMATS = ["iso", "date", "s", "ms", "us"] as const;

/** How event times are written. */
export type TimeFormat = typeof TIME_FORMATS[number];

/** Options of `waggle window`. */
export interface WindowCommandOptions extends OutputOptions, InputOptions, QuietOption {
  readonly time: string;
  readonly timeFormat?: TimeFormat;
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
  timestamps(column: string, options: { maxDisorder: number; format?: TimeFormat }): AnyPipeline;
  keyBy(...columns: readonly string[]): AnyPipeline;
  window(assigner: unknown): AnyPipeline;
  aggregate(aggregates: object): RunnablePipeline<unknown>;
}

async function pipelineOf(data: string, options: WindowCommandOptions, context: CommandContext) {
  const { runtime } = context;
  const { time, key = [], maxDisorderMs: maxDisorder = 0, agg, workers, timeFormat } = options;
  const { badRecords } = options;
  const windows = assigner(options);
  const aggregates = aggregateList(agg);
  const rows = from(await recordInput(data, options, context), {
    runtime,
    ...(workers !== undefined && { workers }),
    ...(badRecords !== undefined && { badRecords }),
  });
  const timed = (rows as unknown as AnyPipeline).timestamps(time, {
    maxDisorder,
    ...(timeFormat !== undefined && { format: timeFormat }),
  });
  const keyed = key.length > 0 ? timed.keyBy(...key) : timed;
  return keyed.window(windows).aggregate(aggregates);
}

function progressIn(
  { recordsIn, recordsPerSecond, bytesRead, bytesTotal }: PipelineMetrics,
): Progress {
  const text = `${count(recordsIn)} rows, ${count(recordsPerSecond)}/s`;
  return bytesTotal ? { share: bytesRead / bytesTotal, text } : { text };
}

/** Aggregates the rows of a file in windows of event time. */
export async function window(
  [data]: readonly string[],
  options: WindowCommandOptions,
  context: CommandContext,
): Promise<void> {
  await checkNew(options, context);
  const pipeline = await pipelineOf(data, options, context);
  const progress = progressOf(context, options);
  await using publisher = await recordOutput(options, context);
  if (options.output === undefined && context.process.stdout.isTerminal) progress.hold();
  const metrics = await run(pipeline, { publisher, progress, signal: context.signal });
  const { recordsIn, windowsFired, late, skipped, untimed, elapsedMs, recordsPerSecond } = metrics;
  const more = (some: number, one: string, several: string) =>
    some > 0 ? `, ${count(some)} ${some === 1 ? one : several}` : "";
  progress.end(
    `${several(recordsIn, "row", "rows")} in ${elapsed(elapsedMs)} (${
      count(recordsPerSecond)
    }/s), ` +
      `${several(windowsFired, "window", "windows")}, ${several(late, "late row", "late rows")}` +
      more(skipped, "bad record skipped", "bad records skipped") +
      more(untimed, "row without a time", "rows without a time") +
      (context.signal.reason instanceof Interrupted ? ", interrupted" : ""),
  );
}

async function run(
  pipeline: RunnablePipeline<unknown>,
  { publisher, progress, signal }: {
    publisher: RecordOutput;
    progress: ProgressLine;
    signal: AbortSignal;
  },
): Promise<PipelineMetrics> {
  try {
    return await pipeline.to(publisher).run({
      signal,
      onAbort: "drain",
      onProgress: (now) => progress.show(() => progressIn(now)),
    });
  } catch (error) {
    progress.clear();
    await publisher.abort();
    throw error;
  }
}

/** `waggle window`. */
export const WINDOW: CommandSpec = {
  name: "window",
  operands: ["<data>"],
  text: "aggregate the rows of a file in windows of event time",
  flags: [
    required(text("-t, --time <column>", "when a row happened: ISO 8601, or milliseconds")),
    choice(
      "--time-format <format>",
      `${TIME_FORMATS.join(", ")} (default: by the values)`,
      TIME_FORMATS,
    ),
    required(
      text("-a, --agg <list>", "what to compute: 'count, mean(temperature), p95(latency) as slow'"),
    ),
    names("-k, --key <columns>", "aggregate by these columns"),
    wholeDuration("--tumble <duration>", "windows of this length, one behind the other", 1),
    wholeDuration("--size <duration>", "windows of this length …", 1),
    wholeDuration("--slide <duration>", "… that begin every so often", 1),
    wholeDuration("--session <gap>", "windows that end when nothing happens for so long", 1),
    wholeDuration("--max-disorder <duration>", "how late rows may come (default: 0)", 0),
    whole(
      "--workers <bees>",
      "threads, up to 255 (default: one less than there are cores)",
      1,
      255,
    ),
    ...INPUT_FLAGS,
    ...OUTPUT_FLAGS,
    QUIET,
  ],
  examples: [
    "waggle window data.ndjson --time ts --key sensor --tumble 60s --agg 'count, mean(temperature)'",
    "waggle window clicks.csv.gz -t at -k user --session 30m -a 'count, last(page)' -o visits.csv",
    "tail -n 100000 log.ndjson | waggle window - -t ts --size 5m --slide 1m -a 'p99(latency)'",
  ],
  run: window,
};
