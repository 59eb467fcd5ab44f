import { several } from "../batch/several.ts";
import { StreamingError } from "../hive/streaming_error.ts";
import type { BadInputs } from "./bad_inputs.ts";
import type { Ledger } from "./ledger.ts";
import type { PipelineMetrics } from "./pipeline_metrics.ts";
import type { BadInputPolicy } from "./source.ts";
import type { WorkLog } from "./work_log.ts";

/** Records were lost without being counted: a fault of Waggle, told rather than hidden. */
export class UnaccountedRecordsError extends StreamingError {
  /** The name of the class. */
  override readonly name: string = "UnaccountedRecordsError";
}

/** The part of a run's metrics that adds up. */
export type RecordAccount = Pick<
  PipelineMetrics,
  | "recordsIn"
  | "absorbed"
  | "filtered"
  | "late"
  | "untimed"
  | "skipped"
  | "deadLettered"
  | "added"
  | "lost"
  | "inFlight"
  | "unaccounted"
>;

/** What is known of the records of a run. */
export interface AccountParts {
  /** Records that were read. */
  readonly recordsIn: number;
  readonly log: WorkLog;
  readonly ledger: Ledger;
  readonly bad: BadInputs;
  readonly badRecords: BadInputPolicy;
  /** Records in results by the owners' own count, once that is complete. */
  readonly absorbed?: number | undefined;
}

/** Every record read, by what became of it for a kind of windows. */
export function recordAccount(kind: number, parts: AccountParts): RecordAccount {
  const { recordsIn, log: { entries }, ledger, bad, badRecords } = parts;
  const total = ledger.total(entries, kind);
  const { filtered, late, untimed, added } = total;
  const open = entries.filter(({ outcome }) => !outcome);
  const openBad = entries.flatMap(({ content, outcome }) =>
    outcome ? [content.openBad(outcome, badRecords)] : []
  );
  const counts = {
    absorbed: parts.absorbed ?? total.absorbed,
    filtered,
    late,
    untimed,
    skipped: openBad.reduce((sum, { skipped }) => sum + skipped, bad.skipped),
    deadLettered: openBad.reduce((sum, each) => sum + each.deadLettered, bad.deadLettered),
    lost: ledger.lost(entries),
    inFlight: open.reduce((sum, { content }) => sum + content.records, 0),
  };
  const accounted = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return { recordsIn, added, ...counts, unaccounted: recordsIn + added - accounted };
}

/** @throws {UnaccountedRecordsError} when it is not known of every record what became of it. */
export function checkAccount({ unaccounted, recordsIn, aborted }: PipelineMetrics): void {
  if (unaccounted === 0) return;
  throw new UnaccountedRecordsError(
    `Cannot account for ${unaccounted} of ${
      several(recordsIn, "record")
    }: they are neither in a result nor ` +
      `counted as left out${aborted ? " (the run was aborted)" : ""}; do not trust the results, ` +
      `and report this as a fault of Waggle`,
  );
}
