import type { DataType } from "../../batch/schema.ts";
import { nearestName, received } from "../../runtime/known_options.ts";
import type { Duration } from "../../runtime/duration.ts";

/** A value that a column can be declared to have. */
export type Scalar = string | number | boolean;
/** A point in time: ISO 8601, a `Date`, or milliseconds (of dates the days) since 1970. */
export type Moment = string | Date | number;

/** What every declared column but keys can have. */
export interface AnyColumnSpec {
  /** Its type. Default: what its values are. */
  readonly type?: DataType;
  /** The share of rows in which it is null. Default 0. */
  readonly nulls?: number;
}

/** One of some values. */
export interface ValuesSpec extends AnyColumnSpec {
  /** The values, at most 65,534; or texts with their weights. */
  readonly values: readonly Scalar[] | Readonly<Record<string, number>>;
  /** How often each comes, in any unit. Default: all alike. */
  readonly weights?: readonly number[];
}

/** What numbers have. */
export interface NumberSpec extends AnyColumnSpec {
  /** No number is less. */
  readonly min?: number;
  /** No number is greater. */
  readonly max?: number;
  /** Decimal places, 0 to 6. Default: as many as a double has. */
  readonly decimals?: number;
}

/** Numbers from one to another, both included, all as likely. */
export interface UniformSpec extends AnyColumnSpec {
  /** The least and the greatest. */
  readonly uniform: readonly [low: number, high: number];
  /** Decimal places, 0 to 6. Default: as many as a double has. */
  readonly decimals?: number;
}

/** Whole numbers from one to another, both included, all as likely. */
export interface IntegersSpec extends AnyColumnSpec {
  /** The least and the greatest. */
  readonly integers: readonly [low: number, high: number];
}

/** Normal numbers. */
export interface NormalSpec extends NumberSpec {
  /** Mean and standard deviation. */
  readonly normal: { readonly mean: number; readonly deviation: number };
}

/** Numbers whose logarithms are normal. */
export interface LognormalSpec extends NumberSpec {
  /** The median, and the standard deviation of the natural logarithms. */
  readonly lognormal: { readonly median: number; readonly deviation: number };
}

/** Numbers of which the density falls exponentially from 0 on. */
export interface ExponentialSpec extends NumberSpec {
  /** The mean. */
  readonly exponential: { readonly mean: number };
}

/** True or false. */
export interface BooleanSpec extends AnyColumnSpec {
  /** The share that is true. */
  readonly boolean: number;
}

/** Dates from one to another, both included, all as likely. */
export interface DatesSpec extends AnyColumnSpec {
  /** The first and the last. */
  readonly dates: readonly [from: Moment, to: Moment];
}

/** Points in time from one to another, both included, all as likely. */
export interface TimestampsSpec extends AnyColumnSpec {
  /** The first and the last. */
  readonly timestamps: readonly [from: Moment, to: Moment];
  /** Only multiples of this. Default `"1ms"`. */
  readonly every?: Duration;
}

/** The same value in every row. */
export interface ConstantSpec extends AnyColumnSpec {
  /** The value. */
  readonly constant: Scalar;
}

/** What follows from another column. */
export interface LookupSpec {
  /** Its type. Default: what its values are. */
  readonly type?: DataType;
  /** The name of the column that decides: one of values, a boolean or a constant. */
  readonly by: string;
  /** The value for each value of that; for null it is null. */
  readonly lookup: Readonly<Record<string, Scalar | null>>;
  /** The value for those that are not in it. Default: each must be. */
  readonly otherwise?: Scalar | null;
}

/** Whole numbers one after the other. */
export interface SequenceSpec {
  /** The type, `i32` or `i64`. Default `i32`. */
  readonly type?: DataType;
  /** `true`: from 1 on; or the first number, and by how much each is more. */
  readonly sequence: true | { readonly start?: number; readonly step?: number };
}

/** UUIDs. */
export interface UuidSpec {
  /** The type, `utf8` or `dict`. Default `utf8`. */
  readonly type?: DataType;
  /** `v4`: random. `v7`: ascending by a time that they hold (RFC 9562). */
  readonly uuid: "v4" | "v7";
  /** Of v7: the time of the first row. Default 2025-01-01. */
  readonly start?: Moment;
  /** Of v7: from one row to the next. Default `"1ms"`. */
  readonly every?: Duration;
}

/** Texts by a pattern, all different. */
export interface PatternSpec {
  /** The type, `utf8` or `dict`. Default `utf8`. */
  readonly type?: DataType;
  /**
   * `#` is a digit, `?` a capital letter, `&` a small letter, `\` makes the next character itself,
   * and all others are themselves: `"AB-####"`. At most 64 places.
   */
  readonly pattern: string;
  /** Whether texts may come again when all have come. Default `false`: sampling more is an error. */
  readonly repeats?: boolean;
}

/** How the values of a column are made without any rows to learn from. */
export type ColumnSpec =
  | ValuesSpec
  | UniformSpec
  | IntegersSpec
  | NormalSpec
  | LognormalSpec
  | ExponentialSpec
  | BooleanSpec
  | DatesSpec
  | TimestampsSpec
  | ConstantSpec
  | LookupSpec
  | SequenceSpec
  | UuidSpec
  | PatternSpec;

/** Columns that are declared. */
export type ColumnSpecs = Readonly<Record<string, ColumnSpec>>;

/** What a declared column has in a row, as it is declared. */
export type CellOf<S> = S extends { type: object } ? unknown
  : S extends { values: readonly (infer V)[] } ? V
  : S extends { values: Readonly<Record<infer K, number>> } ? K
  : S extends { lookup: Readonly<Record<string, infer V>> } ? V
  : S extends { constant: infer V } ? V
  : S extends { boolean: number } ? boolean
  : S extends { uuid: string } | { pattern: string } ? string
  : number;
/** The kind of a value. */
export type Widened<V> = V extends string ? string : V extends number ? number
: V extends boolean ? boolean
: V;

/** The rows of declared columns. */
export type RowOfSpecs<Specs> = {
  -readonly [K in keyof Specs]:
    | Widened<CellOf<Specs[K]>>
    | (Specs[K] extends { nulls: number } ? null : never);
};

const ANY = ["type", "nulls"];
const NUMBER = [...ANY, "decimals", "min", "max"];
/** The kinds by the key that says so, and what else each takes. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  values: [...ANY, "weights"],
  uniform: [...ANY, "decimals"],
  integers: ANY,
  normal: NUMBER,
  lognormal: NUMBER,
  exponential: NUMBER,
  boolean: ANY,
  dates: ANY,
  timestamps: [...ANY, "every"],
  constant: ANY,
  lookup: ["type", "by", "otherwise"],
  sequence: ["type"],
  uuid: ["type", "start", "every"],
  pattern: ["type", "repeats"],
};

/** The keys of which a column of a fit can have one, to be made instead of learned. */
export const MADE_KINDS: readonly string[] = ["sequence", "uuid", "pattern"];

/** Fails for a column that cannot be made. */
export function badColumn(name: string, why: string): never {
  throw new TypeError(`Cannot declare column ${JSON.stringify(name)}: ${why}`);
}

/**
 * What kind of column is declared: the one key of those that say so.
 *
 * @throws {TypeError} when there is none, or more than one, or a key that the kind does not take.
 */
export function kindOfSpec(name: string, spec: unknown): string {
  if (typeof spec !== "object" || spec === null || Array.isArray(spec)) {
    badColumn(name, `it must be an object such as { uniform: [0, 1] }, received ${received(spec)}`);
  }
  const keys = Object.keys(spec);
  const kinds = keys.filter((key) => Object.hasOwn(KINDS, key));
  if (kinds.length !== 1) {
    const has = kinds.length === 0 ? "none" : kinds.join(" and ");
    badColumn(name, `it takes one of ${Object.keys(KINDS).join(", ")}, and has ${has}`);
  }
  const [kind] = kinds;
  const unknown = keys.find((key) => key !== kind && !KINDS[kind].includes(key));
  if (unknown === undefined) return kind;
  const meant = nearestName(unknown, KINDS[kind]);
  badColumn(
    name,
    `beside ${kind} there is no ${JSON.stringify(unknown)}; ` +
      (meant ? `did you mean ${meant}?` : `it takes ${KINDS[kind].join(", ")}`),
  );
}
