import { getBit } from "../../batch/bitmap.ts";
import type { Column } from "../../batch/column.ts";
import { columnOf } from "../../batch/column_of.ts";
import type { RecordBatch } from "../../batch/record_batch.ts";
import type { DataType, Schema } from "../../batch/schema.ts";
import { showName } from "../../batch/shown_names.ts";
import { DAY_MS } from "../../batch/time_range.ts";
import { jsonTexts } from "../sql/json_texts.ts";
import { misfitError } from "../sql/sql_table.ts";
import type { PostgresTableColumn } from "./postgres_types.ts";

/** Signature, no flags, no extension (PostgreSQL manual, COPY, "Binary Format"). */
const HEADER = Uint8Array.of(
  ...new TextEncoder().encode("PGCOPY\n"),
  ...[0xff, 0x0d, 0x0a, 0, 0, 0, 0, 0, 0, 0, 0, 0],
);
const TRAILER = Uint8Array.of(0xff, 0xff);
const LENGTH_BYTES = 4;
const NULL_LENGTH = -1;
const TWO_32 = 2 ** 32;
/** PostgreSQL counts from the year 2000. */
const EPOCH_MS = Date.UTC(2000, 0, 1);
const EPOCH_DAY = EPOCH_MS / DAY_MS;
/** The years 1 to 9999, which all ways to write a time know. */
const FIRST_MS = -62_135_596_800_000;
const LAST_MS = 253_402_300_799_999;
const JSONB_VERSION = 1;
/** Bytes from which a copy by the engine is faster than a loop. */
const LONG_BYTES = 40;

/** Types whose binary form is the one that is written for a kind. */
const BASES: Readonly<Partial<Record<DataType["kind"], readonly string[]>>> = {
  bool: ["bool"],
  i32: ["int4"],
  i64: ["int8"],
  f32: ["float4"],
  f64: ["float8"],
  timestamp: ["timestamptz", "timestamp"],
  date: ["date"],
  time: ["time"],
  utf8: ["text", "varchar", "json"],
  dict: ["text", "varchar", "json"],
  bytes: ["bytea"],
  list: ["jsonb", "json", "text", "varchar"],
  struct: ["jsonb", "json", "text", "varchar"],
  map: ["jsonb", "json", "text", "varchar"],
  mixed: ["jsonb", "json", "text", "varchar"],
};
const FIXED_BYTES: Readonly<Partial<Record<DataType["kind"], number>>> = {
  bool: 1,
  i32: 4,
  i64: 8,
  f32: 4,
  f64: 8,
  timestamp: 8,
  date: 4,
  time: 8,
};

/** Whether the columns of a schema have a binary form for the columns of a table. */
export function hasBinaryForm(
  { fields }: Schema,
  columns: readonly PostgresTableColumn[],
): boolean {
  return fields.every(({ type }, at) => BASES[type.kind]?.includes(columns[at].base) ?? false);
}

/** Where cells go: a row's next one to its cursor, which moves on. */
interface Target {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly cursors: Int32Array;
}

/** Cells of any length: those of row i are from `starts[slot(i)]` to `ends[slot(i)]`. */
interface Texts {
  readonly bytes: Uint8Array;
  readonly offsets: Int32Array;
  /** Which text a row has; absent: its own. */
  readonly slots?: Int32Array;
  /** A byte before each, or none. */
  readonly prefix?: number;
}

/** A column on its way: how long its cells are, and what they are. */
interface Part {
  readonly column: Column;
  readonly fixed?: number;
  readonly texts?: Texts;
}

function isNull({ validity, nullCount }: Column, row: number): boolean {
  return nullCount > 0 && !getBit(validity!, row);
}

function textsOf(column: Column, base: string): Texts {
  const { type, values, offsets, children, length } = column;
  switch (type.kind) {
    case "utf8":
    case "bytes":
      return { bytes: values as Uint8Array, offsets: offsets! };
    case "dict": {
      const [entries] = children!;
      const slots = values as Int32Array;
      return { bytes: entries.values as Uint8Array, offsets: entries.offsets!, slots };
    }
    default: {
      const texts = columnOf({ kind: "utf8" }, jsonTexts(column, { start: 0, end: length }));
      const { values: bytes, offsets: of } = texts;
      const prefix = base === "jsonb" ? { prefix: JSONB_VERSION } : {};
      return { bytes: bytes as Uint8Array, offsets: of!, ...prefix };
    }
  }
}

/** Adds the bytes of each row's cell to `sizes`. */
function addSizes({ column, fixed, texts }: Part, sizes: Int32Array, rows: number): void {
  const more = texts?.prefix === undefined ? 0 : 1;
  for (let row = 0; row < rows; row++) {
    if (isNull(column, row)) continue;
    if (fixed !== undefined) sizes[row] += fixed;
    else {
      const { offsets, slots } = texts!;
      const slot = slots ? slots[row] : row;
      sizes[row] += more + offsets[slot + 1] - offsets[slot];
    }
  }
}

function writeTexts({ column, texts }: Part, { bytes, view, cursors }: Target, rows: number): void {
  const { bytes: from, offsets, slots, prefix } = texts!;
  for (let row = 0; row < rows; row++) {
    let at = cursors[row];
    if (isNull(column, row)) {
      view.setInt32(at, NULL_LENGTH);
      cursors[row] = at + LENGTH_BYTES;
      continue;
    }
    const slot = slots ? slots[row] : row;
    const start = offsets[slot];
    const end = offsets[slot + 1];
    view.setInt32(at, end - start + (prefix === undefined ? 0 : 1));
    at += LENGTH_BYTES;
    if (prefix !== undefined) bytes[at++] = prefix;
    if (end - start < LONG_BYTES) {
      for (let i = start; i < end; i++) bytes[at++] = from[i];
    } else {
      bytes.set(from.subarray(start, end), at);
      at += end - start;
    }
    cursors[row] = at;
  }
}

type WriteCell = (view: DataView, at: number, row: number) => void;

/** Microseconds of milliseconds, as the two halves of a 64-bit integer. */
function writeMicroseconds(view: DataView, at: number, ms: number): void {
  const high = Math.floor(ms / TWO_32);
  const low = (ms - high * TWO_32) * 1000;
  const carry = Math.floor(low / TWO_32);
  view.setInt32(at, high * 1000 + carry);
  view.setUint32(at + 4, low - carry * TWO_32);
}

function timestampCells(values: BigInt64Array): WriteCell {
  const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
  return (view, at, row) => {
    const ms = halves[row * 2 + 1] * TWO_32 + (halves[row * 2] >>> 0);
    if (!(ms >= FIRST_MS && ms <= LAST_MS)) throw new RangeError(`timestamp ${ms}`);
    writeMicroseconds(view, at, ms - EPOCH_MS);
  };
}

function dateCells(days: Int32Array): WriteCell {
  return (view, at, row) => {
    const day = days[row];
    const ms = day * DAY_MS;
    if (!(ms >= FIRST_MS && ms <= LAST_MS)) throw new RangeError(`date ${day}`);
    view.setInt32(at, day - EPOCH_DAY);
  };
}

function int64Cells(values: BigInt64Array): WriteCell {
  const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
  return (view, at, row) => {
    view.setInt32(at, halves[row * 2 + 1]);
    view.setInt32(at + 4, halves[row * 2]);
  };
}

function fixedCells({ type, values }: Column): WriteCell {
  const numbers = values as Int32Array | Float64Array;
  switch (type.kind) {
    case "bool":
      return (view, at, row) => view.setInt8(at, Number(getBit(values as Uint8Array, row)));
    case "i32":
      return (view, at, row) => view.setInt32(at, numbers[row]);
    case "f32":
      return (view, at, row) => view.setFloat32(at, numbers[row]);
    case "f64":
      return (view, at, row) => view.setFloat64(at, numbers[row]);
    case "timestamp":
      return timestampCells(values as BigInt64Array);
    case "date":
      return dateCells(values as Int32Array);
    case "time":
      return (view, at, row) => writeMicroseconds(view, at, numbers[row]);
    default:
      return int64Cells(values as BigInt64Array);
  }
}

function writeFixed({ column, fixed }: Part, { view, cursors }: Target, rows: number): void {
  const write = fixedCells(column);
  for (let row = 0; row < rows; row++) {
    const at = cursors[row];
    if (isNull(column, row)) {
      view.setInt32(at, NULL_LENGTH);
      cursors[row] = at + LENGTH_BYTES;
      continue;
    }
    view.setInt32(at, fixed!);
    write(view, at + LENGTH_BYTES, row);
    cursors[row] = at + LENGTH_BYTES + fixed!;
  }
}

/** Encodes batches in the binary form of COPY, which takes the server less time than texts. */
export class BinaryCopyEncoder {
  readonly #columns: readonly PostgresTableColumn[];
  #bytes = new Uint8Array(65_536);

  /** An encoder for columns of a table that {@linkcode hasBinaryForm} was asked about. */
  constructor(columns: readonly PostgresTableColumn[]) {
    this.#columns = columns;
  }

  /**
   * The bytes of a piece of the data; they are valid until the next call.
   *
   * @throws {StreamingError} naming the column of a time out of the years 1 to 9999.
   */
  encode(
    batch: RecordBatch,
    { isFirst, isLast }: { isFirst: boolean; isLast: boolean },
  ): Uint8Array {
    const { length: rows, columns } = batch;
    const parts = columns.map((column, at): Part => {
      const fixed = FIXED_BYTES[column.type.kind];
      return fixed === undefined
        ? { column, texts: textsOf(column, this.#columns[at].base) }
        : { column, fixed };
    });
    const head = isFirst ? HEADER.length : 0;
    const cursors = new Int32Array(rows).fill(2 + LENGTH_BYTES * columns.length);
    for (const part of parts) addSizes(part, cursors, rows);
    const end = placeRows(cursors, head);
    const total = end + (isLast ? TRAILER.length : 0);
    if (this.#bytes.length < total) this.#bytes = new Uint8Array(total * 2);
    const bytes = this.#bytes;
    if (isFirst) bytes.set(HEADER);
    if (isLast) bytes.set(TRAILER, end);
    this.#fill(batch, parts, { bytes, view: new DataView(bytes.buffer), cursors });
    return bytes.subarray(0, total);
  }

  #fill({ length: rows, schema }: RecordBatch, parts: readonly Part[], target: Target): void {
    const { view, cursors } = target;
    for (let row = 0; row < rows; row++) {
      view.setInt16(cursors[row], parts.length);
      cursors[row] += 2;
    }
    parts.forEach((part, at) => {
      try {
        if (part.fixed === undefined) writeTexts(part, target, rows);
        else writeFixed(part, target, rows);
      } catch (cause) {
        if (!(cause instanceof RangeError)) throw cause;
        throw misfitError(
          `Cannot copy column ${
            showName(schema.fields[at].name)
          }: ${cause.message} is out of the ` +
            "years 1 to 9999; make the column i64",
          { cause },
        );
      }
    });
  }
}

/** Turns the sizes of rows into where they begin; gives where the last one ends. */
function placeRows(sizes: Int32Array, start: number): number {
  let at = start;
  for (let row = 0; row < sizes.length; row++) {
    const size = sizes[row];
    sizes[row] = at;
    at += size;
  }
  return at;
}
