import { coalesce, lit } from "../batch/expressions/builders.ts";
import { type Expr, isExpression } from "../batch/expressions/expr.ts";

/** Two parts of the same rows: those for which the condition is true, and all others. */
export function bothSides(condition: Expr): readonly [Expr, Expr] {
  return [condition, coalesce(condition, lit(false)).not()];
}

/**
 * The conditions of a split into named parts.
 *
 * @throws {TypeError} when there are none, or one is no expression.
 */
export function namedConditions(conditions: unknown): [name: string, condition: Expr][] {
  const named = Object.entries(Object(conditions) as Record<string, unknown>);
  const isRecord = typeof conditions === "object" && conditions !== null && named.length > 0;
  for (const [name, condition] of isRecord ? named : [["", conditions] as const]) {
    if (isExpression(condition)) continue;
    const where = name === "" ? "" : ` as ${JSON.stringify(name)}`;
    throw new TypeError(
      `Cannot split: split() takes an expression such as col("x").gt(1), or several by name, ` +
        `received ${condition === null ? "null" : typeof condition}${where}`,
    );
  }
  return named as [string, Expr][];
}
