import { RecordBatch } from "../../batch/record_batch.ts";
import type { Schema } from "../../batch/schema.ts";
import { create } from "../../kernel/kernel.ts";
import { knownOptions, type OptionRule } from "../../runtime/known_options.ts";
import type { BadBlockRecord } from "../block_decoder.ts";
import { ownColumn } from "../built_columns.ts";
import { BATCH_ROWS, MAX_RECORD_BYTES } from "../limits.ts";
import { checkChunk, checkPositive } from "../option_checks.ts";
import { AvroBlockDecoder } from "./avro_block_decoder.ts";
import { avroColumns } from "./avro_columns.ts";
import { schemaOf } from "./avro_encoder.ts";
import type { AvroSchema } from "./avro_type.ts";

/** Options of {@linkcode AvroDecoder}. */
export interface AvroDecoderOptions {
  /** The Avro schema that records are read as. Default: the one that they were written with. */
  readerSchema?: AvroSchema | string | object;
  /**
   * The columns: fields of the reader's schema, all or some, with the types that
   * {@linkcode avroColumns} gives them or others that hold the same. Default: all fields.
   */
  schema?: Schema;
  /** A larger record is an error. Default 1 MiB. */
  maxRecordBytes?: number;
  /** The most memory that its kernel may take, in bytes. Default 1 GiB. */
  budgetBytes?: number;
}

const OPTIONS: OptionRule<AvroDecoderOptions> = {
  doing: "make Avro decoder",
  names: { readerSchema: true, schema: true, maxRecordBytes: true, budgetBytes: true },
};

/** A record that is not what its schema says, or does not fit its columns. */
export class AvroDataError extends RangeError {
  /** `"AvroDataError"`. */
  override readonly name: string = "AvroDataError";
  /** Its place among the records, from 0. */
  readonly record: number;
  /** At which byte of the input it went wrong, from 0. */
  readonly at: number;
  /** The path of the field, such as `user.city`. */
  readonly field: string | undefined;

  /** An error about a record that a block decoder found. */
  constructor({ start, at = start, column, reason, fix }: BadBlockRecord, record: number) {
    const field = column === undefined ? "" : `, field ${JSON.stringify(column)}`;
    super(`Cannot decode Avro: record ${record}, byte ${at}${field}: ${reason}; ${fix}`);
    this.record = record;
    this.at = at;
    this.field = column;
  }
}

/**
 * Decodes Avro records that follow each other into a record batch, in the kernel.
 *
 * With a `readerSchema` they are read as that: fields by name or alias in any order, missing ones
 * by their defaults, others passed over, numbers widened.
 *
 * @example
 * ```ts
 * import { AvroDecoder } from "@waggle/stream";
 *
 * using decoder = new AvroDecoder({
 *   type: "record",
 *   name: "Customer",
 *   fields: [{ name: "id", type: "string" }, { name: "age", type: "int" }],
 * });
 * const batch = decoder.decode(new Uint8Array([6, 97, 110, 110, 68]));
 * console.log(batch.toRows()); // [{ id: "ann", age: 34 }]
 * ```
 */
export class AvroDecoder implements Disposable {
  /** The columns that it gives. */
  readonly schema: Schema;
  readonly #decoder: AvroBlockDecoder;
  #isClosed = false;

  /**
   * A decoder of records that were written with `writerSchema`.
   *
   * @throws {UnsupportedAvroError} when a wanted field has a type that no column can be.
   * @throws {TypeError} when the schemas, the columns or an option are none that they can be.
   */
  constructor(
    writerSchema: AvroSchema | string | object,
    options: AvroDecoderOptions = {},
  ) {
    const { readerSchema, maxRecordBytes = MAX_RECORD_BYTES, budgetBytes } = knownOptions(
      options,
      OPTIONS,
    );
    const writer = schemaOf(writerSchema);
    const reader = readerSchema === undefined ? writer : schemaOf(readerSchema);
    this.schema = options.schema ?? avroColumns(reader);
    const remedy = "raise budgetBytes, or decode fewer records at a time";
    this.#decoder = new AvroBlockDecoder(
      {
        ...{ format: "avro", schema: this.schema, batchRows: BATCH_ROWS },
        maxRecordBytes: checkPositive("maxRecordBytes", maxRecordBytes),
        ...{ writerSchema: writer.json, readerSchema: reader.json },
      },
      create(budgetBytes === undefined ? { remedy } : { budgetBytes, remedy }),
    );
  }

  /**
   * Decodes whole records.
   *
   * @throws {AvroDataError} for the first that is not what its schema says, or does not fit.
   * @throws {TypeError} when the decoder was disposed of.
   */
  decode(bytes: Uint8Array): RecordBatch {
    checkChunk(bytes);
    if (this.#isClosed) {
      throw new TypeError("Cannot decode Avro: the decoder was disposed of; make a new one");
    }
    const batches: RecordBatch[] = [];
    let [at, records] = [0, 0];
    do {
      const { batch, bad, end } = this.#decoder.decode(bytes, at);
      if (bad.length > 0) throw new AvroDataError(bad[0], records + bad[0].record);
      records += batch.length;
      at = end;
      // the block decoder's columns are those of its next batch too
      batches.push(new RecordBatch(this.schema, batch.columns.map(ownColumn), batch.length));
    } while (at < bytes.length);
    return batches.length === 1 ? batches[0] : RecordBatch.concat(batches);
  }

  /** Gives the kernel memory back. */
  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#decoder[Symbol.dispose]();
  }
}
