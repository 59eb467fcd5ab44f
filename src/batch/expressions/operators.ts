import { MAX_DATE_DAYS } from "../time_range.ts";
import type { Checked } from "./checked.ts";
import { faultOf, shown } from "./evaluation_fault.ts";
import { isI64 } from "./literal.ts";
import { compareText } from "./text.ts";
import { isCalendarTime } from "./time.ts";
import { isText } from "./type_rules.ts";
import type { Value } from "./values.ts";

/** An operator of two values, neither of them null. */
export type Strict2 = (a: Value, b: Value) => Value;

type OfNumbers = (a: number, b: number) => Value;
type OfIntegers = (a: bigint, b: bigint) => bigint | undefined;

const NUMBERS: Partial<Record<Checked["op"], OfNumbers>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  mod: (a, b) => a % b,
};

const INTEGERS: Partial<Record<Checked["op"], OfIntegers>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  mod: (a, b) => b === 0n ? undefined : a % b,
};

// also for a bigint with a number, which JavaScript compares exactly
const COMPARISONS: Partial<Record<Checked["op"], OfNumbers>> = {
  eq: (a, b) => a <= b && a >= b,
  ne: (a, b) => !(a <= b && a >= b),
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
};

/** The arithmetic operator for the type that the checker has found. */
export function evaluateArithmetic(checked: Checked): Strict2 {
  const { op, type } = checked;
  if (type.kind === "i64") return exactly(checked, INTEGERS[op]!);
  const compute = NUMBERS[op] as (a: number, b: number) => number;
  if (type.kind === "timestamp") return moved(checked, { compute, fits: isCalendarTime });
  if (type.kind === "date") {
    return moved(checked, { compute, fits: (days) => Math.abs(days) <= MAX_DATE_DAYS });
  }
  return compute as Strict2;
}

function exactly(checked: Checked, compute: OfIntegers): Strict2 {
  return (a, b) => {
    const result = compute(a as bigint, b as bigint);
    if (result !== undefined && isI64(result)) return result;
    throw faultOf(
      checked,
      `${checked.op} of ${shown(a)} and ${shown(b)} has no value in i64; cast one to f64 before`,
    );
  };
}

interface Move {
  readonly compute: (a: number, b: number) => number;
  readonly fits: (value: number) => boolean;
}

function moved(checked: Checked, { compute, fits }: Move): Strict2 {
  return (a, b) => {
    const result = Math.floor(compute(a as number, b as number)) + 0;
    if (fits(result)) return result;
    throw faultOf(
      checked,
      `${shown(a)} moved by ${shown(b)} is no ${checked.type.kind}; they reach from the year ` +
        `-271821 to 275760`,
    );
  };
}

/** The comparison for the types that the checker has brought together. */
export function evaluateComparison({ op, args }: Checked): Strict2 {
  const compute = COMPARISONS[op]!;
  if (!isText(args[0].type)) return compute as Strict2;
  if (op === "eq") return (a, b) => a === b;
  if (op === "ne") return (a, b) => a !== b;
  return (a, b) => compute(compareText(a as string, b as string), 0);
}
