import { makeWritable } from "../../batch/batch_json.ts";
import { parseDecimal } from "../../batch/decimal.ts";
import { setOwn } from "../../batch/misfit.ts";
import type { DataType, Field, Schema } from "../../batch/schema.ts";

/** Precision up to which a decimal is a 32-bit, and a 64-bit integer. */
const INT32_DIGITS = 9;
const INT64_DIGITS = 18;
const DECIMAL_BYTES = 16;

/** What the footer of a Parquet file says of a column or a group (parquet-format, `SchemaElement`). */
export interface WrittenElement {
  name: string;
  type?: "BOOLEAN" | "INT32" | "INT64" | "FLOAT" | "DOUBLE" | "BYTE_ARRAY" | "FIXED_LEN_BYTE_ARRAY";
  type_length?: number;
  repetition_type?: "REQUIRED" | "OPTIONAL" | "REPEATED";
  num_children?: number;
  converted_type?: WrittenKind;
  logical_type?: WrittenLogicalType;
  scale?: number;
  precision?: number;
}

type WrittenKind =
  | "UTF8"
  | "LIST"
  | "MAP"
  | "DATE"
  | "TIME_MILLIS"
  | "TIMESTAMP_MILLIS"
  | "DECIMAL";

type WrittenLogicalType =
  | { type: "STRING" | "LIST" | "MAP" | "DATE" | "JSON" }
  | { type: "TIME" | "TIMESTAMP"; isAdjustedToUTC: boolean; unit: "MILLIS" }
  | { type: "DECIMAL"; precision: number; scale: number };

type Leaf = Omit<WrittenElement, "name" | "repetition_type" | "num_children">;

const LEAVES: Readonly<Partial<Record<DataType["kind"], Leaf>>> = {
  bool: { type: "BOOLEAN" },
  i32: { type: "INT32" },
  i64: { type: "INT64" },
  f32: { type: "FLOAT" },
  f64: { type: "DOUBLE" },
  date: { type: "INT32", converted_type: "DATE", logical_type: { type: "DATE" } },
  time: {
    type: "INT32",
    converted_type: "TIME_MILLIS",
    logical_type: { type: "TIME", isAdjustedToUTC: true, unit: "MILLIS" },
  },
  timestamp: {
    type: "INT64",
    converted_type: "TIMESTAMP_MILLIS",
    logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MILLIS" },
  },
  utf8: { type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } },
  dict: { type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } },
  bytes: { type: "BYTE_ARRAY" },
  mixed: { type: "BYTE_ARRAY", logical_type: { type: "JSON" } },
};

function decimalLeaf(precision: number, scale: number): Leaf {
  const logical = { type: "DECIMAL", precision, scale } as const;
  const shape = { converted_type: "DECIMAL", logical_type: logical, precision, scale } as const;
  if (precision <= INT32_DIGITS) return { type: "INT32", ...shape };
  if (precision <= INT64_DIGITS) return { type: "INT64", ...shape };
  return { type: "FIXED_LEN_BYTE_ARRAY", type_length: DECIMAL_BYTES, ...shape };
}

/** A list: a group of a repeated group of elements, which may be null (parquet-format, "Lists"). */
function listElements(item: DataType): WrittenElement[] {
  return [
    { name: "list", repetition_type: "REPEATED", num_children: 1 },
    ...elementsOf({ name: "element", type: item }),
  ];
}

/** A map: a group of repeated keys and values (parquet-format, "Maps"). */
function mapElements(value: DataType): WrittenElement[] {
  return [
    { name: "key_value", repetition_type: "REPEATED", num_children: 2 },
    { name: "key", repetition_type: "REQUIRED", ...LEAVES.utf8 },
    ...elementsOf({ name: "value", type: value }),
  ];
}

function elementsOf({ name, type, nullable = true }: Field): WrittenElement[] {
  const own: WrittenElement = { name, repetition_type: nullable ? "OPTIONAL" : "REQUIRED" };
  switch (type.kind) {
    case "decimal":
      return [{ ...own, ...decimalLeaf(type.precision, type.scale) }];
    case "list": {
      const logical = { converted_type: "LIST", logical_type: { type: "LIST" } } as const;
      return [{ ...own, num_children: 1, ...logical }, ...listElements(type.item)];
    }
    case "map": {
      const logical = { converted_type: "MAP", logical_type: { type: "MAP" } } as const;
      return [{ ...own, num_children: 1, ...logical }, ...mapElements(type.value)];
    }
    case "struct":
      return [{ ...own, num_children: type.fields.length }, ...type.fields.flatMap(elementsOf)];
    default:
      return [{ ...own, ...LEAVES[type.kind] }];
  }
}

function emptyStruct(type: DataType, path: string): string | undefined {
  switch (type.kind) {
    case "list":
      return emptyStruct(type.item, `${path}[]`);
    case "map":
      return emptyStruct(type.value, `${path}{}`);
    case "struct":
      if (type.fields.length === 0) return path;
      return type.fields.map((field) => emptyStruct(field.type, `${path}.${field.name}`))
        .find((found) => found !== undefined);
    default:
      return undefined;
  }
}

/**
 * What stands in the footer of a file with these columns.
 *
 * @throws {TypeError} when a column is of a type that Parquet has not.
 */
export function parquetElements({ fields }: Schema): WrittenElement[] {
  const empty = fields.map(({ name, type }) => emptyStruct(type, name))
    .find((found) => found !== undefined);
  if (empty !== undefined) {
    throw new TypeError(
      `Cannot write Parquet: column ${JSON.stringify(empty)} is a struct without fields, which ` +
        `Parquet has not; leave it out, or give it a field`,
    );
  }
  return [{ name: "schema", num_children: fields.length }, ...fields.flatMap(elementsOf)];
}

/** Turns a value as it stands in rows into what the writer takes; null stays null. */
export type WriteValue = (value: unknown) => unknown;

function structWrite(fields: readonly Field[]): WriteValue | undefined {
  const writes = fields.map(({ name, type }) => ({ name, write: writeOf(type) }))
    .filter(({ write }) => write !== undefined);
  if (writes.length === 0) return undefined;
  return (value) => {
    const out = { ...value as Record<string, unknown> };
    for (const { name, write } of writes) setOwn(out, name, nullOr(write!)(out[name]));
    return out;
  };
}

/** JSON as JSON lines have it; what that cannot say is null. */
function mixedText(value: unknown): string | null {
  const cell = [value];
  makeWritable({ kind: "mixed" }, cell);
  return JSON.stringify(cell[0]) ?? null;
}

function nullOr(write: WriteValue): WriteValue {
  return (value) => value === null || value === undefined ? null : write(value);
}

/** How values of a type are turned into what the writer takes; absent: they are it. */
export function writeOf(type: DataType): WriteValue | undefined {
  switch (type.kind) {
    case "i64":
    case "timestamp":
      return (value) => BigInt(value as bigint | number);
    case "decimal":
      return (value) => parseDecimal(value, type);
    case "mixed":
      return mixedText;
    case "list": {
      const write = writeOf(type.item);
      return write && ((value) => (value as unknown[]).map(nullOr(write)));
    }
    case "map": {
      const write = nullOr(writeOf(type.value) ?? ((value) => value));
      return (value) =>
        Object.entries(value as object).map(([key, each]) => ({ key, value: write(each) }));
    }
    case "struct":
      return structWrite(type.fields);
    default:
      return undefined;
  }
}
