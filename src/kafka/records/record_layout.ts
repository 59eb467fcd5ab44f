import type { JsonFieldsOptions } from "../../codecs/json/json_fields.ts";

/** Values that are JSON objects, as a {@linkcode JsonEncoder} writes them. */
export interface JsonValues extends JsonFieldsOptions {
  /** JSON. */
  readonly format: "json";
}

/** Values that are Avro records, as an {@linkcode AvroEncoder} writes them. */
export interface AvroValues {
  /** Avro. */
  readonly format: "avro";
  /** The schema, JSON. */
  readonly schema: string;
  /** What stands in front of each: the wire prefix of a schema registry. */
  readonly prefix?: Uint8Array;
  /** What a column means that the schema has no field for: an error (default), or nothing. */
  readonly extraColumns?: "error" | "ignore";
}

/** Values that are the cells of one column, as they are. */
export interface RawValues {
  /** Bytes. */
  readonly format: "raw";
  /** A column of texts or bytes; others become what `String` makes of them. Null: a tombstone. */
  readonly column: string;
}

/** What keys are made of when they are Avro. */
export interface AvroKeys {
  /** The schema, JSON: of a record, whose fields are columns, or of what the key column holds. */
  readonly schema: string;
  /** What stands in front of each: the wire prefix of a schema registry. */
  readonly prefix?: Uint8Array;
}

/** What becomes the value, key, headers and timestamp of each row. */
export interface RecordLayout {
  /** The values. */
  readonly value: JsonValues | AvroValues | RawValues;
  /** The columns that go into the value. Default: all but headers and `tombstone`. */
  readonly valueColumns?: readonly string[];
  /**
   * The column of keys: texts and bytes as they are, numbers, dates and truth values as `String`
   * has them, null: no key. Default: none, or the fields of `avroKey`.
   */
  readonly key?: string;
  /** Keys as Avro. */
  readonly avroKey?: AvroKeys;
  /** Columns by the names of the headers that they become. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A column of timestamps. Default, and where it is null: when the rows were appended. */
  readonly timestamp?: string;
  /** A bool column: where it is true the value is null. Such a row needs a key. */
  readonly tombstone?: string;
}

/** How rows find their partitions. */
export type Partitioner =
  /** By a hash of the key, as Java's clients do; those without a key batch by batch in turn. */
  | { readonly kind: "murmur2" }
  /** By a column of `i32`. */
  | { readonly kind: "column"; readonly column: string }
  /** By a function, which gets the key as it is sent. */
  | {
    readonly kind: "custom";
    partition(key: Uint8Array | null, partitions: number): number;
  };
