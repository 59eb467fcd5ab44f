import type { DataType } from "../schema.ts";
import type { ExprNode } from "./node.ts";
import type { Value } from "./values.ts";

/** A column's type, or that of a constant null, which fits everywhere. */
export type ValueType = DataType | { readonly kind: "null" };

/** The candidates of `in`, as values of the type that they are compared as. */
export interface Candidates {
  readonly values: ReadonlySet<Value>;
  readonly hasNull: boolean;
}

/** What a checked operator does: a node's own kinds, and what the checker puts in. */
export type CheckedOp =
  | Exclude<ExprNode["op"], "lit" | "between" | "in">
  /** A constant: `value`. */
  | "const"
  /** A number in a wider type, without error: i32, f32 and i64 to i64 or f64. */
  | "widen"
  /** Whether the argument is one of `candidates`. */
  | "in";

/**
 * An expression whose types are known and fit: what both evaluators work from, so that they cannot
 * differ in what is converted to what.
 */
export interface Checked {
  readonly op: CheckedOp;
  readonly type: ValueType;
  readonly args: readonly Checked[];
  /** What it was made from; holds what further parameters there are. */
  readonly node: ExprNode;
  /** Of a constant. */
  readonly value?: Value;
  /** Position of a column in the schema. */
  readonly index?: number;
  /** Of `in`. */
  readonly candidates?: Candidates;
}

/** A constant null of a type. */
export function nullOf(type: ValueType, node: ExprNode): Checked {
  return { op: "const", type, args: [], node, value: null };
}

/** Whether it is the constant null. */
export function isNullConstant(checked: Checked): boolean {
  return checked.op === "const" && checked.value === null;
}
