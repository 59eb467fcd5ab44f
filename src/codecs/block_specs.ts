import type { Schema } from "../batch/schema.ts";

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
  readonly format: "ndjson";
  readonly maxDepth: number;
  readonly maxColumns: number;
  /** Whether values that are not wanted are passed over unread. Default `false`. */
  readonly trusted?: boolean;
}

/** What makes a decoder of blocks of CSV, as plain data. */
export interface CsvBlockSpec extends BlockSpec {
  readonly format: "csv";
  /** The columns that the records have, in their order. */
  readonly names: readonly string[];
  readonly separator?: string;
  readonly quote?: string | null;
  readonly comment?: string;
  readonly trim?: boolean;
  readonly emptyLines?: "skip" | "record";
  readonly emptyStrings?: "quoted" | "null" | "keep";
  readonly nullValues?: readonly string[];
  readonly raggedRows?: "error" | "pad";
  readonly maxColumns: number;
}

/** What makes a decoder of blocks, as plain data that can be posted to a worker. */
export type BlockDecoderSpec = NdjsonBlockSpec | CsvBlockSpec;
