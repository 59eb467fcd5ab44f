import { fitsPrecision, formatDecimal } from "../../batch/decimal.ts";
import { setOwn } from "../../batch/misfit.ts";
import type { DataType, Field, Schema } from "../../batch/schema.ts";
import { optionalOf, recordOf } from "./avro_columns.ts";
import { symbolTable, writersField } from "./avro_resolution.ts";
import type { AvroEnum, AvroRecord, AvroSchema, AvroType } from "./avro_type.ts";
import { writeDefault } from "./write_default.ts";

const UNITS: Readonly<Record<string, bigint>> = { millis: 1n, micros: 1_000n, nanos: 1_000_000n };
const MOST_NESTED = 256;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Nobody knows where the record ends. */
class Lost extends Error {}

/** A record as a row. */
export interface ReferenceRow {
  readonly row: Record<string, unknown>;
  /** Where it ends. */
  readonly end: number;
  /** Whether a value does not fit its column. */
  readonly isUnfit: boolean;
}

/** Plain values from bytes. */
class Cursor {
  readonly bytes: Uint8Array;
  at: number;
  isUnfit = false;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  whole(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.take(1)[0];
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) {
        if (value >= 2n ** 64n) throw new Lost();
        return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
      }
    }
    throw new Lost();
  }

  take(length: number | bigint): Uint8Array {
    if (length < 0 || length > this.bytes.length - this.at) throw new Lost();
    const start = this.at;
    this.at += Number(length);
    return this.bytes.subarray(start, this.at);
  }

  view(length: number): DataView {
    const { buffer, byteOffset } = this.take(length);
    return new DataView(buffer, byteOffset, length);
  }
}

/** What the kernel reads, value by value into rows: its reference, slow and plain. */
export class ReferenceAvroReader {
  readonly #writer: AvroRecord;
  readonly #reader: AvroRecord;
  readonly #columns: readonly Field[];

  /** A reader of records into rows with these columns. */
  constructor(writer: AvroSchema, reader: AvroSchema, { fields }: Schema) {
    this.#writer = recordOf(writer.type);
    this.#reader = recordOf(reader.type);
    this.#columns = fields;
  }

  /** Reads the record at `at`; `undefined` when it has no end. */
  read(bytes: Uint8Array, at: number): ReferenceRow | undefined {
    const from = new Cursor(bytes, at);
    try {
      const row = readRecord(from, this.#writer, this.#reader, this.#columns);
      return { row, end: from.at, isUnfit: from.isUnfit };
    } catch (error) {
      if (error instanceof Lost) return undefined;
      throw error;
    }
  }
}

function readRecord(
  from: Cursor,
  writer: AvroRecord,
  reader: AvroRecord,
  columns: readonly Field[],
): Record<string, unknown> {
  const values = new Map<string, unknown>();
  const wanted = columns.map((column) => {
    const field = reader.fields.find(({ name }) => name === column.name)!;
    return { column, field, source: writersField(writer, field) };
  });
  for (const field of writer.fields) {
    const found = wanted.find(({ source }) => source === field);
    if (found) {
      values.set(found.column.name, read(from, field.type, found.field.type, found.column));
    } else skip(from, field.type, 0);
  }
  for (const { column, field, source } of wanted) {
    if (source) continue;
    const given = new Cursor(writeDefault(field.type, field.default!.value), 0);
    values.set(column.name, read(given, field.type, field.type, column));
  }
  const row = {};
  for (const { name } of columns) setOwn(row, name, values.get(name));
  return row;
}

function read(
  from: Cursor,
  writer: AvroType,
  reader: AvroType,
  { type: column, nullable }: Pick<Field, "type" | "nullable">,
): unknown {
  const { type, branches } = optionalOf(writer, "");
  const as = optionalOf(reader, "");
  if (branches) {
    const branch = from.whole();
    if (branch === BigInt(branches.ofNull)) {
      const takesNull = (as.branches?.ofNull ?? -1) >= 0 && nullable !== false;
      if (!takesNull) from.isUnfit = true;
      return null;
    }
    if (branch !== BigInt(branches.ofValue)) throw new Lost();
  }
  if (type.type === "record" && as.type.type === "record" && column.kind === "struct") {
    return readRecord(from, type, as.type, column.fields);
  }
  if (type.type === "array" && as.type.type === "array" && column.kind === "list") {
    const { items } = as.type;
    const list: unknown[] = [];
    blocks(from, () => list.push(read(from, type.items, items, { type: column.item })), true);
    return list;
  }
  if (type.type === "map" && as.type.type === "map" && column.kind === "map") {
    const { values } = as.type;
    const map = {};
    blocks(from, () => {
      const key = text(from) as string;
      setOwn(map, key, read(from, type.values, values, { type: column.value }));
    }, true);
    return map;
  }
  return readScalar(from, type, as.type, column);
}

function blocks(from: Cursor, item: () => void, isWanted: boolean): void {
  while (true) {
    let count = from.whole();
    if (count === 0n) return;
    if (count < 0n) {
      count = -count;
      const size = from.whole();
      const start = from.at;
      from.take(size);
      if (!isWanted) continue;
      from.at = start;
      // no item begins behind the bytes of its block
      for (; count > 0n; count--) item();
      if (from.at !== start + Number(size)) throw new Lost();
    } else {
      for (; count > 0n; count--) {
        const start = from.at;
        item();
        if (from.at === start) break; // items without bytes
      }
    }
  }
}

function text(from: Cursor): unknown {
  const bytes = from.take(from.whole());
  try {
    return utf8.decode(bytes);
  } catch {
    from.isUnfit = true;
    return "";
  }
}

function readScalar(from: Cursor, writer: AvroType, reader: AvroType, column: DataType): unknown {
  switch (writer.type) {
    case "boolean": {
      const [byte] = from.take(1);
      if (byte > 1) from.isUnfit = true;
      return byte !== 0;
    }
    case "int":
    case "long":
      return wholeOf(from, reader, column);
    case "float":
      return from.view(4).getFloat32(0, true);
    case "double":
      return from.view(8).getFloat64(0, true);
    case "string":
    case "bytes":
      if (reader.type === "string") return text(from);
      return bytesOf(from, from.take(from.whole()), column);
    case "fixed":
      return bytesOf(from, from.take(writer.size), column);
    case "enum":
      return symbolOf(from, writer, reader as AvroEnum);
  }
}

function symbolOf(from: Cursor, writer: AvroEnum, reader: AvroEnum): string {
  const number = Number(from.whole());
  const symbol = reader.symbols[symbolTable(writer, reader)[number]];
  if (symbol === undefined) from.isUnfit = true;
  return symbol ?? "";
}

function wholeOf(from: Cursor, reader: AvroType, column: DataType): unknown {
  const value = from.whole();
  const logical = "logical" in reader ? reader.logical?.name ?? "" : "";
  const unit = UNITS[logical.slice(logical.lastIndexOf("-") + 1)] ?? 1n;
  const floor = (value - ((value % unit) + unit) % unit) / unit;
  if (reader.type === "float") return nearestFloat(value);
  switch (column.kind) {
    case "i64":
      return value;
    case "timestamp":
      return Number(floor);
    case "time":
      if (value < 0n || floor >= 86_400_000n) from.isUnfit = true;
      return Number(floor);
    case "f64":
      return Number(value);
    default:
      if (BigInt.asIntN(32, value) !== value) from.isUnfit = true;
      return Number(value);
  }
}

/** By way of a double of 53 bits, its last bit set when others were dropped. */
function nearestFloat(value: bigint): number {
  const magnitude = value < 0n ? -value : value;
  const drop = BigInt(Math.max(0, magnitude.toString(2).length - 52));
  const kept = magnitude >> drop;
  const head = (kept << drop) === magnitude ? kept : kept | 1n;
  return Math.fround(Number(value < 0n ? -head : head) * 2 ** Number(drop));
}

function bytesOf(from: Cursor, bytes: Uint8Array, column: DataType): unknown {
  if (column.kind === "utf8") {
    return bytes.toHex().replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }
  if (column.kind !== "decimal") return bytes;
  const unscaled = bytes.length === 0
    ? 0n
    : BigInt.asIntN(8 * bytes.length, BigInt(`0x${bytes.toHex()}`));
  if (!fitsPrecision(unscaled, column.precision)) from.isUnfit = true;
  return formatDecimal(unscaled, column.scale);
}

function skip(from: Cursor, type: AvroType, nested: number): void {
  if (nested > MOST_NESTED) throw new Lost();
  switch (type.type) {
    case "null":
      return;
    case "boolean":
      return void from.take(1);
    case "int":
    case "long":
    case "enum":
      return void from.whole();
    case "float":
      return void from.take(4);
    case "double":
      return void from.take(8);
    case "fixed":
      return void from.take(type.size);
    case "array":
      return blocks(from, () => skip(from, type.items, nested), false);
    case "map":
      return blocks(from, () => {
        from.take(from.whole());
        skip(from, type.values, nested);
      }, false);
    case "union": {
      const branch = type.branches[Number(from.whole())];
      if (branch === undefined) throw new Lost();
      return skip(from, branch, nested);
    }
    case "record":
      return type.fields.forEach((field) => skip(from, field.type, nested + 1));
  }
  from.take(from.whole());
}
