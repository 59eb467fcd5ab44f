import type { ExprNode } from "../../batch/expressions/node.ts";
import { countedBounds } from "../encoding/sum_plans.ts";
import { type Encoding, KNOTS, type NumberPlan, type SumPlan } from "../encoding/plans.ts";
import type { Atoms } from "./atoms.ts";
import { FALSE, type Formula, type Formulas, TRUE } from "./formula.ts";
import { NumberConditions } from "./number_condition.ts";
import { doubleBefore, type Range } from "./number_ranges.ts";

/** Groups of a part's symbols that are looked at one by one, at most, and these times ranges. */
const MOST_GROUPS = 16;
const MOST_CASES = 48;

/** The columns of which another is the sum. */
export function partsOfSum({ columns }: Encoding, plan: SumPlan): readonly NumberPlan[] {
  return plan.of.map((at) => columns[at] as NumberPlan);
}

/** A sum as a column of numbers of its own, of which only the bounds are known. */
export function sumAsNumber(encoding: Encoding, plan: SumPlan): NumberPlan {
  const [low, high] = partsOfSum(encoding, plan).map(countedBounds)
    .reduce(([low, high], [from, to]) => [low + from, high + to], [0, 0]);
  const knots = Float64Array.from(
    { length: KNOTS },
    (_, k) => low - 0.5 + (high - low + 1) * (k / (KNOTS - 1)),
  );
  const part = { variable: -1, scale: 1, whole: true, knots };
  const { field, unit } = plan;
  return { kind: "number", field, unit, parts: [part], offset: 0, nulls: false };
}

/** The numbers of each symbol of a column, or of groups of neighbours where they are many. */
function symbolRanges({ parts: [{ knots }] }: NumberPlan): { drawn: Range; counted: Range }[] {
  const symbols = knots.length / KNOTS;
  const groups = Math.min(symbols, MOST_GROUPS);
  return Array.from({ length: groups }, (_, group) => {
    const first = Math.floor((symbols * group) / groups);
    const end = Math.floor((symbols * (group + 1)) / groups);
    const [low, high] = [knots[first * KNOTS], knots[end * KNOTS - 1]];
    const last = low < high ? doubleBefore(high) : high;
    return {
      drawn: [low, high],
      counted: [Math.floor(low + 0.5), Math.floor(last + 0.5)],
    };
  });
}

/** What a part of a sum has to be, where the sum is in a range. */
interface Rest {
  readonly low: number;
  readonly high: number;
  /** Whether it is the same whatever the other part is. */
  readonly isExact: boolean;
}

/** What is left for a part of a sum in a range, where the other is one of some numbers. */
function restOf([from, to]: Range, others: Range, [least, greatest]: Range): Rest {
  const clip = (value: number) => Math.max(least - 1, Math.min(greatest + 1, value));
  const [first, last] = [Math.floor(from + 0.5), Math.floor(to + 0.5)];
  const ends = others.map((other) => [clip(first - other), clip(last - other)]);
  const [[, high], [low]] = ends;
  return { low, high, isExact: ends[0][0] === ends[1][0] && ends[0][1] === ends[1][1] };
}

/**
 * What the parts of a sum have to be where a condition of it may hold, and hardly elsewhere: of the
 * part that varies less a few symbols at a time, and of the other what is left.
 */
export function sumFormula(
  encoding: Encoding,
  { plan, node, wanted }: { plan: SumPlan; node: ExprNode; wanted: boolean },
  { formulas, atoms }: { formulas: Formulas; atoms: Atoms },
): { formula: Formula; isExact: boolean } {
  const ranges = new NumberConditions(sumAsNumber(encoding, plan)).ranges(node, wanted);
  if (!ranges) return { formula: TRUE, isExact: false };
  const width = (part: NumberPlan) => {
    const [low, high] = countedBounds(part);
    return high - low;
  };
  const [few, many] = partsOfSum(encoding, plan).toSorted((a, b) => width(a) - width(b));
  const symbols = symbolRanges(few);
  let isExact = ranges.length * symbols.length <= MOST_CASES;
  const looked = isExact ? ranges : [[ranges[0][0], ranges[ranges.length - 1][1]] as const];
  const atom = ({ parts: [{ variable }] }: NumberPlan, range: Range) =>
    formulas.atom(variable, atoms.add(variable, { kind: "number", ranges: [range], null: false }));
  const bounds = countedBounds(many);
  const cases = symbols.flatMap(({ drawn, counted }) =>
    looked.map((range) => {
      const rest = restOf(range, counted, bounds);
      if (!rest.isExact) isExact = false;
      if (rest.low > bounds[1] || rest.high < bounds[0]) return FALSE;
      const here = symbols.length === 1 ? TRUE : atom(few, drawn);
      if (rest.low <= bounds[0] && rest.high >= bounds[1]) return here;
      return formulas.all([here, atom(many, [rest.low - 0.5, doubleBefore(rest.high + 0.5)])]);
    })
  );
  return { formula: formulas.any(cases), isExact };
}
