import { parseDecimal } from "../../batch/decimal.ts";
import type { Field } from "../../batch/schema.ts";
import type { DataType } from "../../batch/schema.ts";
import { optionalOf, recordOf } from "./avro_columns.ts";
import type { AvroRecord, AvroSchema, AvroType } from "./avro_type.ts";
import { ByteWriter } from "./byte_writer.ts";
import { writeDefault } from "./write_default.ts";

const FACTORS: Readonly<Record<string, bigint>> = { millis: 1n, micros: 1_000n, nanos: 1_000_000n };

type Row = Readonly<Record<string, unknown>>;

/** What the kernel writes, value by value from rows: its reference, slow and plain. */
export class ReferenceAvroWriter {
  readonly #record: AvroRecord;
  readonly #columns: readonly Field[];

  /** A writer of rows with these columns. */
  constructor(schema: AvroSchema, columns: readonly Field[]) {
    this.#record = recordOf(schema.type);
    this.#columns = columns;
  }

  /**
   * Writes one row.
   *
   * @throws {RangeError} for a value that the schema does not hold.
   */
  write(row: Row): Uint8Array<ArrayBuffer> {
    const to = new ByteWriter();
    writeRecord(to, this.#record, this.#columns, row);
    return to.take();
  }
}

function writeRecord(
  to: ByteWriter,
  record: AvroRecord,
  columns: readonly Field[],
  row: Row,
): void {
  for (const { name, type, default: given } of record.fields) {
    const column = columns.find((each) => each.name === name);
    if (column) write(to, type, column.type, row[name]);
    else to.fixed(writeDefault(type, given!.value));
  }
}

function write(to: ByteWriter, avro: AvroType, column: DataType, value: unknown): void {
  const { type, branches } = optionalOf(avro, "");
  if (value === null && !(branches && branches.ofNull >= 0)) throw new RangeError("null");
  if (branches) to.whole(value === null ? branches.ofNull : branches.ofValue);
  if (value === null) return;
  if (type.type === "record" && column.kind === "struct") {
    return writeRecord(to, type, column.fields, value as Row);
  }
  if (type.type === "array" && column.kind === "list") {
    const items = value as unknown[];
    if (items.length > 0) to.whole(items.length);
    for (const item of items) write(to, type.items, column.item, item);
    return to.byte(0);
  }
  if (type.type === "map" && column.kind === "map") {
    const entries = Object.entries(value as Row);
    if (entries.length > 0) to.whole(entries.length);
    for (const [key, each] of entries) {
      to.text(key);
      write(to, type.values, column.value, each);
    }
    return to.byte(0);
  }
  writeScalar(to, type, column, value);
}

function writeScalar(to: ByteWriter, type: AvroType, column: DataType, value: unknown): void {
  switch (type.type) {
    case "boolean":
      return to.byte(value ? 1 : 0);
    case "int":
      return to.whole(inRange(wholeOf(type.logical?.name, column, value), 32));
    case "long":
      return to.whole(inRange(wholeOf(type.logical?.name, column, value), 64));
    case "float":
      return to.float(typeof value === "bigint" ? nearestFloat(value) : value as number);
    case "double":
      return to.double(Number(value));
    case "string":
      return to.text(value as string);
    case "enum":
      return to.whole(inRange(BigInt(type.symbols.indexOf(value as string)), 64, 0n));
    case "bytes":
      if (column.kind !== "decimal") return to.bytes(value as Uint8Array);
      return to.bytes(bigEndian(parseDecimal(value, column)));
    case "fixed":
      return writeFixed(to, column, value, type.size);
  }
}

function writeFixed(to: ByteWriter, column: DataType, value: unknown, size: number): void {
  if (column.kind === "decimal") return to.fixed(bigEndian(parseDecimal(value, column), size));
  if (column.kind === "utf8") {
    const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
    if (!uuid.test(value as string)) throw new RangeError("no UUID");
    return to.fixed(Uint8Array.fromHex((value as string).replaceAll("-", "")));
  }
  if ((value as Uint8Array).length !== size) throw new RangeError("other length");
  to.fixed(value as Uint8Array);
}

function wholeOf(logical: string | undefined, column: DataType, value: unknown): bigint {
  if (!Number.isInteger(Number(value))) throw new RangeError("no whole number");
  const isTime = column.kind === "timestamp" || column.kind === "time";
  const unit = logical?.slice(logical.lastIndexOf("-") + 1) ?? "";
  return BigInt(value as number) * (isTime ? FACTORS[unit] ?? 1n : 1n);
}

function inRange(value: bigint, bits: number, least = -(2n ** 63n)): bigint {
  if (BigInt.asIntN(bits, value) !== value || value < least) throw new RangeError("out of range");
  return value;
}

/** The nearest float of a whole number, which is not always that of its nearest double. */
function nearestFloat(value: bigint): number {
  const shift = BigInt(Math.max(0, (value < 0n ? -value : value).toString(2).length - 48));
  const head = value >> shift;
  const sticky = (head << shift) === value ? 0n : 1n;
  return Math.fround(Number(head * 2n + sticky)) * 2 ** (Number(shift) - 1);
}

/** Two's complement, the highest byte first: as few as it takes, or so many. */
function bigEndian(value: bigint, size?: number): Uint8Array {
  let bytes = size ?? 1;
  while (size === undefined && BigInt.asIntN(8 * bytes, value) !== value) bytes++;
  return Uint8Array.from({ length: bytes }, (_, at) => {
    return Number(BigInt.asUintN(8, value >> BigInt(8 * (bytes - 1 - at))));
  });
}
