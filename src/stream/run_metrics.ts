import type { BatchFeed } from "./batch_feed.ts";
import type { BeeCrew } from "./bee_crew.ts";
import type { KindProgress, PipelineJob } from "./jobs/pipeline_job.ts";
import type { Ledger } from "./ledger.ts";
import { type BeeWork, pipelineBees, type PipelineMetrics } from "./pipeline_metrics.ts";
import { recordAccount } from "./record_account.ts";
import type { SideOutputs } from "./side_outputs.ts";
import type { BadInputPolicy, SourceProgress } from "./source.ts";
import type { WorkLog } from "./work_log.ts";

/** What the metrics of a run are taken from. */
export interface RunParts {
  /** Once the first rows have come. */
  readonly crew: BeeCrew | undefined;
  readonly feed: BatchFeed;
  readonly log: WorkLog;
  readonly ledger: Ledger;
  readonly sides: SideOutputs;
  readonly work: readonly BeeWork[];
  readonly badRecords: BadInputPolicy;
  /** Rows of results that have left. */
  readonly rowsOut: number;
  readonly elapsedMs: number;
  /** Whether nothing more is read. */
  readonly isEnded: boolean;
  /** Whether everything that there will ever be has left. */
  readonly isFinished: boolean;
  readonly isAborted: boolean;
}

/** What a run has done so far for a kind of windows, without the steps before. */
export function runMetrics(kind: number, parts: RunParts): PipelineMetrics {
  const { feed, log, ledger, sides, work, badRecords, rowsOut, elapsedMs } = parts;
  const { job, hive, context, recovery } = parts.crew ?? {};
  const account = recordAccount(kind, {
    recordsIn: feed.records,
    log,
    ledger,
    bad: sides.bad,
    badRecords,
    // At the end the owners' own count is taken, which knows nothing of the bees' outcomes.
    absorbed: parts.isFinished && job ? kindOf(job, kind).absorbed : undefined,
  });
  const { windows = 0, watermark = -Infinity } = job ? kindOf(job, kind) : {};
  return {
    ...account,
    lateOut: sides.late[kind].delivered,
    windowsFired: windows,
    rowsOut,
    watermark,
    ...progressOf(feed.progress),
    elapsedMs,
    recordsPerSecond: elapsedMs > 0 ? 1000 * account.recordsIn / elapsedMs : 0,
    lostBees: hive?.lostBees ?? 0,
    replayedBatches: recovery?.replayedBatches ?? 0,
    replayed: recovery?.replayed ?? 0,
    checkpoints: job?.checkpoints ?? 0,
    restarts: 0,
    aborted: parts.isAborted,
    bees: pipelineBees(hive, {
      work,
      held: work.map((_, bee) => context?.dispatcher.heldBy(bee).size ?? 0),
      waitingRows: account.inFlight,
      newSources: parts.isEnded ? 0 : 1,
    }),
  };
}

function progressOf({ bytes: bytesRead, totalBytes, metrics: source }: SourceProgress) {
  return {
    bytesRead,
    ...(totalBytes !== undefined && { bytesTotal: totalBytes }),
    ...(source && { source }),
  };
}

function kindOf(job: PipelineJob, kind: number): KindProgress {
  return job.kinds?.[kind] ?? job;
}
