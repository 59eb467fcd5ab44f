import type { SinkColumnSpec } from "./sink_types.ts";

/** What a column of CSV is read as: its number in the kernel. */
export const CsvKind = {
  bool: 0,
  i32: 1,
  i64: 2,
  f32: 3,
  f64: 4,
  timestamp: 5,
  date: 6,
  time: 7,
  decimal: 8,
  utf8: 9,
  dict: 10,
  mixed: 11,
  bytes: 12,
} as const;

/** A type that is read from CSV. */
export type CsvKindName = keyof typeof CsvKind;

/** How each is kept under construction. */
export const CSV_SINKS: Readonly<Record<CsvKindName, SinkColumnSpec["kind"]>> = {
  bool: "bool",
  i32: "i32",
  i64: "i64",
  f32: "f32",
  f64: "f64",
  timestamp: "i64",
  date: "i32",
  time: "i32",
  decimal: "decimal",
  utf8: "text",
  dict: "dict",
  mixed: "text",
  bytes: "text",
};

/** A byte that the dialect does not have. */
export const NO_BYTE = 256;

/** The bytes that mean something, or {@linkcode NO_BYTE}. */
export interface CsvMarks {
  readonly separator: number;
  readonly quote: number;
  readonly comment: number;
}

/** A wanted column. */
export interface CsvReaderColumn {
  readonly kind: CsvKindName;
  /** Of a decimal. */
  readonly precision?: number;
  readonly scale?: number;
  /** Which field of a record it is. */
  readonly source: number;
  /** Whether it holds no nulls. */
  readonly required: boolean;
  /** Whether an empty field is a text. */
  readonly keepsPlain: boolean;
  /** Whether an empty field in quotes is a text. */
  readonly keepsQuoted: boolean;
}

/** What the kernel has to know of CSV records. */
export interface CsvReaderPlan extends CsvMarks {
  /** Whether blanks and tabs around fields without quotes are taken off. */
  readonly trims: boolean;
  /** Whether an empty line is no record. */
  readonly skipsEmpty: boolean;
  /** Whether a record may have fewer or more fields. */
  readonly pads: boolean;
  /** Whether what is not valid UTF-8 is replaced. */
  readonly replaces: boolean;
  /** Fields of a record. */
  readonly fields: number;
  readonly maxColumns: number;
  readonly maxRecordBytes: number;
  readonly columns: readonly CsvReaderColumn[];
  /** Texts that mean null, as UTF-8. */
  readonly nullTexts: readonly Uint8Array[];
}

/** Why reading ended, in the kernel's order. */
export const CSV_STATUSES = ["end", "full", "badFull", "replace"] as const;

/** A record of which something is to be said. */
export interface CsvRecordPlace {
  /** Its number among the records since `begin`. */
  readonly record: number;
  /** Physical lines since then that are before it. */
  readonly line: number;
  /** Where its bytes start in what was read. */
  readonly start: number;
  /** Where they end. */
  readonly end: number;
}

/** What a call of {@linkcode CsvReader.read} is to do. */
export interface CsvReadOptions {
  /** Whether the last record may lack its line end. */
  readonly final: boolean;
  /** Rows that the batch has. */
  readonly held: number;
  /** Rows that it may have. */
  readonly mostRows: number;
  /** Bytes that the records of more rows may have. */
  readonly mostBytes: number;
  /** Bad records to stop at. */
  readonly mostBad: number;
}

/** What was read. */
export interface CsvRead {
  /** Rows that were added. */
  readonly rows: number;
  /** Bytes of their records. */
  readonly bytes: number;
  /** Where the next record starts. */
  readonly end: number;
  readonly bad: readonly CsvRecordPlace[];
  /**
   * Why it ended: with the bytes, a full batch, enough bad records, or before a record that is not
   * valid UTF-8 and is to be replaced.
   */
  readonly status: typeof CSV_STATUSES[number];
  /** The record to be replaced. */
  readonly replace?: CsvRecordPlace;
}
