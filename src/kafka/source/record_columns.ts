import type { Column } from "../../batch/column.ts";
import { RecordBatch } from "../../batch/record_batch.ts";
import type { DataType, Field } from "../../batch/schema.ts";
import { ownColumn } from "../../codecs/built_columns.ts";
import type { Cells, DecodedHeaders, DecodedRecords } from "../records/decoded_records.ts";
import type { KafkaColumnOptions } from "./kafka_source_options.ts";

const UTF8: DataType = { kind: "utf8" };
const BYTES: DataType = { kind: "bytes" };
const OFFSETS: DataType = { kind: "i64", as: "number" };
const NO_TIME = -1;

/** A column that is not in the values of records, or is the value itself. */
export interface RecordColumn {
  readonly field: Field;
  /** Its cells, for all records; valid until more are asked for. */
  make(records: DecodedRecords): Column;
}

/** A column of whether values are null that nobody has asked for by a name. */
export const NULLS = "\0null";

/** The columns that are made of records beside what is decoded of their values. */
export function recordColumns(
  given: KafkaColumnOptions,
  { values, marksNulls }: {
    readonly values: "json" | "avro" | "text" | "raw";
    /** Whether it must be told in any case which values are null. */
    readonly marksNulls: boolean;
  },
): RecordColumn[] {
  const { keyColumn, keys = "text", headersColumn, headerColumns = {}, valueColumn } = given;
  const kind = keys === "text" ? "utf8" : "bytes";
  const valueKind = values === "text" ? "utf8" : "bytes";
  const map: DataType = { kind: "map", value: BYTES };
  const column = (
    name: string | undefined,
    type: DataType,
    make: (records: DecodedRecords) => Column,
    nullable = true,
  ): RecordColumn[] => {
    if (name === undefined) return [];
    return [{ field: { name, type, nullable }, make: (records) => ({ ...make(records), type }) }];
  };
  const nulls = given.tombstoneColumn ?? (marksNulls ? NULLS : undefined);
  return [
    ...column(valueColumn, { kind: valueKind }, (records) => records.valueColumn(valueKind)),
    ...column(keyColumn, { kind }, (records) => records.keyColumn(kind)),
    ...column(headersColumn, map, (records) => records.headerColumn()),
    ...Object.entries(headerColumns).flatMap(([header, name]) =>
      column(name, UTF8, headerColumn(header))
    ),
    ...column(nulls, { kind: "bool" }, nullColumn, false),
    ...column(given.topicColumn, UTF8, ({ topic, count }) => constant(topic, count), false),
    ...column(given.partitionColumn, { kind: "i32" }, (all) => all.partitionColumn(), false),
    ...column(given.offsetColumn, OFFSETS, (records) => records.offsetColumn(), false),
    ...column(given.timestampColumn, { kind: "timestamp" }, timeColumn),
  ];
}

/** The columns of some records, in memory of their own; `undefined`: there are none. */
export function besideOf(
  columns: readonly RecordColumn[],
  records: DecodedRecords,
): RecordBatch | undefined {
  if (columns.length === 0) return undefined;
  const schema = { fields: columns.map(({ field }) => field) };
  // what lies in the decoder's memory may move when the next is asked for
  const cells = columns.map(({ make }) => ownColumn(make(records)));
  return new RecordBatch(schema, cells, records.count);
}

function timeColumn(records: DecodedRecords): Column {
  const { timestamps, count } = records;
  const column = records.timestampColumn();
  let nullCount = 0;
  for (let row = 0; row < count; row++) if (timestamps[row] === NO_TIME) nullCount++;
  if (nullCount === 0) return column;
  return { ...column, nullCount, validity: bitsOf(count, (row) => timestamps[row] !== NO_TIME) };
}

function nullColumn({ values: { lengths }, count: length }: DecodedRecords): Column {
  const values = bitsOf(length, (row) => lengths[row] < 0);
  return { type: { kind: "bool" }, length, nullCount: 0, values };
}

function bitsOf(length: number, isSet: (row: number) => boolean): Uint8Array {
  const bits = new Uint8Array((length + 7) >> 3);
  for (let row = 0; row < length; row++) if (isSet(row)) bits[row >> 3] |= 1 << (row & 7);
  return bits;
}

/** The same text in every row. */
function constant(text: string, length: number): Column {
  const bytes = new TextEncoder().encode(text);
  const values = new Uint8Array(bytes.length * length);
  const offsets = new Int32Array(length + 1);
  for (let row = 0; row < length; row++) {
    values.set(bytes, row * bytes.length);
    offsets[row + 1] = (row + 1) * bytes.length;
  }
  return { type: UTF8, length, nullCount: 0, values, offsets };
}

/** The last header of a name. */
function headerColumn(name: string): (records: DecodedRecords) => Column {
  const wanted = new TextEncoder().encode(name);
  return ({ headers, count: length }) => {
    const found = Int32Array.from({ length }, (_, row) => lastOf(headers, row, wanted));
    const { starts, lengths, bytes } = headers.values;
    const isNull = (row: number) => found[row] < 0 || lengths[found[row]] < 0;
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    const texts = Array.from(found, (header, row) => {
      if (isNull(row)) return null;
      return decoder.decode(bytes.subarray(starts[header], starts[header] + lengths[header]));
    });
    const rows: unknown = RecordBatch.fromRows(
      texts.map((text) => ({ text })),
      { schema: { fields: [{ name: "text", type: UTF8 }] } as never },
    );
    return (rows as RecordBatch).columnAt(0);
  };
}

function lastOf({ firsts, names }: DecodedHeaders, row: number, wanted: Uint8Array): number {
  for (let at = firsts[row + 1] - 1; at >= firsts[row]; at--) {
    if (isNamed(names, at, wanted)) return at;
  }
  return -1;
}

function isNamed({ bytes, starts, lengths }: Cells, at: number, wanted: Uint8Array): boolean {
  if (lengths[at] !== wanted.length) return false;
  for (let byte = 0; byte < wanted.length; byte++) {
    if (bytes[starts[at] + byte] !== wanted[byte]) return false;
  }
  return true;
}
