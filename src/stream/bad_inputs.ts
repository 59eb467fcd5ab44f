import { DeadLetterBox } from "./dead_letter_box.ts";
import type { PipelineSettings } from "./pipeline_options.ts";
import type { BadInput } from "./source.ts";
import { StreamingError } from "../hive/streaming_error.ts";

/** A record could not be used, and the pipeline was not told to go on without it. */
export class BadInputError extends StreamingError {
  /** The name of the class. */
  override readonly name: string = "BadInputError";
  /** Place of the row in its source partition, from 0; or its line in a text, from 1. */
  readonly position: number;

  /** For a record that could not be used. */
  constructor({ error, position }: BadInput) {
    super(
      `${error.message} (row ${position}); correct it, or pass badRecords: "skip" or "deadLetter"`,
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

  /** By the policy of a pipeline; a dead letter that cannot be delivered is reported once. */
  constructor(settings: PipelineSettings, onFailure: (error: Error) => void) {
    this.#settings = settings;
    this.#letters = new DeadLetterBox(settings.deadLetter, { failed: onFailure });
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

  /** Resolves when all dead letters are delivered. */
  flush(): Promise<void> {
    return this.#letters.flush();
  }
}
