import { rowError, show } from "./misfit.ts";
import { type BuilderOptions, FieldsBuilder } from "./nested_builders.ts";
import { RecordBatch } from "./record_batch.ts";
import { checkSchema } from "./schema_check.ts";
import type { Schema, TypedSchema } from "./schema.ts";

/** Options of {@linkcode RecordBatchBuilder}. */
export interface RecordBatchBuilderOptions extends BuilderOptions {
  /** How the first row is counted in error messages. Default 0. */
  firstRow?: number;
}

/**
 * Builds batches row by row. A row that does not fit changes nothing, so the caller may catch the
 * error and go on with the next.
 */
export class RecordBatchBuilder<Row = Record<string, unknown>> {
  /** The columns of the batches built. */
  readonly schema: Schema;
  readonly #fields: FieldsBuilder;
  readonly #firstRow: number;
  #length = 0;
  #finished = 0;

  /**
   * A builder of batches with these columns.
   *
   * @throws {TypeError} when the schema is malformed.
   */
  constructor(schema: TypedSchema<Row>, options: RecordBatchBuilderOptions = {}) {
    checkSchema(schema);
    this.schema = schema;
    this.#fields = new FieldsBuilder(schema.fields, options);
    this.#firstRow = options.firstRow ?? 0;
  }

  /** Rows appended since the last batch. */
  get length(): number {
    return this.#length;
  }

  /**
   * Appends a row; a missing column is null.
   *
   * @throws {TypeError} naming row, column, expected type and received value when it does not fit.
   */
  append(row: object): void {
    if (typeof row !== "object" || row === null || Array.isArray(row)) {
      throw new TypeError(
        `Cannot build batch: row ${this.#row()} must be an object, received ${show(row)}`,
      );
    }
    try {
      this.#fields.append(row, this.#length);
    } catch (error) {
      throw rowError(error, this.#row());
    }
    this.#length++;
  }

  /** The batch of the rows so far. The builder is empty again and can build the next. */
  finish(): RecordBatch<Row> {
    const columns = this.#fields.builders.map((builder) => builder.finish());
    const batch = new RecordBatch<Row>(this.schema, columns, this.#length);
    this.#finished += this.#length;
    this.#length = 0;
    return batch;
  }

  #row(): number {
    return this.#firstRow + this.#finished + this.#length;
  }
}
