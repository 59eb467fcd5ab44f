import type { RecordBatch } from "../../batch/record_batch.ts";
import { create } from "../../kernel/kernel.ts";
import { knownOptions, type OptionRule } from "../../runtime/known_options.ts";
import { checkBatch, checkWord } from "../option_checks.ts";
import { AvroRows, type EncodedAvro } from "./avro_rows.ts";
import type { AvroSchema } from "./avro_type.ts";
import { parseAvroSchema } from "./parse_avro_schema.ts";

export type { EncodedAvro } from "./avro_rows.ts";

/** Options of {@linkcode AvroEncoder}. */
export interface AvroEncoderOptions {
  /** What a column means that the Avro schema has no field for: an error (default), or nothing. */
  extraColumns?: "error" | "ignore";
  /** The most memory that its kernel may take, in bytes. Default 1 GiB. */
  budgetBytes?: number;
}

const OPTIONS: OptionRule<AvroEncoderOptions> = {
  doing: "make Avro encoder",
  names: { extraColumns: true, budgetBytes: true },
};

/**
 * Encodes record batches as Avro records, in the kernel.
 *
 * Columns go to the fields of their names; a field without a column has its default. Numbers go to
 * `float` and `double` by rounding to the nearest, and to `int` and `long` when they are whole and
 * in range; else it is an error that names row and field.
 *
 * @example
 * ```ts
 * import { AvroEncoder, RecordBatch } from "@waggle/stream";
 *
 * using encoder = new AvroEncoder({
 *   type: "record",
 *   name: "Customer",
 *   fields: [{ name: "id", type: "string" }, { name: "age", type: "int" }],
 * });
 * const { bytes, offsets } = encoder.encode(RecordBatch.fromRows([{ id: "ann", age: 34 }]));
 * console.log(bytes.subarray(offsets[0], offsets[1])); // [6, 97, 110, 110, 68]
 * ```
 */
export class AvroEncoder implements Disposable {
  /** What it writes. */
  readonly schema: AvroSchema;
  readonly #rows: AvroRows;

  /**
   * An encoder of one schema.
   *
   * @throws {TypeError} when the schema or an option is none that it can be.
   */
  constructor(schema: AvroSchema | string | object, options: AvroEncoderOptions = {}) {
    const { extraColumns = "error", budgetBytes } = knownOptions(options, OPTIONS);
    checkWord("extraColumns", extraColumns, ["error", "ignore"], OPTIONS.doing);
    this.schema = schemaOf(schema);
    const remedy = "raise budgetBytes, or encode fewer rows at a time";
    const kernel = create(budgetBytes === undefined ? { remedy } : { budgetBytes, remedy });
    this.#rows = new AvroRows(kernel, this.schema, extraColumns);
  }

  /**
   * Encodes a batch. What it gives lies in kernel memory and is valid until the next call.
   *
   * @throws {UnsupportedAvroError} when the schema has a type that no column can be.
   * @throws {TypeError} when columns and fields do not go together.
   * @throws {RangeError} for a value that its field does not hold.
   */
  encode(batch: RecordBatch<unknown>): EncodedAvro {
    checkBatch(batch, "encode Avro");
    return this.#rows.write(batch);
  }

  /** Gives the kernel memory back. */
  [Symbol.dispose](): void {
    this.#rows[Symbol.dispose]();
  }
}

/** A schema that was parsed, or is to be. */
export function schemaOf(schema: AvroSchema | string | object): AvroSchema {
  const isParsed = typeof schema === "object" && "named" in schema && schema.named instanceof Map;
  return isParsed ? schema as AvroSchema : parseAvroSchema(schema);
}
