import { evaluateRow } from "../../batch/expressions/evaluate_row.ts";
import { constantOf } from "../../batch/expressions/literal.ts";
import { argsOf, type CallNode, type ExprNode } from "../../batch/expressions/node.ts";
import { knotsWithNull } from "../sampling/column_symbols.ts";
import { partsOf } from "../encoding/number_parts.ts";
import type { NumberPart, NumberPlan } from "../encoding/plans.ts";
import type { Atoms } from "./atoms.ts";
import { exprOf, rowValue, truthOf } from "./column_truth.ts";
import { FALSE, type Formula, type Formulas, TRUE } from "./formula.ts";
import {
  doubleBefore,
  DOUBLES,
  merged,
  type Neighbours,
  outside,
  type Range,
  WHOLE,
} from "./number_ranges.ts";

/** Whole numbers up to here have neighbours. */
const MOST_COUNTED = 2 ** 51;
/** More values are not looked at one by one. */
const MOST_LISTED = 10_000;
const FLIPPED: Readonly<Record<string, "lt" | "le" | "gt" | "ge" | "eq" | "ne">> = {
  lt: "gt",
  le: "ge",
  gt: "lt",
  ge: "le",
  eq: "eq",
  ne: "ne",
};

/** The least and the greatest of knots. */
function boundsOf(knots: Float64Array): Range {
  return [Math.min(...knots), Math.max(...knots)];
}

/** What whole number a drawn one becomes. */
function rounded(value: number): number {
  return Math.floor(value + 0.5);
}

/** A comparison of the column with a constant, the column first. */
function comparisonOf(node: ExprNode): CallNode | undefined {
  if (!(node.op in FLIPPED)) return undefined;
  const [left, right] = argsOf(node);
  if (left.op === "col" && isConstant(right)) return node as CallNode;
  if (right.op !== "col" || !isConstant(left)) return undefined;
  return { op: FLIPPED[node.op], args: [right, left] };
}

/** What a constant is: null, a boolean, number, bigint or text. */
function valueOf(node: ExprNode): unknown {
  return node.op === "lit" ? constantOf(node).value : evaluateRow(exprOf(node), {});
}

function isConstant(node: ExprNode): boolean {
  return node.op !== "col" && argsOf(node).every(isConstant);
}

/** Finds for which numbers of one column a condition holds. */
export class NumberConditions {
  readonly #plan: NumberPlan;
  readonly #parts: readonly Range[];
  /** The numbers that the column has: drawn ones of a column of one part, else sums of whole parts. */
  readonly #all: Range;
  readonly #among: Neighbours;

  /** Of a column. */
  constructor(plan: NumberPlan) {
    this.#plan = plan;
    const { parts, offset } = plan;
    this.#parts = parts.map(({ knots }) => boundsOf(knots));
    this.#among = parts.length === 1 ? DOUBLES : WHOLE;
    if (parts.length === 1) this.#all = this.#parts[0];
    else {
      const sum = (of: (range: Range) => number) =>
        parts.reduce((total, { scale }, at) => total + of(this.#parts[at]) * scale, offset);
      this.#all = [
        sum(([low]) => rounded(low)),
        sum(([, high]) => rounded(doubleBefore(high))),
      ];
    }
  }

  /** The least and the greatest value, as they stand in rows. */
  get bounds(): readonly [unknown, unknown] {
    const [low, high] = this.#all;
    const inside = this.#plan.parts[0].whole ? doubleBefore(high) : high;
    return [this.#value(low), this.#value(this.#parts.length === 1 ? inside : high)];
  }

  /** The value that a number becomes. */
  #value(number: number): unknown {
    const { field, unit, parts: [{ scale, whole }, ...more] } = this.#plan;
    if (more.length > 0) return rowValue(field, unit, number);
    return rowValue(field, unit, (whole ? rounded(number) : number) * scale);
  }

  /** The ranges for which a condition is `wanted`; undefined where that is not seen. */
  ranges(node: ExprNode, wanted: boolean): readonly Range[] | undefined {
    if (node.op === "isNaN") return wanted ? [] : [this.#all];
    if (node.op === "in") return this.#members(node, wanted) ?? this.#listed(node, wanted);
    const comparison = comparisonOf(node);
    return comparison ? this.#comparison(comparison, wanted) : this.#listed(node, wanted);
  }

  #comparison({ op, args }: CallNode, wanted: boolean): readonly Range[] {
    if (op === "ne") return this.#comparison({ op: "eq", args }, !wanted);
    if (op !== "eq") return this.#side({ op, args }, wanted);
    const equal = this.#equal(args);
    if (wanted) return equal;
    // of null for a constant neither is true; of NaN it is false
    const known = truthOf({ op: "eq", args }, this.#plan.field)(this.#value(this.#all[0])) !== null;
    return known ? outside(this.#all, equal, this.#among) : [];
  }

  /** Where a comparison is true for all numbers below or all above one. */
  #side({ op, args }: CallNode, wanted: boolean): readonly Range[] {
    const truth = truthOf({ op, args } as CallNode, this.#plan.field);
    const isUpper = (op === "gt" || op === "ge") === wanted;
    const [low, high] = this.#all;
    const cut = this.#among.least(
      this.#all,
      (number) => (truth(this.#value(number)) === wanted) === isUpper,
    );
    if (isUpper) return cut === Infinity ? [] : [[cut, high]];
    return cut === low ? [] : [[low, cut === Infinity ? high : this.#among.before(cut)]];
  }

  #equal(args: readonly ExprNode[]): readonly Range[] {
    const [from] = this.#side({ op: "ge", args }, true);
    const [to] = this.#side({ op: "le", args }, true);
    if (!from || !to || from[0] > to[1]) return [];
    return [[from[0], to[1]]];
  }

  #members(node: ExprNode, wanted: boolean): readonly Range[] | undefined {
    const [column, ...others] = argsOf(node);
    if (column.op !== "col" || !others.every(isConstant)) return undefined;
    const values = others.map(valueOf);
    if (!wanted && values.includes(null)) return [];
    const present = others.filter((_, at) => values[at] !== null);
    if (present.length === 0) return wanted ? [] : [this.#all];
    const args = [column, ...present];
    const truth = truthOf({ op: "in", args } as CallNode, this.#plan.field);
    const found = present.flatMap((each) => {
      const near = this.#near(valueOf(each));
      return near
        ? near.filter(([low]) => truth(this.#value(low)) === true)
        : this.#equal([column, each]);
    });
    const ranges = merged(found, this.#among);
    return wanted ? ranges : outside(this.#all, ranges, this.#among);
  }

  /** The ranges that a constant may be, where it is easily seen: the nearest numbers. */
  #near(constant: unknown): Range[] | undefined {
    const { field: { type }, unit: { divisor }, parts } = this.#plan;
    const [{ whole, scale }] = parts;
    const isOne = parts.length === 1;
    const units = type.kind === "decimal" ? 10 ** type.scale : divisor;
    const number = Number(constant) * units / (isOne ? scale : 1);
    if (!whole) return type.kind === "f64" ? this.#clipped([[number, number]]) : undefined;
    const nearest = Math.round(number);
    if (!(Math.abs(nearest) < MOST_COUNTED)) return undefined;
    const some = [nearest - 1, nearest, nearest + 1];
    return this.#clipped(
      some.map((each): Range => isOne ? [each - 0.5, doubleBefore(each + 0.5)] : [each, each]),
    );
  }

  #clipped(ranges: readonly Range[]): Range[] {
    const [low, high] = this.#all;
    return ranges.map(([from, to]): Range => [Math.max(low, from), Math.min(high, to)])
      .filter(([from, to]) => from <= to);
  }

  /** Looks at all values of a column that has few. */
  #listed(node: ExprNode, wanted: boolean): readonly Range[] | undefined {
    const { parts } = this.#plan;
    const { whole, scale } = parts[parts.length - 1];
    if (!whole) return undefined;
    const isOne = parts.length === 1;
    const step = isOne ? 1 : scale;
    const [low, high] = isOne ? this.#all.map(rounded) : this.#all;
    if ((high - low) / step > MOST_LISTED) return undefined;
    const truth = truthOf(node, this.#plan.field);
    const found: Range[] = [];
    for (let number = low; number <= high; number += step) {
      if (truth(this.#value(number)) !== wanted) continue;
      found.push(isOne ? [number - 0.5, doubleBefore(number + 0.5)] : [number, number + step - 1]);
    }
    return merged(found, this.#among);
  }

  /** Ranges as a formula over the variables of the parts. */
  formula(ranges: readonly Range[], formulas: Formulas, atoms: Atoms): Formula {
    if (ranges.length === 0) return FALSE;
    const { parts } = this.#plan;
    const atom = (part: NumberPart, some: readonly Range[]) =>
      formulas.atom(
        part.variable,
        atoms.add(part.variable, { kind: "number", ranges: some, null: false }),
      );
    if (parts.length === 1) return atom(parts[0], ranges);
    const lexical = new PartRanges(this.#plan, formulas, atom);
    return formulas.any(ranges.map((range) => lexical.range(range)));
  }
}

/** Ranges of sums as conditions of their parts, of which earlier ones outweigh later ones. */
class PartRanges {
  readonly #plan: NumberPlan;
  readonly #formulas: Formulas;
  readonly #atom: (part: NumberPart, ranges: readonly Range[]) => Formula;

  constructor(
    plan: NumberPlan,
    formulas: Formulas,
    atom: (part: NumberPart, ranges: readonly Range[]) => Formula,
  ) {
    this.#plan = plan;
    this.#formulas = formulas;
    this.#atom = atom;
  }

  /** The sums from one to another. */
  range([low, high]: Range): Formula {
    const { parts, offset } = this.#plan;
    const scales = parts.map(({ scale }) => scale);
    const grid = scales[scales.length - 1];
    // the first sum from `low` on: what is finer than the last part is rounded up
    const first = partsOf({ scales, offset }, low + grid - 1);
    const last = partsOf({ scales, offset }, high);
    return this.#between(0, { first, last });
  }

  /** What parts from `at` on have to be, those before it being alike. */
  #between(at: number, ends: { first: readonly number[]; last: readonly number[] }): Formula {
    const { first, last } = ends;
    const { parts } = this.#plan;
    if (at === parts.length - 1) return this.#part(at, first[at], last[at]);
    if (first[at] > last[at]) return FALSE;
    if (first[at] === last[at]) {
      const rest = this.#between(at + 1, ends);
      return this.#formulas.all([this.#part(at, first[at], first[at]), rest]);
    }
    return this.#formulas.any([
      this.#formulas.all([this.#part(at, first[at], first[at]), this.#from(at + 1, first)]),
      this.#part(at, first[at] + 1, last[at] - 1),
      this.#formulas.all([this.#part(at, last[at], last[at]), this.#upTo(at + 1, last)]),
    ]);
  }

  #from(at: number, first: readonly number[]): Formula {
    if (this.#isEnd(at, (part, low) => first[part] <= low)) return TRUE;
    if (at === first.length - 1) return this.#part(at, first[at], Infinity);
    return this.#formulas.any([
      this.#part(at, first[at] + 1, Infinity),
      this.#formulas.all([this.#part(at, first[at], first[at]), this.#from(at + 1, first)]),
    ]);
  }

  #upTo(at: number, last: readonly number[]): Formula {
    if (this.#isEnd(at, (part, _, high) => last[part] >= high)) return TRUE;
    if (at === last.length - 1) return this.#part(at, -Infinity, last[at]);
    return this.#formulas.any([
      this.#part(at, -Infinity, last[at] - 1),
      this.#formulas.all([this.#part(at, last[at], last[at]), this.#upTo(at + 1, last)]),
    ]);
  }

  /** Whether all parts from `at` on are at their end, so that nothing lies beyond. */
  #isEnd(at: number, isEnd: (part: number, low: number, high: number) => boolean): boolean {
    return this.#plan.parts.every(({ knots }, part) => {
      const [low, high] = boundsOf(knots);
      return part < at || isEnd(part, rounded(low), rounded(doubleBefore(high)));
    });
  }

  /** That a part is one of the whole numbers from one to another. */
  #part(at: number, from: number, to: number): Formula {
    const part = this.#plan.parts[at];
    const [low, high] = boundsOf(knotsWithNull(part.knots, this.#plan.nulls));
    const range: Range = [Math.max(low, from - 0.5), Math.min(high, doubleBefore(to + 0.5))];
    const isAll = range[0] === low && range[1] >= doubleBefore(high);
    if (isAll && (at > 0 || !this.#plan.nulls)) return TRUE;
    return range[0] > range[1] ? FALSE : this.#atom(part, [range]);
  }
}
