import type { Column } from "../../batch/column.ts";
import type { RecordBatch } from "../../batch/record_batch.ts";
import type { Schema } from "../../batch/schema.ts";
import { schemaOf } from "../../codecs/avro/avro_encoder.ts";
import { AvroRows } from "../../codecs/avro/avro_rows.ts";
import { JsonFields } from "../../codecs/json/json_fields.ts";
import { JsonWriter } from "../../kernel/json_writer.ts";
import type { KafkaCells } from "../../kernel/kafka_cells.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { AvroKeys, AvroValues, JsonValues } from "./record_layout.ts";

/** Columns that are written together. */
export interface WrittenColumns {
  readonly schema: Schema;
  readonly columns: readonly Column[];
  readonly length: number;
}

/** Writes rows into kernel memory, one cell each. */
export interface ValueWriter extends Disposable {
  /** The cells of all rows, valid until the next call. */
  write(columns: WrittenColumns): KafkaCells;
}

/** Writes rows as JSON objects. */
export class JsonValueWriter implements ValueWriter {
  readonly #fields: JsonFields;
  readonly #writer: JsonWriter;

  /** In the memory of a kernel. */
  constructor(kernel: Kernel, options: JsonValues) {
    this.#fields = new JsonFields(options);
    this.#writer = new JsonWriter(kernel, { objects: true, separator: "\n" });
  }

  /** See {@linkcode ValueWriter}. */
  write({ schema, columns, length }: WrittenColumns): KafkaCells {
    this.#fields.prepare(schema);
    const [values, offsets] = this.#writer.writeRows(this.#fields.plan(columns), length);
    // the line feed behind each row
    return { values, offsets, trim: 1 };
  }

  /** Gives the memory back; it can be used again. */
  [Symbol.dispose](): void {
    this.#writer[Symbol.dispose]();
  }
}

/** Writes rows as Avro records. */
export class AvroValueWriter implements ValueWriter {
  readonly #rows: AvroRows;
  readonly #prefix: Uint8Array | undefined;

  /**
   * In the memory of a kernel.
   *
   * @throws {TypeError} when the schema is none.
   */
  constructor(kernel: Kernel, { schema, prefix, extraColumns }: Omit<AvroValues, "format">) {
    this.#rows = new AvroRows(kernel, schemaOf(schema), extraColumns ?? "error");
    this.#prefix = prefix?.slice();
  }

  /** See {@linkcode ValueWriter}. */
  write(columns: WrittenColumns): KafkaCells {
    const { bytes, offsets } = this.#rows.write(columns);
    const [values, starts] = [bytes.byteOffset, offsets.byteOffset];
    return { values, offsets: starts, prefix: this.#prefix };
  }

  /** Gives the memory back; it can be used again. */
  [Symbol.dispose](): void {
    this.#rows[Symbol.dispose]();
  }
}

/** An Avro schema for keys, and the columns that they are made of. */
export interface AvroKeySchema {
  readonly schema: string;
  readonly columns: readonly string[];
}

/**
 * What Avro keys are made of: the fields of a record, or one column, which is written as the only
 * field of a record, for that adds nothing to it.
 *
 * @throws {TypeError} when the schema is none, or neither it nor `key` tells of columns.
 */
export function avroKeySchema({ schema }: AvroKeys, key: string | undefined): AvroKeySchema {
  const { type, json } = schemaOf(schema);
  if (key === undefined && type.type === "record") {
    return { schema, columns: type.fields.map(({ name }) => name) };
  }
  if (key === undefined) {
    throw new TypeError(
      `Cannot make record encoder: avroKey is the schema of one value; name its column as key`,
    );
  }
  const field = { name: "key", type: JSON.parse(json) };
  return {
    schema: JSON.stringify({ type: "record", name: "Key", fields: [field] }),
    columns: [key],
  };
}

/** Some columns of a batch. */
export function columnsOf(batch: RecordBatch<unknown>, names: readonly string[]): WrittenColumns {
  const at = names.map((name) => batch.indexOf(name));
  const fields = at.map((index) => batch.schema.fields[index]);
  const columns = at.map((index) => batch.columnAt(index));
  return { schema: { fields }, columns, length: batch.length };
}
