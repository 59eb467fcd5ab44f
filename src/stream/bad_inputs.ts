import type { RecordBatch } from "../batch/record_batch.ts";
import { StreamingError } from "../hive/streaming_error.ts";
import { isComputed } from "../windows/aggregate.ts";
import { DeadLetterBox, type DeadLetterEvents } from "./dead_letter_box.ts";
import type { PipelineSettings } from "./pipeline_options.ts";
import type { BadInput } from "./source.ts";

/** Dead letters on their way, beyond which nothing is read: they hold their records in memory. */
const MAX_PENDING_LETTERS = 1024;

/** A record could not be used, and the pipeline was not told to go on without it. */
export class BadInputError extends StreamingError {
  /** The name of the class. */
  override readonly name: string = "BadInputError";
  /** Place of the row in its source partition: see {@linkcode BadInput.position}. */
  readonly position: number;

  /** For a record that could not be used. */
  constructor({ error, position, place = `row ${position}` }: BadInput) {
    super(
      `${error.message} (${place}); correct it, or pass badRecords: "skip" or "deadLetter"`,
      { cause: error },
    );
    this.position = position;
  }
}

/** Deals with records that cannot be used, and counts them. */
export class BadInputs {
  readonly #settings: PipelineSettings;
  readonly #letters: DeadLetterBox<BadInput>;
  #skipped = 0;
  #deadLettered = 0;

  /** By the policy of a pipeline. */
  constructor(settings: PipelineSettings, events: DeadLetterEvents) {
    this.#settings = settings;
    this.#letters = new DeadLetterBox(settings.deadLetter, events);
  }

  /** Whether so many dead letters wait that no more records should be read. */
  get isFull(): boolean {
    return this.#letters.pending >= MAX_PENDING_LETTERS;
  }

  /** Whether records are only counted, so that nobody asks for what was in them or where they stood. */
  get skips(): boolean {
    return this.#settings.badRecords === "skip";
  }

  /** Dead letters that were put on their way. */
  get letters(): number {
    return this.#letters.count;
  }

  /** Records that were left out. */
  get skipped(): number {
    return this.#skipped;
  }

  /** Records that went to the dead letters. */
  get deadLettered(): number {
    return this.#deadLettered;
  }

  /**
   * Deals with a record.
   *
   * @throws {BadInputError} under the policy `"fail"`.
   */
  report(bad: BadInput): void {
    switch (this.#settings.badRecords) {
      case "fail":
        throw new BadInputError(bad);
      case "skip":
        this.#skipped++;
        return;
      case "deadLetter":
        this.#deadLettered++;
        this.#letters.put(bad);
    }
  }

  /** Delivers a record that its source will count. */
  deliver(bad: BadInput): void {
    this.#letters.put(bad);
  }

  /** Counts records that their source has dealt with. */
  told(skipped: number, deadLettered: number): void {
    this.#skipped += skipped;
    this.#deadLettered += deadLettered;
  }

  /** Resolves when all dead letters are delivered, or given up. */
  flush(): Promise<void> {
    return this.#letters.flush();
  }

  /** Gives up the dead letters that are not delivered. */
  discard(): void {
    this.#letters.discard();
  }
}

/** A column of this name holds what came, where the other columns are only taken from that. */
export const WHOLE_RECORD = "\u0000record";

/** A row as an object, without the columns that were put beside those of the user. */
export function recordAt(batch: RecordBatch, row: number): Record<string, unknown> {
  if (batch.names.includes(WHOLE_RECORD)) {
    return batch.row(row).get(WHOLE_RECORD) as Record<string, unknown>;
  }
  const columns = Object.entries(batch.row(row).toObject() as Record<string, unknown>);
  return Object.fromEntries(columns.filter(([name]) => !isComputed(name)));
}
