import {
  COMPARE_BOOL,
  COMPARE_BOTH,
  COMPARE_MIXED,
  COMPARE_NUMBER,
  COMPARE_TEXT_WITH,
  COMPARE_TEXTS,
  COMPARE_TYPE,
  COMPARISONS,
} from "../../kernel/expression_ops.ts";
import type { Register } from "./assembler.ts";
import type { Checked } from "./checked.ts";
import { encodeText } from "./lower_texts.ts";
import { type Lowering, type Representation, representationOf } from "./lowering.ts";

type Comparison = keyof typeof COMPARISONS;

const TURNED: Record<Comparison, Comparison> = {
  eq: "eq",
  ne: "ne",
  lt: "gt",
  le: "ge",
  gt: "lt",
  ge: "le",
};

interface Sides {
  readonly op: Comparison;
  readonly left: Checked;
  readonly right: Checked;
}

/** The register of a comparison. */
export function lowerComparison(low: Lowering, { op, args }: Checked): Register | undefined {
  const [left, right] = args;
  const sides: Sides = { op: op as Comparison, left, right };
  // a constant stands on the right, and an i64 on the left of a double
  const turn = isConstant(left) || right.type.kind === "i64" && left.type.kind !== "i64";
  if (turn && !isConstant(right)) {
    return lowerSides(low, { op: TURNED[sides.op], left: right, right: left });
  }
  return lowerSides(low, sides);
}

function isConstant({ op, value }: Checked): boolean {
  return op === "const" && value !== null;
}

function lowerSides(low: Lowering, sides: Sides): Register | undefined {
  const representations = [sides.left, sides.right].map(({ type }) => representationOf(type));
  const [left, right] = representations;
  if (left === undefined || right === undefined) return undefined;
  if (left !== right) return left === "i64" && right === "f64" ? lowerMixed(low, sides) : undefined;
  if (isConstant(sides.right) && left !== "bool") return lowerWith(low, sides, left);
  const all = low.registers([sides.left, sides.right]);
  if (all === undefined) return undefined;
  return low.emit(opOfBoth(left) + COMPARISONS[sides.op], { a: all[0], b: all[1] });
}

function lowerMixed(low: Lowering, { op, left, right }: Sides): Register | undefined {
  const all = low.registers([left, right]);
  if (all === undefined) return undefined;
  return low.emit(COMPARE_MIXED + COMPARISONS[op], { a: all[0], b: all[1] });
}

function opOfBoth(representation: Representation): number {
  if (representation === "bool") return COMPARE_BOOL;
  return representation === "text" ? COMPARE_TEXTS : COMPARE_BOTH + COMPARE_TYPE[representation];
}

function lowerWith(
  low: Lowering,
  { op, left, right: { value } }: Sides,
  representation: Exclude<Representation, "bool">,
): Register | undefined {
  const a = low.register(left);
  if (a === undefined) return undefined;
  if (representation === "text") {
    const bytes = encodeText(value as string);
    const operands = { a };
    return low.emitWith(COMPARE_TEXT_WITH + COMPARISONS[op], operands, {
      bytes,
      units: bytes.length,
    });
  }
  const x = representation === "i32" ? { int: value as number } : value as number | bigint;
  return low.emit(COMPARE_NUMBER + COMPARE_TYPE[representation] + COMPARISONS[op], { a, x });
}
