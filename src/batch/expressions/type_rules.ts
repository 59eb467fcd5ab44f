import { sameType, typeName } from "../schema_check.ts";
import type { DataType } from "../schema.ts";
import { type Checked, isNullConstant, nullOf, type ValueType } from "./checked.ts";

const F64: DataType = { kind: "f64" };
const UTF8: DataType = { kind: "utf8" };
const DICT: DataType = { kind: "dict" };
const MAX_DECIMAL_PRECISION = 38;

/** How a type is called in messages. */
export function nameOf(type: ValueType): string {
  return type.kind === "null" ? "null" : typeName(type);
}

/** Whether arithmetic is defined on the type. */
export function isNumber(type: ValueType): boolean {
  return ["i32", "i64", "f32", "f64"].includes(type.kind);
}

/** Whether the type's values are strings. */
export function isText(type: ValueType): boolean {
  return type.kind === "utf8" || type.kind === "dict";
}

/** Whether the type is a whole number of 32 or 64 bits. */
export function isInteger(type: ValueType): boolean {
  return type.kind === "i32" || type.kind === "i64";
}

/** The i64 that whole numbers meet in; shown in rows as numbers when each i64 of them is. */
export function commonI64(types: readonly ValueType[]): DataType {
  const asNumber = types.every((type) => type.kind !== "i64" || type.as === "number");
  return asNumber ? { kind: "i64", as: "number" } : { kind: "i64" };
}

/** The same value in a type that holds it, as {@linkcode commonType} has found it. */
export function widen(arg: Checked, type: DataType): Checked {
  if (isNullConstant(arg)) return nullOf(type, arg.node);
  if (arg.type.kind === "null") return arg;
  if (sameType(arg.type, type) || isText(type)) return arg;
  if (arg.op === "const" && isNumber(type)) return widenConstant(arg, type);
  return { op: "widen", type, args: [arg], node: arg.node };
}

function widenConstant(arg: Checked, type: DataType): Checked {
  const value = type.kind === "i64" ? BigInt(arg.value as number) : Number(arg.value);
  return { ...arg, type, value };
}

/**
 * The type that several results meet in; `undefined` when there is none. Whole numbers meet in i64,
 * other numbers in f64, strings in utf8, or in dict when each is a dict or a constant.
 */
export function commonType(all: readonly Checked[]): ValueType | undefined {
  const args = all.filter(({ type }) => type.kind !== "null");
  if (args.length === 0) return { kind: "null" };
  const types = args.map(({ type }) => type as DataType);
  const [first] = types;
  if (types.every(isText)) {
    const few = args.every(({ op, type }) => op === "const" || type.kind === "dict");
    return few ? DICT : UTF8;
  }
  if (types.every((type) => sameType(type, first))) {
    return first.kind === "i64" ? commonI64(types) : first;
  }
  if (types.every(isInteger)) return commonI64(types);
  if (types.every(isNumber)) return F64;
  return types.every(({ kind }) => kind === "decimal") ? commonDecimal(types) : undefined;
}

/** The decimal that holds the digits of all, as far as 38 go. */
function commonDecimal(types: readonly DataType[]): DataType {
  let scale = 0;
  let whole = 0;
  for (const type of types) {
    if (type.kind !== "decimal") continue;
    scale = Math.max(scale, type.scale);
    whole = Math.max(whole, type.precision - type.scale);
  }
  return { kind: "decimal", precision: Math.min(MAX_DECIMAL_PRECISION, whole + scale), scale };
}
