import { type Duration, milliseconds } from "../runtime/duration.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { denoRuntime } from "../runtime/deno_runtime.ts";
import type { Publisher } from "./publisher.ts";

const DEFAULT_BUFFER_SIZE = 65_536;
const DEFAULT_RESULT_BUFFER = 1_000_000;
const DEFAULT_CONCURRENCY = 16;
const DEFAULT_MAX_LOST_BEES = 8;
const DEFAULT_RING_BYTES = 4 * 1024 * 1024;
const MIN_RING_BYTES = 4096;
const MAX_RING_BYTES = 1024 * 1024 * 1024;
const MAX_WORKERS = 512;

/** In which order results come. */
export type Ordering = "key" | "all" | false;

/** What becomes of a record whose function threw. */
export type ErrorPolicy = "emit" | "skip" | "deadLetter" | "fail";

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

function count(name: string, value: number, least = 1, most: number = 2 ** 31 - 1): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(
    `Cannot create HiveStream: ${name} must be a whole number from ${least} to ${most}, ` +
      `received ${value}`,
  );
}

function oneOf<T>(name: string, value: T, allowed: readonly T[]): T {
  if (allowed.includes(value)) return value;
  const list = allowed.map((each) => JSON.stringify(each)).join(", ");
  throw new TypeError(
    `Cannot create HiveStream: ${name} must be one of ${list}, received ${JSON.stringify(value)}`,
  );
}

function ring(bytes: number): number {
  if (Number.isInteger(Math.log2(bytes)) && bytes >= MIN_RING_BYTES && bytes <= MAX_RING_BYTES) {
    return bytes;
  }
  throw new RangeError(
    `Cannot create HiveStream: ringBytes must be a power of two from ${MIN_RING_BYTES} to ` +
      `${MAX_RING_BYTES}, received ${bytes}`,
  );
}

/** Checks the options of a stream; a number out of range or an unknown word is an error. */
export function hiveStreamSettings<In>(options: HiveStreamOptions<In>): HiveStreamSettings<In> {
  const runtime = options.runtime ?? denoRuntime;
  const onError = oneOf<ErrorPolicy>("onError", options.onError ?? "emit", [
    "emit",
    "skip",
    "deadLetter",
    "fail",
  ]);
  if ((onError === "deadLetter") !== (options.deadLetter !== undefined)) {
    throw new TypeError(
      `Cannot create HiveStream: onError: "deadLetter" and the option deadLetter (a publisher or ` +
        `a callback) go together, received onError ${JSON.stringify(onError)} and deadLetter ` +
        `${options.deadLetter === undefined ? "undefined" : "given"}`,
    );
  }
  return {
    workers: count("workers", options.workers ?? Math.max(1, runtime.cores - 1), 1, MAX_WORKERS),
    bufferSize: count("bufferSize", options.bufferSize ?? DEFAULT_BUFFER_SIZE),
    resultBuffer: count("resultBuffer", options.resultBuffer ?? DEFAULT_RESULT_BUFFER),
    ordered: oneOf<Ordering>("ordered", options.ordered ?? "key", ["key", "all", false]),
    concurrency: count("concurrency", options.concurrency ?? DEFAULT_CONCURRENCY),
    recordTimeoutMs: milliseconds(options.recordTimeout ?? "30s", "recordTimeout", { least: 1 }),
    maxLostBees: count("maxLostBees", options.maxLostBees ?? DEFAULT_MAX_LOST_BEES, 0),
    onError,
    deadLetter: options.deadLetter,
    ringBytes: ring(options.ringBytes ?? DEFAULT_RING_BYTES),
    runtime,
  };
}
