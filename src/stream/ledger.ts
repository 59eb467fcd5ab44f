import type { RowCounts } from "../hive/pipeline_frames.ts";
import { BadInputError, type BadInputs, recordAt } from "./bad_inputs.ts";
import { addCounts, noCounts } from "./pipeline_metrics.ts";
import type { BadInput } from "./source.ts";
import { type BatchOutcome, type LogEntry, positionOf, type WorkLog } from "./work_log.ts";

/** Counts what became of batches, each once, however often they were sent. */
export class Ledger {
  readonly #bad: BadInputs;
  readonly #fails: boolean;
  readonly #closed: RowCounts = noCounts();
  /** All batches before this one have an outcome without records that cannot be used. */
  #sound = 0;

  /** A ledger; `fails` says that the first record that cannot be used is the end. */
  constructor(bad: BadInputs, options: { fails: boolean }) {
    this.#bad = bad;
    this.#fails = options.fails;
  }

  /**
   * Notes what became of a batch, as far as it may still change.
   *
   * @throws {BadInputError} when a record cannot be used and that is the end: the first of them in
   *   the order of the source, whichever bee was faster.
   */
  note(log: WorkLog, entry: LogEntry, outcome: BatchOutcome): void {
    entry.outcome = outcome;
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
    for (const bad of outcome.bad) this.#bad.report(badInput(entry, bad));
  }

  /** All counts, those of batches included that may still be sent again. */
  total(open: readonly LogEntry[]): RowCounts {
    const total = { ...this.#closed };
    for (const { outcome } of open) if (outcome) addCounts(total, outcome.counts);
    return total;
  }
}

function badInput(
  entry: Pick<LogEntry, "batch" | "feed" | "positions">,
  { row, message }: { row: number; message: string },
): BadInput {
  const error = { name: "RangeError", message };
  return { record: recordAt(entry.batch, row), error, position: positionOf(entry, row) };
}
