import { type KernelOptions, LEAST_BUDGET_BYTES, MOST_BUDGET_BYTES } from "../kernel/kernel.ts";
import { denoRuntime } from "../runtime/deno_runtime.ts";
import { type Duration, milliseconds } from "../runtime/duration.ts";
import { knownOptions, type OptionRule } from "../runtime/known_options.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { DELIVERY_GUARANTEES, DeliveryGuarantee } from "./delivery_guarantee.ts";
import type { LateDataPolicy, LateRow } from "./late_output.ts";
import { OptionChecks } from "./option_checks.ts";
import type { Publisher } from "./publisher.ts";
import {
  type SemanticsOptions,
  type SemanticsPreset,
  type WindowRules,
  windowRules,
} from "./semantics_options.ts";
import type { BadInput, BadInputPolicy } from "./source.ts";

const DEFAULT_RECORD_TIMEOUT = "30s";
const DEFAULT_MAX_LOST_BEES = 8;
const DEFAULT_RING_BYTES = 8 * 1024 * 1024;
/** The kernel names owners by a byte, of which one value means nobody. */
const MAX_WORKERS = 255;
const DEFAULT_MEMORY_BYTES = 1024 * 1024 * 1024;
const DEFAULT_MAX_OPEN = 16_777_216;
const DEFAULT_EPOCH_ROWS = 65_536;
const DEFAULT_BATCH_ROWS = 16_384;
const DEFAULT_CHECKPOINT_BATCHES = 256;
const DEFAULT_SETTLE_INTERVAL = "1s";
const LATE_DATA_POLICIES: readonly LateDataPolicy[] = ["drop", "sideOutput", "update"];
const BAD_INPUT_POLICIES: readonly BadInputPolicy[] = ["fail", "skip", "deadLetter"];

/** Options of a pipeline. */
export interface PipelineOptions {
  /** Worker bees, at most 255. Default: cores − 1, at least 1. */
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
  /**
   * What becomes of late rows, those whose windows had all ended when they came: they are left out
   * (`"drop"`, default), they go to `lateOutput` (`"sideOutput"`), or they revise the results of
   * their windows (`"update"`): for each of them the whole window has a new result, until
   * `allowedLateness` after its end. Results then say which pane of their window they are. Rows that
   * count in no window are counted as `late` whichever it is.
   */
  lateData?: LateDataPolicy;
  /**
   * How long after its end a window takes rows with `lateData: "update"`; it is kept as long.
   * Default 0. With other policies a window takes none after its end, whatever this is.
   */
  allowedLateness?: Duration;
  /**
   * Whose rules windows follow where engines differ: those of `"flink"` (default), `"kafka"` (Kafka
   * Streams) or `"beam"`; or switches of your own, beside those of one of them.
   */
  semantics?: SemanticsPreset | SemanticsOptions;
  /**
   * Where late rows go with `lateData: "sideOutput"` and, if there is one, with `"update"` those
   * that come after `allowedLateness`: each once, in the order of its source partition, when no lost
   * bee can change any more that it is late. A publisher gets rows with the columns `record`,
   * `position` and `partition`.
   */
  lateOutput?: Publisher | ((late: LateRow) => void | Promise<void>);
  /**
   * What is promised about the results when a bee is lost: that no record is in them twice
   * (`DeliveryGuarantee.AtMostOnce`), that each is in them (`AtLeastOnce`), or both (`ExactlyOnce`,
   * default). Holds while the process lives.
   */
  deliveryGuarantee?: DeliveryGuarantee;
  /**
   * Kernel memory of each bee, in bytes, from 320 KiB to 4 GiB − 64 KiB. A bee that decodes files
   * may take as much again for that. Default 1 GiB.
   */
  memoryBytes?: number;
  /**
   * The most pairs of a window and a key that each bee may have open where windows are kept in
   * JavaScript, as `explain()` tells; of windows that overlap, of a slice and a key. More fail the
   * run. Those in kernels are limited by `memoryBytes`. Default 16,777,216.
   */
  maxOpenWindows?: number;
  /**
   * Capacity in bytes of each ring to and from a bee: a power of two. A row takes at most half. The
   * rings between bees are smaller where they would take more than 256 MiB together. Default 8 MiB.
   */
  ringBytes?: number;
  /**
   * Rows that go to a bee at a time, at most. Default 16,384. Where the bees decode files it is their
   * `blockBytes` that decide.
   */
  batchRows?: number;
  /**
   * Rows of which a bee keeps partial results before it hands them on; eight times as many where
   * their groups (of a window and a key) are no more than a sixteenth of this. Default 65,536.
   */
  epochRows?: number;
  /** Batches after which the state is saved, in memory, against the loss of a bee. Default 256. */
  checkpointBatches?: number;
  /**
   * How long results may wait before the publisher is flushed for a source that wants to know which
   * of its rows are done with, such as one that commits offsets. Default `"1s"`.
   */
  settleInterval?: Duration;
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
  readonly lateData: LateDataPolicy;
  /** How long after its end a window takes rows, ms. */
  readonly allowedLatenessMs: number;
  readonly semantics: WindowRules;
  readonly lateOutput: PipelineOptions["lateOutput"];
  readonly deliveryGuarantee: DeliveryGuarantee;
  /** What the kernel of each bee is made with. */
  readonly kernel: KernelOptions;
  /** The most that an operator in JavaScript may have open. */
  readonly maxOpenWindows: number;
  readonly ringBytes: number;
  readonly batchRows: number;
  readonly epochRows: number;
  readonly checkpointBatches: number;
  readonly settleIntervalMs: number;
  readonly runtime: Runtime;
}

/** The names of all options of a pipeline. */
export const PIPELINE_OPTION_NAMES: OptionRule<PipelineOptions>["names"] = {
  workers: true,
  maxLostBees: true,
  recordTimeout: true,
  badRecords: true,
  deadLetter: true,
  lateData: true,
  allowedLateness: true,
  semantics: true,
  lateOutput: true,
  deliveryGuarantee: true,
  memoryBytes: true,
  maxOpenWindows: true,
  ringBytes: true,
  batchRows: true,
  epochRows: true,
  checkpointBatches: true,
  settleInterval: true,
  runtime: true,
};

/**
 * Checks the options of a pipeline, or of what is one under the name `made`, and puts defaults in
 * place.
 *
 * @throws {TypeError | RangeError} naming the option that cannot be, or is not known.
 */
export function pipelineSettings(given: PipelineOptions, made = "pipeline"): PipelineSettings {
  const options = knownOptions(given, {
    doing: `create ${made}`,
    names: PIPELINE_OPTION_NAMES,
    example: "{ workers: 2 }",
  });
  const check = new OptionChecks(made);
  const runtime = options.runtime ?? denoRuntime;
  const {
    workers = Math.min(MAX_WORKERS, Math.max(1, runtime.cores - 1)),
    maxLostBees = DEFAULT_MAX_LOST_BEES,
    recordTimeout = DEFAULT_RECORD_TIMEOUT,
    badRecords = "fail",
    deadLetter,
    lateData = "drop",
    allowedLateness = 0,
    semantics = "flink",
    lateOutput,
    deliveryGuarantee = DeliveryGuarantee.ExactlyOnce,
    memoryBytes = DEFAULT_MEMORY_BYTES,
    maxOpenWindows = DEFAULT_MAX_OPEN,
    ringBytes = DEFAULT_RING_BYTES,
    batchRows = DEFAULT_BATCH_ROWS,
    epochRows = DEFAULT_EPOCH_ROWS,
    checkpointBatches = DEFAULT_CHECKPOINT_BATCHES,
    settleInterval = DEFAULT_SETTLE_INTERVAL,
  } = options;
  const memoryRange = { least: LEAST_BUDGET_BYTES, most: MOST_BUDGET_BYTES };
  checkPolicies(check, { badRecords, deadLetter, lateData, lateOutput, deliveryGuarantee });
  return {
    workers: check.count("workers", workers, { least: 1, most: MAX_WORKERS }),
    maxLostBees: check.count("maxLostBees", maxLostBees, { least: 0 }),
    recordTimeoutMs: milliseconds(recordTimeout, "recordTimeout", { least: 1 }),
    badRecords,
    deadLetter,
    lateData,
    allowedLatenessMs: latenessMs({ lateData, allowedLateness, made }),
    semantics: windowRules(semantics),
    lateOutput,
    deliveryGuarantee,
    kernel: {
      budgetBytes: check.count("memoryBytes", memoryBytes, memoryRange),
      remedy: "raise memoryBytes",
    },
    maxOpenWindows: check.count("maxOpenWindows", maxOpenWindows, { least: 1 }),
    ringBytes: check.ringBytes(ringBytes),
    batchRows: check.count("batchRows", batchRows, { least: 1 }),
    epochRows: check.count("epochRows", epochRows, { least: 1 }),
    checkpointBatches: check.count("checkpointBatches", checkpointBatches, { least: 1 }),
    settleIntervalMs: milliseconds(settleInterval, "settleInterval"),
    runtime,
  };
}

type Policies = Pick<
  PipelineSettings,
  "badRecords" | "deadLetter" | "lateData" | "lateOutput" | "deliveryGuarantee"
>;

/** @throws {TypeError} for a policy that there is not, or what it puts nowhere. */
function checkPolicies(check: OptionChecks, given: Policies): void {
  const { badRecords, deadLetter, lateData, lateOutput, deliveryGuarantee } = given;
  check.oneOf("badRecords", badRecords, BAD_INPUT_POLICIES);
  const puts = "deadLetter";
  check.target("badRecords", { policy: badRecords, puts, name: puts, target: deadLetter });
  check.oneOf("lateData", lateData, LATE_DATA_POLICIES);
  const aside = { puts: "sideOutput", name: "lateOutput", target: lateOutput };
  const putsAside = lateData === "update" && lateOutput !== undefined ? aside.puts : lateData;
  check.target("lateData", { policy: putsAside, ...aside });
  check.oneOf("deliveryGuarantee", deliveryGuarantee, DELIVERY_GUARANTEES);
}

interface Lateness {
  readonly lateData: LateDataPolicy;
  readonly allowedLateness: Duration;
  readonly made: string;
}

/** @throws {RangeError} when windows are to be revised for no time. */
function latenessMs({ lateData, allowedLateness, made }: Lateness): number {
  const ms = milliseconds(allowedLateness, "allowedLateness");
  if (lateData !== "update" || ms > 0) return ms;
  throw new RangeError(
    `Cannot create ${made}: lateData: "update" revises windows until allowedLateness after their ` +
      `end, received allowedLateness ${allowedLateness}; pass how long, such as ` +
      `allowedLateness: "1m"`,
  );
}
