import { RecordBatchBuilder } from "../../batch/record_batch_builder.ts";
import type { RecordBatch } from "../../batch/record_batch.ts";
import type { Schema, TypedSchema } from "../../batch/schema.ts";
import type { RowTeller, WatermarkStrategy } from "../../windows/watermark_strategy.ts";
import { inferredColumns, pickedFrom } from "./processor_columns.ts";

type AnyRow = Record<string, unknown>;

/** Tells watermarks of records one by one, as a pipeline tells them of rows. */
export class RecordTeller {
  readonly #strategy: WatermarkStrategy;
  readonly #schema: Schema | undefined;
  #ready:
    | {
      readonly builder: RecordBatchBuilder<AnyRow>;
      readonly tellerOf: (batch: RecordBatch) => RowTeller;
    }
    | undefined;

  /** The types of columns, where they are known, are those of the schema. */
  constructor(strategy: WatermarkStrategy, schema: Schema | undefined) {
    this.#strategy = strategy;
    this.#schema = schema;
  }

  /**
   * What the strategy is told of a record.
   *
   * @throws {TypeError} when the record does not fit the columns that the strategy looks at.
   */
  tell(record: object): unknown {
    if (this.#strategy.columns.length === 0) return undefined;
    const { builder, tellerOf } = this.#ready ??= this.#begin(record);
    builder.append(record);
    return tellerOf(builder.finish())(0);
  }

  #begin(record: object) {
    const { columns } = this.#strategy;
    const schema = this.#schema ?? inferredColumns([pickedFrom(record, columns)]);
    const builder = new RecordBatchBuilder<AnyRow>(schema as TypedSchema<AnyRow>, {
      extraKeys: "ignore",
    });
    return { builder, tellerOf: this.#strategy.teller(schema) };
  }
}
