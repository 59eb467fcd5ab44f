import { several } from "../../batch/several.ts";
import { OptionChecks } from "../../stream/option_checks.ts";
import type { Publisher } from "../../stream/publisher.ts";
import { RetryPolicy } from "../../stream/retry_policy.ts";
import { type Duration, milliseconds } from "../../runtime/duration.ts";
import {
  checkBoolean,
  checkWhole,
  knownOptions,
  type OptionRule,
  received,
} from "../../runtime/known_options.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { seedBits } from "../fit_options.ts";
import type { RateModel } from "../arrival/arrivals.ts";
import { perMillisecond, type Rate } from "../arrival/rate_shapes.ts";
import type { Conditions } from "../conditions/conditions.ts";
import type { AdaptiveRate } from "./adaptive_limit.ts";
import type { FullBuffer } from "./due_records.ts";
import { StreamingMetrics } from "./streaming_metrics.ts";

const DEFAULT_BATCH_SIZE = 100;
const DEFAULT_BUFFER_SIZE = 10_000;
const DEFAULT_TARGET = "100ms";
const CHECKS = new OptionChecks("StreamingGenerator");

/** What becomes of a batch that could not be published. */
export type PublishErrorPolicy = "retry" | "skip" | "stop";

/** Options of {@linkcode StreamingGenerator}. */
export interface StreamingGeneratorOptions {
  /** Records that are due and wait for the sink, at most. Default 10,000. */
  bufferSize?: number;
  /**
   * What happens when records become due, by an interval or a rate, and the buffer is full.
   * `"block"`: the schedule waits. `"drop"`: what does not fit is lost, and counted. `"error"`: the
   * stream ends. Without a schedule nothing is due before the sink asks for it. Default `"block"`.
   */
  onBufferFull?: FullBuffer;
  /** Whether `"drop"` loses what has waited longest, instead of what has just become due. Default false. */
  dropOldest?: boolean;
  /**
   * How a batch is tried again that could not be published. Default: that of `new RetryPolicy()` with
   * `onError: "retry"`, else never.
   */
  retryPolicy?: RetryPolicy;
  /**
   * How long the publisher may take for a batch; then it has failed, and may be tried again. Default:
   * as long as it likes.
   */
  publishTimeout?: Duration;
  /**
   * What becomes of a batch that could not be published, after its retries. `"stop"` and `"retry"`:
   * the stream ends with a {@linkcode StreamingError}. `"skip"`: it is counted, and goes to
   * `deadLetter`. Default `"stop"`.
   */
  onError?: PublishErrorPolicy;
  /** Gets the batches that `onError: "skip"` has given up. */
  deadLetter?: Publisher;
  /** Which records: the same seed gives the same. Default 0. */
  seed?: number | bigint;
  /** How many bees make the records; they are the same. Default 0: this thread makes them. */
  workers?: number;
  /** The world: clocks and timers. Default: that of the process. */
  runtime?: Runtime;
}

/** Options of {@linkcode StreamingGenerator.stream}. */
export interface StreamOptions {
  /** Records of a batch. Default 100. */
  batchSize?: number;
  /**
   * Between a batch and the next; the first comes at once. Default, and 0: as soon as it is asked for.
   */
  interval?: Duration;
  /**
   * Records a second, at most: a number, a text like `"500/s"` or `"30/m"`, or a shape such as
   * `sine(…)`, `square(…)`, `ramp(…)`, `bursts(…)`, `poisson(…)` or `diurnal(…)`, by which records
   * come. Default: as many as are asked for.
   */
  rateLimit?: Rate | RateModel;
  /**
   * By what the twin of a stream comes faster than its records arrive: 1 is as learned, 60 an hour's
   * records in a minute. Default: its event times do not decide when it comes.
   */
  speed?: number;
  /**
   * Whether `streamTo()` finds out how many records the sink takes, and has several batches on their
   * way at once: as many records as it delivers within `targetLatency`. `true` is `"gradient"`;
   * `"aimd"` is the simpler controller, for comparison. Default: one batch at a time.
   */
  adaptiveRate?: boolean | AdaptiveRate;
  /** What 95 of 100 batches are to be delivered within, with `adaptiveRate`. Default `"100ms"`. */
  targetLatency?: Duration;
  /** What records have to be. Default: anything. */
  conditions?: Conditions;
  /** Records in all, those that are dropped included. Default: without end. */
  maxRecords?: number;
  /** Batches in all, those that are dropped included. Default: without end. */
  maxBatches?: number;
  /** The number of the first record: a stream goes on where another has ended. Default 0. */
  start?: number;
  /** Counts what happens. */
  metrics?: StreamingMetrics;
  /** Ends the stream, which throws the signal's reason. */
  signal?: AbortSignal;
}

const STREAMER: OptionRule<StreamingGeneratorOptions> = {
  doing: "create StreamingGenerator",
  names: {
    bufferSize: true,
    onBufferFull: true,
    dropOldest: true,
    retryPolicy: true,
    publishTimeout: true,
    onError: true,
    deadLetter: true,
    seed: true,
    workers: true,
    runtime: true,
  },
  example: "{ bufferSize: 5000 }",
};

const STREAM: OptionRule<StreamOptions> = {
  doing: "stream",
  names: {
    batchSize: true,
    interval: true,
    rateLimit: true,
    speed: true,
    adaptiveRate: true,
    targetLatency: true,
    conditions: true,
    maxRecords: true,
    maxBatches: true,
    start: true,
    metrics: true,
    signal: true,
  },
  example: "{ batchSize: 100 }",
};

/** {@linkcode StreamOptions} with all that is not given. */
export interface StreamSettings {
  readonly batchSize: number;
  readonly intervalMs?: number;
  /** A rate, constant or not. */
  readonly rate?: number | RateModel;
  readonly speed?: number;
  readonly adaptive?: { readonly by: AdaptiveRate; readonly targetMs: number };
  readonly maxRecords: number;
  readonly maxBatches: number;
  readonly start: number;
  readonly metrics?: StreamingMetrics;
  readonly signal?: AbortSignal;
}

/** {@linkcode StreamingGeneratorOptions} with all that is not given. */
export interface StreamerSettings {
  readonly bufferSize: number;
  readonly onBufferFull: FullBuffer;
  readonly dropOldest: boolean;
  readonly retryPolicy: RetryPolicy;
  readonly publishTimeoutMs?: number;
  readonly skips: boolean;
  readonly deadLetter?: Publisher;
  readonly seed: bigint;
  readonly workers: number;
}

function checkClass(name: string, value: unknown, Wanted: new () => unknown): void {
  if (value === undefined || value instanceof Wanted) return;
  throw new TypeError(
    `Cannot stream: ${name} must be a ${Wanted.name}, received ${received(value)}`,
  );
}

/**
 * Checks the options of a {@linkcode StreamingGenerator}.
 *
 * @throws {TypeError | RangeError} when one is none that it can be.
 */
export function streamerSettings(options: StreamingGeneratorOptions): StreamerSettings {
  const {
    bufferSize = DEFAULT_BUFFER_SIZE,
    onBufferFull = "block",
    dropOldest = false,
    onError = "stop",
    retryPolicy = new RetryPolicy(onError === "retry" ? {} : { maxRetries: 0 }),
    publishTimeout,
    deadLetter,
    seed,
    workers = 0,
  } = knownOptions(options, STREAMER);
  checkWhole("bufferSize", bufferSize, { doing: STREAMER.doing });
  checkWhole("workers", workers, { doing: STREAMER.doing, least: 0 });
  CHECKS.oneOf("onBufferFull", onBufferFull, ["block", "drop", "error"]);
  CHECKS.oneOf("onError", onError, ["retry", "skip", "stop"]);
  checkClass("retryPolicy", retryPolicy, RetryPolicy);
  checkBoolean("dropOldest", dropOldest, "create StreamingGenerator");
  if (dropOldest && onBufferFull !== "drop") {
    throw new TypeError(
      `Cannot create StreamingGenerator: dropOldest says what onBufferFull: "drop" loses, and ` +
        `onBufferFull is "${onBufferFull}"`,
    );
  }
  if (deadLetter !== undefined && onError !== "skip") {
    throw new TypeError(
      `Cannot create StreamingGenerator: deadLetter gets what onError: "skip" gives up, and ` +
        `onError is "${onError}"`,
    );
  }
  return {
    ...{ bufferSize, onBufferFull, dropOldest, retryPolicy },
    skips: onError === "skip",
    seed: seedBits(seed),
    workers,
    ...(publishTimeout !== undefined && {
      publishTimeoutMs: milliseconds(publishTimeout, "publishTimeout", { least: 1 }),
    }),
    ...(deadLetter && { deadLetter }),
  };
}

function checkRate(rate: Rate | RateModel | undefined): Pick<StreamSettings, "rate"> {
  if (rate === undefined) return {};
  if (typeof rate === "object" && rate !== null && "curve" in rate && "gaps" in rate) {
    return { rate };
  }
  if (typeof rate === "number" && !(rate > 0 && rate < Infinity)) {
    throw new RangeError(
      `Cannot stream: rateLimit must be a number of records a second above 0, received ` +
        received(rate),
    );
  }
  return { rate: perMillisecond(rate as Rate, "rateLimit") * 1000 };
}

function checkSpeed(speed: number | undefined): Pick<StreamSettings, "speed"> {
  if (speed === undefined) return {};
  if (typeof speed === "number" && speed > 0 && speed < Infinity) return { speed };
  throw new RangeError(
    `Cannot stream: speed must be a number above 0, received ${received(speed)}`,
  );
}

function adaptiveSettings(
  rate: boolean | AdaptiveRate = false,
  latency?: Duration,
): Pick<StreamSettings, "adaptive"> {
  if (typeof rate !== "boolean" && rate !== "gradient" && rate !== "aimd") {
    throw new TypeError(
      `Cannot stream: adaptiveRate must be true, false, "gradient" or "aimd", received ` +
        received(rate),
    );
  }
  if (rate !== false) {
    const targetMs = milliseconds(latency ?? DEFAULT_TARGET, "targetLatency", {
      least: 1,
      fractions: true,
    });
    return { adaptive: { by: rate === true ? "gradient" : rate, targetMs } };
  }
  if (latency === undefined) return {};
  throw new TypeError(
    "Cannot stream: targetLatency is what adaptiveRate aims at; set adaptiveRate: true as well",
  );
}

/**
 * Checks the options of a stream.
 *
 * @throws {TypeError | RangeError} when one is none that it can be.
 */
export function streamSettings(options: StreamOptions, bufferSize: number): StreamSettings {
  const {
    batchSize = DEFAULT_BATCH_SIZE,
    interval,
    rateLimit,
    speed,
    adaptiveRate,
    targetLatency,
    maxRecords = Infinity,
    maxBatches = Infinity,
    start = 0,
    metrics,
    signal,
  } = knownOptions(options, STREAM);
  checkWhole("batchSize", batchSize, { doing: STREAM.doing });
  checkWhole("start", start, { doing: STREAM.doing, least: 0 });
  if (maxRecords !== Infinity) {
    checkWhole("maxRecords", maxRecords, { doing: STREAM.doing, least: 0 });
  }
  if (maxBatches !== Infinity) {
    checkWhole("maxBatches", maxBatches, { doing: STREAM.doing, least: 0 });
  }
  const paces = { ...checkRate(rateLimit), ...checkSpeed(speed) };
  checkClass("metrics", metrics, StreamingMetrics);
  checkClass("signal", signal, AbortSignal as never);
  // With 0 all of a stream without end would be due at once, and lost at once with "drop".
  const intervalMs = interval === undefined
    ? undefined
    : milliseconds(interval, "interval", { fractions: true }) || undefined;
  const isScheduled = [intervalMs, rateLimit, speed].some((each) => each !== undefined);
  if (isScheduled && batchSize > bufferSize) {
    throw new RangeError(
      `Cannot stream: a batch of ${several(batchSize, "record")} does not fit into the buffer of ` +
        `${bufferSize}; make bufferSize larger, or batchSize smaller`,
    );
  }
  return {
    ...{ batchSize, maxRecords, maxBatches, start },
    ...(intervalMs !== undefined && { intervalMs }),
    ...paces,
    ...adaptiveSettings(adaptiveRate, targetLatency),
    ...(metrics && { metrics }),
    ...(signal && { signal }),
  };
}
