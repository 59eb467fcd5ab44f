import type { BadRow, Outcome, RowCounts } from "../hive/pipeline_frames.ts";
import { BadInputError, type BadInputs, recordAt } from "./bad_inputs.ts";
import type { LateOutput, LateRows } from "./late_output.ts";
import { addCounts, noCounts } from "./pipeline_metrics.ts";
import type { BadInput } from "./source.ts";
import { type LogEntry, positionOf, type WorkLog } from "./work_log.ts";

/** Counts what became of batches, each once, however often they were sent. */
export class Ledger {
  readonly #bad: BadInputs;
  readonly #late: LateOutput;
  readonly #fails: boolean;
  readonly #closed: RowCounts = noCounts();
  #lost = 0;
  /** All batches before this one have an outcome without records that cannot be used. */
  #sound = 0;

  /** A ledger; `fails` says that the first record that cannot be used is the end. */
  constructor(outputs: { bad: BadInputs; late: LateOutput }, options: { fails: boolean }) {
    this.#bad = outputs.bad;
    this.#late = outputs.late;
    this.#fails = options.fails;
  }

  /**
   * Notes what became of a batch, as far as it may still change.
   *
   * @throws {BadInputError} when a record cannot be used and that is the end: the first of them in
   *   the order of the source, whichever bee was faster.
   */
  note(log: WorkLog, entry: LogEntry, outcome: Outcome): void {
    entry.outcome = outcome;
    entry.isAcknowledged = true;
    if (!this.#fails) return;
    for (let next = log.at(this.#sound); next?.outcome; next = log.at(++this.#sound)) {
      const [first] = next.outcome.bad;
      if (first) throw new BadInputError(badInput(next, first));
    }
  }

  /** The batch will not be sent again: what became of it counts for good. */
  close({ outcome, ...entry }: LogEntry): void {
    if (!outcome) throw new Error(`Batch ${entry.sequence} left the log without an outcome`);
    addCounts(this.#closed, outcome.counts);
    this.#lost += entry.lost;
    for (const bad of outcome.bad) this.#bad.report(badInput(entry, bad));
    if (outcome.late.length > 0) this.#late.put(lateRows(entry, outcome.late));
  }

  /** Rows that were given up with lost bees. */
  lost(open: readonly LogEntry[]): number {
    return open.reduce((sum, { lost }) => sum + lost, this.#lost);
  }

  /** All counts, those of batches included that may still be sent again. */
  total(open: readonly LogEntry[]): RowCounts {
    const total = { ...this.#closed };
    for (const { outcome } of open) if (outcome) addCounts(total, outcome.counts);
    return total;
  }
}

/** A batch without what became of it. */
type Rows = Pick<LogEntry, "batch" | "feed" | "positions">;

function lateRows(entry: Rows, rows: readonly number[]): LateRows {
  const positions = rows.map((row) => positionOf(entry, row));
  return { batch: entry.batch.take(rows), partition: entry.feed.partition, positions };
}

function badInput(
  entry: Rows,
  { row, message, name = "RangeError" }: BadRow,
): BadInput {
  const error = { name, message };
  return { record: recordAt(entry.batch, row), error, position: positionOf(entry, row) };
}
