import { RecordBatch } from "../../batch/record_batch.ts";
import type { Schema, TypedSchema } from "../../batch/schema.ts";
import { checkSchema } from "../../batch/schema_check.ts";
import { knownOptions, type OptionRule } from "../../runtime/known_options.ts";
import { type BadRecordOptions, BadRecords } from "../bad_record.ts";
import type { BatchDecoder, DecoderMetrics } from "../batch_decoder.ts";
import type { BlockDecoder } from "../block_decoder.ts";
import { BATCH_ROWS, MAX_BATCH_BYTES, MAX_RECORD_BYTES } from "../limits.ts";
import { OneInput } from "../one_input.ts";
import { checkPositive } from "../option_checks.ts";
import type { AvroCodec } from "./avro_block_codecs.ts";
import { ownColumn } from "../built_columns.ts";
import { type AvroEngine, kernelEngine } from "./avro_engine.ts";
import { AvroFileError, recordFault } from "./avro_file_error.ts";
import { type AvroFileFault, AvroFileFaultError } from "./avro_file_fault.ts";
import { AvroFileReader, type AvroFileRecords } from "./avro_file_records.ts";
import { type AvroFileReading, avroFileSpec } from "./avro_file_spec.ts";
import type { AvroSchema } from "./avro_type.ts";
import { countFault } from "./counted_records.ts";

/** The most bytes of a header unless told otherwise: 1 MiB. */
export const MAX_HEADER_BYTES = 1_048_576;

/** Options of {@linkcode AvroFileDecoder}. */
export interface AvroFileDecoderOptions<Row = Record<string, unknown>> extends BadRecordOptions {
  /** The columns that are wanted: fields of the file, some or all. Default: all. */
  schema?: TypedSchema<Row>;
  /** The Avro schema that the records are read as. Default: the file's own. */
  readerSchema?: AvroSchema | string | object;
  /** Rows of a batch, at most; the end of a block ends one too. Default 8,192. */
  batchRows?: number;
  /** A larger record is a bad one. Default 1 MiB. */
  maxRecordBytes?: number;
  /** A block may have so many bytes, compressed and decompressed. Default 64 MiB. */
  maxBlockBytes?: number;
  /** The header may have so many bytes. Default 1 MiB. */
  maxHeaderBytes?: number;
  /** The most memory that its kernel may take, in bytes. Default 1 GiB. */
  budgetBytes?: number;
  /** What reads records. Default: the kernel; `@waggle/stream/avro` has one for all types. */
  engine?: AvroEngine;
  /** What is read, for error messages: the file's name, say. */
  name?: string;
}

/** What options a decoder of Avro files takes. */
const AVRO_FILE_OPTIONS: OptionRule<AvroFileDecoderOptions<never>> = {
  doing: "make decoder",
  names: {
    schema: true,
    readerSchema: true,
    batchRows: true,
    maxRecordBytes: true,
    maxBlockBytes: true,
    maxHeaderBytes: true,
    budgetBytes: true,
    engine: true,
    name: true,
    badRecords: true,
    deadLetter: true,
  },
};

/** What an Avro file says of itself. */
export interface AvroFileInfo {
  /** What its records were written as. */
  readonly schema: AvroSchema;
  /** How its blocks are compressed. */
  readonly codec: AvroCodec;
  /** Everything that stands in its header by name, schema and codec among them. */
  readonly metadata: ReadonlyMap<string, Uint8Array>;
}

/**
 * Decodes an Avro file (object container file) from bytes into batches, whatever the codec of its
 * blocks: `null`, `deflate`, `snappy` or `zstandard`.
 *
 * Every length is checked before memory is taken. A block that is damaged, and what of a block
 * follows a record that cannot be read, goes the way of `badRecords` as one record; behind a wrong
 * sync marker it goes on after the next right one.
 *
 * @example
 * ```ts
 * import { AvroFileDecoder, AvroFileEncoder, RecordBatch } from "@waggle/stream";
 *
 * const encoder = new AvroFileEncoder({ codec: "zstandard" });
 * const birds = RecordBatch.fromRows([{ bird: "Gull", count: 3 }, { bird: "Owl", count: 1 }]);
 * const file = new Blob([...encoder.push(birds), ...encoder.finish()]);
 *
 * const decoder = new AvroFileDecoder({ name: "birds.avro" });
 * for await (const chunk of file.stream()) {
 *   for (const batch of decoder.push(chunk)) console.log(batch.toRows());
 *   // [{ bird: "Gull", count: 3 }, { bird: "Owl", count: 1 }]
 * }
 * decoder.finish();
 * ```
 */
export class AvroFileDecoder<Row = Record<string, unknown>>
  implements BatchDecoder<Row>, Disposable {
  readonly #options: AvroFileDecoderOptions<Row>;
  readonly #reading: AvroFileReading;
  readonly #file: string;
  readonly #reader: AvroFileReader;
  readonly #bad: BadRecords;
  readonly #input: OneInput;
  #decoder: { readonly records: BlockDecoder; readonly schema: Schema } | undefined;
  #rows = 0;
  #batches: RecordBatch<Row>[] = [];

  /**
   * A decoder of one file.
   *
   * @throws {TypeError} or {RangeError} when an option is none that it can be.
   */
  constructor(options: AvroFileDecoderOptions<Row> = {}) {
    const { maxBlockBytes = MAX_BATCH_BYTES, maxHeaderBytes = MAX_HEADER_BYTES } = knownOptions(
      options,
      AVRO_FILE_OPTIONS,
    );
    const { batchRows = BATCH_ROWS, maxRecordBytes = MAX_RECORD_BYTES } = options;
    if (options.schema) checkSchema(options.schema);
    for (const [name, value] of Object.entries({ batchRows, maxRecordBytes })) {
      checkPositive(name, value);
    }
    const limits = {
      maxBlockBytes: checkPositive("maxBlockBytes", maxBlockBytes),
      maxHeaderBytes: checkPositive("maxHeaderBytes", maxHeaderBytes),
    };
    this.#options = options;
    const { schema, readerSchema, engine = kernelEngine } = options;
    this.#reading = {
      ...{ engine, batchRows, maxRecordBytes },
      ...(schema && { schema }),
      ...(readerSchema !== undefined && { readerSchema }),
    };
    this.#file = options.name ?? "Avro input";
    this.#input = new OneInput(this.#file, () => this[Symbol.dispose]());
    this.#bad = new BadRecords(options);
    this.#reader = new AvroFileReader(limits, ({ fault, bytes }) => {
      this.#report(fault, bytes);
    });
  }

  /** What the file says of itself, as soon as its header has come. */
  get info(): AvroFileInfo | undefined {
    return this.#reader.header;
  }

  /** Decodes a chunk: see {@linkcode BatchDecoder.push}. */
  push(chunk: Uint8Array): RecordBatch<Row>[] {
    return this.#explained(() =>
      this.#input.push(chunk, () => {
        for (const records of this.#reader.read(chunk)) this.#decode(records);
      })
    );
  }

  /** Decodes what is left: see {@linkcode BatchDecoder.finish}. */
  finish(): RecordBatch<Row>[] {
    return this.#explained(() =>
      this.#input.finish(() => {
        for (const records of this.#reader.finish()) this.#decode(records);
      })
    );
  }

  /** What was done so far. */
  metrics(): DecoderMetrics {
    return {
      bytes: this.#input.bytes,
      records: this.#rows + this.#bad.count,
      rows: this.#rows,
      badRecords: this.#bad.count,
      skippedLines: 0,
    };
  }

  /** Gives kernel memory back; `finish` and errors do it too. */
  [Symbol.dispose](): void {
    this.#decoder?.records[Symbol.dispose]();
    this.#decoder = undefined;
    this.#input.end();
  }

  /** The batches that work gives; a fault that it meets is told of by the name of the file. */
  #explained(work: () => void): RecordBatch<Row>[] {
    try {
      work();
    } catch (error) {
      if (!(error instanceof AvroFileFaultError)) throw error;
      const { fault, cause } = error;
      throw new AvroFileError(fault, { file: this.#file, isWhole: true, cause });
    }
    const batches = this.#batches;
    this.#batches = [];
    return batches;
  }

  #report(fault: AvroFileFault, bytes: Uint8Array): void {
    this.#bad.report(new AvroFileError(fault, { file: this.#file }), () => bytes.slice());
  }

  #open(): { readonly records: BlockDecoder; readonly schema: Schema } {
    const { spec } = avroFileSpec(this.#reader.header!.schema, this.#reading);
    const { budgetBytes } = this.#options;
    const options = budgetBytes === undefined ? {} : { budgetBytes };
    return { records: this.#reading.engine.decoder(spec, options), schema: spec.schema };
  }

  #decode({ bytes, records, offset }: AvroFileRecords): void {
    const { records: decoder, schema } = this.#decoder ??= this.#open();
    let [at, found] = [0, 0];
    let isCut = false;
    while (at < bytes.length) {
      const { batch, bad, records: passed, end } = decoder.decode(bytes, at);
      const own = new RecordBatch<Row>(schema, batch.columns.map(ownColumn), batch.length);
      if (own.length > 0) this.#batches.push(own);
      this.#rows += own.length;
      for (const each of bad) {
        const { record, start, end } = each;
        isCut ||= end === bytes.length;
        const kept = bytes.subarray(start, Math.min(end, start + this.#reading.maxRecordBytes));
        this.#report(recordFault({ ...each, record: found + record }, offset), kept);
      }
      found += passed;
      at = end;
    }
    if (found === records || isCut) return;
    const fault = countFault({ expected: records, found, end: bytes.length });
    this.#report(recordFault(fault, offset), new Uint8Array(0));
  }
}
