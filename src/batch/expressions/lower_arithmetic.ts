import { COMPARE_BOTH, CONVERT, F64, F64_MORE, F64_ONE, I64 } from "../../kernel/expression_ops.ts";
import { MAX_DATE_DAYS, MAX_TIMESTAMP_MS } from "../time_range.ts";
import type { Register } from "./assembler.ts";
import type { Checked } from "./checked.ts";
import { within } from "./lower_operators.ts";
import { type Lowering, representationOf } from "./lowering.ts";
import type { RoundNode } from "./node.ts";
import { powerOfTen } from "./values.ts";

const NOT_EQUAL = 1;

type Arithmetic = "add" | "sub" | "mul" | "div" | "mod";

/** The register of a two-sided arithmetic operator. */
export function lowerArithmetic(low: Lowering, checked: Checked): Register | undefined {
  if (checked.type.kind === "i64") return lowerExact(low, checked);
  const result = lowerDoubles(low, checked);
  if (result === undefined) return undefined;
  if (checked.type.kind === "timestamp") return bounded(low, result, MAX_TIMESTAMP_MS);
  if (checked.type.kind !== "date") return result;
  return low.emit(CONVERT.f64ToI32, { a: bounded(low, result, MAX_DATE_DAYS) });
}

function bounded(low: Lowering, a: Register, most: number): Register {
  return within(low, { a, least: -most, most, tries: false });
}

function lowerExact(low: Lowering, { op, args }: Checked): Register | undefined {
  const all = low.registers(args);
  if (all === undefined) return undefined;
  return low.emit(I64[op as keyof typeof I64], { a: all[0], b: all[1] });
}

function lowerDoubles(low: Lowering, { op, args }: Checked): Register | undefined {
  const [left, right] = args.map(numberOf);
  if (op !== "mod" && right !== undefined) {
    return inDoubles(low, args[0], (a) => low.emit(RIGHT[op as Arithmetic]!, { a, x: right }));
  }
  if (op !== "mod" && left !== undefined) {
    return inDoubles(low, args[1], (a) => low.emit(LEFT[op as Arithmetic]!, { a, x: left }));
  }
  return inDoubles(
    low,
    args[0],
    (a) =>
      inDoubles(
        low,
        args[1],
        (b) => low.emit(op === "mod" ? F64_MORE.mod : F64[op as "add"], { a, b }),
      ),
  );
}

const RIGHT: Partial<Record<Arithmetic, number>> = {
  add: F64.rightAdd,
  sub: F64.rightSub,
  mul: F64.rightMul,
  div: F64.rightDiv,
};

// sums and products are the same from either side
const LEFT: Partial<Record<Arithmetic, number>> = {
  add: F64.rightAdd,
  sub: F64.leftSub,
  mul: F64.rightMul,
  div: F64.leftDiv,
};

/** The value of a constant number. */
export function numberOf({ op, value }: Checked): number | undefined {
  return op === "const" && typeof value === "number" ? value : undefined;
}

function inDoubles(
  low: Lowering,
  arg: Checked,
  use: (register: Register) => Register | undefined,
): Register | undefined {
  const a = low.register(arg);
  if (a === undefined) return undefined;
  return use(representationOf(arg.type) === "i32" ? low.emit(CONVERT.i32ToF64, { a }) : a);
}

/** The register of an operator of one number. */
export function lowerOne(low: Lowering, checked: Checked): Register | undefined {
  const { op, type, node, args: [arg] } = checked;
  const a = low.register(arg);
  if (a === undefined) return undefined;
  switch (op) {
    case "widen":
      return lowerWiden(low, checked, a);
    case "isNaN":
      return low.emit(COMPARE_BOTH + NOT_EQUAL, { a, b: a });
    case "round":
      return low.emit(F64_MORE.round, { a, x: powerOfTen((node as RoundNode).digits) });
    case "neg":
    case "abs":
      return low.emit(type.kind === "i64" ? I64[op] : F64_ONE[op], { a });
    default:
      return low.emit(F64_ONE[op as "floor" | "ceil"], { a });
  }
}

function lowerWiden(low: Lowering, { type, args: [arg] }: Checked, a: Register) {
  const from = representationOf(arg.type);
  if (from === "i32") {
    return low.emit(type.kind === "i64" ? CONVERT.i32ToI64 : CONVERT.i32ToF64, { a });
  }
  return from === "i64" && type.kind !== "i64" ? low.emit(CONVERT.i64ToF64, { a }) : a;
}
