import type { DataType } from "../schema.ts";
import type { Checked, ValueType } from "./checked.ts";
import type { ExprNode } from "./node.ts";
import { typeFault } from "./type_fault.ts";
import { commonI64, isInteger, isNumber, nameOf, widen } from "./type_rules.ts";

const F64: DataType = { kind: "f64" };

type Arithmetic = "add" | "sub" | "mul" | "div" | "mod";
type Rounding = "floor" | "ceil" | "round";

/** What is checked: the node, and its arguments, checked before it. */
export interface Subject<Op> {
  readonly op: Op;
  readonly node: ExprNode;
  readonly args: readonly Checked[];
}

/** Checks a two-sided arithmetic operator. */
export function checkArithmetic(subject: Subject<Arithmetic>): Checked {
  const { op, node, args } = subject;
  const types = typesWithoutNull(args.map(({ type }) => type));
  if (types.every(isNumber)) {
    const exact = op !== "div" && types.every(isInteger) && types.some((t) => t.kind === "i64");
    const type = exact ? commonI64(types) : F64;
    return { op, type, node, args: args.map((arg) => widen(arg, type)) };
  }
  return checkMove(subject, types) ?? fail(subject);
}

// a constant null counts as whatever its neighbour is
function typesWithoutNull(types: readonly ValueType[]): DataType[] {
  const known = types.filter((type): type is DataType => type.kind !== "null");
  return types.map((type) => type.kind === "null" ? known[0] ?? F64 : type);
}

/** Times and dates: moved by a number, or apart by one. */
function checkMove(
  { op, node, args }: Subject<Arithmetic>,
  types: DataType[],
): Checked | undefined {
  const [left, right] = types;
  const movable = (type: DataType) => type.kind === "timestamp" || type.kind === "date";
  if (op === "sub" && movable(left) && left.kind === right.kind) {
    return { op, type: F64, node, args: args.map((arg) => widen(arg, left)) };
  }
  if ((op === "add" || op === "sub") && movable(left) && isNumber(right)) {
    return { op, type: left, node, args: [args[0], widen(args[1], F64)] };
  }
  if (op === "add" && isNumber(left) && movable(right)) {
    return { op, type: right, node, args: [args[1], widen(args[0], F64)] };
  }
  return undefined;
}

function fail({ op, node, args }: Subject<string>): never {
  const received = args.map(({ type }) => nameOf(type)).join(" and ");
  const takes = op === "add" || op === "sub"
    ? `${op} takes numbers, or a timestamp or date and a number`
    : `${op} takes numbers`;
  throw typeFault(node, `${takes}, received ${received}`, fixFor(args));
}

function fixFor(args: readonly Checked[]): string {
  const odd = args.find(({ type }) => !isNumber(type) && type.kind !== "null");
  if (odd?.type.kind === "utf8" || odd?.type.kind === "dict") {
    return `convert strings with cast("f64"), or join them with concat()`;
  }
  if (odd?.type.kind === "time") return `convert it with cast("i32"), milliseconds since midnight`;
  return `convert it with cast("f64")`;
}

/** Checks `neg` and `abs`: i64 stays, other numbers are doubles as in JavaScript. */
export function checkSign(subject: Subject<"neg" | "abs">): Checked {
  const { op, node, args: [arg] } = subject;
  if (arg.type.kind === "null") return { op, type: F64, node, args: [widen(arg, F64)] };
  if (!isNumber(arg.type)) return fail(subject);
  const type = arg.type.kind === "i64" ? arg.type : F64;
  return { op, type, node, args: [widen(arg, type)] };
}

/** Checks `floor`, `ceil` and `round`: whole numbers are what they are. */
export function checkRounding(subject: Subject<Rounding>): Checked {
  const { op, node, args: [arg] } = subject;
  if (isInteger(arg.type)) return arg;
  if (arg.type.kind !== "null" && !isNumber(arg.type)) return fail(subject);
  return { op, type: F64, node, args: [widen(arg, F64)] };
}

/** Checks `isNaN`. */
export function checkIsNaN(subject: Subject<"isNaN">): Checked {
  const { op, node, args: [arg] } = subject;
  if (arg.type.kind !== "null" && !isNumber(arg.type)) return fail(subject);
  return { op, type: { kind: "bool" }, node, args: [widen(arg, F64)] };
}
