import type { RecordBatch } from "../../batch/record_batch.ts";
import { showName } from "../../batch/shown_names.ts";
import type { FitOptions } from "../fit_options.ts";
import { TrainingDataError } from "../generator_errors.ts";
import { counted, numbersOf } from "./column_values.ts";
import { type ColumnPlan, KNOTS, type NumberPlan, type SumPlan } from "./plans.ts";

/** The types that are added. */
export const SUMMED: ReadonlySet<string> = new Set(["i32", "i64", "f32", "f64", "decimal"]);

/** Whether a column can be a sum, or a part of one: counted, in one part and never null. */
export function isSummable(plan: ColumnPlan | undefined): plan is NumberPlan {
  return plan?.kind === "number" && plan.parts.length === 1 && !plan.nulls && plan.unit.whole &&
    plan.parts[0].scale === 1 && plan.offset === 0 && !plan.text &&
    SUMMED.has(plan.field.type.kind);
}

function scaleOf({ field: { type } }: ColumnPlan): number {
  return type.kind === "decimal" ? type.scale : -1;
}

/** The least and the greatest counted number of a column. */
export function countedBounds({ parts: [{ knots }] }: NumberPlan): [low: number, high: number] {
  const last = knots.length - KNOTS;
  const top = knots[last] < knots[last + KNOTS - 1] ? 0.5 : 0; // of a bin it is half of one beyond
  let [low, high] = [Infinity, -Infinity];
  for (const knot of knots) {
    low = Math.min(low, knot);
    high = Math.max(high, knot);
  }
  return [Math.floor(low + 0.5), Math.ceil(high - top)];
}

/** Whether a column can be the sum of two others by what they are counted in and can hold. */
export function canBeSum(
  { unit, field }: Pick<SumPlan, "unit" | "field">,
  parts: readonly NumberPlan[],
): boolean {
  const whole = { unit, field } as NumberPlan;
  const [low, high] = parts.map(countedBounds)
    .reduce(([low, high], [from, to]) => [low + from, high + to], [0, 0]);
  return parts.every((part) =>
    part.unit.divisor === unit.divisor && scaleOf(part) === scaleOf(whole)
  ) && low >= unit.low && high <= unit.high && high - low <= Number.MAX_SAFE_INTEGER;
}

interface Candidate {
  readonly at: number;
  readonly plan: NumberPlan;
  readonly values: Float64Array;
}

/** In how many rows neither is 0 of two that another is the sum of in every row; −1 if it is not. */
function rowsOfSum(whole: Float64Array, a: Float64Array, b: Float64Array): number {
  let both = 0;
  for (let row = 0; row < whole.length; row++) {
    if (whole[row] !== a[row] + b[row]) return -1;
    if (a[row] !== 0 && b[row] !== 0) both++;
  }
  return both;
}

/** The two columns that another is the sum of, if there are such; of several those that say most. */
function partsOfSum(whole: Candidate, among: readonly Candidate[]): number[] | undefined {
  let [best, most]: [number[] | undefined, number] = [undefined, -1];
  for (const [i, a] of among.entries()) {
    for (const b of among.slice(i + 1)) {
      if (!canBeSum(whole.plan, [a.plan, b.plan])) continue;
      const rows = rowsOfSum(whole.values, a.values, b.values);
      if (rows > most) [best, most] = [[a.at, b.at], rows];
    }
  }
  return best;
}

/** What sums are looked for in. */
export interface SumInput {
  /** The plans as they are where nothing follows from others. */
  readonly learned: readonly ColumnPlan[];
  readonly batch: RecordBatch;
  readonly options: FitOptions;
}

/**
 * Plans in which the columns that have the role of a sum are only the sum of two others.
 *
 * @throws {TrainingDataError} when one is not in every row, or not of columns that can be added.
 * @throws {TypeError} when the rows are those of a stream.
 */
export function withSums(
  plans: readonly ColumnPlan[],
  { learned, batch, options: { columns = {}, time } }: SumInput,
): readonly ColumnPlan[] {
  const isSum = ({ field: { name } }: ColumnPlan) =>
    Object.hasOwn(columns, name) && columns[name].role === "sum";
  if (!plans.some(isSum)) return plans;
  const valuesOf = ({ field: { name }, unit }: NumberPlan) =>
    counted(numbersOf(batch.column(name), name), unit);
  const among = plans.flatMap((plan, at): Candidate[] =>
    isSum(plan) || !isSummable(plan) ? [] : [{ at, plan, values: valuesOf(plan) }]
  );
  return plans.map((given, at) => {
    if (!isSum(given)) return given;
    if (time !== undefined) {
      throw new TypeError(
        `Cannot fit generator: column ${showName(given.field.name)} has the role "sum", which ` +
          `columns of a stream cannot have, since their values are put in another order`,
      );
    }
    const plan = learned[at];
    const of = isSummable(plan)
      ? partsOfSum({ at, plan, values: valuesOf(plan) }, among)
      : undefined;
    if (of && isSummable(plan)) return { kind: "sum", field: plan.field, unit: plan.unit, of };
    throw new TrainingDataError(
      `Cannot fit generator: column ${showName(given.field.name)} has the role "sum", and is not ` +
        `the sum of two other columns of numbers in every row, without nulls and with as many ` +
        `places; leave the role out`,
    );
  });
}
