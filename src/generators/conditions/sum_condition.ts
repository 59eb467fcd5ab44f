import type { ExprNode } from "../../batch/expressions/node.ts";
import { countedBounds } from "../encoding/sum_plans.ts";
import { type Encoding, KNOTS, type NumberPlan, type SumPlan } from "../encoding/plans.ts";
import type { Atoms } from "./atoms.ts";
import { FALSE, type Formula, type Formulas, TRUE } from "./formula.ts";
import { NumberConditions } from "./number_condition.ts";

/** More ranges of a sum are looked at after rows are drawn. */
const MOST_RANGES = 32;

/** The columns of which another is the sum. */
export function partsOfSum(
  { columns }: Encoding,
  plan: SumPlan,
): readonly [NumberPlan, NumberPlan] {
  const [first, second] = plan.of.map((at) => columns[at] as NumberPlan);
  return [first, second];
}

/** The number by which formulas know the column of sums at a position, behind all variables. */
export function sumVariable({ symbols }: Encoding, column: number): number {
  return symbols.length + column;
}

/** A sum as a column of numbers of its own, of which only the bounds are known. */
export function sumAsNumber(encoding: Encoding, plan: SumPlan): NumberPlan {
  const [low, high] = partsOfSum(encoding, plan).map(countedBounds)
    .reduce(([low, high], [from, to]) => [low + from, high + to], [0, 0]);
  const knots = Float64Array.from(
    { length: KNOTS },
    (_, k) => low - 0.5 + (high - low + 1) * (k / (KNOTS - 1)),
  );
  const variable = sumVariable(encoding, encoding.columns.indexOf(plan));
  const part = { variable, scale: 1, whole: true, knots };
  const { field, unit } = plan;
  return { kind: "number", field, unit, parts: [part], offset: 0, nulls: false };
}

/** Where a condition of a sum is `wanted`, as a formula about the sum itself. */
export function sumFormula(
  encoding: Encoding,
  { plan, node, wanted }: { plan: SumPlan; node: ExprNode; wanted: boolean },
  { formulas, atoms }: { formulas: Formulas; atoms: Atoms },
): { formula: Formula; isExact: boolean } {
  const conditions = new NumberConditions(sumAsNumber(encoding, plan));
  const ranges = conditions.ranges(node, wanted);
  if (!ranges) return { formula: TRUE, isExact: false };
  if (ranges.length === 0) return { formula: FALSE, isExact: true };
  const isExact = ranges.length <= MOST_RANGES;
  const looked = isExact ? ranges : [[ranges[0][0], ranges[ranges.length - 1][1]] as const];
  return { formula: conditions.formula(looked, formulas, atoms), isExact };
}
