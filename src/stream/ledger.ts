import type { Outcome } from "../hive/pipeline_frames.ts";
import { addCounts, noCounts, type RowCounts } from "../hive/row_counts.ts";
import { BadInputError, type BadInputs } from "./bad_inputs.ts";
import type { LateOutput, LateRows } from "./late_output.ts";
import type { LogEntry, WorkLog } from "./work_log.ts";

/** Counts what became of batches, each once, however often they were sent. */
export class Ledger {
  readonly #bad: BadInputs;
  readonly #late: readonly LateOutput[];
  readonly #fails: boolean;
  /** By kind of windows. */
  readonly #closed: readonly RowCounts[];
  #lost = 0;
  /** All batches before this one have an outcome without records that cannot be used. */
  #sound = 0;

  /**
   * A ledger; `fails` says that the first record that cannot be used is the end.
   *
   * @param outputs The one of late rows for each kind of windows that share slices; else one.
   */
  constructor(
    outputs: { bad: BadInputs; late: readonly LateOutput[] },
    options: { fails: boolean },
  ) {
    this.#bad = outputs.bad;
    this.#late = outputs.late;
    this.#closed = outputs.late.map(noCounts);
    this.#fails = options.fails;
  }

  /**
   * Notes what became of a batch, as far as it may still change.
   *
   * @throws {BadInputError | BadRecordError} when a record cannot be used and that is the end: the
   *   first of them in the order of the source, whichever bee was faster.
   */
  note(log: WorkLog, entry: LogEntry, outcome: Outcome): void {
    entry.outcome = outcome;
    entry.isAcknowledged = true;
    if (!this.#fails && !entry.content.fails) return;
    for (let next = log.at(this.#sound); next?.outcome; next = log.at(++this.#sound)) {
      const first = next.content.firstBad(next.outcome);
      if (first instanceof Error) throw first;
      if (first && this.#fails) throw new BadInputError(first);
    }
  }

  /** The batch will not be sent again: what became of it counts for good. */
  close({ outcome, ...entry }: LogEntry): void {
    if (!outcome) throw new Error(`Batch ${entry.sequence} left the log without an outcome`);
    this.#closed.forEach((closed, kind) => addCounts(closed, countsOf(outcome, kind)));
    this.#lost += entry.lost;
    entry.content.reportBad(outcome, this.#bad);
    this.#late.forEach((output, kind) => {
      const rows = outcome.kinds?.[kind].lateRows ?? outcome.late;
      if (rows.length > 0) output.put(lateRows(entry, rows));
    });
    entry.content.release();
  }

  /** Rows that were given up with lost bees. */
  lost(open: readonly LogEntry[]): number {
    return open.reduce((sum, { lost }) => sum + lost, this.#lost);
  }

  /** All counts of a kind of windows, those of batches included that may still be sent again. */
  total(open: readonly LogEntry[], kind: number): RowCounts {
    const total = { ...this.#closed[kind] };
    for (const { outcome } of open) if (outcome) addCounts(total, countsOf(outcome, kind));
    return total;
  }
}

/** What became of a batch for a kind of windows. */
function countsOf({ counts, kinds }: Outcome, kind: number): RowCounts {
  if (!kinds) return counts;
  const { absorbed, filtered, late, untimed } = kinds[kind];
  return { ...counts, absorbed, filtered, late, untimed };
}

function lateRows({ content, feed }: Omit<LogEntry, "outcome">, rows: readonly number[]): LateRows {
  const positions = rows.map((row) => content.positionOf(row));
  return { batch: content.take(rows), partition: feed.partition, positions };
}
