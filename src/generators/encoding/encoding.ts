import type { RecordBatch } from "../../batch/record_batch.ts";
import type { Column } from "../../batch/column.ts";
import type { Field } from "../../batch/schema.ts";
import { typeName } from "../../batch/schema_check.ts";
import {
  type Coded,
  numberCategories,
  positionsOf,
  symbolsOfPositions,
  textCategories,
} from "./category_plan.ts";
import { groupAlike, ranksOf } from "./category_groups.ts";
import { counted, isText, numbersOf, type NumberValues, textsOf, unitOf } from "./column_values.ts";
import { type CodedColumn, dependenciesOf } from "./dependencies.ts";
import { type FitOptions, keyNames, madeOptions } from "../fit_options.ts";
import { TrainingDataError } from "../generator_errors.ts";
import { keyMakerOf } from "../sampling/key_maker.ts";
import { madePlan } from "../spec/made_column.ts";
import { lookupPlan } from "./lookup_plan.ts";
import { partsOf, splitOf } from "./number_parts.ts";
import {
  type CategoryPlan,
  type ColumnPlan,
  type Encoding,
  KNOTS,
  MOST_VALUES,
  type NumberPlan,
  type NumberUnit,
  sizeOf,
  type Vocabulary,
} from "./plans.ts";
import { timeFormatOf } from "./time_format.ts";
import { withSums } from "./sum_plans.ts";
import { NO_TIME, timesOfTexts } from "./time_texts.ts";
import { BinFinder, quantileBins } from "./quantile_bins.ts";

/** Symbols of a column unless options say otherwise. */
const CATEGORY_SYMBOLS = 254;
const NUMBER_SYMBOLS = 128;
/** Of numbers that are more than symbols, of rows too few to fill more, and of times to be texts. */
const FEW_SYMBOLS = 64;
const FEW_ROWS = 20_000;
const DEFAULT_MIN_COUNT = 5;
const ROWS_A_COUNT = 20;
const KEY_SHARE = 0.9;
const LEAST_KEYS = 20;
/** The types that a generator learns. */
export const KINDS: ReadonlySet<string> = new Set([
  ...["bool", "i32", "i64", "f32", "f64", "timestamp", "date", "time", "decimal", "utf8", "dict"],
]);
/** The symbol of what was not among the rows that were learned from. */
export const NO_SYMBOL = 255;

/** A plan whose variables are not numbered yet, and what a dependency may be found in. */
interface Draft {
  readonly plan: ColumnPlan;
  readonly coded?: CodedColumn;
  readonly values?: Vocabulary;
  readonly unit?: NumberUnit;
}

interface DraftOptions {
  /** The most symbols, where options say so. */
  readonly symbols: number | undefined;
  readonly minCount: number;
  readonly role?: string;
  /** Whether times that are texts stay texts. */
  readonly keepTexts?: boolean;
}

function checkKind({ name, type }: Field): void {
  if (KINDS.has(type.kind)) return;
  throw new TrainingDataError(
    `Cannot learn column ${JSON.stringify(name)}: its type is ${typeName(type)}, and a generator ` +
      `learns ${[...KINDS].join(", ")}; leave it out with columns: { ${JSON.stringify(name)}: ` +
      `{ role: "ignore" } }, or select its parts as columns`,
  );
}

/** Numbers as positions in the list of the distinct ones, in ascending order. */
function codedNumbers(numbers: Float64Array, nulls: Uint8Array): Coded {
  const distinct = Float64Array.from(new Set(numbers.filter((_, at) => nulls[at] === 0))).sort();
  const positions = new Map(Array.from(distinct, (value, at) => [value, at]));
  const codes = Int32Array.from(numbers, (value, at) => nulls[at] ? -1 : positions.get(value)!);
  return { codes, values: { kind: "numbers", numbers: distinct } };
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

function draftOf(field: Field, column: Column, options: DraftOptions): Draft {
  const { role } = options;
  const isNull = column.nullCount === column.length;
  if (isNull && role !== "key") return { plan: { kind: "null", field } };
  checkKind(field);
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

/** Numbers the variables of plans that have some. */
export function numbered(plans: readonly ColumnPlan[]): Encoding {
  const symbols: number[] = [];
  const next = (count: number) => symbols.push(count) - 1;
  const columns = plans.map((plan): ColumnPlan => {
    const none = plan.kind === "category" || plan.kind === "number" ? Number(plan.nulls) : 0;
    if (plan.kind === "category") return { ...plan, variable: next(plan.sizes.length + none) };
    if (plan.kind !== "number") return plan;
    const parts = plan.parts.map((part) => ({
      ...part,
      variable: next(part.knots.length / KNOTS + none),
    }));
    return { ...plan, parts };
  });
  return { columns, symbols };
}

/** The fewest rows that a value has to be in to be kept. */
export function leastCount({ minCount }: FitOptions, rows: number): number {
  const share = Math.floor(rows / ROWS_A_COUNT);
  return minCount ?? Math.max(1, Math.min(DEFAULT_MIN_COUNT, share));
}

/**
 * Finds how the columns of rows are encoded.
 *
 * @throws {TrainingDataError} when a column cannot be learned.
 */
export function encodingOf(
  batch: RecordBatch,
  options: FitOptions & Pick<DraftOptions, "keepTexts">,
): Encoding {
  const minCount = leastCount(options, batch.length);
  const keys = keyNames(options);
  const { symbols, columns = {}, keepTexts = false } = options;
  const drafts = batch.schema.fields.flatMap((field, at) => {
    const given = Object.hasOwn(columns, field.name) ? columns[field.name] : undefined;
    const made = madeOptions(given);
    if (made) return [{ plan: madePlan(field.name, made, field.type) }];
    const role = keys.includes(field.name) ? "key" : given?.role;
    if (role === "ignore") return [];
    return [draftOf(field, batch.columnAt(at), { symbols, minCount, role, keepTexts })];
  });
  if (drafts.length === 0) {
    throw new TrainingDataError(
      Object.keys(columns).length > 0
        ? "Cannot fit generator: all columns are ignored; keep at least one"
        : "Cannot fit generator: the rows have no columns; pass rows such as { price: 12.5 }",
    );
  }
  // columns that have nothing to do with each other do not follow from each other either
  const plans = options.model === "independent"
    ? drafts.map(({ plan }) => plan)
    : withLookups(withGroups(drafts, batch));
  return numbered(withSums(plans, { learned: drafts.map(({ plan }) => plan), batch, options }));
}

/** A column as ranks from 0 to 1. */
function draftRanks({ plan, coded }: Draft, batch: RecordBatch): Float64Array | undefined {
  if (plan.kind === "number") {
    const { values, nulls } = numbersOf(batch.column(plan.field.name), plan.field.name);
    return ranksOf(values, nulls);
  }
  if (plan.kind !== "category" || !coded) return undefined;
  return Float64Array.from(coded.positions, (at) => at < 0 ? NaN : at / coded.size);
}

/** Groups categories that are too many for symbols by how alike they are in other columns. */
function withGroups(drafts: readonly Draft[], batch: RecordBatch): readonly Draft[] {
  const areMany = ({ plan }: Draft) =>
    plan.kind === "category" && plan.sizes.some((size) => size > 1);
  if (!drafts.some(areMany)) return drafts;
  const ranks = drafts.map((draft) => areMany(draft) ? undefined : draftRanks(draft, batch));
  const others = ranks.filter((each) => each !== undefined);
  return drafts.map((draft) => {
    if (!areMany(draft)) return draft;
    const given = { plan: draft.plan as CategoryPlan, positions: draft.coded!.positions };
    const { plan, positions } = groupAlike(given, others);
    const coded = { positions, size: sizeOf(plan.values), other: plan.other };
    return { ...draft, plan, values: plan.values, coded };
  });
}

function withLookups(drafts: readonly Draft[]): ColumnPlan[] {
  const columns = drafts.map(({ coded }) => coded);
  const deciders = drafts.map((_, at) => at).filter((at) => drafts[at].plan.kind === "category");
  const plans = drafts.map(({ plan }) => plan);
  for (const dependency of dependenciesOf(columns, deciders)) {
    const { plan, values, unit } = drafts[dependency.target];
    const deciding = dependency.by.map((at) => drafts[at].values!);
    plans[dependency.target] = lookupPlan({
      field: plan.field,
      dependency,
      columns,
      values: values!,
      ...(unit && { unit }),
      deciding,
    });
  }
  return plans;
}

/** Where the values of a column are in the plan's list; −1 for null, `UNSEEN` for what is not. */
export function positionsIn(plan: CategoryPlan, column: Column): Int32Array {
  const coded: Coded = isText(plan.field.type)
    ? codedTexts(column)
    : codedColumn(column, plan.field.name, plan.unit!);
  return positionsOf(plan, coded);
}

function encodeCategory(plan: CategoryPlan, column: Column, out: Uint8Array[]): void {
  const symbols = symbolsOfPositions(plan);
  const none = plan.nulls ? plan.sizes.length : NO_SYMBOL;
  const to = out[plan.variable];
  positionsIn(plan, column).forEach((position, row) => {
    to[row] = position >= 0 ? symbols[position] : position === -1 ? none : NO_SYMBOL;
  });
}

function codedTexts(column: Column): Coded {
  const { codes, texts } = textsOf(column);
  return { codes, values: { kind: "texts", texts } };
}

function codedColumn(column: Column, name: string, unit: NumberUnit): Coded {
  const numbers = numbersOf(column, name);
  return codedNumbers(counted(numbers, unit), numbers.nulls);
}

/** The parts of the numbers of a column, by row, and which are null. */
export function partedNumbers(plan: NumberPlan, column: Column) {
  const numbers = plan.text ? timesOfTexts(column, plan.text) : numbersOf(column, plan.field.name);
  const values = counted(numbers, plan.unit);
  const split = { scales: plan.parts.map(({ scale }) => scale), offset: plan.offset };
  return { parted: Array.from(values, (value) => partsOf(split, value)), nulls: numbers.nulls };
}

function encodeNumber(plan: NumberPlan, column: Column, out: Uint8Array[]): void {
  const { parted, nulls } = partedNumbers(plan, column);
  plan.parts.forEach((part, at) => {
    const finder = new BinFinder(part.knots);
    const none = plan.nulls ? part.knots.length / KNOTS : NO_SYMBOL;
    const to = out[part.variable];
    for (let row = 0; row < to.length; row++) {
      const found = nulls[row] === NO_TIME ? NO_SYMBOL : finder.find(parted[row][at]);
      to[row] = nulls[row] === 1 ? none : found;
    }
  });
}

/**
 * The symbols of rows: a column of bytes for each variable; `NO_SYMBOL` for what the rows that were
 * learned from had not.
 */
export function encodeRows({ columns, symbols }: Encoding, batch: RecordBatch): Uint8Array[] {
  const out = symbols.map(() => new Uint8Array(batch.length));
  for (const plan of columns) {
    if (plan.kind !== "category" && plan.kind !== "number") continue;
    const column = batch.column(plan.field.name);
    if (plan.kind === "category") encodeCategory(plan, column, out);
    else encodeNumber(plan, column, out);
  }
  return out;
}
