import type { DataType } from "../batch/schema.ts";
import { choice, type Flag, text, whole } from "./command_spec.ts";
import { KAFKA_READ_FLAGS, type KafkaReadOptions } from "./kafka/kafka_input.ts";
import type { KafkaLoginOptions } from "./kafka/login_flags.ts";

/** What files of records may be. */
export const INPUT_FORMATS = ["csv", "tsv", "ndjson", "json", "avro", "parquet"] as const;

/** What a file of records may be. */
export type InputFormat = typeof INPUT_FORMATS[number];

/** How records are read. */
export interface InputOptions extends KafkaReadOptions, KafkaLoginOptions {
  /** What they are written as; default: by the file's name. */
  readonly inputFormat?: InputFormat;
  /** What is between the fields of a CSV file; default: a comma. */
  readonly separator?: string;
  /** What becomes of records that cannot be read; default: `fail`. */
  readonly badRecords?: "fail" | "skip";
  readonly maxRecordBytes?: number;
  /** The types that some columns are read as; default: those of all are inferred. */
  readonly readAs?: Readonly<Record<string, DataType>>;
}

/** The flags of {@linkcode InputOptions}. */
export const INPUT_FLAGS: readonly Flag[] = [
  choice(
    "--input-format <format>",
    "what the data are (default: by the name; ndjson of the standard input)",
    INPUT_FORMATS,
  ),
  text("--separator <character>", "what is between the fields of CSV (default: a comma)"),
  choice("--bad-records <policy>", "fail (default), or skip what cannot be read", ["fail", "skip"]),
  whole("--max-record-bytes <bytes>", "the largest record (default: 1,048,576)", 1),
  ...KAFKA_READ_FLAGS,
];
