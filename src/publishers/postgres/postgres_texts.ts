import type { Column } from "../../batch/column.ts";
import { columnOf } from "../../batch/column_of.ts";
import { readColumn } from "../../batch/column_reader.ts";
import { formatDate, formatTime, formatTimestamp } from "../../batch/expressions/time.ts";
import { RecordBatch } from "../../batch/record_batch.ts";
import type { DataType, Schema } from "../../batch/schema.ts";
import { jsonTexts } from "../sql/json_texts.ts";

const UTF8: DataType = { kind: "utf8" };

function all({ length }: Column) {
  return { start: 0, end: length };
}

function hexTexts(column: Column): (string | null)[] {
  return readColumn(column, all(column)).map((bytes) =>
    bytes === null ? null : `\\x${(bytes as Uint8Array).toHex()}`
  );
}

/** The texts of what PostgreSQL reads in a form of its own; `undefined`: of a column that is none. */
function ownTexts(column: Column): (string | null)[] | undefined {
  switch (column.type.kind) {
    case "bytes":
      return hexTexts(column);
    case "list":
    case "struct":
    case "map":
    case "mixed":
      return jsonTexts(column, all(column));
    default:
      return undefined;
  }
}

/** The schema of {@linkcode copyBatch}. */
export function copySchema({ fields }: Schema): Schema {
  const special = new Set(["bytes", "list", "struct", "map", "mixed"]);
  return {
    fields: fields.map(({ name, type }) => ({ name, type: special.has(type.kind) ? UTF8 : type })),
  };
}

/** A batch whose fields of CSV are what PostgreSQL reads: bytes as hex, nested values as JSON. */
export function copyBatch(batch: RecordBatch, schema: Schema): RecordBatch {
  const columns = batch.columns.map((column) => {
    const texts = ownTexts(column);
    return texts === undefined ? column : columnOf(UTF8, texts);
  });
  return new RecordBatch(schema, columns, batch.length);
}

function valueText(value: unknown, { kind }: DataType): string | null {
  if (value === null || value === undefined) return null;
  const number = value as number;
  switch (kind) {
    case "timestamp":
      return formatTimestamp(number) ?? String(value);
    case "date":
      return formatDate(number) ?? String(value);
    case "time":
      return formatTime(number) ?? String(value);
    default:
      return Object.is(value, -0) ? "-0" : String(value);
  }
}

/** The texts of a column as PostgreSQL reads them. */
export function postgresTexts(column: Column): (string | null)[] {
  return ownTexts(column) ??
    readColumn(column, all(column)).map((value) => valueText(value, column.type));
}

/** Texts as an array of PostgreSQL (manual, 8.15.6). */
export function arrayText(texts: readonly (string | null)[]): string {
  const items = texts.map((text) =>
    text === null ? "NULL" : `"${text.replaceAll(/["\\]/g, "\\$&")}"`
  );
  return `{${items.join(",")}}`;
}
