import type { DataType, Field } from "../../batch/schema.ts";
import * as t from "../../batch/types.ts";
import { typeName } from "../../batch/schema_check.ts";
import { received } from "../../runtime/known_options.ts";
import { unitOfType } from "../encoding/column_values.ts";
import type { NumberUnit } from "../encoding/plans.ts";
import {
  badColumn,
  type ColumnSpec,
  type DatesSpec,
  type ExponentialSpec,
  type LognormalSpec,
  type Moment,
  type NormalSpec,
  type NumberSpec,
  type TimestampsSpec,
  type UniformSpec,
} from "./column_spec.ts";
import { dayOf, msOf, stepOf } from "./moments.ts";
import type { Distribution } from "./number_symbols.ts";
import { normalQuantile } from "../normal.ts";
import type { Quantile } from "./quantiles.ts";

const MOST_PLACES = 6;
const MOST_I32 = 2 ** 31 - 1;
const MOST_STEP_MS = 604_800_000;

/** A distribution, and how its numbers are counted. */
export interface DeclaredDistribution extends Omit<Distribution, "whole"> {
  readonly unit: NumberUnit;
  /** What a number is multiplied by to be one of the column. */
  readonly scale: number;
}

function wholeType(low: number, high: number): DataType {
  return Math.max(-low, high) <= MOST_I32 ? t.i32 : t.i64AsNumber;
}

function typeByDecimals(spec: ColumnSpec): DataType {
  return (spec as NumberSpec).decimals === 0 ? t.i64AsNumber : t.f64;
}

/** The type that a column of each kind has where none is given. */
export const NUMBER_KINDS: ReadonlyMap<string, (spec: ColumnSpec) => DataType> = new Map([
  ["uniform", (spec: ColumnSpec): DataType => {
    const { uniform, decimals } = spec as UniformSpec;
    return decimals === 0 ? wholeType(Number(uniform[0]), Number(uniform[1])) : t.f64;
  }],
  ["integers", (spec: ColumnSpec): DataType => {
    const [low, high] = (spec as { integers: readonly [number, number] }).integers;
    return wholeType(Number(low), Number(high));
  }],
  ["normal", typeByDecimals],
  ["lognormal", typeByDecimals],
  ["exponential", typeByDecimals],
  ["dates", (): DataType => t.date],
  ["timestamps", (): DataType => t.timestamp],
]);

/** How numbers are counted in a column of a type, with so many places. */
function unitOfNumbers({ name, type }: Field, decimals: number | undefined): NumberUnit & {
  readonly factor: number;
} {
  const isRight = decimals === undefined ||
    (Number.isInteger(decimals) && decimals >= 0 && decimals <= MOST_PLACES);
  if (!isRight) {
    badColumn(
      name,
      `decimals must be a whole number from 0 to ${MOST_PLACES}, received ${received(decimals)}`,
    );
  }
  const unit = unitOfType(type);
  if (type.kind === "decimal") {
    if (decimals === undefined || decimals === type.scale) {
      return { ...unit, factor: 10 ** type.scale };
    }
    badColumn(name, `its type is ${typeName(type)}, and decimals is ${decimals}; leave one out`);
  }
  if (type.kind === "f64" || type.kind === "f32") {
    if (decimals === undefined) return { ...unit, factor: 1 };
    return { ...unit, divisor: 10 ** decimals, whole: true, factor: 10 ** decimals };
  }
  if (decimals) badColumn(name, `${typeName(type)} has no decimals, received ${decimals}`);
  return { ...unit, factor: 1 };
}

function finite(name: string, what: string, value: unknown, above = -Infinity): number {
  if (typeof value === "number" && Number.isFinite(value) && value > above) return value;
  const least = above === -Infinity ? "a number" : `a number above ${above}`;
  badColumn(name, `${what} must be ${least}, received ${received(value)}`);
}

function ends<T>(name: string, kind: string, value: readonly [T, T]): readonly [T, T] {
  if (Array.isArray(value) && value.length === 2) return value;
  badColumn(name, `${kind} must be two, the least and the greatest, received ${received(value)}`);
}

function ordered(name: string, low: number, high: number): readonly [number, number] {
  if (low <= high) return [low, high];
  badColumn(name, `its least, ${low}, is above its greatest, ${high}`);
}

function evenly(low: number, high: number): Quantile {
  return (share) => low + (high - low) * share;
}

/** All as likely, from one to another. */
function even(field: Field, [from, to]: readonly [number, number], decimals?: number) {
  const { factor, ...unit } = unitOfNumbers(field, decimals);
  const [low, high] = ordered(field.name, from * factor, to * factor);
  const [least, most] = unit.whole ? [Math.ceil(low - 1e-9), Math.floor(high + 1e-9)] : [low, high];
  if (least > most) badColumn(field.name, "there is no number between its least and its greatest");
  const edge = unit.whole ? 0.5 : 0;
  const quantile = evenly(least - edge, most + edge);
  return { unit, scale: 1, quantile, low: least, high: most, even: true };
}

function shapeOf(name: string, spec: ColumnSpec): Quantile {
  if ("normal" in spec) {
    const { mean, deviation } = Object(spec.normal) as NormalSpec["normal"];
    finite(name, "the mean", mean);
    finite(name, "the deviation", deviation, 0);
    return (share) => mean + deviation * normalQuantile(share);
  }
  if ("lognormal" in spec) {
    const { median, deviation } = Object(spec.lognormal) as LognormalSpec["lognormal"];
    finite(name, "the median", median, 0);
    finite(name, "the deviation", deviation, 0);
    return (share) => share <= 0 ? 0 : median * Math.exp(deviation * normalQuantile(share));
  }
  const { mean } = Object((spec as ExponentialSpec).exponential) as ExponentialSpec["exponential"];
  finite(name, "the mean", mean, 0);
  return (share) => -mean * Math.log1p(-share);
}

function shaped(field: Field, spec: NumberSpec & ColumnSpec): DeclaredDistribution {
  const { name } = field;
  const { factor, ...unit } = unitOfNumbers(field, spec.decimals);
  const { min, max } = spec;
  const from = min === undefined ? -Infinity : finite(name, "min", min) * factor;
  const to = max === undefined ? Infinity : finite(name, "max", max) * factor;
  const [low, high] = ordered(name, from, to);
  const shape = shapeOf(name, spec);
  const limits = unit.whole ? { low: Math.ceil(low), high: Math.floor(high) } : { low, high };
  return { unit, scale: 1, quantile: (share) => shape(share) * factor, ...limits };
}

function days(field: Field, { dates }: DatesSpec): DeclaredDistribution {
  const { name } = field;
  const [from, to] = ends<Moment>(name, "dates", dates);
  return even({ ...field, type: t.date }, [dayOf(name, from), dayOf(name, to)]);
}

function times(field: Field, { timestamps, every = 1 }: TimestampsSpec): DeclaredDistribution {
  const { name } = field;
  const [from, to] = ends<Moment>(name, "timestamps", timestamps);
  const scale = stepOf(name, every);
  if (!(Number.isInteger(scale) && scale <= MOST_STEP_MS)) {
    badColumn(
      name,
      `every must be whole milliseconds, at most a week, received ${received(every)}`,
    );
  }
  const [low, high] = ordered(name, msOf(name, from), msOf(name, to));
  const ticks = [Math.ceil(low / scale), Math.floor(high / scale)] as const;
  return { ...even({ ...field, type: t.timestamp }, ticks), scale };
}

/**
 * The distribution of a column of numbers or times.
 *
 * @throws {TypeError} when it cannot be that.
 */
export function declaredDistribution(
  field: Field,
  kind: string,
  spec: ColumnSpec,
): DeclaredDistribution {
  const { name, type } = field;
  const isTime = kind === "dates" || kind === "timestamps";
  const usual = kind === "dates" ? "date" : "timestamp";
  if (isTime && type.kind !== usual) badColumn(name, `${kind} are of type ${usual}`);
  if (!isTime && ["date", "timestamp", "time"].includes(type.kind)) {
    badColumn(name, `numbers are not of type ${typeName(type)}; declare dates or timestamps`);
  }
  if ("dates" in spec) return days(field, spec);
  if ("timestamps" in spec) return times(field, spec);
  if ("uniform" in spec || "integers" in spec) {
    const given = "uniform" in spec ? spec.uniform : spec.integers;
    const [low, high] = ends<number>(name, kind, given);
    const decimals = "uniform" in spec ? spec.decimals : 0;
    return even(
      field,
      [finite(name, "the least", low), finite(name, "the greatest", high)],
      decimals,
    );
  }
  return shaped(field, spec as NumberSpec & ColumnSpec);
}
