import { type DecimalShape, formatDecimal } from "../decimal.ts";
import { parseDate, parseTime, parseTimestamp } from "../iso_time.ts";
import type { DataType } from "../schema.ts";
import { DAY_MS, MAX_DATE_DAYS } from "../time_range.ts";
import { fitDecimal, rescale, roundDecimal } from "./decimals.ts";
import { isI64, truncatesToI32 } from "./literal.ts";
import { floorMod, formatDate, formatTime, formatTimestamp, isCalendarTime } from "./time.ts";
import type { Value } from "./values.ts";

/** Converts a value, never null; `undefined` is a value that does not convert. */
export type Cast = (value: Value) => Value | undefined;

type Kind = DataType["kind"];
type Table = Partial<Record<Kind, Cast>>;

const NUMBER = /^[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|Infinity)$|^NaN$/;
const INTEGER = /^[+-]?0*\d{1,19}$/;
const SPACES = " \t\r\n";

const same: Cast = (value) => value;

const fromBool: Table = {
  i32: (v) => v ? 1 : 0,
  i64: (v) => v ? 1n : 0n,
  f32: (v) => v ? 1 : 0,
  f64: (v) => v ? 1 : 0,
  utf8: (v) => v ? "true" : "false",
};

const fromNumber: Table = {
  bool: (v) => Number.isNaN(v) ? undefined : v !== 0,
  i32: (v) => truncatesToI32(v as number) ? Math.trunc(v as number) + 0 : undefined,
  i64: (v) => integerOf(v as number),
  f32: (v) => Math.fround(v as number),
  f64: same,
  timestamp: (v) => calendarTime(Math.floor(v as number)),
  date: (v) => calendarDay(Math.floor(v as number)),
  time: (v) => timeOfDay(Math.floor(v as number)),
  utf8: (v) => String(v),
};

const fromI64: Table = {
  bool: (v) => v !== 0n,
  i32: (v) => narrow(v as bigint),
  i64: same,
  f32: (v) => Math.fround(Number(v)),
  f64: Number,
  timestamp: (v) => calendarTime(Number(v)),
  date: (v) => calendarDay(Number(v)),
  time: (v) => timeOfDay(Number(v)),
  utf8: String,
};

const fromTimestamp: Table = {
  i32: fromNumber.i32,
  i64: fromNumber.i64,
  f32: fromNumber.f32,
  f64: same,
  timestamp: same,
  date: (v) => isCalendarTime(v as number) ? Math.floor((v as number) / DAY_MS) : undefined,
  time: (v) => isCalendarTime(v as number) ? floorMod(v as number, DAY_MS) : undefined,
  utf8: (v) => formatTimestamp(v as number),
};

const fromDate: Table = {
  i32: same,
  i64: fromNumber.i64,
  f32: fromNumber.f32,
  f64: same,
  timestamp: (v) => calendarTime((v as number) * DAY_MS),
  date: same,
  utf8: (v) => formatDate(v as number),
};

const fromTime: Table = {
  i32: same,
  i64: fromNumber.i64,
  f32: fromNumber.f32,
  f64: same,
  time: same,
  utf8: (v) => formatTime(v as number),
};

const fromText: Table = {
  bool: (v) => parseBool(trim(v)),
  i32: (v) => narrow(parseInteger(trim(v))),
  i64: (v) => parseInteger(trim(v)),
  f32: (v) => roundToSingle(parseNumber(trim(v))),
  f64: (v) => parseNumber(trim(v)),
  timestamp: (v) => calendarTime(parseTimestamp(trim(v)) ?? NaN),
  date: (v) => calendarDay(parseDate(trim(v)) ?? NaN),
  time: (v) => parseTime(trim(v)),
  utf8: same,
  dict: same,
};

const TABLES: Partial<Record<Kind, Table>> = {
  bool: fromBool,
  i32: fromNumber,
  i64: fromI64,
  f32: fromNumber,
  f64: fromNumber,
  timestamp: fromTimestamp,
  date: fromDate,
  time: fromTime,
  utf8: fromText,
  dict: fromText,
};

/**
 * The conversion between two types; `undefined` when there is none. A number loses its fraction
 * towards zero on its way to an integer and towards the past on its way to a time. Strings may have
 * spaces around them and must otherwise be wholly of the target's form.
 */
export function castBetween(from: DataType, to: DataType): Cast | undefined {
  if (to.kind === "decimal") return toDecimal(from, to);
  if (from.kind === "decimal") return fromDecimal(from, to);
  if (from.kind === "mixed") return (value) => castMixed(value, to);
  const target = to.kind === "dict" ? "utf8" : to.kind;
  return TABLES[from.kind]?.[target];
}

function toDecimal(from: DataType, to: DataType & DecimalShape): Cast | undefined {
  switch (from.kind) {
    case "decimal":
      return (v) => fitDecimal(rescale(v as bigint, { from: from.scale, to: to.scale }), to);
    case "i64":
      return (v) => fitDecimal(rescale(v as bigint, { from: 0, to: to.scale }), to);
    case "i32":
    case "f32":
    case "f64":
      return (v) => roundDecimal(String(v), to);
    case "utf8":
    case "dict":
      return (v) => roundDecimal(trim(v), to);
    case "mixed":
      return (v) => castMixed(v, to);
  }
  return undefined;
}

function fromDecimal(from: DecimalShape, to: DataType): Cast | undefined {
  const whole = (v: Value) => (v as bigint) / 10n ** BigInt(from.scale);
  switch (to.kind) {
    case "i64":
      return (v) => isI64(whole(v)) ? whole(v) : undefined;
    case "i32":
      return (v) => narrow(whole(v));
    case "f64":
      return (v) => Number(formatDecimal(v as bigint, from.scale));
    case "f32":
      return (v) => Math.fround(Number(formatDecimal(v as bigint, from.scale)));
    case "utf8":
    case "dict":
      return (v) => formatDecimal(v as bigint, from.scale);
  }
  return undefined;
}

// what JSON can hold, each by the rules of the type that it has on its own
function castMixed(value: Value, to: DataType): Value | undefined {
  const kinds: Partial<Record<string, Kind>> = {
    boolean: "bool",
    number: "f64",
    bigint: "i64",
    string: "utf8",
  };
  const kind = kinds[typeof value];
  return kind === undefined ? undefined : castBetween({ kind } as DataType, to)?.(value);
}

// by hand: an expression for the spaces at the end takes quadratic time on many spaces within
function trim(value: Value): string {
  const text = value as string;
  let start = 0;
  let end = text.length;
  while (start < end && SPACES.includes(text[start])) start++;
  while (end > start && SPACES.includes(text[end - 1])) end--;
  return text.slice(start, end);
}

function narrow(integer: bigint | undefined): number | undefined {
  if (integer === undefined) return undefined;
  return BigInt.asIntN(32, integer) === integer ? Number(integer) : undefined;
}

function parseNumber(text: string): number | undefined {
  return NUMBER.test(text) ? Number(text) : undefined;
}

function roundToSingle(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.fround(value);
}

function parseInteger(text: string): bigint | undefined {
  if (!INTEGER.test(text)) return undefined;
  const integer = BigInt(text.replace("+", ""));
  return isI64(integer) ? integer : undefined;
}

function parseBool(text: string): boolean | undefined {
  if (/^true$/i.test(text)) return true;
  return /^false$/i.test(text) ? false : undefined;
}

function integerOf(value: number): bigint | undefined {
  if (!Number.isFinite(value)) return undefined;
  const integer = BigInt(Math.trunc(value));
  return isI64(integer) ? integer : undefined;
}

function calendarTime(ms: number): number | undefined {
  return isCalendarTime(ms) ? ms + 0 : undefined;
}

function calendarDay(day: number): number | undefined {
  return Math.abs(day) <= MAX_DATE_DAYS ? day + 0 : undefined;
}

function timeOfDay(ms: number): number | undefined {
  return ms >= 0 && ms < DAY_MS ? ms + 0 : undefined;
}
