import { StreamingGenerator } from "../../generators/streaming/streaming_generator.ts";
import type { StreamOptions } from "../../generators/streaming/stream_options.ts";
import { StreamingMetrics } from "../../generators/streaming/streaming_metrics.ts";
import {
  type CommandContext,
  Interrupted,
  progressOf,
  type QuietOption,
} from "../command_context.ts";
import { modelInput } from "../model_input.ts";
import type { Progress } from "../progress_line.ts";
import { checkFolder, type OutputOptions, recordOutput } from "../record_output.ts";
import { positiveNumber } from "../values.ts";
import { count, elapsed, several } from "../terminal_text.ts";

const TELL_MS = 50;

/** Options of `waggle stream`. */
export interface StreamCommandOptions extends OutputOptions, QuietOption {
  readonly batchSize?: number;
  readonly intervalMs?: number;
  readonly rateLimit?: string;
  readonly speed?: number;
  readonly maxRecords?: number;
  readonly maxBatches?: number;
  readonly seed?: number;
  readonly start?: number;
  readonly workers?: number;
  /** As JSON. */
  readonly conditions?: string;
  readonly adaptive?: boolean;
  readonly targetLatencyMs?: number;
  /** Where the figures are written to at the end, as JSON. */
  readonly metricsJson?: string;
}

/** A rate: a number of records a second, or a text like `500/s`. */
function rateOf(text: string): number | string {
  return text.includes("/") ? text : positiveNumber(text, "--rate-limit");
}

function streamOptions(options: StreamCommandOptions): StreamOptions {
  const { batchSize, intervalMs, rateLimit, speed, maxRecords, maxBatches, start } = options;
  const { adaptive = false, targetLatencyMs, conditions } = options;
  return {
    ...(batchSize !== undefined && { batchSize }),
    ...(intervalMs !== undefined && { interval: intervalMs }),
    ...(rateLimit !== undefined && { rateLimit: rateOf(rateLimit) }),
    ...(speed !== undefined && { speed }),
    ...(maxRecords !== undefined && { maxRecords }),
    ...(maxBatches !== undefined && { maxBatches }),
    ...(start !== undefined && { start }),
    ...(conditions !== undefined && { conditions }),
    ...(adaptive && { adaptiveRate: true }),
    ...(targetLatencyMs !== undefined && { targetLatency: targetLatencyMs }),
  };
}

function progressIn(metrics: StreamingMetrics, maxRecords: number | undefined): Progress {
  const { totalRecords, recordsPerSecond, dropped } = metrics;
  const lost = dropped > 0 ? `, ${count(dropped)} dropped` : "";
  const text = `${count(totalRecords)} records, ${count(recordsPerSecond)}/s${lost}`;
  if (maxRecords === undefined) return { text };
  const left = maxRecords - totalRecords - dropped;
  const share = maxRecords === 0 ? 1 : 1 - left / maxRecords;
  return { share, text: `${text}, ${elapsed((left * 1000) / recordsPerSecond)} left` };
}

function summary(metrics: StreamingMetrics, name: string): string {
  const { totalRecords, batchesSent, averageRate, errors, dropped } = metrics;
  const lost = dropped > 0 ? `, ${count(dropped)} dropped` : "";
  const failed = errors > 0 ? `, ${several(errors, "error", "errors")}` : "";
  return `${several(totalRecords, "record", "records")} in ` +
    `${several(batchesSent, "batch", "batches")} to ${name}, ` +
    `${count(averageRate)}/s${lost}${failed}`;
}

/** Calls back every now and then until it is disposed of. */
function ticking(context: CommandContext, callback: () => void): Disposable {
  let cancel = () => {};
  const tick = () => {
    callback();
    cancel = context.runtime.after(TELL_MS, tick, { background: true });
  };
  tick();
  return { [Symbol.dispose]: () => cancel() };
}

/** Streams records of a model to the standard output or a file. */
export async function streamCommand(
  model: string,
  options: StreamCommandOptions,
  context: CommandContext,
): Promise<void> {
  const { runtime, signal } = context;
  const { output = "standard output", seed = 0, workers = 0, maxRecords, metricsJson } = options;
  if (metricsJson !== undefined) await checkFolder(metricsJson, context);
  const generator = await modelInput(model, context);
  const streamer = new StreamingGenerator(generator, { seed, workers, runtime });
  const metrics = new StreamingMetrics({ runtime });
  const progress = progressOf(context, options);
  await using publisher = await recordOutput(options, context);
  try {
    using _ = ticking(context, () => progress.show(() => progressIn(metrics, maxRecords)));
    await streamer.streamTo(publisher, { ...streamOptions(options), metrics, signal });
  } finally {
    progress.end(
      summary(metrics, output) + (signal.reason instanceof Interrupted ? ", interrupted" : ""),
    );
    if (metricsJson !== undefined) {
      const text = `${JSON.stringify(metrics, null, 2)}\n`;
      await runtime.writeFile(metricsJson, new TextEncoder().encode(text));
    }
  }
}
