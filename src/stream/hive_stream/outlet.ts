import type { RowError } from "../../hive/record_frames.ts";
import { StreamingError } from "../../hive/streaming_error.ts";
import type { SealedBatch } from "../../hive/work_queue.ts";
import { DeadLetterBox } from "../dead_letter_box.ts";
import { submittedValues } from "./batch_filler.ts";
import { type ErrorRecord, errorRecord } from "./error_record.ts";
import type { DeadLetter, HiveStreamSettings } from "./hive_stream_options.ts";
import { ResultQueue } from "./result_queue.ts";
import type { RowOutcomes } from "./result_reader.ts";
import { SubmissionOrder } from "./submission_order.ts";

/** What a stream gives for a record. */
export type Result<In, Out> = Out | ErrorRecord<In> | null;

/** What an {@linkcode Outlet} tells. */
export interface OutletEvents {
  /** The stream cannot go on. */
  readonly failed: (error: Error) => void;
  /** Less is held than before. */
  readonly relieved: () => void;
}

/** The leaving side of a stream: outcomes become results, by the order and error policy asked for. */
export class Outlet<In, Out> {
  /** Results that can be read. */
  readonly results: ResultQueue<Result<In, Out>>;
  /** Records that go elsewhere. */
  readonly deadLetters: DeadLetterBox<DeadLetter<In>>;
  readonly #settings: HiveStreamSettings<In>;
  readonly #order: SubmissionOrder<Result<In, Out>> | undefined;
  readonly #fail: (error: Error) => void;
  /** What the batch of the last error held: where one record fails, others of it often do. */
  #submitted: { readonly batch: SealedBatch; readonly values: readonly unknown[] } | undefined;
  #errors = 0;
  #skipped = 0;

  /** An outlet without results. */
  constructor(settings: HiveStreamSettings<In>, { failed, relieved }: OutletEvents) {
    this.#settings = settings;
    this.#fail = failed;
    this.results = new ResultQueue(settings.runtime);
    this.deadLetters = new DeadLetterBox(settings.deadLetter, { failed, settled: relieved });
    if (settings.ordered === "all") {
      this.#order = new SubmissionOrder(({ key, result }) => this.results.push(key, result));
    }
  }

  /** Records whose function threw, or whose bee was lost over them twice. */
  get errors(): number {
    return this.#errors;
  }

  /** Errors that were left out. */
  get skipped(): number {
    return this.#skipped;
  }

  /** Finished records that cannot leave yet. */
  get held(): number {
    return this.deadLetters.pending + (this.#order?.length ?? 0);
  }

  /** No more outcomes will come: gives out what was held back for an earlier one. */
  end(): void {
    this.#order?.release();
    this.results.end();
  }

  /** Takes the outcomes of a batch's rows. */
  settle(batch: SealedBatch, { from, values, errors }: RowOutcomes): void {
    if (errors === undefined && this.#order === undefined) {
      const results = values as readonly (Out | undefined)[];
      return this.results.pushAll({ values: results, keys: batch.keys, keysFrom: from });
    }
    for (let i = 0; i < values.length; i++) {
      const error = errors?.get(from + i);
      if (error) this.#settleError(batch, from + i, error);
      else this.#give(batch, from + i, (values[i] ?? null) as Out | null);
    }
  }

  #give(batch: SealedBatch, row: number, result: Result<In, Out>): void {
    const key = batch.keys[row];
    if (this.#order) this.#order.settle(batch.sequences![row], { key, result });
    else this.results.push(key, result);
  }

  #recordOf(batch: SealedBatch, row: number): In {
    if (this.#submitted?.batch !== batch) {
      this.#submitted = { batch, values: submittedValues(batch) };
    }
    return this.#submitted.values[row] as In;
  }

  #settleError(batch: SealedBatch, row: number, error: RowError): void {
    this.#errors++;
    const key = batch.keys[row];
    const { onError } = this.#settings;
    if (onError === "emit") {
      const record = this.#recordOf(batch, row);
      return this.#give(batch, row, errorRecord(error, { key, record }));
    }
    this.#order?.settle(batch.sequences![row], undefined);
    const { name, message } = error;
    if (onError === "skip") this.#skipped++;
    else if (onError === "deadLetter") {
      const record = this.#recordOf(batch, row);
      const position = batch.sequences![row];
      this.deadLetters.put({ key, record, error: { name, message }, position });
    } else {
      this.#fail(
        new StreamingError(
          `Cannot process record with key ${JSON.stringify(key)}: ${name}: ${message}; choose ` +
            `onError "emit", "skip" or "deadLetter" to go on after errors`,
        ),
      );
    }
  }
}
