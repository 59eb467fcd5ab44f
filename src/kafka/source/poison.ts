import type { BadRecord } from "../../codecs/bad_record.ts";
import type { BadInputPolicy, SourceBatch, SourceOptions } from "../../stream/source.ts";
import { KafkaRecordError } from "./kafka_block.ts";

/** Deals with records that cannot be decoded: poison messages, which would come again and again. */
export class PoisonAccount {
  /** What becomes of them. */
  readonly policy: BadInputPolicy;
  readonly #deadLetter: SourceOptions["deadLetter"];
  #untold = 0;

  /** By a source's own policy, or else the pipeline's. */
  constructor({ badRecords, deadLetter }: SourceOptions, own: BadInputPolicy | undefined) {
    this.policy = own ?? badRecords;
    this.#deadLetter = deadLetter;
  }

  /**
   * Deals with one, and counts it.
   *
   * @throws {KafkaRecordError} the error itself under the policy `"fail"`.
   */
  reject(error: KafkaRecordError, value: () => Uint8Array): void {
    if (this.policy === "fail") throw error;
    this.#untold++;
    if (this.policy === "deadLetter") this.#deliver(error, value());
  }

  /** Deals with one that the pipeline counts. */
  report({ bytes, error }: BadRecord): void {
    if (this.policy === "fail") throw error;
    if (this.policy === "skip") return;
    this.#deliver(error as KafkaRecordError, (error as ExplainedError).original ?? bytes);
  }

  #deliver({ name, message, offset }: KafkaRecordError, record: Uint8Array): void {
    this.#deadLetter({ record, error: { name, message }, position: offset });
  }

  /** How many were counted since the last time. */
  *counted(): Generator<SourceBatch> {
    const count = this.#untold;
    this.#untold = 0;
    if (count > 0) yield this.policy === "skip" ? { skipped: count } : { deadLettered: count };
  }
}

/** An error about a record whose value is elsewhere than in its block. */
export class ExplainedError extends KafkaRecordError {
  /** The value as it came, where the block has it otherwise. */
  original?: Uint8Array | undefined;
}
