import { RecordBatch } from "../batch/record_batch.ts";
import { RecordBatchBuilder } from "../batch/record_batch_builder.ts";
import type { Schema, TypedSchema } from "../batch/schema.ts";
import { received } from "../runtime/known_options.ts";
import { FirstRows } from "../stream/first_rows.ts";

type AnyRow = Record<string, unknown>;

/** Options of a {@linkcode RowBatcher}. */
export interface RowBatcherOptions {
  /** The columns. Default: those of the first rows. */
  readonly schema: Schema | undefined;
  /** Columns that are asked for; `undefined`: all. */
  readonly columns?: ReadonlySet<string> | undefined;
}

/** Makes batches of the rows of a test, all of the same columns. */
export class RowBatcher {
  readonly #doing: string;
  readonly #columns: ReadonlySet<string> | undefined;
  #builder: RecordBatchBuilder<AnyRow> | undefined;

  /** `doing` is what cannot be done, for messages. */
  constructor(doing: string, { schema, columns }: RowBatcherOptions) {
    this.#doing = doing;
    this.#columns = columns;
    if (schema) this.#builder = new RecordBatchBuilder(schema as TypedSchema<AnyRow>);
  }

  /**
   * Rows in a batch; one that is given is that.
   *
   * @throws {TypeError} when a row does not fit the columns.
   */
  batch(given: Iterable<object> | RecordBatch): RecordBatch {
    if (given instanceof RecordBatch) return given;
    if (Object(given) !== given || !(Symbol.iterator in given)) {
      throw new TypeError(
        `Cannot ${this.#doing}: pass objects that can be iterated, or a RecordBatch, received ` +
          received(given),
      );
    }
    const rows = [...given];
    this.#builder ??= this.#inferred(rows);
    for (const row of rows) this.#builder.append(row);
    return this.#builder.finish();
  }

  #inferred(rows: readonly object[]): RecordBatchBuilder<AnyRow> {
    if (rows.length === 0) {
      throw new TypeError(
        `Cannot ${this.#doing}: the columns are those of the first rows, and there are none; ` +
          `pass { schema }`,
      );
    }
    const first = new FirstRows({ inferenceRows: undefined, columns: this.#columns });
    for (const row of rows) first.add(row);
    const extraKeys = this.#columns ? "ignore" : "error";
    return new RecordBatchBuilder(first.take().schema as TypedSchema<AnyRow>, { extraKeys });
  }
}
