import { denoRuntime } from "../runtime/deno_runtime.ts";
import { type Duration, milliseconds } from "../runtime/duration.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Publisher } from "./publisher.ts";
import type { BadInput, BadInputPolicy } from "./source.ts";

const DEFAULT_MAX_LOST_BEES = 8;
const DEFAULT_RING_BYTES = 4 * 1024 * 1024;
const MIN_RING_BYTES = 4096;
const MAX_RING_BYTES = 1024 * 1024 * 1024;
const MAX_WORKERS = 256;
const DEFAULT_MEMORY_BYTES = 1024 * 1024 * 1024;
const MIN_MEMORY_BYTES = 65_536;
const MAX_MEMORY_BYTES = 0xffff_0000;
const DEFAULT_EPOCH_ROWS = 65_536;
const DEFAULT_BATCH_ROWS = 16_384;
const DEFAULT_CHECKPOINT_BATCHES = 256;
const MAX_COUNT = 2 ** 31 - 1;

/** Options of a pipeline. */
export interface PipelineOptions {
  /** Worker bees, at most 256. Default: cores − 1, at least 1. */
  workers?: number;
  /** The pipeline fails when more bees are lost. Default 8. */
  maxLostBees?: number;
  /** A bee that makes no progress for so long has hung and is replaced. Default `"30s"`. */
  recordTimeout?: Duration;
  /**
   * What becomes of records that cannot be used, such as those whose time cannot be read: the
   * pipeline fails (`"fail"`, default), they are left out and counted (`"skip"`), or they also go
   * to `deadLetter`.
   */
  badRecords?: BadInputPolicy;
  /** Where records go with `badRecords: "deadLetter"`. */
  deadLetter?: Publisher | ((bad: BadInput) => void | Promise<void>);
  /** Kernel memory of each bee, in bytes, from 64 KiB to 4 GiB − 64 KiB. Default 1 GiB. */
  memoryBytes?: number;
  /** Capacity in bytes of each ring: a power of two. A row takes at most half. Default 4 MiB. */
  ringBytes?: number;
  /** Rows that go to a bee at a time, at most. Default 16,384. */
  batchRows?: number;
  /** Rows of which a bee keeps partial results before it hands them on. Default 65,536. */
  epochRows?: number;
  /** Batches after which the state is saved, in memory, against the loss of a bee. Default 256. */
  checkpointBatches?: number;
  /** The world that the pipeline runs in. Default: the process. */
  runtime?: Runtime;
}

/** Checked options with all defaults in place. */
export interface PipelineSettings {
  readonly workers: number;
  readonly maxLostBees: number;
  readonly recordTimeoutMs: number;
  readonly badRecords: BadInputPolicy;
  readonly deadLetter: PipelineOptions["deadLetter"];
  readonly memoryBytes: number;
  readonly ringBytes: number;
  readonly batchRows: number;
  readonly epochRows: number;
  readonly checkpointBatches: number;
  readonly runtime: Runtime;
}

function count(name: string, value: number, ...[least, most]: [number, number]): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(
    `Cannot create pipeline: ${name} must be a whole number from ${least} to ${most}, ` +
      `received ${value}`,
  );
}

function ring(bytes: number): number {
  if (Number.isInteger(Math.log2(bytes)) && bytes >= MIN_RING_BYTES && bytes <= MAX_RING_BYTES) {
    return bytes;
  }
  throw new RangeError(
    `Cannot create pipeline: ringBytes must be a power of two from ${MIN_RING_BYTES} to ` +
      `${MAX_RING_BYTES}, received ${bytes}`,
  );
}

function badRecordsPolicy({ badRecords = "fail", deadLetter }: PipelineOptions): BadInputPolicy {
  if (!["fail", "skip", "deadLetter"].includes(badRecords)) {
    throw new TypeError(
      `Cannot create pipeline: badRecords must be "fail", "skip" or "deadLetter", received ` +
        JSON.stringify(badRecords),
    );
  }
  if ((badRecords === "deadLetter") !== (deadLetter !== undefined)) {
    throw new TypeError(
      `Cannot create pipeline: badRecords: "deadLetter" and the option deadLetter (a publisher or ` +
        `a callback) go together, received badRecords ${JSON.stringify(badRecords)} and ` +
        `deadLetter ${deadLetter === undefined ? "undefined" : "given"}`,
    );
  }
  return badRecords;
}

/**
 * Checks the options of a pipeline and puts defaults in place.
 *
 * @throws {TypeError | RangeError} naming the option that cannot be.
 */
export function pipelineSettings(options: PipelineOptions): PipelineSettings {
  const runtime = options.runtime ?? denoRuntime;
  const {
    workers = Math.min(MAX_WORKERS, Math.max(1, runtime.cores - 1)),
    maxLostBees = DEFAULT_MAX_LOST_BEES,
    memoryBytes = DEFAULT_MEMORY_BYTES,
    batchRows = DEFAULT_BATCH_ROWS,
    epochRows = DEFAULT_EPOCH_ROWS,
    checkpointBatches = DEFAULT_CHECKPOINT_BATCHES,
  } = options;
  return {
    workers: count("workers", workers, 1, MAX_WORKERS),
    maxLostBees: count("maxLostBees", maxLostBees, 0, MAX_COUNT),
    recordTimeoutMs: milliseconds(options.recordTimeout ?? "30s", "recordTimeout", { least: 1 }),
    badRecords: badRecordsPolicy(options),
    deadLetter: options.deadLetter,
    memoryBytes: count("memoryBytes", memoryBytes, MIN_MEMORY_BYTES, MAX_MEMORY_BYTES),
    ringBytes: ring(options.ringBytes ?? DEFAULT_RING_BYTES),
    batchRows: count("batchRows", batchRows, 1, MAX_COUNT),
    epochRows: count("epochRows", epochRows, 1, MAX_COUNT),
    checkpointBatches: count("checkpointBatches", checkpointBatches, 1, MAX_COUNT),
    runtime,
  };
}
