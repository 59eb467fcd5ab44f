import { type Duration, milliseconds } from "../../runtime/duration.ts";
import { knownOptions, type OptionRule } from "../../runtime/known_options.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { denoRuntime } from "../../runtime/deno_runtime.ts";
import { OptionChecks } from "../option_checks.ts";
import type { Publisher } from "../publisher.ts";

const DEFAULT_BUFFER_SIZE = 65_536;
const DEFAULT_RESULT_BUFFER = 1_000_000;
const DEFAULT_CONCURRENCY = 16;
const DEFAULT_RECORD_TIMEOUT = "30s";
const DEFAULT_MAX_LOST_BEES = 8;
const DEFAULT_RING_BYTES = 4 * 1024 * 1024;
const MAX_WORKERS = 512;

/** In which order results come. */
export type Ordering = "key" | "all" | false;

const ORDERINGS: readonly Ordering[] = ["key", "all", false];

/** What becomes of a record whose function threw. */
export type ErrorPolicy = "emit" | "skip" | "deadLetter" | "fail";

const ERROR_POLICIES: readonly ErrorPolicy[] = ["emit", "skip", "deadLetter", "fail"];

/** A record that could not be processed, as a dead-letter callback gets it. */
export interface DeadLetter<In = unknown> {
  /** The key that it was submitted with. */
  readonly key: string;
  /** The value as it was submitted. */
  readonly record: In;
  /** What was thrown. */
  readonly error: { readonly name: string; readonly message: string };
  /** Its place in the order of submission, from 0. */
  readonly position: number;
}

/** Options of a `HiveStream`. */
export interface HiveStreamOptions<In = unknown> {
  /** Worker bees. Default: cores − 1, at least 1. */
  workers?: number;
  /** Accepted and unfinished records, at most. Default 65,536. */
  bufferSize?: number;
  /** Finished and unread results, at most. Default 1,000,000. */
  resultBuffer?: number;
  /**
   * `"key"` (default): results of one key come in the order of submission; `"all"`: all of them do;
   * `false`: as they are finished.
   */
  ordered?: Ordering;
  /** Records of an asynchronous function in flight per bee. Default 16. */
  concurrency?: number;
  /** A function that takes longer for one record has hung. Default `"30s"`. */
  recordTimeout?: Duration;
  /** The stream fails when more bees are lost. Default 8. */
  maxLostBees?: number;
  /** What becomes of a record whose function threw. Default `"emit"`: an error record. */
  onError?: ErrorPolicy;
  /** Where records go with `onError: "deadLetter"`. */
  deadLetter?: Publisher | ((letter: DeadLetter<In>) => void | Promise<void>);
  /** Capacity in bytes of the ring to, and from, each bee: a power of two. Default 4 MiB. */
  ringBytes?: number;
  /** The world that the stream runs in. Default: the process. */
  runtime?: Runtime;
}

/** Checked options with all defaults in place. */
export interface HiveStreamSettings<In> {
  readonly workers: number;
  readonly bufferSize: number;
  readonly resultBuffer: number;
  readonly ordered: Ordering;
  readonly concurrency: number;
  readonly recordTimeoutMs: number;
  readonly maxLostBees: number;
  readonly onError: ErrorPolicy;
  readonly deadLetter: HiveStreamOptions<In>["deadLetter"];
  readonly ringBytes: number;
  readonly runtime: Runtime;
}

const check = new OptionChecks("HiveStream");

const OPTIONS: OptionRule<HiveStreamOptions> = {
  doing: "create HiveStream",
  names: {
    workers: true,
    bufferSize: true,
    resultBuffer: true,
    ordered: true,
    concurrency: true,
    recordTimeout: true,
    maxLostBees: true,
    onError: true,
    deadLetter: true,
    ringBytes: true,
    runtime: true,
  },
  example: "{ workers: 2 }",
};

/** Checks the options of a stream; a number out of range or an unknown word is an error. */
export function hiveStreamSettings<In>(given: HiveStreamOptions<In>): HiveStreamSettings<In> {
  const options = knownOptions(given, OPTIONS);
  const runtime = options.runtime ?? denoRuntime;
  const {
    workers = Math.min(MAX_WORKERS, Math.max(1, runtime.cores - 1)),
    bufferSize = DEFAULT_BUFFER_SIZE,
    resultBuffer = DEFAULT_RESULT_BUFFER,
    ordered = "key",
    concurrency = DEFAULT_CONCURRENCY,
    recordTimeout = DEFAULT_RECORD_TIMEOUT,
    maxLostBees = DEFAULT_MAX_LOST_BEES,
    onError = "emit",
    deadLetter,
    ringBytes = DEFAULT_RING_BYTES,
  } = options;
  check.oneOf("onError", onError, ERROR_POLICIES);
  const puts = "deadLetter";
  check.target("onError", { policy: onError, puts, name: puts, target: deadLetter });
  return {
    workers: check.count("workers", workers, { least: 1, most: MAX_WORKERS }),
    bufferSize: check.count("bufferSize", bufferSize, { least: 1 }),
    resultBuffer: check.count("resultBuffer", resultBuffer, { least: 1 }),
    ordered: check.oneOf("ordered", ordered, ORDERINGS),
    concurrency: check.count("concurrency", concurrency, { least: 1 }),
    recordTimeoutMs: milliseconds(recordTimeout, "recordTimeout", { least: 1 }),
    maxLostBees: check.count("maxLostBees", maxLostBees, { least: 0 }),
    onError,
    deadLetter,
    ringBytes: check.ringBytes(ringBytes),
    runtime,
  };
}
