import { FieldsBuilder } from "../batch/nested_builders.ts";
import { MAX_DICTIONARY_ENTRIES } from "../batch/limits.ts";
import { RecordBatch } from "../batch/record_batch.ts";
import type { Schema, TypedSchema } from "../batch/schema.ts";
import { MAX_BATCH_BYTES } from "./limits.ts";

/** Collects rows into batches of a given number. */
export class BatchAssembler<Row> {
  /** The columns' builders; whoever appends to them calls {@linkcode endRow} or {@linkcode undoRow}. */
  readonly fields: FieldsBuilder;
  /** Rows in finished batches and in the open one. */
  rows = 0;
  readonly #schema: TypedSchema<Row>;
  readonly #batchRows: number;
  readonly #ready: RecordBatch<Row>[] = [];
  #open = 0;
  #openBytes = 0;

  /** An assembler of batches of `batchRows` rows. */
  constructor(
    schema: Schema,
    options: { batchRows: number; extraKeys: "error" | "ignore" },
  ) {
    const { batchRows, extraKeys } = options;
    this.#schema = schema as TypedSchema<Row>;
    this.#batchRows = batchRows;
    // As many strings as rows: a full dictionary must not make a good row a bad one.
    const maxDictionary = Math.max(batchRows, MAX_DICTIONARY_ENTRIES);
    this.fields = new FieldsBuilder(schema.fields, { extraKeys, maxDictionary });
  }

  /** Rows in the open batch. */
  get open(): number {
    return this.#open;
  }

  /** Counts a row whose values have been appended. */
  endRow(sizeBytes: number): void {
    this.rows++;
    this.#open++;
    this.#openBytes += sizeBytes;
    if (this.#open >= this.#batchRows || this.#openBytes >= MAX_BATCH_BYTES) this.close();
  }

  /** Forgets the values that were appended since the last row. */
  undoRow(): void {
    this.fields.truncate(this.#open);
  }

  /** Ends the open batch, if it has rows. */
  close(): void {
    if (this.#open === 0) return;
    const columns = this.fields.builders.map((builder) => builder.finish());
    this.#ready.push(new RecordBatch<Row>(this.#schema, columns, this.#open));
    this.#open = 0;
    this.#openBytes = 0;
  }

  /** The batches that are ready, once. */
  take(): RecordBatch<Row>[] {
    return this.#ready.splice(0);
  }
}
