import { castBetween } from "./casts.ts";
import type { Subject } from "./check_arithmetic.ts";
import { type Candidates, type Checked, isNullConstant, type ValueType } from "./checked.ts";
import type { DataType } from "../schema.ts";
import { isI64 } from "./literal.ts";
import { typeFault } from "./type_fault.ts";
import { commonType, isInteger, isNumber, isText, nameOf, widen } from "./type_rules.ts";
import type { Value } from "./values.ts";

const BOOL: DataType = { kind: "bool" };
const F64: DataType = { kind: "f64" };
const ORDERED = new Set(["bool", "timestamp", "date", "time", "utf8", "dict", "decimal"]);

/** Decimals are compared as integers of any size, so a common scale always exists. */
const UNBOUNDED_PRECISION = 1000;

type Comparison = "eq" | "ne" | "lt" | "le" | "gt" | "ge";

/**
 * Checks a comparison. i64 and f64 stay what they are, since neither holds all values of the other,
 * and are compared exactly.
 */
export function checkComparison({ op, node, args }: Subject<Comparison>): Checked {
  const pair = comparable(args[0], args[1]);
  if (pair !== undefined) return { op, type: BOOL, node, args: pair };
  const [left, right] = args.map(({ type }) => nameOf(type));
  throw typeFault(node, `${op} cannot compare ${left} with ${right}`, fixFor(args));
}

function fixFor(args: readonly Checked[]): string {
  const kinds = args.map(({ type }) => type.kind);
  if (kinds.includes("timestamp")) return "write a time as a Date, or convert with cast()";
  if (kinds.some((kind) => ["struct", "list", "map", "bytes", "mixed"].includes(kind))) {
    return "compare parts of it, by field() or after cast()";
  }
  return "convert one of them with cast()";
}

/** The two as they are compared; `undefined` when they cannot be. */
function comparable(left: Checked, right: Checked): Checked[] | undefined {
  const types = [left.type, right.type];
  if (types.some(({ kind }) => kind === "null")) return beside(left, right);
  if (types.every(isText)) return [left, right];
  if (types.some(({ kind }) => kind === "timestamp")) {
    const both = [left, right].map(onTheClock);
    return both.every((arg) => arg !== undefined) ? both : undefined;
  }
  if (types.every(isNumber)) return numbers(left, right);
  if (types.some(({ kind }) => kind === "decimal")) return decimals(left, right);
  const same = types[0].kind === types[1].kind && ORDERED.has(types[0].kind);
  return same ? [left, right] : undefined;
}

function beside(left: Checked, right: Checked): Checked[] | undefined {
  const type = [left.type, right.type].find(({ kind }) => kind !== "null") ?? F64;
  if (!ORDERED.has(type.kind) && !isNumber(type)) return undefined;
  return [widen(left, type as DataType), widen(right, type as DataType)];
}

function onTheClock(arg: Checked): Checked | undefined {
  if (arg.type.kind === "timestamp" || arg.type.kind === "i64") return arg;
  return isNumber(arg.type) ? widen(arg, F64) : undefined;
}

function numbers(left: Checked, right: Checked): Checked[] {
  const types = [left.type, right.type];
  if (types.every(isInteger)) {
    const type = commonType([left, right]) as DataType;
    return [widen(left, type), widen(right, type)];
  }
  return [left, right].map((arg) => arg.type.kind === "i64" ? arg : widen(arg, F64));
}

/** Decimals meet decimals, whole numbers, and the digits that a constant was written with. */
function decimals(left: Checked, right: Checked): Checked[] | undefined {
  const both = [left, right].map(asDecimal);
  if (!both.every((arg) => arg !== undefined)) return undefined;
  const type = { ...commonType(both) as DataType, precision: UNBOUNDED_PRECISION } as DataType;
  return both.map((arg) => widen(arg, type));
}

function asDecimal(arg: Checked): Checked | undefined {
  if (arg.type.kind === "decimal") return arg;
  if (arg.op === "const" && isNumber(arg.type)) return constantDecimal(arg);
  if (!isInteger(arg.type)) return undefined;
  const type: DataType = { kind: "decimal", precision: 19, scale: 0 };
  return { op: "cast", type, node: arg.node, args: [widen(arg, { kind: "i64" })] };
}

function constantDecimal(arg: Checked): Checked | undefined {
  const text = String(arg.value);
  const scale = /^-?\d+(?:\.(\d+))?$/.exec(text)?.[1]?.length ?? 0;
  const type: DataType = { kind: "decimal", precision: 38, scale };
  const value = castBetween({ kind: "utf8" }, type)!(text);
  return value === undefined ? undefined : { ...arg, type, value };
}

/** Checks `in`: constants as a set, anything else as one comparison after the other. */
export function checkIn({ node, args: [subject, ...others] }: Subject<"in">): Checked {
  const equalities = others.map((other) =>
    checkComparison({ op: "eq", node, args: [subject, other] })
  );
  const sets = others.every(({ op }) => op === "const") && subject.type.kind !== "decimal";
  if (!sets) return { op: "or", type: BOOL, node, args: equalities };
  return {
    op: "in",
    type: BOOL,
    node,
    args: [subject],
    candidates: candidatesFor(subject.type, others),
  };
}

function candidatesFor(type: ValueType, others: readonly Checked[]): Candidates {
  const values = new Set<Value>();
  for (const other of others) {
    const value = isNullConstant(other) ? undefined : candidate(type, other.value);
    if (value !== undefined) values.add(value);
  }
  return { values, hasNull: others.some(isNullConstant) };
}

/** The value in the subject's own type; `undefined` when no value of that type is equal to it. */
function candidate(type: ValueType, value: Value): Value | undefined {
  if (type.kind === "i64") {
    if (typeof value === "bigint") return value;
    const whole = Number.isInteger(value) ? BigInt(value as number) : undefined;
    return whole !== undefined && isI64(whole) ? whole : undefined;
  }
  if (typeof value === "bigint") return BigInt(Number(value)) === value ? Number(value) : undefined;
  return Number.isNaN(value) ? undefined : value;
}
