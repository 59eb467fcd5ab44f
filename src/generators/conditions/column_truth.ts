import { formatDecimal } from "../../batch/decimal.ts";
import { rowFunction } from "../../batch/expressions/evaluate_row.ts";
import { Expr } from "../../batch/expressions/expr.ts";
import type { ExprNode, LiteralNode } from "../../batch/expressions/node.ts";
import { argsOf } from "../../batch/expressions/node.ts";
import type { Field } from "../../batch/schema.ts";
import type { NumberUnit, Vocabulary } from "../encoding/plans.ts";

/** Tells what a condition is for a value of its one column. */
export type Truth = (value: unknown) => boolean | null;

/** An expression of nodes, as one that can be evaluated. */
export function exprOf(node: ExprNode): Expr {
  return new Expr(node, argsOf(node).map(exprOf));
}

/** What a condition of one column is for its values. */
export function truthOf(node: ExprNode, field: Field): Truth {
  const of = rowFunction(exprOf(node) as Expr<boolean | null>, { schema: { fields: [field] } });
  return (value) => of({ [field.name]: value });
}

/** A counted number as it stands in rows. */
export function rowValue({ type }: Field, { divisor, low, high }: NumberUnit, counted: number) {
  const value = Math.min(high, Math.max(low, counted));
  switch (type.kind) {
    case "bool":
      return value === 1;
    case "i64":
      return BigInt(value);
    case "decimal":
      return formatDecimal(BigInt(value), type.scale);
    case "f32":
      return Math.fround(value / divisor);
    case "f64":
      return value / divisor;
    default:
      return value;
  }
}

/** Texts that a condition is true for, where it compares the column with constants alone. */
function textsOf(node: ExprNode): ReadonlySet<string> | undefined {
  if (node.op !== "eq" && node.op !== "in") return undefined;
  const [column, ...others] = argsOf(node);
  const areTexts = others.every((each) => each.op === "lit" && typeof each.value === "string");
  if (column.op !== "col" || !areTexts) return undefined;
  return new Set(others.map((each) => (each as LiteralNode).value as string));
}

/** What a column's values are, and which condition of it is looked at. */
export interface ListedColumn {
  readonly field: Field;
  readonly values: Vocabulary;
  readonly unit?: NumberUnit;
}

/**
 * Whether a condition of one column is `wanted`, true or false, for null and each value of a list: 1
 * or 0, null first.
 */
export function listedTruths(node: ExprNode, column: ListedColumn, wanted: boolean): Uint8Array {
  const { field, values, unit } = column;
  const truth = truthOf(node, field);
  const count = values.kind === "numbers" ? values.numbers.length : values.texts.length;
  const out = new Uint8Array(count + 1);
  out[0] = Number(truth(null) === wanted);
  if (values.kind === "numbers") {
    values.numbers.forEach((value, at) =>
      out[at + 1] = Number(truth(rowValue(field, unit!, value)) === wanted)
    );
    return out;
  }
  const texts = textsOf(node);
  const holds = texts ? (text: string) => texts.has(text) : truth;
  values.texts.forEach((text, at) => out[at + 1] = Number(holds(text) === wanted));
  return out;
}
