import type { RecordBatch } from "../batch/record_batch.ts";
import type { DataType, TypedSchema } from "../batch/schema.ts";
import type { BadRecordOptions } from "./bad_record.ts";

/** The options that all decoders have. */
export interface DecoderOptions<Row = Record<string, unknown>> extends BadRecordOptions {
  /** The columns. Default: inferred from the first `inferenceRows` records. */
  schema?: TypedSchema<Row>;
  /**
   * Types of some columns, such as `{ price: types.f64 }`, where there is no schema: those of the others
   * are inferred. A value that is not of its column's type makes its record a bad one.
   */
  types?: Readonly<Record<string, DataType>>;
  /**
   * How many records the columns are inferred from when there is no schema; until they have come,
   * `push` returns nothing. Default 1,024.
   */
  inferenceRows?: number;
  /** Rows of each batch; the last has fewer, and so have batches of 64 MiB. Default 8,192. */
  batchRows?: number;
  /** What a column or key means that the schema has not: an error (default), or nothing. */
  extraKeys?: "error" | "ignore";
  /** A larger record is a bad one, and is not kept in memory. Default 1 MiB. */
  maxRecordBytes?: number;
  /**
   * Whether a record that is not valid UTF-8 is a bad one (default), or has the wrong bytes
   * replaced by U+FFFD.
   */
  invalidUtf8?: "error" | "replace";
  /** What is read, for error messages: the file's name, say. */
  name?: string;
}

/**
 * What a decoder has done so far. At the end `records` is `rows` and `badRecords` together; before,
 * records that wait for the columns to be inferred are in neither.
 */
export interface DecoderMetrics {
  /** Bytes pushed. */
  readonly bytes: number;
  /** Records found, the bad ones included; no header, comment or empty line. */
  readonly records: number;
  /** Rows in batches, the open one included. */
  readonly rows: number;
  /** Records that could not be decoded. */
  readonly badRecords: number;
  /** Comments and empty lines. */
  readonly skippedLines: number;
}

/** Decodes the bytes of one input into batches. */
export interface BatchDecoder<Row = Record<string, unknown>> {
  /**
   * Decodes a chunk, cut anywhere, and returns the batches that it completes.
   *
   * @throws {BadRecordError} for a bad record under `badRecords: "fail"`.
   * @throws {TypeError} when the input's columns are not those of the schema, and after an error
   * or `finish`.
   */
  push(chunk: Uint8Array): RecordBatch<Row>[];
  /**
   * Decodes what is left, also a last record without its line end, and returns the last batches.
   *
   * @throws as {@linkcode push} does.
   */
  finish(): RecordBatch<Row>[];
  /** What was done so far. */
  metrics(): DecoderMetrics;
}
