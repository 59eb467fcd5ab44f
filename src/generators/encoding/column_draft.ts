import type { Column } from "../../batch/column.ts";
import type { Field } from "../../batch/schema.ts";
import { typeName } from "../../batch/schema_check.ts";
import { showName } from "../../batch/shown_names.ts";
import { numberCategories, positionsOf, textCategories } from "./category_plan.ts";
import { type Coded, codedNumbers } from "./coded_values.ts";
import { counted, isText, numbersOf, type NumberValues, textsOf, unitOf } from "./column_values.ts";
import type { CodedColumn } from "./dependencies.ts";
import { TrainingDataError } from "../generator_errors.ts";
import { keyMakerOf } from "../sampling/key_maker.ts";
import { partsOf, splitOf } from "./number_parts.ts";
import {
  type CategoryPlan,
  type ColumnPlan,
  MOST_VALUES,
  type NumberPlan,
  type NumberUnit,
  sizeOf,
  type Vocabulary,
} from "./plans.ts";
import { timeFormatOf } from "./time_format.ts";
import { timesOfTexts } from "./time_texts.ts";
import { quantileBins } from "./quantile_bins.ts";

/** Symbols of a column unless options say otherwise. */
const CATEGORY_SYMBOLS = 254;
const NUMBER_SYMBOLS = 128;
/** Of numbers that are more than symbols, of rows too few to fill more, and of times to be texts. */
const FEW_SYMBOLS = 64;
const FEW_ROWS = 20_000;
const KEY_SHARE = 0.9;
const LEAST_KEYS = 20;
/** The types that a generator learns. */
export const KINDS: ReadonlySet<string> = new Set([
  ...["bool", "i32", "i64", "f32", "f64", "timestamp", "date", "time", "decimal", "utf8", "dict"],
]);

/** A plan whose variables are not numbered yet, and what a dependency may be found in. */
export interface Draft {
  readonly plan: ColumnPlan;
  readonly coded?: CodedColumn;
  readonly values?: Vocabulary;
  readonly unit?: NumberUnit;
}

/** How a column is drafted. */
export interface DraftOptions {
  /** The most symbols, where options say so. */
  readonly symbols: number | undefined;
  readonly minCount: number;
  readonly role?: string;
  /** Whether times that are texts stay texts. */
  readonly keepTexts?: boolean;
}

/**
 * Checks that columns are of types that a generator learns, all at once: whoever is told of one that
 * is not has to leave out the others too.
 *
 * @throws {TrainingDataError} that names those that are not.
 */
export function checkKinds(fields: readonly Field[]): void {
  const nested = fields.filter(({ type }) => !KINDS.has(type.kind));
  if (nested.length === 0) return;
  const ignored = nested.map(({ name }) => `${JSON.stringify(name)}: { role: "ignore" }`).join(
    ", ",
  );
  const learned = `a generator learns ${[...KINDS].join(", ")}; leave`;
  const [{ name, type }, ...more] = nested;
  const named = ({ name, type }: Field) => `${showName(name)} (${typeName(type)})`;
  throw new TrainingDataError(
    more.length === 0
      ? `Cannot learn column ${JSON.stringify(name)}: its type is ${
        typeName(type)
      }, and ${learned} ` +
        `it out with columns: { ${ignored} }, or select its parts as columns`
      : `Cannot learn columns ${nested.map(named).join(", ")}: ${learned} them out with columns: ` +
        `{ ${ignored} }, or select their parts as columns`,
  );
}

function categoryDraft(
  field: Field,
  coded: Coded,
  options: DraftOptions,
  unit?: NumberUnit,
): Draft {
  const make = coded.values.kind === "texts" ? textCategories : numberCategories;
  const plan: CategoryPlan = {
    kind: "category",
    field,
    variable: -1,
    ...make(coded, { ...options, symbols: options.symbols ?? CATEGORY_SYMBOLS }),
    ...(unit && { unit }),
  };
  const { values, other } = plan;
  const positions = positionsOf(plan, coded);
  return { plan, values, coded: { positions, size: sizeOf(values), other }, ...(unit && { unit }) };
}

/** How many symbols numbers get: one each where they are few, else by how many rows would share. */
function symbolsFor(numbers: Float64Array): number {
  if (numbers.length >= FEW_ROWS) return NUMBER_SYMBOLS;
  return new Set(numbers).size < NUMBER_SYMBOLS ? NUMBER_SYMBOLS : FEW_SYMBOLS;
}

function numberDraft(field: Field, numbers: NumberValues, options: DraftOptions): Draft {
  const unit = unitOf(field.type, numbers);
  const values = counted(numbers, unit);
  const present = values.filter((_, at) => numbers.nulls[at] === 0);
  const nulls = present.length < values.length;
  const split = splitOf(field.type, present);
  const parts = split.scales.map((scale, at) => {
    const part = present.map((value) => partsOf(split, value)[at]);
    const symbols = (options.symbols ?? symbolsFor(part)) - (nulls ? 1 : 0);
    const knots = quantileBins(part, { ...options, symbols, whole: unit.whole });
    return { variable: -1, scale, whole: unit.whole, knots };
  });
  const plan: NumberPlan = { kind: "number", field, unit, parts, offset: split.offset, nulls };
  const coded = codedNumbers(values, numbers.nulls);
  const size = sizeOf(coded.values);
  if (size > MOST_VALUES || size * 2 > present.length) return { plan };
  return { plan, values: coded.values, unit, coded: { positions: coded.codes, size, other: -1 } };
}

/** A draft of texts that are times, unless they are so few that each can be a category. */
function timesDraft(
  field: Field,
  column: Column,
  { texts, ...options }: DraftOptions & { texts: readonly string[] },
): Draft | undefined {
  if (
    options.keepTexts ||
    (texts.length < (options.symbols ?? FEW_SYMBOLS) && options.role !== "number")
  ) {
    return undefined;
  }
  const format = timeFormatOf(texts);
  if (!format) return undefined;
  const text = { type: field.type, format: format.format };
  const timed: Field = { ...field, type: { kind: "timestamp" } };
  const { plan } = numberDraft(timed, timesOfTexts(column, text), options);
  return { plan: { ...plan as NumberPlan, text } };
}

function textDraft(field: Field, column: Column, options: DraftOptions): Draft {
  const { codes, texts } = textsOf(column);
  const times = options.role === undefined || options.role === "number"
    ? timesDraft(field, column, { ...options, texts })
    : undefined;
  if (times) return times;
  const looksLikeKey = texts.length >= LEAST_KEYS &&
    texts.length > KEY_SHARE * (column.length - column.nullCount);
  if (options.role === "key" || (looksLikeKey && options.role === undefined)) {
    return { plan: { kind: "key", field, maker: keyMakerOf(texts) } };
  }
  return categoryDraft(field, { codes, values: { kind: "texts", texts } }, options);
}

/**
 * A plan for a column, of a type that {@linkcode checkKinds} lets pass.
 *
 * @throws {TrainingDataError} when it cannot be learned.
 */
export function draftOf(field: Field, column: Column, options: DraftOptions): Draft {
  const { role } = options;
  const isNull = column.nullCount === column.length;
  if (isNull && role !== "key") return { plan: { kind: "null", field } };
  if (role === "key") return keyDraft(field, column, options);
  if (isText(field.type)) {
    const draft = textDraft(field, column, options);
    if (role !== "number" || draft.plan.kind === "number") return draft;
    throw new TypeError(
      `Cannot fit generator: column ${
        JSON.stringify(field.name)
      } has texts that are no times, which ` +
        `cannot have the role "number"; give it the type of a number as well`,
    );
  }
  const numbers = numbersOf(column, field.name);
  if (field.type.kind !== "bool" && role !== "category") {
    return numberDraft(field, numbers, options);
  }
  const unit = unitOf(field.type, numbers);
  const values = counted(numbers, unit);
  return categoryDraft(field, codedNumbers(values, numbers.nulls), options, unit);
}

function keyDraft(field: Field, column: Column, options: DraftOptions): Draft {
  if (isText(field.type)) return textDraft(field, column, options);
  if (field.type.kind === "i32" || field.type.kind === "i64") {
    return { plan: { kind: "key", field, maker: { kind: "sequence" } } };
  }
  throw new TypeError(
    `Cannot fit generator: column ${JSON.stringify(field.name)} is ${
      typeName(field.type)
    }, and a ` +
      `key is text, i32 or i64`,
  );
}
