import { type Expr, isExpression } from "../../batch/expressions/expr.ts";

/** What a column is compared with: times also as ISO texts, decimals also as texts. */
export type ConditionValue = boolean | number | bigint | string | Date;

/** Operators that take one value. */
export type ComparisonOperator = "=" | "!=" | "<" | "<=" | ">" | ">=";

/** A test of one column. */
export type ColumnTest =
  | readonly [ComparisonOperator, ConditionValue]
  | readonly ["between" | "not between", ConditionValue, ConditionValue]
  | readonly ["in" | "not in", readonly (ConditionValue | null)[]]
  | readonly ["like" | "not like", string]
  | readonly ["is null" | "is not null"];

/** What a column has to be: a value, null, a test, or several of these. */
export type ColumnCondition =
  | ConditionValue
  | null
  | ColumnTest
  | { readonly anyOf: readonly ColumnCondition[] }
  | { readonly allOf: readonly ColumnCondition[] }
  | { readonly not: ColumnCondition };

/** Conditions of columns by their names: all of them have to hold. */
export interface ConditionsByColumn {
  /** At least one has to hold. */
  readonly anyOf?: readonly Conditions[] | ColumnCondition;
  /** All have to hold. */
  readonly allOf?: readonly Conditions[] | ColumnCondition;
  /** It has to be false; of null it is null. */
  readonly not?: Conditions | ColumnCondition;
  /** What a column has to be. */
  readonly [column: string]: unknown;
}

/**
 * What rows have to be: an object of columns, an expression, or either as JSON.
 *
 * `{ segment: "premium", value: [">", 10000] }` asks for both. Operators are `=`, `!=`, `<`, `<=`,
 * `>`, `>=`, `between`, `not between`, `in`, `not in`, `like`, `not like`, `is null` and
 * `is not null`; null for a value is the test for it. `{ anyOf: […] }`, `{ allOf: […] }` and
 * `{ not: … }` go around conditions of several columns, or stand for the value of one column.
 */
export type Conditions = ConditionsByColumn | Expr | string;

/** Whether it is an object of named parts, and nothing more special. */
export function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || isExpression(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
