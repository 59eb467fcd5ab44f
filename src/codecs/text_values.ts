import { Misfit } from "../batch/misfit.ts";
import type { DataType } from "../batch/schema.ts";
import { parseDate, parseTime, parseTimestamp } from "../batch/iso_time.ts";

const INTEGER = /^[+-]?\d+$/;
// Digits stand in one way only: else many before what is none would be parted in ever other ways.
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const NOT_FINITE = /^(?:NaN|[+-]?Infinity)$/;

/**
 * Turns a text into a value that the column builder of its type takes.
 *
 * @throws {Misfit} when the text is none of that type.
 */
export type ParseText = (text: string) => unknown;

/** Makes a parser from a function that gives `undefined` for what is not of the type. */
function parser(expected: string, parse: (text: string) => unknown): ParseText {
  return (text) => {
    const value = parse(text);
    if (value === undefined) throw new Misfit(expected, text);
    return value;
  };
}

function toBool(text: string): boolean | undefined {
  const lower = text.toLowerCase();
  return lower === "true" ? true : lower === "false" ? false : undefined;
}

function toI32(text: string): number | undefined {
  const value = Number(text);
  return (value | 0) === value && INTEGER.test(text) ? value : undefined;
}

function toI64(text: string): number | bigint | undefined {
  if (!INTEGER.test(text)) return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  const exact = BigInt(text.startsWith("+") ? text.slice(1) : text);
  return BigInt.asIntN(64, exact) === exact ? exact : undefined;
}

function toFloat(text: string): number | undefined {
  return NUMBER.test(text) || NOT_FINITE.test(text) ? Number(text) : undefined;
}

/** Milliseconds as digits, or an ISO 8601 date and time. */
function toTimestamp(text: string): number | undefined {
  if (!INTEGER.test(text)) return parseTimestamp(text);
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

function toBytes(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.fromBase64(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const parseFloatText = parser("a number, such as -12.5 or 1e3", toFloat);

/** The parsers of text by type; lists, structs and maps have none. */
const PARSERS: Readonly<Partial<Record<DataType["kind"], ParseText>>> = {
  bool: parser("bool (true or false)", toBool),
  i32: parser("i32 (a whole number from -2147483648 to 2147483647)", toI32),
  i64: parser("i64 (a whole number of 64 bits)", toI64),
  f32: parseFloatText,
  f64: parseFloatText,
  timestamp: parser("timestamp (ISO 8601, or whole milliseconds since 1970)", toTimestamp),
  date: parser("date (YYYY-MM-DD)", parseDate),
  time: parser("time (HH:MM, with :SS and .sss if wanted)", parseTime),
  bytes: parser("bytes (base64)", toBytes),
  // Checked by the column's builder.
  decimal: (text) => text,
  utf8: (text) => text,
  dict: (text) => text,
  mixed: (text) => text,
};

/** The parser of texts of a type; `undefined` for lists, structs and maps, which have no text. */
export function textParser(type: DataType): ParseText | undefined {
  return PARSERS[type.kind];
}

/** Whether a type holds texts, so that an empty one is a value of it. */
export function isText({ kind }: DataType): boolean {
  return kind === "utf8" || kind === "dict" || kind === "mixed";
}
