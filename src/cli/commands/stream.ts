import type { FullBuffer } from "../../generators/streaming/due_records.ts";
import { RetryPolicy } from "../../stream/retry_policy.ts";
import type { SyntheticGenerator } from "../../generators/synthetic_generator.ts";
import { StreamingGenerator } from "../../generators/streaming/streaming_generator.ts";
import type {
  PublishErrorPolicy,
  StreamingGeneratorOptions,
  StreamOptions,
} from "../../generators/streaming/stream_options.ts";
import { StreamingMetrics } from "../../generators/streaming/streaming_metrics.ts";
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
  duration,
  type Flag,
  longName,
  number,
  optionName,
  positive,
  text,
  toggle,
  whole,
  wholeDuration,
} from "../command_spec.ts";
import { modelInput } from "../model_input.ts";
import { flagText } from "../flag_text.ts";
import type { Progress, ProgressLine } from "../progress_line.ts";
import { outputOf } from "../output_flags.ts";
import { checkNewFile, writeOutput } from "../record_output.ts";
import { checkSampling, SAMPLING_FLAGS, type SamplingOptions } from "../sampling_flags.ts";
import { checkSeparate } from "../separate_files.ts";
import { refusals, serveStreams } from "../serve_streams.ts";
import {
  checkSink,
  SINK_FLAGS,
  type SinkOptions,
  STANDARD_OUTPUT,
  streamSink,
} from "../stream_sink.ts";
import { count, several } from "../terminal_text.ts";
import { ticking } from "../ticking.ts";
import { UsageError } from "../usage_error.ts";
import { rate } from "../values.ts";

const DEFAULT_BATCH_SIZE = 100;
const DEFAULT_BUFFER_SIZE = 10_000;
const FULL = ["block", "drop", "error"] as const satisfies FullBuffer[];
const ON_ERROR = ["retry", "skip", "stop"] as const satisfies PublishErrorPolicy[];

/** Options of `waggle stream`. */
export interface StreamCommandOptions extends SinkOptions, SamplingOptions, QuietOption {
  readonly batchSize?: number;
  readonly intervalMs?: number;
  /** Records a second, or a text like `500/s`. */
  readonly rateLimit?: number | string;
  readonly speed?: number;
  readonly maxRecords?: number;
  readonly maxBatches?: number;
  readonly adaptive?: boolean;
  readonly targetLatencyMs?: number;
  readonly bufferSize?: number;
  readonly onBufferFull?: FullBuffer;
  readonly dropOldest?: boolean;
  readonly onError?: PublishErrorPolicy;
  readonly maxRetries?: number;
  readonly backoffFactor?: number;
  readonly maxBackoffMs?: number;
}

function checkTogether(options: StreamCommandOptions): void {
  const { batchSize = DEFAULT_BATCH_SIZE, bufferSize = DEFAULT_BUFFER_SIZE } = options;
  const { adaptive = false, targetLatencyMs, dropOldest = false, onBufferFull } = options;
  if (targetLatencyMs !== undefined && !adaptive) {
    throw new UsageError("--target-latency is what --adaptive aims at; pass --adaptive as well");
  }
  if (dropOldest && onBufferFull !== "drop") {
    throw new UsageError("--drop-oldest says what --on-buffer-full drop loses; pass that as well");
  }
  const schedule = [options.intervalMs, options.rateLimit, options.speed];
  if (batchSize > bufferSize && schedule.some((each) => each !== undefined)) {
    throw new UsageError(
      `a batch of ${
        several(batchSize, "record", "records")
      } does not fit into a buffer of ${bufferSize}; make ` +
        `--buffer-size larger, or --batch-size smaller`,
    );
  }
}

/** Checks that it is known how fast the records of a model come. */
function checkPace(generator: SyntheticGenerator, options: StreamCommandOptions): void {
  const { speed, seed = 0, start = 0 } = options;
  if (speed === undefined) return;
  try {
    generator.pace(start, { seed, speed });
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new UsageError(
      "--speed is of streams, and this model has learned rows, and nothing of when they come; learn " +
        "it by waggle fit --time, or pass --rate-limit or --interval",
      { cause },
    );
  }
}

function streamerOptions(options: StreamCommandOptions): StreamingGeneratorOptions {
  const { seed = 0, workers = 0, bufferSize, onBufferFull, dropOldest = false } = options;
  const { onError, maxRetries, backoffFactor, maxBackoffMs } = options;
  const isRetried = [maxRetries, backoffFactor, maxBackoffMs].some((each) => each !== undefined);
  return {
    ...{ seed, workers },
    ...(bufferSize !== undefined && { bufferSize }),
    ...(onBufferFull !== undefined && { onBufferFull }),
    ...(dropOldest && { dropOldest }),
    ...(onError !== undefined && { onError }),
    ...(isRetried && {
      retryPolicy: new RetryPolicy({
        ...(maxRetries !== undefined && { maxRetries }),
        ...(backoffFactor !== undefined && { backoffFactor }),
        ...(maxBackoffMs !== undefined && { maxBackoff: maxBackoffMs }),
      }),
    }),
  };
}

function streamOptions(options: StreamCommandOptions): StreamOptions {
  const { batchSize, intervalMs, rateLimit, speed, maxRecords, maxBatches, start } = options;
  const { adaptive = false, targetLatencyMs, conditions } = options;
  return {
    ...(batchSize !== undefined && { batchSize }),
    ...(intervalMs !== undefined && { interval: intervalMs }),
    ...(rateLimit !== undefined && { rateLimit }),
    ...(speed !== undefined && { speed }),
    ...(maxRecords !== undefined && { maxRecords }),
    ...(maxBatches !== undefined && { maxBatches }),
    ...(start !== undefined && { start }),
    ...(conditions !== undefined && { conditions }),
    ...(adaptive && { adaptiveRate: true }),
    ...(targetLatencyMs !== undefined && { targetLatency: targetLatencyMs }),
  };
}

/** Tells of each connection that is lost, and when there is another. */
function losses(progress: ProgressLine): (reason: string | undefined) => void {
  let isLost = false;
  return (reason) => {
    if (reason !== undefined && !isLost) progress.say(`${flagText(reason, [])}; trying again`);
    else if (reason === undefined && isLost) progress.say("connected again");
    isLost = reason !== undefined;
  };
}

/** Records that never arrive, in words. */
function lost({ dropped, skipped }: StreamingMetrics): string {
  return (dropped > 0 ? `, ${count(dropped)} dropped` : "") +
    (skipped > 0 ? `, ${count(skipped)} skipped` : "");
}

function progressIn(metrics: StreamingMetrics, maxRecords: number | undefined): Progress {
  const { totalRecords, recordsPerSecond, dropped, skipped } = metrics;
  const made = maxRecords === undefined ? "" : `${count(totalRecords)} of `;
  const records = several(maxRecords ?? totalRecords, "record", "records");
  const text = `${made}${records}, ${count(recordsPerSecond)}/s${lost(metrics)}`;
  if (maxRecords === undefined) return { text };
  const done = totalRecords + dropped + skipped;
  return { share: maxRecords === 0 ? 1 : done / maxRecords, text };
}

function summary(metrics: StreamingMetrics, name: string): string {
  const { totalRecords, batchesSent, averageRate, errors, retries } = metrics;
  const failed = errors > 0 ? `, ${several(errors, "error", "errors")}` : "";
  const again = retries > 0 ? `, ${several(retries, "retry", "retries")}` : "";
  return `${several(totalRecords, "record", "records")} in ` +
    `${several(batchesSent, "batch", "batches")} to ${name}, ` +
    `${count(averageRate)}/s${lost(metrics)}${failed}${again}`;
}

/** What of a stream is told when each client has one of its own. */
const OF_ONE_STREAM: readonly (keyof StreamCommandOptions & string)[] = [
  ...["rateLimit", "speed", "maxRecords", "maxBatches", "start", "conditions", "adaptive"] as const,
  ...["onError", "maxRetries", "backoffFactor", "maxBackoffMs"] as const,
];

function checkServed(options: StreamCommandOptions): void {
  const given = OF_ONE_STREAM.find((name) => options[name] !== undefined);
  if (given === undefined) return;
  const flag = SPEC_FLAGS.find((each) => optionName(each) === given.replace(/Ms$/, ""))!;
  throw new UsageError(
    `${
      longName(flag)
    } is of one stream, and with --serve each client has its own and may ask for ` +
      `another; pass --broadcast to send one to all`,
  );
}

async function writeMetrics(
  metrics: object,
  { metricsJson }: StreamCommandOptions,
  context: CommandContext,
): Promise<void> {
  if (metricsJson === undefined) return;
  const text = `${JSON.stringify(metrics, null, 2)}\n`;
  await writeOutput(metricsJson, new TextEncoder().encode(text), context);
}

/** Streams records of a model to the standard output, a file or a server. */
export async function stream(
  [model]: readonly string[],
  given: StreamCommandOptions,
  context: CommandContext,
): Promise<void> {
  const { runtime, signal } = context;
  checkTogether(given);
  checkSink(given);
  const options = outputOf(given);
  const { maxRecords, metricsJson, force = false } = options;
  const written = { "--output": options.output, "--metrics-json": metricsJson };
  await checkSeparate({ read: [model], written }, context);
  await checkNewFile(metricsJson, { force, flag: "--metrics-json" }, context);
  const generator = await modelInput(model, context);
  checkSampling(generator, options);
  checkPace(generator, options);
  const streamer = new StreamingGenerator(generator, { ...streamerOptions(options), runtime });
  const metrics = new StreamingMetrics({ runtime });
  const progress = progressOf(context, options);
  if (options.serve && !options.broadcast) {
    checkServed(options);
    const { text, figures } = await serveStreams(streamer, options, { context, progress });
    progress.end(`${text}, interrupted`);
    return await writeMetrics(figures, options, context);
  }
  const sink = await streamSink(options, context);
  const { name, publisher: opened, told, figures, reconnecting } = sink;
  if (told !== undefined) progress.say(told);
  if (name === STANDARD_OUTPUT && context.process.stdout.isTerminal) progress.hold();
  try {
    await using publisher = opened;
    const tellRefusals = refusals(progress);
    const tellLosses = losses(progress);
    using _ = ticking(runtime, () => {
      if (figures) tellRefusals(figures());
      tellLosses(reconnecting?.());
      progress.show(() => progressIn(metrics, maxRecords));
    });
    const ends = sink.signal ?? signal;
    await streamer.streamTo(publisher, { ...streamOptions(options), metrics, signal: ends });
  } finally {
    const interrupted = signal.reason instanceof Interrupted ? ", interrupted" : "";
    progress.end(summary(metrics, name) + interrupted);
    await writeMetrics(metrics, options, context);
  }
}

const SPEC_FLAGS: readonly Flag[] = [
  whole("--batch-size <records>", "records of a batch (default: 100)", 1),
  duration("--interval <duration>", "between batches; a bare number is seconds"),
  { ...text("--rate-limit <rate>", "records a second, at most; or 500/s, 30/m"), read: rate },
  positive("--speed <factor>", "a twin as fast as it was learned (1), or faster"),
  whole("--max-records <records>", "records in all (default: no end)"),
  whole("--max-batches <batches>", "batches in all (default: no end)"),
  ...SAMPLING_FLAGS,
  toggle("--adaptive", "as many records at once as the sink takes within --target-latency"),
  wholeDuration("--target-latency <duration>", "with --adaptive (default: 100ms)", 1),
  whole("--buffer-size <records>", "records that are due and wait (default: 10,000)", 1),
  choice("--on-buffer-full <policy>", "block (default), drop, or error", FULL),
  toggle("--drop-oldest", "with --on-buffer-full drop: lose what has waited longest"),
  choice(
    "--on-error <policy>",
    "of a batch that fails: stop (default), retry, or skip",
    ON_ERROR,
  ),
  whole("--max-retries <times>", "how often a batch is tried again (with --on-error retry: 3)"),
  number("--backoff-factor <factor>", "by what each wait for a retry is longer (default: 2)", 1),
  wholeDuration("--max-backoff <duration>", "the longest wait for a retry (default: 60s)", 0),
  ...SINK_FLAGS,
  text("--metrics-json <file>", "write the figures to a file at the end"),
  QUIET,
];

/** `waggle stream`. */
export const STREAM: CommandSpec = {
  name: "stream",
  operands: ["<model>"],
  text: "stream synthetic records, at a rate or as fast as they are taken",
  flags: SPEC_FLAGS,
  examples: [
    "waggle stream orders.waggle --batch-size 100 --interval 1",
    "waggle stream orders.waggle --rate-limit 500/s --max-records 1e6 -o orders.csv.gz",
    `waggle stream orders.waggle --conditions '{"status": "active"}' --max-records 10000`,
    "waggle stream orders.waggle --websocket ws://localhost:8765 --interval 100ms",
    "waggle stream orders.waggle --serve 8765",
    "waggle stream orders.waggle --kafka-servers localhost:9092 --topic orders --key user",
  ],
  run: stream,
};
