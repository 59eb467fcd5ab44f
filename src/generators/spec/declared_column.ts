import type { DataType, Field } from "../../batch/schema.ts";
import * as t from "../../batch/types.ts";
import { checkType, typeName } from "../../batch/schema_check.ts";
import { received } from "../../runtime/known_options.ts";
import { isText, unitOfType } from "../encoding/column_values.ts";
import { declaredCategories } from "../encoding/category_plan.ts";
import {
  type CategoryPlan,
  type ColumnPlan,
  type LookupPlan,
  MOST_VALUES,
  type NumberPlan,
  type NumberUnit,
  sizeOf,
  type Vocabulary,
} from "../encoding/plans.ts";
import {
  type AnyColumnSpec,
  badColumn,
  type ColumnSpec,
  kindOfSpec,
  type LookupSpec,
  type Scalar,
  type ValuesSpec,
} from "./column_spec.ts";
import { isMadeKind, madePlan, type MadeSpec } from "./made_column.ts";
import { declaredDistribution, NUMBER_KINDS } from "./declared_distribution.ts";
import { numberShares } from "./number_symbols.ts";

const SYMBOLS = 64;
const MOST_I32 = 2 ** 31;

/** A column that is declared: how it is encoded, and how likely its symbols are. */
export interface DeclaredColumn {
  readonly plan: ColumnPlan;
  readonly shares?: Float64Array;
}

function nullShare(name: string, { nulls = 0 }: AnyColumnSpec): number {
  if (typeof nulls === "number" && nulls >= 0 && nulls <= 1) return nulls;
  badColumn(name, `nulls must be a share from 0 to 1, received ${received(nulls)}`);
}

/** Shares of symbols, and of null behind them. */
function withNulls(shares: Float64Array, nulls: number): Float64Array {
  const total = shares.reduce((sum, each) => sum + each, 0);
  const all = Array.from(shares, (share) => share / total * (1 - nulls));
  return Float64Array.from(nulls > 0 ? [...all, nulls] : all);
}

/** The type of values where none is given. */
function typeOfValues(name: string, values: readonly Scalar[]): DataType {
  const kinds = new Set(values.map((value) => typeof value));
  if (kinds.size !== 1) badColumn(name, `its values are of kinds ${[...kinds].join(" and ")}`);
  const [kind] = kinds;
  if (kind === "string") return t.dict;
  if (kind === "boolean") return t.bool;
  if (kind !== "number") badColumn(name, `its values are texts, numbers or booleans, not ${kind}s`);
  const isWhole = values.every((value) => Number.isInteger(value));
  if (!isWhole) return t.f64;
  return values.every((value) => Math.abs(value as number) < MOST_I32) ? t.i32 : t.i64AsNumber;
}

/** A number as it is counted in a column. */
function countedValue(name: string, value: number, unit: NumberUnit): number {
  const counted = value * unit.divisor;
  const isWhole = Math.abs(counted - Math.round(counted)) < 1e-6;
  if (Number.isFinite(value) && (!unit.whole || isWhole)) {
    const out = unit.whole ? Math.round(counted) : value;
    if (out >= unit.low && out <= unit.high) return out;
  }
  badColumn(name, `${value} does not fit its type`);
}

/** How values of a type are counted; of decimals by their places. */
function unitOfValues(type: DataType): NumberUnit {
  const unit = unitOfType(type);
  return type.kind === "decimal" ? { ...unit, divisor: 10 ** type.scale } : unit;
}

function vocabularyOf(name: string, type: DataType, values: readonly Scalar[]): Vocabulary {
  if (isText(type)) {
    const wrong = values.find((value) => typeof value !== "string" || !value.isWellFormed());
    if (wrong !== undefined) badColumn(name, `${received(wrong)} is no text of its type`);
    return { kind: "texts", texts: values as string[] };
  }
  const unit = unitOfValues(type);
  const numbers = values.map((value) => {
    if (typeof value === "string") badColumn(name, `${received(value)} does not fit its type`);
    return countedValue(name, Number(value), unit);
  });
  return { kind: "numbers", numbers: Float64Array.from(numbers) };
}

function weightsOf(name: string, { values, weights }: ValuesSpec): [Scalar[], number[]] {
  const isList = Array.isArray(values);
  if (!isList && weights !== undefined) badColumn(name, "weights go with a list of values");
  const isObject = typeof values === "object" && values !== null;
  if (!isObject) {
    badColumn(name, `values must be a list, or texts with weights, received ${received(values)}`);
  }
  const list: Scalar[] = isList ? [...values] : Object.keys(values);
  const given: readonly number[] = weights ??
    (isList ? list.map(() => 1) : Object.values(values as Record<string, number>));
  const isRight = given.length === list.length &&
    given.every((weight) => Number.isFinite(weight) && weight > 0);
  if (!isRight) badColumn(name, "weights must be numbers above 0, as many as values");
  if (list.length === 0 || list.length >= MOST_VALUES) {
    badColumn(name, `it must have 1 to ${MOST_VALUES - 1} values, received ${list.length}`);
  }
  return [list, [...given]];
}

function categories(field: Field, spec: ValuesSpec, nulls: number): DeclaredColumn {
  const { name, type } = field;
  const [values, weights] = weightsOf(name, spec);
  const vocabulary = vocabularyOf(name, type, values);
  const made = declaredCategories(vocabulary, weights, SYMBOLS - (nulls > 0 ? 1 : 0));
  const unit = isText(type) ? {} : { unit: unitOfType(type) };
  const plan: CategoryPlan = {
    ...{ kind: "category", field, variable: -1, ...made, nulls: nulls > 0, other: -1 },
    ...unit,
  };
  let first = 0;
  const shares = made.sizes.map((size) => {
    const part = made.weights.subarray(first, first += size);
    return part.reduce((sum, weight) => sum + weight, 0);
  });
  return { plan, shares: withNulls(Float64Array.from(shares), nulls) };
}

function numbers(field: Field, kind: string, spec: ColumnSpec, nulls: number): DeclaredColumn {
  const { unit, scale, ...distribution } = declaredDistribution(field, kind, spec);
  const made = numberShares({ ...distribution, whole: unit.whole });
  if (!made) badColumn(field.name, "there is nothing between its least and its greatest number");
  if (
    made.knots[0] * scale < unit.low - 1 ||
    made.knots[made.knots.length - 1] * scale > unit.high + 1
  ) {
    badColumn(field.name, `some of its numbers do not fit ${typeName(field.type)}`);
  }
  const part = { variable: -1, scale, whole: unit.whole, knots: made.knots };
  const plan: NumberPlan = {
    kind: "number",
    field,
    unit,
    parts: [part],
    offset: 0,
    nulls: nulls > 0,
  };
  return { plan, shares: withNulls(made.shares, nulls) };
}

/** The type of a column, which is checked. */
function typeOf(name: string, spec: { readonly type?: DataType }, usual: () => DataType): DataType {
  if (spec.type === undefined) return usual();
  try {
    checkType(spec.type);
  } catch (error) {
    badColumn(name, (error as Error).message);
  }
  if (isText(spec.type) || unitOfKind(spec.type)) return spec.type;
  badColumn(name, `a generator has no columns of type ${typeName(spec.type)}`);
}

function unitOfKind({ kind }: DataType): boolean {
  return ["bool", "i32", "i64", "f32", "f64", "timestamp", "date", "time", "decimal"].includes(
    kind,
  );
}

/** A column that does not follow from others. */
export function declaredColumn(name: string, spec: ColumnSpec): DeclaredColumn {
  const kind = kindOfSpec(name, spec);
  if (isMadeKind(kind)) return { plan: madePlan(name, spec as MadeSpec) };
  const nulls = nullShare(name, spec as AnyColumnSpec);
  if (NUMBER_KINDS.has(kind)) {
    const type = typeOf(name, spec, () => NUMBER_KINDS.get(kind)!(spec));
    if (isText(type) || type.kind === "bool") {
      badColumn(name, `numbers cannot be of type ${typeName(type)}`);
    }
    return numbers({ name, type }, kind, spec, nulls);
  }
  const values = valuesOf(name, kind, spec);
  const [list] = weightsOf(name, values);
  const type = typeOf(name, spec, () => typeOfValues(name, list));
  return categories({ name, type }, values, nulls);
}

function valuesOf(name: string, kind: string, spec: ColumnSpec): ValuesSpec {
  if ("constant" in spec) return { values: [spec.constant] };
  if (kind !== "boolean") return spec as ValuesSpec;
  const share = (spec as { boolean: number }).boolean;
  if (!(typeof share === "number" && share >= 0 && share <= 1)) {
    badColumn(
      name,
      `boolean must be the share that is true, from 0 to 1, received ${received(share)}`,
    );
  }
  if (share === 0 || share === 1) return { values: [share === 1] };
  return { values: [false, true], weights: [1 - share, share] };
}

/** A column that follows from another. */
export function declaredLookup(
  name: string,
  spec: LookupSpec,
  columns: readonly ColumnPlan[],
): LookupPlan {
  const { by, lookup, otherwise } = spec;
  const at = columns.findIndex(({ field }) => field.name === by);
  const deciding = columns[at];
  if (deciding?.kind !== "category") {
    const why = at < 0
      ? "there is no such column"
      : "it is none of values, a boolean or a constant";
    badColumn(name, `it cannot follow from ${received(by)}: ${why}`);
  }
  const keys = keysOfCategory(deciding);
  const results = keys.map((key) => Object.hasOwn(lookup, key) ? lookup[key] : otherwise);
  const missing = results.indexOf(undefined);
  if (missing >= 0) {
    badColumn(
      name,
      `lookup has nothing for ${JSON.stringify(keys[missing])}; add it, or otherwise`,
    );
  }
  const values = [...new Set(results.filter((value) => value !== null))] as Scalar[];
  if (values.length === 0) badColumn(name, "all that it looks up is null");
  const type = typeOf(name, spec, () => typeOfValues(name, values));
  const vocabulary = sortedVocabulary(vocabularyOf(name, type, values));
  const position = (value: Scalar | null) =>
    value === null ? -1 : positionOf(vocabulary, vocabularyOf(name, type, [value]));
  const entries = Int32Array.from([-1, ...(results as (Scalar | null)[]).map(position)]);
  const unit = isText(type) ? {} : { unit: unitOfType(type) };
  const own = { values: vocabulary, by: [at], entries, width: 1, choices: [], ...unit };
  return { kind: "lookup", field: { name, type }, ...own };
}

function keysOfCategory({ values, field: { type } }: CategoryPlan): string[] {
  if (values.kind === "texts") return [...values.texts];
  const { divisor } = unitOfValues(type);
  const keys = Array.from(values.numbers, (number) => number / divisor);
  return keys.map((key) => String(type.kind === "bool" ? key === 1 : key));
}

function sortedVocabulary(values: Vocabulary): Vocabulary {
  if (values.kind === "texts") return values;
  return { kind: "numbers", numbers: Float64Array.from(new Set(values.numbers)).sort() };
}

function positionOf(values: Vocabulary, one: Vocabulary): number {
  if (sizeOf(one) !== 1) return -1;
  return values.kind === "texts"
    ? values.texts.indexOf((one as Vocabulary & { kind: "texts" }).texts[0])
    : values.numbers.indexOf((one as Vocabulary & { kind: "numbers" }).numbers[0]);
}
