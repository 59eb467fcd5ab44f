import { Misfit, show } from "../../../batch/misfit.ts";
import type { RecordBatch } from "../../../batch/record_batch.ts";
import { concatBytes } from "../../../batch/concat_bytes.ts";
import type { EncodedAvro } from "../avro_encoder.ts";
import type { AvroRecordEncoder } from "../avro_engine.ts";
import type { AvroSchema } from "../avro_type.ts";
import { VALUE } from "./any_columns.ts";
import { toAvsc } from "./any_values.ts";

/** What writes a value, or says which part of it is none of its type. */
export interface ValueWriter {
  /** The bytes of a value that was found valid. */
  write(value: unknown): Uint8Array;
  /** The path of the first part that is not valid, what it is, and what was expected. */
  misfit(value: unknown): { path: string; value: unknown; expected: string } | undefined;
}

/** Encodes batches as records of any type, row by row. */
export class AnyEncoder implements AvroRecordEncoder {
  readonly schema: AvroSchema;
  readonly #writer: ValueWriter;
  readonly #extraColumns: "error" | "ignore";

  /** An encoder of one schema. */
  constructor(
    schema: AvroSchema,
    writer: ValueWriter,
    extraColumns: "error" | "ignore",
  ) {
    this.schema = schema;
    this.#writer = writer;
    this.#extraColumns = extraColumns;
  }

  /**
   * Encodes a batch.
   *
   * @throws {TypeError} when it has a column for which there is no field.
   * @throws {RangeError} for a value that its field does not hold.
   */
  encode(batch: RecordBatch<unknown>): EncodedAvro {
    const { type } = this.schema;
    const names = type.type === "record" ? type.fields.map(({ name }) => name) : [VALUE];
    const extra = batch.names.find((name) => !names.includes(name));
    if (extra !== undefined && this.#extraColumns === "error") {
      throw new TypeError(
        `Cannot write Avro: there is no field for the column ${JSON.stringify(extra)}; add one, ` +
          'select the other columns, or pass extraColumns: "ignore"',
      );
    }
    const pieces: Uint8Array[] = [];
    const offsets = new Uint32Array(batch.length + 1);
    let row = 0;
    for (const each of batch as Iterable<Record<string, unknown>>) {
      const piece = this.#encode(type.type === "record" ? each : each[VALUE], row);
      pieces.push(piece);
      offsets[++row] = offsets[row - 1] + piece.length;
    }
    return { bytes: new Uint8Array(concatBytes(pieces)), offsets };
  }

  /** It holds nothing. */
  [Symbol.dispose](): void {}

  #encode(value: unknown, row: number): Uint8Array {
    try {
      const made = toAvsc(this.schema.type, value);
      const misfit = this.#writer.misfit(made);
      if (misfit === undefined) return this.#writer.write(made);
      throw this.#fault(row, misfit.path, misfit.expected, show(misfit.value));
    } catch (error) {
      if (!(error instanceof Misfit)) throw error;
      throw this.#fault(row, error.path, error.expected, error.received);
    }
  }

  #fault(row: number, path: string, expected: string, received: string): RangeError {
    const field = path === "" ? "" : `, field ${JSON.stringify(path)}`;
    return new RangeError(
      `Cannot encode Avro: row ${row}${field}: expected ${expected}, received ${received}; give ` +
        "the field a type that holds it, or correct the row",
    );
  }
}
