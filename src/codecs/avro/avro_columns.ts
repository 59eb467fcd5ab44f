import type { DataType, Field, Schema } from "../../batch/schema.ts";
import { MAX_DEPTH } from "../../batch/limits.ts";
import { MAX_AVRO_FIELDS } from "./avro_limits.ts";
import type {
  AvroFixed,
  AvroLogicalType,
  AvroPrimitive,
  AvroRecord,
  AvroSchema,
  AvroType,
  AvroUnion,
} from "./avro_type.ts";
import { UnsupportedAvroError } from "./avro_unsupported.ts";

/** How a union of a type and null is written: the numbers of its branches. */
export interface Branches {
  /** -1 where there is no null. */
  readonly ofNull: number;
  readonly ofValue: number;
}

/** A type, and the union of it and null that it is in. */
export interface Optional {
  readonly type: Exclude<AvroType, AvroUnion>;
  readonly branches?: Branches;
}

const PRIMITIVE_COLUMNS: Readonly<Record<string, DataType>> = {
  boolean: { kind: "bool" },
  int: { kind: "i32" },
  long: { kind: "i64" },
  float: { kind: "f32" },
  double: { kind: "f64" },
  bytes: { kind: "bytes" },
  fixed: { kind: "bytes" },
  string: { kind: "utf8" },
};
const LOGICAL_COLUMNS: Readonly<Partial<Record<AvroLogicalType["name"], DataType>>> = {
  "uuid": { kind: "utf8" },
  "date": { kind: "date" },
  "time-millis": { kind: "time" },
  "time-micros": { kind: "time" },
  "timestamp-millis": { kind: "timestamp" },
  "timestamp-micros": { kind: "timestamp" },
  "timestamp-nanos": { kind: "timestamp" },
  "local-timestamp-millis": { kind: "timestamp" },
  "local-timestamp-micros": { kind: "timestamp" },
  "local-timestamp-nanos": { kind: "timestamp" },
};

/**
 * A type without the union of it and null that it may be in.
 *
 * @throws {UnsupportedAvroError} for a union of several types, and for null alone.
 */
export function optionalOf(type: AvroType, path: string): Optional {
  if (type.type === "null") throw new UnsupportedAvroError(path, type, "which is always null");
  if (type.type !== "union") return { type };
  const [value, ...others] = type.branches.filter((branch) => branch.type !== "null");
  if (value === undefined || value.type === "union") {
    throw new UnsupportedAvroError(path, type, "which is always null");
  }
  if (others.length > 0) throw new UnsupportedAvroError(path, type, "which is of several types");
  const ofNull = type.branches.findIndex((branch) => branch.type === "null");
  return { type: value, branches: { ofNull, ofValue: type.branches.indexOf(value) } };
}

/** Whether a type is neither a record, an array nor a map. */
export function isScalar(type: AvroType): boolean {
  return type.type !== "record" && type.type !== "array" && type.type !== "map";
}

/** The column type of what has no parts. */
export function scalarColumn(type: AvroPrimitive | AvroFixed): DataType {
  const { logical } = type;
  if (logical?.name === "decimal") {
    return { kind: "decimal", precision: logical.precision, scale: logical.scale };
  }
  return (logical && LOGICAL_COLUMNS[logical.name]) ?? PRIMITIVE_COLUMNS[type.type];
}

/**
 * What an array or a map holds.
 *
 * @throws {UnsupportedAvroError} when that is not a scalar, or takes no bytes.
 */
export function itemOf(type: AvroType, path: string): Optional {
  const item = optionalOf(type, path);
  if (!isScalar(item.type)) {
    throw new UnsupportedAvroError(path, type, "where arrays and maps hold plain values only");
  }
  if (item.type.type === "fixed" && item.type.size === 0 && !item.branches) {
    throw new UnsupportedAvroError(path, type, "whose items take no bytes");
  }
  return item;
}

/** The columns of one schema, counted: few definitions can make endlessly many. */
class ColumnsOf {
  #count = 0;

  fields(record: AvroRecord, path: string, around: readonly AvroRecord[]): Field[] {
    if (around.includes(record)) {
      throw new UnsupportedAvroError(path, record, "which contains itself");
    }
    if (around.length >= MAX_DEPTH - 2) {
      throw new UnsupportedAvroError(path, record, `nested deeper than ${MAX_DEPTH} levels`);
    }
    this.#count += record.fields.length;
    if (this.#count > MAX_AVRO_FIELDS) {
      throw new UnsupportedAvroError(path, record, `which makes more than ${this.#count} columns`);
    }
    return record.fields.map(({ name, type }) => {
      const inner = path === "" ? name : `${path}.${name}`;
      const { type: value, branches } = optionalOf(type, inner);
      const column = this.column(value, inner, [...around, record]);
      return branches === undefined || branches.ofNull < 0
        ? { name, type: column, nullable: false }
        : { name, type: column };
    });
  }

  column(type: Optional["type"], path: string, around: readonly AvroRecord[]): DataType {
    switch (type.type) {
      case "record":
        return { kind: "struct", fields: this.fields(type, path, around) };
      case "array": {
        const item = itemOf(type.items, `${path}[]`);
        return { kind: "list", item: this.column(item.type, path, around) };
      }
      case "map": {
        const value = itemOf(type.values, `${path}{}`);
        return { kind: "map", value: this.column(value.type, path, around) };
      }
      case "enum":
        return { kind: "dict" };
      default:
        return scalarColumn(type);
    }
  }
}

/**
 * The columns that a record's fields are read into, unless others are asked for.
 *
 * @throws {UnsupportedAvroError} for a type that there are no columns for: no record, one that
 * contains itself, a union of several types, an array or a map of anything but plain values.
 */
export function avroColumns({ type }: AvroSchema): Schema {
  return { fields: new ColumnsOf().fields(recordOf(type), "", []) };
}

/** The record that a schema is. */
export function recordOf(type: AvroType): AvroRecord {
  if (type.type === "record") return type;
  throw new UnsupportedAvroError("", type, "where a record is needed");
}
