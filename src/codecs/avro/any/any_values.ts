import { Buffer } from "node:buffer";
import { formatDecimal, parseDecimal } from "../../../batch/decimal.ts";
import { isPlainObject, setOwn } from "../../../batch/misfit.ts";
import type { DataType } from "../../../batch/schema.ts";
import type {
  AvroFixed,
  AvroLogicalType,
  AvroPrimitive,
  AvroRecord,
  AvroType,
  AvroUnion,
} from "../avro_type.ts";
import { valueBranches } from "./any_columns.ts";

const MAX_DATE_MS = 8.64e15;
const FLOATS: ReadonlySet<string> = new Set(["f32", "f64"]);
const UUID = /^[\da-f]{32}$/i;
const MIN_INT = -(2 ** 31);
const MAX_INT = 2 ** 31 - 1;
/** How many of what a time is counted in there are in a millisecond. */
const PER_MILLISECOND: Readonly<Partial<Record<AvroLogicalType["name"], bigint>>> = {
  "time-micros": 1_000n,
  "timestamp-millis": 1n,
  "timestamp-micros": 1_000n,
  "timestamp-nanos": 1_000_000n,
  "local-timestamp-millis": 1n,
  "local-timestamp-micros": 1_000n,
  "local-timestamp-nanos": 1_000_000n,
};

/** Bytes as npm:avsc takes them, not copied. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** 16 bytes as a UUID is spelled (RFC 9562, 4). */
function readUuid(bytes: Uint8Array): string {
  return bytes.toHex().replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** The name under which npm:avsc has a branch of a union. */
function branchName(type: AvroType): string {
  return "name" in type ? type.name : type.type;
}

function floorDiv(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}

function unscaled(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = value << 8n | BigInt(byte);
  return BigInt.asIntN(8 * bytes.length, value);
}

/** Two's complement, the highest byte first, in as few bytes as will do or in so many. */
function scaledBytes(value: bigint, size?: number): Uint8Array {
  let length = size ?? 1;
  while (size === undefined && BigInt.asIntN(8 * length, value) !== value) length++;
  const bytes = new Uint8Array(length);
  let left = value;
  for (let at = length - 1; at >= 0; at--, left >>= 8n) bytes[at] = Number(left & 0xffn);
  return bytes;
}

/** A logical value from what npm:avsc has read; in `mixed` columns times are dates. */
function fromLogical(logical: AvroLogicalType, value: unknown, isMixed: boolean): unknown {
  if (logical.name === "decimal") {
    return formatDecimal(unscaled(value as Uint8Array), logical.scale);
  }
  if (logical.name === "uuid") {
    return typeof value === "string" ? value : readUuid(value as Uint8Array);
  }
  const per = PER_MILLISECOND[logical.name];
  if (per === undefined) return value;
  const ms = Number(floorDiv(BigInt(value as bigint), per));
  const isTime = logical.name === "time-micros";
  return isMixed && !isTime && Math.abs(ms) <= MAX_DATE_MS ? new Date(ms) : ms;
}

/**
 * A value as rows have it, from what npm:avsc has read with wrapped unions and 64-bit integers as
 * `bigint`. As deep as the data, of which the depth was checked.
 */
export function fromAvsc(type: AvroType, value: unknown, column: DataType): unknown {
  const isMixed = column.kind === "mixed";
  switch (type.type) {
    case "union": {
      if (value === null) return null;
      const [name, inner] = Object.entries(value as object)[0];
      const branch = type.branches.find((each) => branchName(each) === name)!;
      return fromAvsc(branch, inner, column);
    }
    case "record":
      return fromRecord(type, value as Record<string, unknown>, column);
    case "array": {
      const item = column.kind === "list" ? column.item : column;
      return (value as unknown[]).map((each) => fromAvsc(type.items, each, item));
    }
    case "map": {
      const inner = column.kind === "map" ? column.value : column;
      const object: Record<string, unknown> = {};
      for (const [key, each] of Object.entries(value as object)) {
        setOwn(object, key, fromAvsc(type.values, each, inner));
      }
      return object;
    }
    case "bytes":
    case "fixed": {
      const bytes = new Uint8Array(value as Uint8Array);
      return type.logical ? fromLogical(type.logical, bytes, isMixed) : bytes;
    }
    case "null":
    case "enum":
      return value;
    default: {
      const made = type.logical ? fromLogical(type.logical, value, isMixed) : value;
      return typeof made === "bigint" && FLOATS.has(column.kind) ? Number(made) : made;
    }
  }
}

function fromRecord(
  { fields }: AvroRecord,
  value: Record<string, unknown>,
  column: DataType,
): Record<string, unknown> {
  const types = column.kind === "struct"
    ? new Map(column.fields.map(({ name, type }) => [name, type]))
    : undefined;
  const object: Record<string, unknown> = {};
  for (const { name, type } of fields) {
    const inner = types ? types.get(name) : column;
    // a field that no column is for
    if (inner === undefined) continue;
    setOwn(object, name, fromAvsc(type, value[name], inner));
  }
  return object;
}

function isWhole(value: unknown): value is number | bigint {
  return typeof value === "bigint" || Number.isInteger(value);
}

/** Whether a value is one of a type, to choose the branch of a union. */
function isOf(type: AvroType, value: unknown): boolean {
  switch (type.type) {
    case "null":
      return value === null || value === undefined;
    case "boolean":
      return typeof value === "boolean";
    case "int":
      return isWhole(value) && value >= MIN_INT && value <= MAX_INT;
    case "long":
      return value instanceof Date ? type.logical !== undefined : isWhole(value);
    case "float":
    case "double":
      return typeof value === "number";
    case "string":
      return typeof value === "string";
    case "enum":
      return type.symbols.includes(value as string);
    case "bytes":
    case "fixed":
      return isBytesOf(type, value);
    case "array":
      return Array.isArray(value) && value.every((item) => isOf(type.items, item));
    case "map":
      return isPlainObject(value) &&
        Object.values(value).every((inner) => isOf(type.values, inner));
    case "record":
      return isPlainObject(value) && isRecord(type, value);
    case "union":
      return type.branches.some((branch) => isOf(branch, value));
  }
}

function isBytesOf(type: AvroPrimitive | AvroFixed, value: unknown): boolean {
  if (type.logical?.name === "decimal") {
    return typeof value === "string" && /^-?[\d.]+$/.test(value);
  }
  if (type.logical?.name === "uuid") return typeof value === "string";
  return value instanceof Uint8Array &&
    (type.type === "bytes" || value.length === (type as AvroFixed).size);
}

function isRecord({ fields }: AvroRecord, value: Record<string, unknown>): boolean {
  const names = new Set(fields.map(({ name }) => name));
  return Object.keys(value).every((key) => names.has(key)) &&
    fields.every((field) =>
      Object.hasOwn(value, field.name)
        ? isOf(field.type, value[field.name])
        : field.default !== undefined
    );
}

function toLogical(type: AvroPrimitive | AvroFixed, value: unknown): unknown {
  const { logical } = type;
  if (logical?.name === "decimal") {
    const size = type.type === "fixed" ? type.size : undefined;
    return bufferOf(scaledBytes(parseDecimal(value, logical), size));
  }
  if (logical?.name === "uuid" && type.type === "fixed") {
    const hex = String(value).replaceAll("-", "");
    return UUID.test(hex) ? bufferOf(Uint8Array.fromHex(hex)) : value;
  }
  const per = logical && PER_MILLISECOND[logical.name];
  const number = value instanceof Date ? value.getTime() : value;
  return per === undefined || !isWhole(number) ? number : BigInt(number) * per;
}

/**
 * A value as npm:avsc writes it, from one as rows have it. What cannot be one stays as it is, for
 * npm:avsc to refuse.
 */
export function toAvsc(type: AvroType, value: unknown): unknown {
  switch (type.type) {
    case "union":
      return toBranch(type, value);
    case "record":
      return isPlainObject(value) ? toRecord(type, value) : value;
    case "array":
      return Array.isArray(value) ? value.map((item) => toAvsc(type.items, item)) : value;
    case "map":
      if (!isPlainObject(value)) return value;
      return Object.fromEntries(
        Object.entries(value).map(([key, inner]) => [key, toAvsc(type.values, inner)]),
      );
    case "int": {
      const made = toLogical(type, value);
      return typeof made === "bigint" ? Number(made) : made;
    }
    case "long": {
      const made = toLogical(type, value);
      return isWhole(made) ? BigInt(made) : made;
    }
    case "float":
    case "double":
      return typeof value === "bigint" ? Number(value) : value;
    case "bytes":
    case "fixed": {
      const made = toLogical(type, value);
      return made instanceof Uint8Array ? bufferOf(made) : made;
    }
    default:
      return value;
  }
}

function toBranch(type: AvroUnion, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  const branches = valueBranches(type);
  const branch = branches.length === 1
    ? branches[0]
    : branches.find((each) => isOf(each, value)) ?? branches[0];
  return branch === undefined ? value : { [branchName(branch)]: toAvsc(branch, value) };
}

function toRecord({ fields }: AvroRecord, value: Record<string, unknown>): object {
  const object: Record<string, unknown> = {};
  for (const { name, type } of fields) {
    if (Object.hasOwn(value, name)) setOwn(object, name, toAvsc(type, value[name]));
  }
  return object;
}
