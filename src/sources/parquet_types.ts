import { setOwn } from "../batch/misfit.ts";
import { formatDecimal } from "../batch/decimal.ts";
import type { DataType, Field } from "../batch/schema.ts";
import * as t from "../batch/types.ts";

const MOST_PRECISION = 38;
const MOST_DEPTH = 32;
const TWO_32 = 4294967296;

/** What a Parquet file's footer says of a column, or of a group of columns. */
export interface ParquetElement {
  readonly name: string;
  readonly type?: string;
  readonly type_length?: number;
  readonly repetition_type?: string;
  readonly num_children?: number;
  readonly converted_type?: string;
  readonly logical_type?: {
    readonly type: string;
    readonly unit?: string;
    readonly bitWidth?: number;
    readonly isSigned?: boolean;
  };
  readonly scale?: number;
  readonly precision?: number;
}

/** Turns what the reader gives into what a column's builder takes; null stays null. */
export type ConvertValue = (value: unknown) => unknown;

/** How a column of a Parquet file is read. */
export interface ParquetColumn {
  readonly field: Field;
  /** How its values are converted; absent where they are taken as they are. */
  readonly convert?: ConvertValue;
}

interface Leaf {
  readonly type: DataType;
  readonly convert?: ConvertValue;
  /** Whether it is text, which the reader decodes. */
  readonly isText?: boolean;
}

/** A column cannot be read. */
export class UnreadableColumn extends Error {}

function divided(by: bigint): ConvertValue {
  return (value) => {
    const units = value as bigint;
    const whole = units / by;
    return Number(units % by < 0n ? whole - 1n : whole);
  };
}

const PER_MS: Readonly<Record<string, bigint>> = { MICROS: 1000n, NANOS: 1_000_000n };

function inMilliseconds(unit: string | undefined): ConvertValue {
  const by = PER_MS[unit ?? ""];
  return by ? divided(by) : (value) => Number(value);
}

function bigEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = value << 8n | BigInt(byte);
  return BigInt.asIntN(bytes.length * 8, value);
}

function decimalLeaf({ name, precision = 0, scale = 0 }: ParquetElement): Leaf {
  if (precision < 1 || precision > MOST_PRECISION || scale < 0 || scale > precision) {
    throw new UnreadableColumn(`column ${name} is decimal(${precision}, ${scale})`);
  }
  const unscaled = (value: unknown) =>
    value instanceof Uint8Array ? bigEndian(value) : BigInt(value as number | bigint);
  return {
    type: t.decimal(precision, scale),
    convert: (value) => formatDecimal(unscaled(value), scale),
  };
}

function uuidOf(value: unknown): string {
  const hex = (value as Uint8Array).toHex();
  return [[0, 8], [8, 12], [12, 16], [16, 20], [20, 32]]
    .map(([start, end]) => hex.slice(start, end)).join("-");
}

/** Half-precision floats (IEEE 754 binary16), little-endian. */
function halfOf(value: unknown): number {
  const bytes = value as Uint8Array;
  return new DataView(bytes.buffer, bytes.byteOffset, 2).getFloat16(0, true);
}

function int32Leaf(kind: string, unit: string | undefined): Leaf {
  switch (kind) {
    case "DATE":
      return { type: t.date };
    case "TIME":
      return { type: t.time };
    case "UINT_32":
      return {
        type: t.i64AsNumber,
        convert: (value) => Number(value) < 0 ? Number(value) + TWO_32 : value,
      };
    case "TIMESTAMP":
      return { type: t.timestamp, convert: inMilliseconds(unit) };
    default:
      return { type: t.i32 };
  }
}

function int64Leaf(kind: string, unit: string | undefined): Leaf {
  switch (kind) {
    case "TIMESTAMP":
      return { type: t.timestamp, convert: inMilliseconds(unit) };
    case "TIME":
      return { type: t.time, convert: inMilliseconds(unit) };
    case "UINT_64":
      return {
        type: t.decimal(20, 0),
        convert: (value) => BigInt.asUintN(64, value as bigint),
      };
    default:
      return { type: t.i64 };
  }
}

/** The kind that annotations give, new ones (`logical_type`) before old ones. */
function kindOf({ logical_type: logical, converted_type: old = "" }: ParquetElement): string {
  if (logical?.type === "INTEGER") {
    const { isSigned, bitWidth } = logical;
    return `${isSigned === false ? "UINT" : "INT"}_${bitWidth}`;
  }
  if (logical) return logical.type === "STRING" ? "UTF8" : logical.type;
  return old.replace(/_(MILLIS|MICROS)$/, "");
}

function unitOf({ logical_type: logical, converted_type: old = "" }: ParquetElement) {
  return logical?.unit ?? /_(MILLIS|MICROS)$/.exec(old)?.[1];
}

const TEXTS: ReadonlySet<string> = new Set(["UTF8", "ENUM", "JSON"]);

function bytesLeaf(kind: string, element: ParquetElement): Leaf {
  if (TEXTS.has(kind)) return { type: t.utf8, isText: true };
  if (element.type_length === 16 && kind === "UUID") return { type: t.utf8, convert: uuidOf };
  if (element.type_length === 2 && kind === "FLOAT16") return { type: t.f32, convert: halfOf };
  return { type: t.bytes };
}

function leafOf(element: ParquetElement): Leaf {
  const kind = kindOf(element);
  if (kind === "DECIMAL") return decimalLeaf(element);
  const unit = unitOf(element);
  switch (element.type) {
    case "BOOLEAN":
      return { type: t.bool };
    case "INT32":
      return int32Leaf(kind, unit);
    case "INT64":
      return int64Leaf(kind, unit);
    case "INT96": // given in nanoseconds since 1970
      return { type: t.timestamp, convert: inMilliseconds("NANOS") };
    case "FLOAT":
      return { type: t.f32 };
    case "DOUBLE":
      return { type: t.f64 };
    case "BYTE_ARRAY":
    case "FIXED_LEN_BYTE_ARRAY":
      return bytesLeaf(kind, element);
    default:
      throw new UnreadableColumn(`column ${element.name} is of no type that there is`);
  }
}

/** An element and those within it. */
interface Node {
  readonly element: ParquetElement;
  readonly children: readonly Node[];
}

/** Takes the flat list of a footer apart, in which groups stand before their children. */
function treeOf(elements: readonly ParquetElement[]): Node {
  let at = 0;
  const next = (depth: number): Node => {
    if (depth > MOST_DEPTH) {
      throw new UnreadableColumn(`columns are nested deeper than ${MOST_DEPTH}`);
    }
    const element = elements[at++];
    if (!element) throw new UnreadableColumn("its columns are cut off");
    const count = element.num_children ?? 0;
    if (count > elements.length) throw new UnreadableColumn(`column ${element.name} has too many`);
    const children = Array.from({ length: count }, () => next(depth + 1));
    return { element, children };
  };
  return next(0);
}

type Read = Pick<Leaf, "type" | "convert">;

function listRead({ type, convert }: Read): Read {
  const items = (value: unknown) =>
    (value as unknown[]).map((each) => each == null ? null : convert ? convert(each) : each);
  return { type: t.list(type), convert: items };
}

function structRead(children: readonly { readonly name: string; readonly read: Read }[]): Read {
  const fields = children.map(({ name, read: { type } }): Field => ({ name, type }));
  const convert = (value: unknown) => {
    const out: Record<string, unknown> = {};
    for (const { name, read } of children) {
      const each = (value as Record<string, unknown>)[name];
      setOwn(out, name, each == null ? null : read.convert ? read.convert(each) : each);
    }
    return out;
  };
  return { type: { kind: "struct", fields }, convert };
}

function isList({ element, children }: Node): boolean {
  return kindOf(element) === "LIST" && children.length === 1 &&
    children[0].children.length <= 1 && children[0].element.repetition_type === "REPEATED";
}

/** How a node is read, its own repetition left aside. */
function readOf(node: Node): Read {
  const { element, children } = node;
  if (children.length === 0) return leafOf(element);
  if (isList(node)) {
    const [repeated] = children;
    return listRead(readOf(repeated.children.length === 1 ? repeated.children[0] : repeated));
  }
  const within = children.map((child) => ({ name: child.element.name, read: repeatedRead(child) }));
  if (within.some(({ name }) => name === "__proto__")) {
    throw new UnreadableColumn(`column ${element.name} has a field named __proto__`);
  }
  const struct = structRead(within);
  if (kindOf(element) !== "MAP" && kindOf(element) !== "MAP_KEY_VALUE") return struct;
  if (children.length !== 1 || children[0].element.repetition_type !== "REPEATED") return struct;
  // a map is a group of one list of entries
  const [{ name, read }] = within;
  const entries = (value: unknown) => read.convert!((value as Record<string, unknown>)[name] ?? []);
  return { type: read.type, convert: entries };
}

function repeatedRead(node: Node): Read {
  const read = readOf(node);
  return node.element.repetition_type === "REPEATED" ? listRead(read) : read;
}

/**
 * The columns of a file.
 *
 * @throws {UnreadableColumn} when one is of a type that is not read.
 */
export function parquetColumns(elements: readonly ParquetElement[]): ParquetColumn[] {
  return treeOf(elements).children.map((node): ParquetColumn => {
    const { type, convert } = repeatedRead(node);
    const { name, repetition_type: repetition } = node.element;
    const nullable = repetition === "REQUIRED" ? { nullable: false } : {};
    return { field: { name, type, ...nullable }, ...(convert && { convert }) };
  });
}

/**
 * The elements for a reader that is to give values as they are stored, but texts as texts and lists
 * as lists: what they mean is seen to here, exactly.
 */
export function plainElements<E extends ParquetElement>(elements: readonly E[]): E[] {
  return elements.map((element) => {
    const { logical_type: _, converted_type: __, ...rest } = element;
    const kind = kindOf(element);
    if ((element.num_children ?? 0) > 0) {
      return (kind === "LIST" ? { ...rest, converted_type: "LIST" } : rest) as unknown as E;
    }
    const isText = TEXTS.has(kind) && element.type === "BYTE_ARRAY";
    return (isText ? { ...rest, converted_type: "UTF8" } : rest) as unknown as E;
  });
}
