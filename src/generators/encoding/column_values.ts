import type { Column } from "../../batch/column.ts";
import { isValid, readColumn } from "../../batch/column_reader.ts";
import { readDecimal } from "../../batch/decimal.ts";
import type { DataType } from "../../batch/schema.ts";
import { typeName } from "../../batch/schema_check.ts";
import { TrainingDataError } from "../generator_errors.ts";
import type { NumberUnit } from "./plans.ts";

const MOST_PLACES = 6;
const LARGEST_NUMBER = 8e307;
const LARGEST_COUNTED = 9_223_372_036_854_774_784;
const DATE_MS = 8.64e15;
const DAY_MS = 86_400_000;

/** Whether a column of this type holds texts. */
export function isText({ kind }: DataType): boolean {
  return kind === "utf8" || kind === "dict";
}

/** Numbers, or 0 where there is none. */
export interface NumberValues {
  readonly values: Float64Array;
  /** 1 where the value is null. */
  readonly nulls: Uint8Array;
}

function rawNumber(column: Column, at: number): number {
  const { type, values } = column;
  if (type.kind === "decimal") return Number(readDecimal(values as Uint8Array, at));
  if (type.kind === "bool") return ((values as Uint8Array)[at >> 3] >> (at & 7)) & 1;
  return Number((values as Float64Array)[at]);
}

function checkNumber(value: number, { type }: Column, name: string): void {
  const most = type.kind === "f64" || type.kind === "f32" ? LARGEST_NUMBER : LARGEST_COUNTED;
  if (Math.abs(value) <= most) return;
  throw new TrainingDataError(
    `Cannot learn column ${JSON.stringify(name)} (${typeName(type)}): ${value} is no number that ` +
      `can be learned, which are from ${-most} to ${most}; make it null, or leave the column out ` +
      `with role: "ignore"`,
  );
}

/**
 * The numbers of a column, decimals as scaled integers, booleans 0 and 1.
 *
 * @throws {TrainingDataError} when one is not finite.
 */
export function numbersOf(column: Column, name: string): NumberValues {
  const values = new Float64Array(column.length);
  const nulls = new Uint8Array(column.length);
  for (let at = 0; at < column.length; at++) {
    if (!isValid(column, at)) nulls[at] = 1;
    else checkNumber(values[at] = rawNumber(column, at), column, name);
  }
  return { values, nulls };
}

/** The texts of a column as positions in a list of the distinct ones, −1 for null. */
export function textsOf(column: Column): { codes: Int32Array; texts: string[] } {
  const texts: string[] = [];
  const positions = new Map<string, number>();
  const codes = new Int32Array(column.length);
  const all = readColumn(column, { start: 0, end: column.length }) as (string | null)[];
  for (let at = 0; at < all.length; at++) {
    const text = all[at];
    if (text === null) {
      codes[at] = -1;
      continue;
    }
    let code = positions.get(text);
    if (code === undefined) {
      code = texts.length;
      positions.set(text, code);
      texts.push(text);
    }
    codes[at] = code;
  }
  return { codes, texts };
}

/** How many decimal places all numbers have at most; undefined when that is many. */
function placesOf({ values }: NumberValues): number | undefined {
  let places = 0;
  for (const value of values) {
    while (!isScaled(value, places)) if (++places > MOST_PLACES) return undefined;
  }
  return places;
}

function isScaled(value: number, places: number): boolean {
  const scale = 10 ** places;
  const scaled = Math.round(value * scale);
  return Math.abs(scaled) <= Number.MAX_SAFE_INTEGER && scaled / scale === value;
}

const WHOLE: Readonly<Record<string, readonly [low: number, high: number]>> = {
  bool: [0, 1],
  i32: [-2147483648, 2147483647],
  i64: [-LARGEST_COUNTED, LARGEST_COUNTED],
  timestamp: [-DATE_MS, DATE_MS],
  date: [-DATE_MS / DAY_MS, DATE_MS / DAY_MS],
  time: [0, DAY_MS - 1],
};

/** How numbers of a type are counted where the type alone says it; else how floats at most are. */
export function unitOfType(type: DataType): NumberUnit {
  const none = { values: new Float64Array([0.1 + 0.2]), nulls: new Uint8Array(1) };
  return unitOf(type, none);
}

/** How the numbers of a column are counted. */
export function unitOf(type: DataType, numbers: NumberValues): NumberUnit {
  const range = WHOLE[type.kind];
  if (range) return { divisor: 1, whole: true, low: range[0], high: range[1] };
  if (type.kind === "decimal") {
    const most = Math.min(10 ** type.precision - 1, LARGEST_COUNTED);
    return { divisor: 1, whole: true, low: -most, high: most };
  }
  const rounded = type.kind === "f32" ? roundedFloats(numbers) : numbers;
  const places = placesOf(rounded);
  const all = { low: -LARGEST_NUMBER, high: LARGEST_NUMBER };
  return places === undefined
    ? { divisor: 1, whole: false, ...all }
    : { divisor: 10 ** places, whole: true, ...all };
}

/** Singles with the fewest digits that are the same single. */
function roundedFloats({ values, nulls }: NumberValues): NumberValues {
  const shortest = (value: number) => {
    const text = Number(value.toPrecision(7));
    return Math.fround(text) === value ? text : value;
  };
  return { values: values.map(shortest), nulls };
}

/** Numbers as they are counted. */
export function counted({ values }: NumberValues, { divisor, whole }: NumberUnit): Float64Array {
  return whole ? values.map((value) => Math.round(value * divisor)) : values;
}
