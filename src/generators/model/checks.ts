import type { DataType, Field } from "../../batch/schema.ts";
import type { KeyMaker } from "../encoding/plans.ts";
import type { Json } from "./model_face.ts";
import { badModel } from "./model_sections.ts";

/** How far the sum of a distribution may be from 1. */
const TOLERANCE = 1e-3;

/** The most columns that a model file has. */
export const MOST_COLUMNS = 10_000;

/** The most symbols that a variable has. */
export const MOST_SYMBOLS = 255;

/** A list of at most so many. */
export function list(value: unknown, what: string, most: number): readonly unknown[] {
  if (Array.isArray(value) && value.length <= most) return value;
  badModel(`${what} is no list of at most ${most}`);
}

/** A whole number within limits. */
export function whole(
  value: unknown,
  what: string,
  [low, high]: readonly [number, number],
): number {
  if (Number.isSafeInteger(value) && (value as number) >= low && (value as number) <= high) {
    return value as number;
  }
  badModel(`${what} is not a whole number from ${low} to ${high}`);
}

/** True or false. */
export function bool(value: unknown, what: string): boolean {
  return typeof value === "boolean" ? value : badModel(`${what} is not true or false`);
}

/** Checks that every so many numbers, `step` apart, sum to 1. */
export function checkShares(
  values: Float32Array | Float64Array,
  count: number,
  step: number,
): void {
  for (let start = 0; start < values.length; start += count * step) {
    for (let of = 0; of < step; of++) {
      let sum = 0;
      for (let at = 0; at < count; at++) {
        const value = values[start + at * step + of];
        if (!(value >= 0)) badModel("a share is below 0");
        sum += value;
      }
      if (!(Math.abs(sum - 1) <= TOLERANCE)) badModel("the shares of something do not sum to 1");
    }
  }
}

/** Whether numbers are the first so many whole ones, each once. */
export function isOrder(values: readonly unknown[], count: number): values is readonly number[] {
  return values.length === count && new Set(values).size === count &&
    values.every((v) => Number.isInteger(v) && (v as number) >= 0 && (v as number) < count);
}

/** A column's name and type. */
export function readField(value: unknown): Field {
  const { name, type, nullable } = Object(value) as Partial<Field>;
  const kind = (Object(type) as Partial<DataType>).kind;
  if (typeof name !== "string" || typeof kind !== "string") {
    badModel("a column has no name, or no type");
  }
  if (nullable !== undefined && typeof nullable !== "boolean") {
    badModel(
      `column ${JSON.stringify(name)} says neither that it holds nulls nor that it does not`,
    );
  }
  return { name, type: type!, ...(nullable !== undefined && { nullable }) };
}

/** How keys that are texts are made; undefined where that is of no kind that there is. */
export function readTextMaker(
  value: unknown,
): Extract<KeyMaker, { kind: "uuid" | "pattern" }> | undefined {
  const { kind, text, classes } = Object(value) as Json;
  if (kind === "uuid") return { kind };
  const isPattern = kind === "pattern" && typeof text === "string" &&
    typeof classes === "string" && text.length === classes.length && text.isWellFormed();
  return isPattern && /^[9aA.]{1,64}$/.test(classes) ? { kind, text, classes } : undefined;
}
