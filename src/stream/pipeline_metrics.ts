import type { Hive } from "../hive/hive.ts";
import { assignRoles, type Role } from "../hive/roles.ts";
import type { SourceMetrics } from "./source.ts";

/** What one bee of a pipeline does. */
export interface PipelineBeeMetrics {
  /** Its place in the hive, from 0. */
  readonly bee: number;
  /** What it is there for at the moment. */
  readonly roles: readonly Role[];
  /** Batches that it has finished. */
  readonly batches: number;
  /** Rows in them. */
  readonly rows: number;
  /** Rows that it takes per second of work. */
  readonly rowsPerSecond: number;
  /** Time from taking up a batch to its end, smoothed. */
  readonly batchLatencyMs: number;
  /** Batches that it holds. */
  readonly queueDepth: number;
  /** Share of the last moments that it worked, 0 to 1. */
  readonly utilization: number;
}

/**
 * What a pipeline has done.
 *
 * Once it has ended, `recordsIn` and `added` are together the sum of `absorbed`, `filtered`, `late`,
 * `untimed`, `skipped`, `deadLettered` and `lost`, and `unaccounted` is 0.
 */
export interface PipelineMetrics {
  /** Records read from the source, those that could not be used included. */
  readonly recordsIn: number;
  /** Bytes read from a source that tells, before they are inflated where they are compressed. */
  readonly bytesRead: number;
  /** Bytes that there are to read, where the source knows. */
  readonly bytesTotal?: number;
  /** How far a source lags behind, and what becomes of its connections, where it tells. */
  readonly source?: SourceMetrics;
  /** Records that went into windows or, in a pipeline without, out of it. */
  readonly absorbed: number;
  /** Records that a filter left out, or that lie between windows with gaps. */
  readonly filtered: number;
  /** Records that came after all of their windows were closed. */
  readonly late: number;
  /** Those of the late records that `lateOutput` has got. */
  readonly lateOut: number;
  /** Records without an event time: null. */
  readonly untimed: number;
  /** Records left out by `badRecords: "skip"`. */
  readonly skipped: number;
  /** Records given to `deadLetter`. */
  readonly deadLettered: number;
  /** Records given up with a lost bee, by `DeliveryGuarantee.AtMostOnce`. */
  readonly lost: number;
  /** Rows that `flatMap()` made beyond one for each record that it was given. */
  readonly added: number;
  /** Records that no bee has dealt with yet. */
  readonly inFlight: number;
  /** Records that are in none of the counts above. */
  readonly unaccounted: number;
  /** Windows whose results have left. */
  readonly windowsFired: number;
  /** Rows that have left. */
  readonly rowsOut: number;
  /** Watermark up to which windows have left, ms; `-Infinity` before the first. */
  readonly watermark: number;
  /** Time since the start, or to the end. */
  readonly elapsedMs: number;
  /** Records read per second. */
  readonly recordsPerSecond: number;
  /** Bees that were lost and replaced. */
  readonly lostBees: number;
  /** Batches that were sent again because a bee was lost. */
  readonly replayedBatches: number;
  /**
   * Records in these batches, each as often as it was sent again. With
   * `DeliveryGuarantee.AtLeastOnce` results with them may have left twice, and are counted twice
   * in `rowsOut` and `windowsFired`.
   */
  readonly replayed: number;
  /** How often the state was saved against the loss of a bee. */
  readonly checkpoints: number;
  /**
   * How often the source began anew because some of it was given to another reader. Records that
   * were not settled then have come again, and count in `recordsIn` once more if a bee had dealt
   * with them.
   */
  readonly restarts: number;
  /** Whether the run was ended before its source. */
  readonly aborted: boolean;
  /** What each bee has done and does. */
  readonly bees: readonly PipelineBeeMetrics[];
}

/** What a bee has finished. */
export interface BeeWork {
  batches: number;
  rows: number;
}

/**
 * The metrics of steps together with those of the steps before, whose results they read.
 *
 * @param options With `makesRows` the results of those before are not their records: they count as
 *   added, for each goes on by itself.
 */
export function addStage(
  before: PipelineMetrics,
  own: PipelineMetrics,
  { makesRows }: { readonly makesRows: boolean },
): PipelineMetrics {
  const sum = (name: SummedMetric) => before[name] + own[name];
  const summed = Object.fromEntries(SUMMED.map((name) => [name, sum(name)]));
  // What has left those before, and was not read yet, is on its way.
  const between = makesRows ? 0 : before.absorbed - own.recordsIn;
  return {
    ...own,
    ...summed as Pick<PipelineMetrics, SummedMetric>,
    recordsIn: before.recordsIn,
    ...(before.bytesTotal !== undefined && { bytesTotal: before.bytesTotal }),
    ...(before.source && { source: before.source }),
    added: sum("added") + (makesRows ? own.recordsIn : 0),
    absorbed: makesRows ? sum("absorbed") : own.absorbed,
    inFlight: sum("inFlight") + between,
    recordsPerSecond: own.elapsedMs > 0 ? 1000 * before.recordsIn / own.elapsedMs : 0,
    aborted: before.aborted || own.aborted,
    bees: [...before.bees, ...own.bees],
  };
}

/** The metrics of a run together with those of runs before, whose place it has taken. */
export function withEarlier(before: PipelineMetrics, own: PipelineMetrics): PipelineMetrics {
  const all = [...SUMMED, "recordsIn", "rowsOut", "elapsedMs"] as const;
  const summed = Object.fromEntries(all.map((name) => [name, before[name] + own[name]]));
  const { recordsIn, elapsedMs } = summed;
  const recordsPerSecond = elapsedMs > 0 ? 1000 * recordsIn / elapsedMs : 0;
  return { ...own, ...summed as Pick<PipelineMetrics, typeof all[number]>, recordsPerSecond };
}

const SUMMED = [
  "filtered",
  "late",
  "lateOut",
  "untimed",
  "skipped",
  "deadLettered",
  "lost",
  "unaccounted",
  "windowsFired",
  "lostBees",
  "replayedBatches",
  "replayed",
  "checkpoints",
  "added",
  "absorbed",
  "inFlight",
  "bytesRead",
] as const;

/** A metric of several steps that is the sum of those of each. */
type SummedMetric = typeof SUMMED[number];

/** What each bee does. */
export function pipelineBees(
  hive: Hive | undefined,
  given: {
    readonly work: readonly BeeWork[];
    readonly held: readonly number[];
    readonly waitingRows: number;
    readonly newSources: number;
  },
): PipelineBeeMetrics[] {
  if (!hive) return [];
  const dances = given.work.map((_, bee) => hive.danceFloor.read(bee));
  const roles = assignRoles({
    bees: dances.length,
    waitingRows: given.waitingRows,
    urgentRows: 0,
    newSources: given.newSources,
    utilization: dances.map(({ utilization }) => utilization),
  });
  return dances.map(({ rowsPerSecond, latencyMs, utilization }, bee) => ({
    bee,
    roles: roles[bee],
    ...given.work[bee],
    rowsPerSecond,
    batchLatencyMs: latencyMs,
    queueDepth: given.held[bee],
    utilization,
  }));
}

/** The metrics of a pipeline that was never run. */
export function noPipelineMetrics(): PipelineMetrics {
  return {
    recordsIn: 0,
    bytesRead: 0,
    absorbed: 0,
    filtered: 0,
    late: 0,
    lateOut: 0,
    untimed: 0,
    skipped: 0,
    deadLettered: 0,
    lost: 0,
    added: 0,
    inFlight: 0,
    unaccounted: 0,
    windowsFired: 0,
    rowsOut: 0,
    watermark: -Infinity,
    elapsedMs: 0,
    recordsPerSecond: 0,
    lostBees: 0,
    replayedBatches: 0,
    replayed: 0,
    checkpoints: 0,
    restarts: 0,
    aborted: false,
    bees: [],
  };
}
