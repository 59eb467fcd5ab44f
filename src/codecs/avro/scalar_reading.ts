import type { DataType } from "../../batch/schema.ts";
import type { AvroReadKind } from "../../kernel/avro_ops.ts";
import type { SinkColumnSpec } from "../../kernel/sink_types.ts";
import { symbolTable } from "./avro_resolution.ts";
import type { AvroType } from "./avro_type.ts";

/** How a value without parts is read. */
export interface ScalarReading {
  readonly kind: AvroReadKind;
  readonly a?: number;
  readonly table?: Int32Array;
}

const UNITS: Readonly<Record<string, number>> = { millis: 1, micros: 1_000, nanos: 1_000_000 };

/** How columns are kept while they are read, those that are not here by their own kind. */
const SINKS: Readonly<Partial<Record<DataType["kind"], SinkColumnSpec["kind"]>>> = {
  date: "i32",
  time: "i32",
  timestamp: "i64",
  utf8: "text",
  bytes: "text",
};

/** How a column without parts is kept while it is read. */
export function sinkOf(type: AvroType, column: DataType): SinkColumnSpec {
  if (column.kind === "decimal") return { ...column };
  // the numbers of an enum's symbols are those of the dictionary's entries
  if (column.kind === "dict" && type.type === "enum") return { kind: "i32" };
  return { kind: SINKS[column.kind] ?? column.kind as SinkColumnSpec["kind"] };
}

/** Divides what is in the units of a logical type's name. */
function unitOf(logical: string | undefined, kind: string): number | undefined {
  if (logical === undefined) return 1;
  if (!logical.replace(/^local-/, "").startsWith(`${kind}-`)) return undefined;
  return UNITS[logical.slice(logical.lastIndexOf("-") + 1)];
}

function wholeInto(reader: AvroType, column: DataType): ScalarReading | undefined {
  const logical = "logical" in reader ? reader.logical?.name : undefined;
  switch (column.kind) {
    case "i32":
      return reader.type === "int" ? { kind: "i32" } : undefined;
    case "i64":
      return { kind: "i64" };
    case "f64":
      return { kind: "wholeToF64" };
    case "date":
      if (reader.type !== "int" || (logical ?? "date") !== "date") return undefined;
      return { kind: "i32" };
    case "time":
    case "timestamp": {
      const a = unitOf(logical, column.kind);
      if (a === undefined) return undefined;
      return a === 1 && column.kind === "timestamp" ? { kind: "i64" } : { kind: column.kind, a };
    }
  }
}

function floatInto(
  { type: writer }: AvroType,
  { type: reader }: AvroType,
  { kind: column }: DataType,
): ScalarReading | undefined {
  if (column !== "f64" && !(column === "f32" && reader === "float")) return undefined;
  if (writer === "double") return { kind: "f64" };
  if (writer === "float") return { kind: column === "f32" ? "f32" : "f32ToF64" };
  if (reader === "double") return { kind: "wholeToF64" };
  return { kind: column === "f32" ? "wholeToF32" : "wholeToF32ToF64" };
}

function bytesInto(reader: AvroType, column: DataType): ScalarReading | undefined {
  const logical = "logical" in reader ? reader.logical : undefined;
  const size = reader.type === "fixed" ? reader.size : undefined;
  if (column.kind === "decimal") {
    if (logical?.name !== "decimal" || logical.scale !== column.scale) return undefined;
    return size === undefined ? { kind: "decimal" } : { kind: "decimalFixed", a: size };
  }
  if (column.kind === "utf8" && logical?.name === "uuid" && size !== undefined) {
    return { kind: "uuid" };
  }
  if (column.kind !== "bytes") return undefined;
  return size === undefined ? { kind: "bytes" } : { kind: "fixed", a: size };
}

/**
 * How what was written as one type is read into a column of what it is read as; `undefined` when no
 * such column can be. Types were found to go together.
 */
export function scalarReading(
  writer: AvroType,
  reader: AvroType,
  column: DataType,
): ScalarReading | undefined {
  switch (reader.type) {
    case "boolean":
      return column.kind === "bool" ? { kind: "bool" } : undefined;
    case "int":
    case "long":
      return wholeInto(reader, column);
    case "float":
    case "double":
      return floatInto(writer, reader, column);
    case "string":
      if (column.kind === "utf8") return { kind: "text" };
      return column.kind === "dict" ? { kind: "dict" } : undefined;
    case "bytes":
    case "fixed":
      return bytesInto(reader, column);
    case "enum":
      if (column.kind !== "dict" || writer.type !== "enum") return undefined;
      return { kind: "enum", table: symbolTable(writer, reader) };
  }
}
