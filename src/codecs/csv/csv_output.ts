import { makeWritable } from "../../batch/batch_json.ts";
import type { Column } from "../../batch/column.ts";
import { columnOf } from "../../batch/column_of.ts";
import { readColumn } from "../../batch/column_reader.ts";
import type { CsvOutputColumn } from "../../kernel/csv_writer.ts";

const NOTHING = new Uint8Array();

/**
 * The text of a value that has no form of its own in CSV: bytes as base64, texts as they are, and
 * lists, structs, maps and other mixed values as JSON.
 */
function fieldText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "string") return value;
  return value instanceof Uint8Array ? value.toBase64() : JSON.stringify(value);
}

/** The values of a column as such texts. */
export function fieldTexts(column: Column): (string | null)[] {
  const values = readColumn(column, { start: 0, end: column.length });
  if (column.type.kind !== "bytes") makeWritable(column.type, values);
  return values.map(fieldText);
}

/** A column as the kernel writes it; texts of what it cannot write are made first. */
export function csvOutput(column: Column): CsvOutputColumn {
  const { type, nullCount, offsets, children } = column;
  const validity = nullCount > 0 ? { validity: column.validity } : {};
  const values = column.values ?? NOTHING;
  switch (type.kind) {
    case "utf8":
      return { kind: "text", values, offsets, ...validity };
    case "dict": {
      const [entries] = children!;
      const texts = entries.values as Uint8Array;
      return { kind: "dict", values, offsets: entries.offsets, texts, ...validity };
    }
    case "decimal":
      return { kind: "decimal", values, scale: type.scale, ...validity };
    case "bytes":
    case "mixed":
    case "list":
    case "struct":
    case "map":
      return csvOutput(columnOf({ kind: "utf8" }, fieldTexts(column)));
    default:
      return { kind: type.kind, values, ...validity };
  }
}
