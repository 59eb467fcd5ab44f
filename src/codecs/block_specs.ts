import type { Schema } from "../batch/schema.ts";
import type { AvroMessageSpec } from "./avro/avro_message_decoder.ts";

/** What the plain data that make any block decoder have in common. */
export interface BlockSpec {
  /** The columns that are wanted; the records may have others. */
  readonly schema: Schema;
  /** Rows of a decoded batch, at most. */
  readonly batchRows: number;
  /** A larger record is a bad one. */
  readonly maxRecordBytes: number;
  /** What bytes mean that are not valid UTF-8. Default `"error"`. */
  readonly invalidUtf8?: "error" | "replace";
  /** What a key means that the schema has not. Default `"ignore"`. */
  readonly extraKeys?: "error" | "ignore";
}

/** What makes a decoder of blocks of NDJSON, as plain data. */
export interface NdjsonBlockSpec extends BlockSpec {
  /** What the records are. */
  readonly format: "ndjson";
  /** The deepest nesting of a record, which is one level itself. */
  readonly maxDepth: number;
  /** The most columns to infer. */
  readonly maxColumns: number;
  /** Whether values that are not wanted are passed over unread. Default `false`. */
  readonly trusted?: boolean;
}

/** What makes a decoder of blocks of CSV, as plain data. */
export interface CsvBlockSpec extends BlockSpec {
  /** What the records are. */
  readonly format: "csv";
  /** The columns that the records have, in their order. */
  readonly names: readonly string[];
  /** What stands between fields. Default `","`. */
  readonly separator?: string;
  /** What a field may be enclosed in, or `null` for nothing. Default `'"'`. */
  readonly quote?: string | null;
  /** Lines that start with it are left out. Default: none are. */
  readonly comment?: string;
  /** Whether blanks around fields without quotes are taken off. Default `false`. */
  readonly trim?: boolean;
  /** What an empty line is: nothing (default), or a record of one empty field. */
  readonly emptyLines?: "skip" | "record";
  /** What an empty field is in a text column: see `CsvOptions`. Default `"quoted"`. */
  readonly emptyStrings?: "quoted" | "null" | "keep";
  /** Texts that mean null when not in quotes. Default: none. */
  readonly nullValues?: readonly string[];
  /** What a record with too few or too many fields is. Default `"error"`. */
  readonly raggedRows?: "error" | "pad";
  /** The most fields of a record. */
  readonly maxColumns: number;
}

/** What makes a decoder of blocks of Avro records, as plain data that can be posted to a worker. */
export interface AvroBlockSpec {
  /** What tells it from the specs of other formats. */
  readonly format: "avro";
  /** The columns that are wanted; the records may have other fields. */
  readonly schema: Schema;
  /** Rows of a decoded batch, at most. */
  readonly batchRows: number;
  /** A larger record is a bad one. */
  readonly maxRecordBytes: number;
  /** The schema that the records were written with, as JSON. */
  readonly writerSchema: string;
  /** The schema that they are read as. Default: the writer's. */
  readonly readerSchema?: string;
  /**
   * Whether the number of its records stands in front of each block, as a double of 8 bytes with
   * the lowest first. Default `false`.
   */
  readonly counted?: boolean;
}

/** What makes a decoder of values that come with columns which were known before, as plain data. */
export interface FramedBlockSpec {
  /** What tells it from the specs of other formats. */
  readonly format: "framed";
  /** The columns that are wanted, beside the values and of them. */
  readonly schema: Schema;
  /** A larger value is a bad one. */
  readonly maxRecordBytes: number;
  /** What makes columns of the values, one record each. Absent: they stand beside, like all others. */
  readonly values?: NdjsonBlockSpec | AvroMessagesSpec;
  /**
   * A bool column beside the values: where it is true there is no value, and of the row all columns
   * of values are null. Absent: each has one.
   */
  readonly nulls?: string | undefined;
}

/** What makes a decoder of Avro messages, as plain data. */
export interface AvroMessagesSpec extends AvroMessageSpec {
  /** What tells it from the specs of other formats. */
  readonly format: "avroMessages";
}

/** What makes a decoder of blocks, as plain data that can be posted to a worker. */
export type BlockDecoderSpec =
  | NdjsonBlockSpec
  | CsvBlockSpec
  | AvroBlockSpec
  | AvroMessagesSpec
  | FramedBlockSpec;
