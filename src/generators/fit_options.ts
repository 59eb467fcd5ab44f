import type { DataType } from "../batch/schema.ts";
import {
  kindOfSpec,
  MADE_KINDS,
  type PatternSpec,
  type SequenceSpec,
  type UuidSpec,
} from "./spec/column_spec.ts";
import { madePlan, type MadeSpec } from "./spec/made_column.ts";
import { checkWhole, nearestName, received } from "../runtime/known_options.ts";
import { checkStreamOptions, type TwinArrivalOptions } from "./twins/twin_options.ts";

/** What a column is to the generator. */
export type ColumnRole = "category" | "number" | "sum" | "key" | "ignore";

/** How the values of a column are made that is not learned. */
export type MadeOptions =
  & Partial<Omit<SequenceSpec, "type">>
  & Partial<Omit<UuidSpec, "type">>
  & Partial<Omit<PatternSpec, "type">>;

/**
 * What is known about a column. With `sequence`, `uuid` or `pattern` its values are made as these
 * say, whatever they were: see {@linkcode SequenceSpec}, {@linkcode UuidSpec},
 * {@linkcode PatternSpec}.
 */
export interface ColumnOptions extends MadeOptions {
  /** Its type, where it should be another than that of the rows. */
  type?: DataType;
  /**
   * `category`: values that are apart, whatever their type. `number`: values that are near each other
   * or far. `sum`: of two others, which are found, in every row. `key`: made and not learned.
   * `ignore`: left out of what is sampled. Default: by the type and the values.
   */
  role?: ColumnRole;
}

/**
 * The models there are: a mixture of hidden Chow-Liu trees, decision trees one after the other, a
 * Gaussian copula, columns by themselves.
 */
export type ModelKind = "circuit" | "trees" | "copula" | "independent";

/** How far the fitting is. */
export interface FitProgress {
  /** What is being done. */
  readonly phase: "reading" | "encoding" | "fitting";
  /** Rows read so far; from the encoding on, those of them that are learned from. */
  readonly rows: number;
  /** The share of the fitting that is done, 0 to 1; while reading 0. */
  readonly share: number;
  /** Mean log-likelihood of held-out rows by the best model so far; while fitting. */
  readonly logLikelihood?: number;
}

/** Options of {@linkcode SyntheticGenerator.fit}. */
export interface FitOptions {
  /** The column, or columns, whose values are made and not learned. */
  primaryKey?: string | readonly string[];
  /** What is known about columns, by name. */
  columns?: Readonly<Record<string, ColumnOptions>>;
  /** Default `"circuit"`. */
  model?: ModelKind;
  /** Decides which rows are kept of many, and where the fitting starts. Default 0. */
  seed?: number | bigint;
  /** Symbols that a column is encoded to, at most: 8 to 254. Default 254 of
   * categories, 128 or 64 of numbers, by how many there are. */
  symbols?: number;
  /** Rows that a value must be in to be kept. Default 5, or a twentieth of fewer than 100 rows. */
  minCount?: number;
  /**
   * Rows that are kept in memory and learned from, at most: a random sample, or the first ones of a
   * stream, of which the event times of up to 8 million are kept. Default 250,000.
   */
  maxRows?: number;
  /**
   * The column of event times, of rows in the order in which they arrived: makes a twin of the stream,
   * which also learns when records come.
   */
  time?: string;
  /** The column that says which events belong together, such as those of a sensor or a customer. */
  key?: string;
  /** What of the stream is declared, and so not learned. */
  arrival?: TwinArrivalOptions;
  /** Stops the fitting, which rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Called while it goes on. */
  onProgress?: (progress: FitProgress) => void;
}

/** The names of the options. */
export const FIT_OPTIONS: Readonly<Record<keyof FitOptions, true>> = {
  primaryKey: true,
  columns: true,
  model: true,
  seed: true,
  symbols: true,
  minCount: true,
  maxRows: true,
  time: true,
  key: true,
  arrival: true,
  signal: true,
  onProgress: true,
};

const MODELS: readonly string[] = [
  "circuit",
  "trees",
  "copula",
  "independent",
] satisfies ModelKind[];
const ROLES: readonly string[] = [
  "category",
  "number",
  "sum",
  "key",
  "ignore",
] satisfies ColumnRole[];
const COLUMN_KEYS: readonly string[] = ["type", "role"] satisfies (keyof ColumnOptions)[];

/** The options of a column by which its values are made, if it has such. */
export function madeOptions(options: ColumnOptions | undefined): MadeSpec | undefined {
  return options && MADE_KINDS.some((key) => key in options) ? options as MadeSpec : undefined;
}

function checkCount(
  name: string,
  value: number | undefined,
  range: { readonly least?: number; readonly most?: number } = {},
): void {
  if (value !== undefined) checkWhole(name, value, { doing: "fit generator", ...range });
}

/** A seed as 64 bits. */
export function seedBits(seed: unknown = 0): bigint {
  if (typeof seed === "bigint") return BigInt.asUintN(64, seed);
  if (Number.isSafeInteger(seed)) return BigInt.asUintN(64, BigInt(seed as number));
  throw new TypeError(
    `Cannot use seed: it must be a whole number or a bigint, received ${received(seed)}`,
  );
}

function checkColumn(name: string, options: ColumnOptions): void {
  const column = `columns[${JSON.stringify(name)}]`;
  if (typeof options !== "object" || options === null) {
    throw new TypeError(
      `Cannot fit generator: ${column} must be an object such as { role: "category" }, received ` +
        received(options),
    );
  }
  const made = madeOptions(options);
  if (made) {
    kindOfSpec(name, made);
    return void madePlan(name, made);
  }
  const unknown = Object.keys(options).find((key) => !COLUMN_KEYS.includes(key));
  if (unknown !== undefined) {
    throw new TypeError(
      `Cannot fit generator: ${column} has ${
        JSON.stringify(unknown)
      }; a column takes type and role, or one of ${MADE_KINDS.join(", ")}`,
    );
  }
  if (options.role !== undefined && !ROLES.includes(options.role)) {
    throw new TypeError(
      `Cannot fit generator: the role of column ${JSON.stringify(name)} must be one of ` +
        `${ROLES.join(", ")}, received ${received(options.role)}`,
    );
  }
}

/**
 * Checks the options of a fit that do not depend on the rows.
 *
 * @throws {TypeError | RangeError} when one cannot be what it is.
 */
export function checkFitOptions(options: FitOptions): void {
  const { model = "circuit", symbols, minCount, maxRows, columns = {}, seed } = options;
  if (!MODELS.includes(model)) {
    const meant = typeof model === "string" ? nearestName(model, MODELS) : undefined;
    throw new TypeError(
      `Cannot fit generator: there is no model ${received(model)}; the models are ` +
        `${MODELS.join(", ")}${meant ? `, did you mean ${meant}?` : ""}`,
    );
  }
  checkCount("symbols", symbols, { least: 8, most: 254 });
  checkCount("minCount", minCount);
  checkCount("maxRows", maxRows, { most: 100_000_000 });
  seedBits(seed);
  checkStreamOptions(options);
  for (const [name, column] of Object.entries(columns)) checkColumn(name, column);
}

/**
 * Checks that columns which options name exist.
 *
 * @throws {TypeError} when one does not.
 */
export function checkColumnNames(
  options: FitOptions,
  names: readonly string[],
  doing = "fit generator",
): void {
  const stream = [options.time, options.key].filter((name) => name !== undefined);
  for (const name of [...keyNames(options), ...stream, ...Object.keys(options.columns ?? {})]) {
    if (names.includes(name)) continue;
    const meant = nearestName(name, names);
    throw new TypeError(
      `Cannot ${doing}: the rows have no column ${JSON.stringify(name)}; ` +
        (meant ? `did you mean ${JSON.stringify(meant)}?` : `they have ${names.join(", ")}`),
    );
  }
}

/** The columns of the primary key. */
export function keyNames({ primaryKey = [] }: FitOptions): readonly string[] {
  return typeof primaryKey === "string" ? [primaryKey] : primaryKey;
}
