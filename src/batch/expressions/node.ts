import type { DataType } from "../schema.ts";

/** The most levels that an expression may be nested; `and`, `or`, `when`, `in` are one level. */
export const MAX_EXPRESSION_DEPTH = 256;

/** The most nodes that an expression may have, shared parts counted as often as they occur. */
export const MAX_EXPRESSION_NODES = 20_000;

/** A column of the batch, or a field of the object. */
export interface ColumnNode {
  /** The kind of node. */
  readonly op: "col";
  /** The name of the column. */
  readonly name: string;
}

/**
 * A constant. Without `type` it is what JSON says: null, bool, utf8, i32 where the number is whole
 * and fits, and f64 otherwise. `i64` is written as decimal digits in a string, `timestamp` as
 * milliseconds, and `f64` as the string `NaN`, `Infinity`, `-Infinity` or `-0`.
 */
export interface LiteralNode {
  /** The kind of node. */
  readonly op: "lit";
  /** The constant, or its text. */
  readonly value: null | boolean | number | string;
  /** Given where JSON does not tell. */
  readonly type?: "i64" | "f64" | "timestamp";
}

/** The clock value that the caller of the evaluation gives, a timestamp. */
export interface NowNode {
  /** The kind of node. */
  readonly op: "now";
}

/** Operators that take one argument and nothing else. */
export type UnaryOp = (typeof UNARY_OPS)[number];

/** Operators that take two arguments and nothing else. */
export type BinaryOp = typeof BINARY_OPS[number];

/** Operators that take any number of arguments and nothing else. */
export type VariadicOp = typeof VARIADIC_OPS[number];

/** An operator whose meaning is in its name and arguments alone. */
export interface CallNode {
  /** The kind of node. */
  readonly op: UnaryOp | BinaryOp | VariadicOp;
  /** What it is computed from. */
  readonly args: readonly ExprNode[];
}

/** Half away from zero, to `digits` digits after the point. */
export interface RoundNode {
  /** The kind of node. */
  readonly op: "round";
  /** What it is computed from. */
  readonly args: readonly ExprNode[];
  /** How many, 0 to 15. */
  readonly digits: number;
}

/** `%` stands for any characters, `_` for one; `escape` before them takes them literally. */
export interface LikeNode {
  /** The kind of node. */
  readonly op: "like";
  /** What it is computed from. */
  readonly args: readonly ExprNode[];
  /** What the whole string must fit. */
  readonly pattern: string;
  /** One character, or empty for none. */
  readonly escape: string;
}

/** A conversion; a value that does not convert is an error, or null for `tryCast`. */
export interface CastNode {
  /** The kind of node. */
  readonly op: "cast" | "tryCast";
  /** What it is computed from. */
  readonly args: readonly ExprNode[];
  /** What it is converted to. */
  readonly type: DataType;
}

/** One value of named parts; `names` and `args` go in pairs. */
export interface StructNode {
  /** The kind of node. */
  readonly op: "struct";
  /** Names of the parts, distinct. */
  readonly names: readonly string[];
  /** The parts. */
  readonly args: readonly ExprNode[];
}

/** A part of a struct. */
export interface FieldNode {
  /** The kind of node. */
  readonly op: "field";
  /** What it is computed from. */
  readonly args: readonly ExprNode[];
  /** The name of the part. */
  readonly name: string;
}

/** The start of the unit that a time lies in. */
export interface TruncateNode {
  /** The kind of node. */
  readonly op: "truncate";
  /** What it is computed from. */
  readonly args: readonly ExprNode[];
  /** Of time. */
  readonly unit: TimeUnit;
}

/** A part of a time as a number. */
export interface ExtractNode {
  /** The kind of node. */
  readonly op: "extract";
  /** What it is computed from. */
  readonly args: readonly ExprNode[];
  /** Of time. */
  readonly part: TimePart;
}

/**
 * An expression as plain data: what JSON and a structured clone carry without loss. The kinds of
 * node are a closed list, so data can describe a computation but never bring code.
 */
export type ExprNode =
  | ColumnNode
  | LiteralNode
  | NowNode
  | CallNode
  | RoundNode
  | LikeNode
  | CastNode
  | StructNode
  | FieldNode
  | TruncateNode
  | ExtractNode;

/** The operators of one argument. */
export const UNARY_OPS = [
  "neg",
  "abs",
  "floor",
  "ceil",
  "not",
  "isNull",
  "isNaN",
  "lower",
  "upper",
  "length",
] as const;

/** The operators of two arguments. */
export const BINARY_OPS = [
  "add",
  "sub",
  "mul",
  "div",
  "mod",
  "eq",
  "ne",
  "lt",
  "le",
  "gt",
  "ge",
  "startsWith",
  "endsWith",
  "contains",
] as const;

/**
 * The operators of any number of arguments: `between` is value, low, high; `in` a value and its
 * candidates; `when` pairs of condition and result, and the result otherwise.
 */
export const VARIADIC_OPS = [
  "and",
  "or",
  "coalesce",
  "concat",
  "between",
  "in",
  "when",
] as const;

/** The units of `truncate`; weeks start on Monday. */
export const TIME_UNITS = [
  "second",
  "minute",
  "hour",
  "day",
  "week",
  "month",
  "quarter",
  "year",
] as const;

/** A unit of `truncate`. */
export type TimeUnit = typeof TIME_UNITS[number];

/**
 * The parts of `extract`. `dayOfWeek` is 1 for Monday to 7 for Sunday; `week` is the ISO week, and
 * `isoYear` the year that it belongs to.
 */
export const TIME_PARTS = [
  "year",
  "quarter",
  "month",
  "day",
  "dayOfWeek",
  "dayOfYear",
  "week",
  "isoYear",
  "hour",
  "minute",
  "second",
  "millisecond",
] as const;

/** A part for `extract`. */
export type TimePart = typeof TIME_PARTS[number];

/** The arguments of a node; none for columns, constants and the clock. */
export function argsOf(node: ExprNode): readonly ExprNode[] {
  return "args" in node ? node.args : [];
}

/** The columns that an expression uses, in the order of their first use. */
export function columnNames(node: ExprNode): readonly string[] {
  const names = new Set<string>();
  const seen = new Set<ExprNode>();
  const visit = (part: ExprNode) => {
    if (seen.has(part)) return;
    seen.add(part);
    if (part.op === "col") names.add(part.name);
    argsOf(part).forEach(visit);
  };
  visit(node);
  return [...names];
}
