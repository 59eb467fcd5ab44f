import {
  COALESCE,
  CONVERT,
  EXTRACT,
  F64,
  F64_MORE,
  LOGIC,
  MEMBER,
  TEXT,
  TRUNCATE,
  WHEN,
  WIDTH,
} from "../../kernel/expression_ops.ts";
import { DAY_MS } from "../time_range.ts";
import type { Register } from "./assembler.ts";
import type { Checked } from "./checked.ts";
import { lowerArithmetic, lowerOne } from "./lower_arithmetic.ts";
import { lowerCast } from "./lower_casts.ts";
import { lowerComparison } from "./lower_comparisons.ts";
import { lowerLike, sortedTexts } from "./lower_texts.ts";
import { type Lowering, representationOf, widthOf } from "./lowering.ts";
import { type ExtractNode, TIME_PARTS, TIME_UNITS, type TruncateNode } from "./node.ts";
import type { Value } from "./values.ts";

/** The register of an operator's result; `undefined` for what only the host can do. */
export function lowerOperator(low: Lowering, checked: Checked): Register | undefined {
  switch (checked.op) {
    case "add":
    case "sub":
    case "mul":
    case "div":
    case "mod":
      return lowerArithmetic(low, checked);
    case "neg":
    case "abs":
    case "floor":
    case "ceil":
    case "round":
    case "isNaN":
    case "widen":
      return lowerOne(low, checked);
    case "eq":
    case "ne":
    case "lt":
    case "le":
    case "gt":
    case "ge":
      return lowerComparison(low, checked);
    case "cast":
    case "tryCast":
      return lowerCast(low, checked);
    default:
      return lowerLogic(low, checked) ?? lowerText(low, checked);
  }
}

function lowerLogic(low: Lowering, checked: Checked): Register | undefined {
  switch (checked.op) {
    case "and":
      return fold(low, checked, LOGIC.and);
    case "or":
      return fold(low, checked, LOGIC.or);
    case "not":
      return one(low, checked, LOGIC.not);
    case "isNull":
      return lowerIsNull(low, checked);
    case "when":
      return lowerWhen(low, checked);
    case "coalesce":
      return fold(low, checked, COALESCE + widthNumber(checked));
    case "in":
      return lowerIn(low, checked);
    case "truncate":
      return lowerTruncate(low, checked);
    case "extract":
      return lowerExtract(low, checked);
  }
  return undefined;
}

function lowerText(low: Lowering, checked: Checked): Register | undefined {
  switch (checked.op) {
    case "startsWith":
    case "endsWith":
    case "contains":
      return fold(low, checked, TEXT[checked.op]);
    case "concat":
      return fold(low, checked, TEXT.concat);
    case "lower":
    case "upper":
    case "length":
      return one(low, checked, TEXT[checked.op]);
    case "like":
      return lowerLike(low, checked);
  }
  return undefined;
}

function widthNumber({ type }: Checked): number {
  return WIDTH[widthOf(representationOf(type)!)];
}

function one(low: Lowering, { args }: Checked, op: number): Register | undefined {
  const a = low.register(args[0]);
  return a === undefined ? undefined : low.emit(op, { a });
}

// from left to right, which is the order in which the host evaluates
function fold(low: Lowering, { args }: Checked, op: number): Register | undefined {
  return low.registers(args)?.reduce((a, b) => low.emit(op, { a, b }));
}

function lowerIsNull(low: Lowering, { args: [arg] }: Checked): Register | undefined {
  const a = representationOf(arg.type) === undefined ? low.nullsOf(arg) : low.register(arg);
  return a === undefined ? undefined : low.emit(LOGIC.isNull, { a });
}

function lowerWhen(low: Lowering, checked: Checked): Register | undefined {
  const all = low.registers(checked.args);
  if (all === undefined) return undefined;
  const op = WHEN + widthNumber(checked);
  let result = all[all.length - 1];
  for (let at = all.length - 3; at >= 0; at -= 2) {
    result = low.emit(op, { a: all[at], b: all[at + 1], c: result });
  }
  return result;
}

function lowerIn(low: Lowering, { args: [arg], candidates }: Checked): Register | undefined {
  const a = low.register(arg);
  const { values, hasNull } = candidates!;
  if (a === undefined) return undefined;
  const x = hasNull ? 1 : 0;
  switch (representationOf(arg.type)) {
    case "f64":
      return low.emitWith(MEMBER.f64, { a, x }, sortedNumbers(values));
    case "i32": {
      const wide = low.emit(CONVERT.i32ToF64, { a });
      return low.emitWith(MEMBER.f64, { a: wide, x }, sortedNumbers(values));
    }
    case "i64":
      return low.emitWith(MEMBER.i64, { a, x }, sortedIntegers(values));
    case "text":
      return low.emitTexts(MEMBER.text, { a, x }, sortedTexts(values));
  }
  return undefined;
}

function sortedNumbers(values: ReadonlySet<Value>): { bytes: Uint8Array; units: number } {
  const sorted = Float64Array.from(values as ReadonlySet<number>).sort();
  return { bytes: new Uint8Array(sorted.buffer), units: sorted.length };
}

function sortedIntegers(values: ReadonlySet<Value>): { bytes: Uint8Array; units: number } {
  const sorted = BigInt64Array.from(values as ReadonlySet<bigint>).sort();
  return { bytes: new Uint8Array(sorted.buffer), units: sorted.length };
}

/** Milliseconds of a timestamp, date or time of day, as f64. */
function inMilliseconds(low: Lowering, arg: Checked): Register | undefined {
  const a = low.register(arg);
  if (a === undefined || arg.type.kind === "timestamp") return a;
  const wide = low.emit(CONVERT.i32ToF64, { a });
  return arg.type.kind === "date" ? low.emit(F64.rightMul, { a: wide, x: DAY_MS }) : wide;
}

function lowerTruncate(low: Lowering, { node, type, args: [arg] }: Checked): Register | undefined {
  const a = inMilliseconds(low, arg);
  if (a === undefined) return undefined;
  const unit = TIME_UNITS.indexOf((node as TruncateNode).unit);
  const start = low.emit(TRUNCATE + unit, { a });
  if (type.kind === "timestamp") return start;
  if (type.kind === "time") return low.emit(CONVERT.f64ToI32, { a: start });
  const days = low.emit(F64.rightDiv, { a: start, x: DAY_MS });
  return low.emit(CONVERT.f64ToI32, { a: days });
}

function lowerExtract(low: Lowering, { node, args: [arg] }: Checked): Register | undefined {
  const a = inMilliseconds(low, arg);
  const part = TIME_PARTS.indexOf((node as ExtractNode).part);
  return a === undefined ? undefined : low.emit(EXTRACT + part, { a });
}

/** Numbers whose floor must lie within bounds: null or doubt where they do not. */
export interface Bounds {
  readonly a: Register;
  readonly least: number;
  readonly most: number;
  /** Whether what does not fit is null. */
  readonly tries: boolean;
}

/** The floor of a number, where it lies within bounds. */
export function within(low: Lowering, { a, least, most, tries }: Bounds): Register {
  return low.emit(F64_MORE.within, { a, x: least, y: most, i: tries ? 1 : 0 });
}
