import type { RecordBatch } from "../batch/record_batch.ts";
import { recordAt } from "./bad_inputs.ts";
import { DeadLetterBox, type DeadLetterEvents, type DeadLetterTarget } from "./dead_letter_box.ts";

/** Late rows on their way, beyond which nothing is read. */
const MAX_PENDING_ROWS = 1024;

/** What becomes of rows that come when their windows have ended. */
export type LateDataPolicy = "drop" | "sideOutput" | "update";

/** A row that came when all its windows had closed. */
export interface LateRow {
  /** The row as an object, with all columns of its source; its event time is in milliseconds. */
  readonly record: Readonly<Record<string, unknown>>;
  /** Place of the row among those that its source partition gave, from 0. */
  readonly position: number;
  /** The source partition that it came from. */
  readonly partition: number;
}

/** Late rows of one batch. */
export interface LateRows {
  readonly batch: RecordBatch;
  readonly partition: number;
  /** Position of each row in its source partition. */
  readonly positions: readonly number[];
}

/** What a {@linkcode LateOutput} tells. */
export interface LateEvents extends DeadLetterEvents {
  /** Rows are late for good; they are handed out after this. */
  readonly late?: ((rows: LateRows) => void) | undefined;
}

/**
 * Hands late rows out, one after the other. They wait as columns, and only some of them as objects,
 * for a checkpoint may set free very many at once.
 */
export class LateOutput {
  readonly #box: DeadLetterBox<LateRow>;
  readonly #events: LateEvents;
  #waiting: LateRows[] = [];
  /** The first row of those that wait which was not handed on. */
  #row = 0;
  #isDiscarded = false;
  #taken = 0;
  #drained: PromiseWithResolvers<void> | undefined;

  /** An output to the target of the option `lateOutput`. */
  constructor(target: DeadLetterTarget<LateRow> | undefined, events: LateEvents) {
    const { failed, settled } = events;
    this.#events = events;
    this.#box = new DeadLetterBox(target, {
      failed,
      settled: () => {
        this.#refill();
        settled?.();
      },
    }, { words: { letter: "late row", option: "lateOutput" } });
  }

  /** Whether so many rows wait that no more should be read. */
  get isFull(): boolean {
    return this.#box.pending >= MAX_PENDING_ROWS;
  }

  /** Rows that are to be handed out, or were. */
  get taken(): number {
    return this.#taken;
  }

  /** Rows that were handed out. */
  get delivered(): number {
    return this.#box.count - this.#box.pending;
  }

  /** Takes rows; they are handed out after those before them. */
  put(rows: LateRows): void {
    if (this.#isDiscarded) return;
    this.#events.late?.(rows);
    this.#taken += rows.batch.length;
    this.#waiting.push(rows);
    this.#refill();
  }

  /** Resolves when all rows are handed out, or given up. */
  async flush(): Promise<void> {
    if (this.#waiting.length > 0 && !this.#isDiscarded) {
      await (this.#drained ??= Promise.withResolvers()).promise;
    }
    await this.#box.flush();
  }

  /** Gives up the rows that are not handed out. */
  discard(): void {
    this.#isDiscarded = true;
    this.#waiting = [];
    this.#drained?.resolve();
    this.#box.discard();
  }

  #refill(): void {
    while (this.#waiting.length > 0 && !this.isFull) {
      const [rows] = this.#waiting;
      this.#box.put(lateRow(rows, this.#row));
      if (++this.#row < rows.batch.length) continue;
      this.#waiting.shift();
      this.#row = 0;
    }
    if (this.#waiting.length > 0) return;
    this.#drained?.resolve();
    this.#drained = undefined;
  }
}

/** One of some late rows. */
export function lateRow({ batch, partition, positions }: LateRows, row: number): LateRow {
  return { record: recordAt(batch, row), position: positions[row], partition };
}
