import { fieldName } from "./schema_check.ts";
import type { Schema } from "./schema.ts";

/** Rows that an inspected batch shows. */
const SHOWN_ROWS = 5;
/** Columns of text that one value may take. */
const SHOWN_CHARACTERS = 24;
/** Columns of the batch that are shown. */
const SHOWN_COLUMNS = 12;
const MAX_SCHEMA_CHARACTERS = 200;

/** A batch as far as inspection needs it. */
export interface Inspectable {
  /** Number of rows. */
  readonly length: number;
  /** Its columns. */
  readonly schema: Schema;
  /** The value at a row and a column's position. */
  valueAt(row: number, column: number): unknown;
}

function clip(text: string, limit: number): string {
  return text.length > limit ? `${text.slice(0, limit - 1)}…` : text;
}

/** Without what could act on a terminal: escape and other control characters. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, "�");
}

function cell(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "bigint") return `${value}n`;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value === "object" && value !== null) {
    return JSON.stringify(value, (_, v) => typeof v === "bigint" ? `${v}n` : v);
  }
  return Object.is(value, -0) ? "-0" : String(value);
}

function line(cells: readonly string[], widths: readonly number[]): string {
  return "  " + cells.map((text, at) => text.padEnd(widths[at])).join("  ").trimEnd();
}

function table(batch: Inspectable): string[] {
  const fields = batch.schema.fields.slice(0, SHOWN_COLUMNS);
  const rows = Math.min(batch.length, SHOWN_ROWS);
  const lines: string[][] = [fields.map(({ name }) => clip(printable(name), SHOWN_CHARACTERS))];
  for (let row = 0; row < rows; row++) {
    lines.push(
      fields.map((_, at) => clip(printable(cell(batch.valueAt(row, at))), SHOWN_CHARACTERS)),
    );
  }
  const widths = fields.map((_, at) => Math.max(...lines.map((cells) => cells[at].length)));
  return lines.map((cells) => line(cells, widths));
}

/** A batch in a few lines: its columns, its first rows, and how many more there are. */
export function inspectBatch(batch: Inspectable): string {
  const { length, schema } = batch;
  const columns = clip(printable(schema.fields.map(fieldName).join(", ")), MAX_SCHEMA_CHARACTERS);
  const head = `RecordBatch(${length} ${length === 1 ? "row" : "rows"}) { ${columns} }`;
  if (length === 0 || schema.fields.length === 0) return head;
  const more = length > SHOWN_ROWS ? [`  … ${length - SHOWN_ROWS} more`] : [];
  return [head, ...table(batch), ...more].join("\n");
}
