import type { Role } from "../../hive/roles.ts";
import type { RecordEngine } from "./record_engine.ts";

/** What one bee does. */
export interface BeeMetrics {
  /** Its place in the hive, from 0. */
  readonly bee: number;
  /** What it is there for at the moment. */
  readonly roles: readonly Role[];
  /** Records it finishes per second of work. */
  readonly rowsPerSecond: number;
  /** From taking up a batch to its last result. */
  readonly batchLatencyMs: number;
  /** Batches that it holds. */
  readonly queueDepth: number;
  /** Records whose function threw. */
  readonly errors: number;
  /** Share of the last moments that it worked, 0 to 1. */
  readonly utilization: number;
}

/** What a stream has done and how it goes. */
export interface HiveStreamMetrics {
  /** Records with a result, an error record, or another end by `onError`. */
  readonly recordsProcessed: number;
  /** Records processed per second from the start to now, or to the end of the stop. */
  readonly processingRate: number;
  /** Mean share of the last moments that the bees worked, 0 to 1. */
  readonly workerUtilization: number;
  /** Accepted records without a result. */
  readonly unfinished: number;
  /** Of these, records that are with no bee yet. */
  readonly queueDepth: number;
  /** Finished results that nobody has read. */
  readonly unreadResults: number;
  /** Time from a record's leaving with its batch to its result. */
  readonly latencyMs: {
    readonly p50: number;
    readonly p95: number;
    readonly p99: number;
    readonly max: number;
  };
  /** Records whose function threw, or whose bee was lost over them twice. */
  readonly errors: number;
  /** Of these, records left out by `onError: "skip"`. */
  readonly skipped: number;
  /** Of these, records given to `deadLetter`. */
  readonly deadLettered: number;
  /** Records dropped by `stop({ drain: false })`. */
  readonly dropped: number;
  /** Bees that were lost and replaced, or did not answer the stop. */
  readonly lostBees: number;
  /**
   * Whether the function costs less than carrying a record to a bee and back, so that calling it
   * in place would be faster; `undefined` before the first results.
   */
  readonly cheaperInPlace: boolean | undefined;
  /** Each bee by itself. */
  readonly bees: readonly BeeMetrics[];
}

/** Figures that the stream counts itself. */
export interface StreamCounts {
  readonly nowMs: number;
  readonly startedMs: number;
  readonly unreadResults: number;
  readonly errors: number;
  readonly skipped: number;
  readonly deadLettered: number;
  readonly dropped: number;
}

const NO_LATENCY = { p50: 0, p95: 0, p99: 0, max: 0 };

/** The metrics of a stream; all zero before its start. */
export function hiveStreamMetrics(
  engine: RecordEngine | undefined,
  counts: StreamCounts,
): HiveStreamMetrics {
  const { nowMs, startedMs, ...counted } = counts;
  const bees = engine ? beeMetrics(engine) : [];
  const recordsProcessed = engine?.finished ?? 0;
  const busy = bees.reduce((sum, bee) => sum + bee.utilization, 0);
  return {
    ...counted,
    recordsProcessed,
    processingRate: nowMs > startedMs ? 1000 * recordsProcessed / (nowMs - startedMs) : 0,
    workerUtilization: bees.length > 0 ? busy / bees.length : 0,
    unfinished: engine?.unfinished ?? 0,
    queueDepth: engine?.waiting ?? 0,
    latencyMs: engine ? latency(engine) : NO_LATENCY,
    lostBees: engine?.hive.lostBees ?? 0,
    cheaperInPlace: engine && cheaperInPlace(engine),
    bees,
  };
}

function latency({ latency }: RecordEngine): HiveStreamMetrics["latencyMs"] {
  if (latency.count === 0) return NO_LATENCY;
  const [p50, p95, p99] = [50, 95, 99].map((p) => latency.percentile(p));
  return { p50, p95, p99, max: latency.max };
}

function beeMetrics(engine: RecordEngine): BeeMetrics[] {
  return engine.roles.map((roles, bee) => {
    const { rowsPerSecond, latencyMs, errors, utilization } = engine.hive.danceFloor.read(bee);
    const queueDepth = engine.rangesAt(bee);
    return {
      bee,
      roles,
      rowsPerSecond,
      batchLatencyMs: latencyMs,
      queueDepth,
      errors,
      utilization,
    };
  });
}

function cheaperInPlace(engine: RecordEngine): boolean | undefined {
  const costs = engine.roles.map((_, bee) => engine.hive.danceFloor.read(bee).functionNs);
  const known = costs.filter((functionNs) => functionNs > 0);
  const { recordNs } = engine.carriage;
  if (known.length === 0 || recordNs === 0) return undefined;
  return known.reduce((sum, functionNs) => sum + functionNs, 0) / known.length < recordNs;
}
