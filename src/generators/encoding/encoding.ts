import type { Field } from "../../batch/schema.ts";
import type { RecordBatch } from "../../batch/record_batch.ts";
import { groupAlike, ranksOf } from "./category_groups.ts";
import { checkKinds, type Draft, draftOf, type DraftOptions } from "./column_draft.ts";
import { numbersOf } from "./column_values.ts";
import { dependenciesOf } from "./dependencies.ts";
import { type FitOptions, keyNames, madeOptions } from "../fit_options.ts";
import { TrainingDataError } from "../generator_errors.ts";
import { madePlan } from "../spec/made_column.ts";
import { lookupPlan } from "./lookup_plan.ts";
import { type CategoryPlan, type ColumnPlan, type Encoding, KNOTS, sizeOf } from "./plans.ts";
import { withSums } from "./sum_plans.ts";

const DEFAULT_MIN_COUNT = 5;
const ROWS_A_COUNT = 20;

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
  const givenOf = (name: string) => Object.hasOwn(columns, name) ? columns[name] : undefined;
  const roleOf = (name: string) => keys.includes(name) ? "key" : givenOf(name)?.role;
  const isLearned = ({ name }: Field, at: number) => {
    const { nullCount, length } = batch.columnAt(at);
    const role = roleOf(name);
    return !madeOptions(givenOf(name)) && role !== "ignore" &&
      (role === "key" || nullCount < length);
  };
  checkKinds(batch.schema.fields.filter(isLearned));
  const drafts = batch.schema.fields.flatMap((field, at) => {
    const made = madeOptions(givenOf(field.name));
    if (made) return [{ plan: madePlan(field.name, made, field.type) }];
    const role = roleOf(field.name);
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
