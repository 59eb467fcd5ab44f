import { lit } from "../../batch/expressions/builders.ts";
import type { Expr } from "../../batch/expressions/expr.ts";
import type { DataType, Field } from "../../batch/schema.ts";
import { typeName } from "../../batch/schema_check.ts";
import { showName } from "../../batch/shown_names.ts";
import { DAY_MS } from "../../batch/time_range.ts";
import { parseDate, parseTime, parseTimestamp } from "../../batch/iso_time.ts";
import { received } from "../../runtime/known_options.ts";

const DECIMAL = /^[+-]?\d+(?:\.(\d+))?$/;
const MOST_DIGITS = 38;

/** What values columns of a type are compared with, for messages. */
const TAKES: Readonly<Record<string, string>> = {
  bool: "true or false",
  i32: "a number",
  i64: "a number or bigint",
  f32: "a number",
  f64: "a number",
  decimal: 'a number, bigint, or text of digits such as "9.99"',
  timestamp: 'a Date, a text such as "2026-05-01T12:30:00Z", or milliseconds since 1970',
  date: 'a text such as "2026-05-01", a Date, or days since 1970',
  time: 'a text such as "12:30", or milliseconds since midnight',
  utf8: "a text",
  dict: "a text",
};

/** A value for messages, numbers and dates as they are. */
export function shown(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? "an invalid Date" : JSON.stringify(value);
  }
  return received(value);
}

function decimalOf(value: unknown): Expr | undefined {
  if (typeof value === "bigint") return lit(value);
  const text = String(value);
  const match = typeof value === "number" || typeof value === "string" ? DECIMAL.exec(text) : null;
  if (!match || text.length > MOST_DIGITS) return undefined;
  return lit(text).cast({ kind: "decimal", precision: MOST_DIGITS, scale: match[1]?.length ?? 0 });
}

function timestampOf(value: unknown): Expr | undefined {
  if (typeof value === "number") return lit(value);
  const ms = value instanceof Date ? value.getTime() : undefined;
  const time = typeof value === "string" ? parseTimestamp(value) : ms;
  return time === undefined || Number.isNaN(time) ? undefined : lit(new Date(time));
}

function dateOf(value: unknown): Expr | undefined {
  const ms = value instanceof Date ? value.getTime() : NaN;
  const text = typeof value === "string" ? parseDate(value) : undefined;
  const days = typeof value === "number" ? value : text ?? Math.floor(ms / DAY_MS);
  return Number.isInteger(days) ? lit(days).cast("date") : undefined;
}

function timeOf(value: unknown): Expr | undefined {
  const ms = typeof value === "string" ? parseTime(value) : value;
  return Number.isInteger(ms) ? lit(ms as number).cast("time") : undefined;
}

function constantOf({ kind }: DataType, value: unknown): Expr | undefined {
  switch (kind) {
    case "bool":
      return typeof value === "boolean" ? lit(value) : undefined;
    case "i32":
    case "i64":
    case "f64":
      return typeof value === "number" || typeof value === "bigint" ? lit(value) : undefined;
    case "f32": // what a column of singles holds of it
      if (typeof value === "bigint") return lit(value);
      return typeof value === "number" ? lit(Math.fround(value)) : undefined;
    case "decimal":
      return decimalOf(value);
    case "timestamp":
      return timestampOf(value);
    case "date":
      return dateOf(value);
    case "time":
      return timeOf(value);
    case "utf8":
    case "dict":
      return typeof value === "string" ? lit(value) : undefined;
    default:
      return undefined;
  }
}

/** How times of a column are written that rows have as texts. */
export interface TimeTexts {
  /** The time of a text, ms since 1970; undefined of one that is none. */
  parse(text: string): number | undefined;
}

/**
 * A constant that a column can be compared with; `texts` where rows have texts for its times.
 *
 * @throws {TypeError} when the value does not fit the column's type.
 */
export function constantFor({ name, type }: Field, value: unknown, texts?: TimeTexts): Expr {
  const time = typeof value === "string" ? texts?.parse(value) : undefined;
  const constant = time === undefined ? constantOf(type, value) : lit(new Date(time));
  if (constant !== undefined) return constant;
  const test = value === null
    ? `; for rows without a value write { ${JSON.stringify(name)}: null }`
    : "";
  throw new TypeError(
    `Cannot compile conditions: column ${showName(name)} is ${typeName(type)} and is compared ` +
      `with ${TAKES[type.kind] ?? "null alone"}, received ${shown(value)}${test}`,
  );
}
