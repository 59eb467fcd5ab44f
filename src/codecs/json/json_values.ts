import { Misfit, setOwn } from "../../batch/misfit.ts";
import type { DataType } from "../../batch/schema.ts";
import { parseJson } from "./json_parse.ts";
import { textParser } from "../text_values.ts";

/** Kinds that JSON has only as text. */
const TEXT_KINDS: ReadonlySet<string> = new Set(["timestamp", "date", "time", "bytes"]);
/** A whole number, or the whole part of one, that a JavaScript number may not hold. */
const LONG_WHOLE = /(?:^|[^.\d])\d{16}/;
/** A number that a JavaScript number may not hold: with many digits, or an exponent. */
const LONG = /\d[.\d]{15}|\d[eE]/;
const WHOLE = /^-?\d+$/;
const EXPONENT = /[eE]/;

/** A number whose digits a JavaScript number cannot hold, until its column's type is known. */
class ExactNumber {
  constructor(readonly source: string) {}

  /** What the builder of a type's columns takes for it. */
  as(kind: DataType["kind"]): unknown {
    if (kind === "decimal") return this.source;
    const number = Number(this.source);
    const takesBigint = kind === "i64" || kind === "mixed" && String(number) !== this.source;
    if (!takesBigint || !WHOLE.test(this.source)) return number;
    const exact = BigInt(this.source);
    return kind === "i64" || BigInt.asIntN(64, exact) === exact ? exact : number;
  }
}

/** Whether values of a type must be turned into what their builder takes, though JSON-like. */
function needsFit(type: DataType): boolean {
  if (TEXT_KINDS.has(type.kind)) return true;
  if (type.kind === "list") return needsFit(type.item);
  if (type.kind === "map") return needsFit(type.value);
  return type.kind === "struct" && type.fields.some((field) => needsFit(field.type));
}

function holds(type: DataType, kinds: readonly string[]): boolean {
  if (type.kind === "list") return holds(type.item, kinds);
  if (type.kind === "map") return holds(type.value, kinds);
  if (type.kind === "struct") return type.fields.some((field) => holds(field.type, kinds));
  return kinds.includes(type.kind);
}

function fitWithin(value: object, key: string | number, type: DataType): void {
  try {
    setOwn(value, key as string, fit((value as Record<string, unknown>)[key], type));
  } catch (error) {
    if (error instanceof Misfit) {
      error.path = (typeof key === "number" ? `[${key}]` : `.${key}`) + error.path;
    }
    throw error;
  }
}

function fitObject(value: object, type: DataType): void {
  if (type.kind === "struct") {
    for (const field of type.fields) {
      if (Object.hasOwn(value, field.name)) fitWithin(value, field.name, field.type);
    }
  } else if (type.kind === "map" || type.kind === "mixed") {
    const inner: DataType = type.kind === "map" ? type.value : type;
    for (const key of Object.keys(value)) fitWithin(value, key, inner);
  }
}

/**
 * Turns a parsed JSON value into what the builder of a type's columns takes: texts of times and
 * bytes into numbers and bytes, exact numbers into the column's kind; within objects and arrays in
 * place.
 *
 * @throws {Misfit} when a text is none of its type.
 */
function fit(value: unknown, type: DataType): unknown {
  if (typeof value === "string") {
    return TEXT_KINDS.has(type.kind) ? textParser(type)!(value) : value;
  }
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof ExactNumber) return value.as(type.kind);
  if (!Array.isArray(value)) fitObject(value, type);
  else if (type.kind === "list" || type.kind === "mixed") {
    const inner: DataType = type.kind === "list" ? type.item : type;
    for (let at = 0; at < value.length; at++) fitWithin(value, at, inner);
  }
  return value;
}

/** Parses a record whose long numbers are kept in full. */
function parseExactly(text: string): unknown {
  return parseJson(text, (_, value, context) => {
    const source = context?.source;
    if (typeof value !== "number" || source === undefined) return value;
    if (source.length < 16 && !EXPONENT.test(source)) return value;
    const isSame = String(value) === source && (Number.isSafeInteger(value) || !WHOLE.test(source));
    return isSame ? value : new ExactNumber(source);
  });
}

/** Turns parsed JSON into rows that the builders of a schema's columns take. */
export class JsonRows {
  readonly #row: DataType;
  readonly #always: boolean;
  readonly #long: RegExp | undefined;

  /** For rows of a struct type, or of any shape with `mixed`. */
  constructor(row: DataType) {
    this.#row = row;
    this.#always = needsFit(row);
    if (holds(row, ["decimal"])) this.#long = LONG;
    else if (holds(row, ["i64", "mixed"])) this.#long = LONG_WHOLE;
  }

  /**
   * Makes `value`, which is `text` parsed, into a row in place, and parses it anew if it has
   * numbers that lost digits.
   *
   * @throws {Misfit} when a text within is no time, date or bytes where the schema has one.
   */
  fit(value: object, text: string): object {
    const exact = this.#long?.test(text) ?? false;
    if (!exact && !this.#always) return value;
    return fit(exact ? parseExactly(text) : value, this.#row) as object;
  }
}

/** Whether a value is nested deeper than `levels`, itself being one if it is an object. */
export function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  for (const key in value) {
    if (isDeeper((value as Record<string, unknown>)[key], levels - 1)) return true;
  }
  return false;
}
