import type { RecordBatch } from "../../batch/record_batch.ts";
import { BadInputError } from "../../stream/bad_inputs.ts";
import type { BadInputPolicy, SourceBatch, SourceOptions } from "../../stream/source.ts";
import type { BadMessage, MessageDecoder } from "./message_decoder.ts";

/** Deals with records of messages that cannot be decoded, and keeps count of them. */
export class MessageAccount<Row> {
  readonly #name: string;
  readonly #options: SourceOptions;
  readonly #policy: BadInputPolicy;
  #records = 0;
  #skipped = 0;
  #deadLettered = 0;

  /** An account of a source of that name, by its own policy or else the pipeline's. */
  constructor(name: string, options: SourceOptions, policy: BadInputPolicy = options.badRecords) {
    this.#name = name;
    this.#options = options;
    this.#policy = policy;
  }

  /**
   * Deals with what cannot be decoded.
   *
   * @throws {BadInputError} under the policy `"fail"`.
   */
  report({ record, message, at, reason }: BadMessage): void {
    const where = `message ${message}${at === undefined ? "" : `, record ${at}`}`;
    const error = {
      name: "BadRecordError",
      message: `Cannot read ${this.#name}: ${where}: ${reason}`,
    };
    const bad = { record, error, position: this.#records + (at ?? 1) - 1 };
    if (this.#policy === "fail") throw new BadInputError(bad);
    if (this.#policy === "skip") this.#skipped++;
    else {
      this.#deadLettered++;
      this.#options.deadLetter(bad);
    }
  }

  /** What was decoded, and what was not, since the last time. */
  *told(reader: MessageDecoder, dropped: number): Generator<SourceBatch<Row>> {
    const counts = { skipped: this.#skipped + dropped, deadLettered: this.#deadLettered };
    this.#skipped = this.#deadLettered = 0;
    if (counts.skipped + counts.deadLettered > 0) yield counts;
    for (const batch of reader.take()) {
      this.#records += batch.length;
      yield { batch: batch as RecordBatch<Row> };
    }
  }
}
