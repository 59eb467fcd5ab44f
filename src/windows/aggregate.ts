import { col } from "../batch/expressions/builders.ts";
import { type Expr, type ExprValue, isExpression } from "../batch/expressions/expr.ts";
import type { ExprNode } from "../batch/expressions/node.ts";
import { when } from "../batch/expressions/when.ts";
import type { AggregateOp } from "../kernel/window_types.ts";

// No column of a user begins like this by chance.
const COMPUTED = "\u0000aggregate of ";

/** A column that is computed for an aggregate. */
export interface ComputedColumn {
  /** What it is called; no column of a batch is called so. */
  readonly name: string;
  /** What it is computed by. */
  readonly node: ExprNode;
  /** What it is made of, for messages. */
  readonly of: string;
}

/** One aggregate as plain data: what is computed, and of which columns. */
export interface AggregateSpec {
  /** What is computed. */
  readonly op: AggregateOp;
  /** Absent for a count of rows. */
  readonly column?: string;
  /** Those of the columns that batches do not have but that are computed from theirs. */
  readonly computed?: readonly ComputedColumn[];
}

/** What an aggregate is taken of: a column by its name, or an expression over columns. */
export type AggregateOperand = string | Expr;

/** The name of the column, `never` for an expression. */
export type ColumnOf<Operand> = Operand extends string ? Operand : never;

/** What an expression yields, `never` for a column by its name. */
export type YieldOf<Operand> = Operand extends Expr ? ExprValue<Operand> : never;

/** Where an {@linkcode Aggregate} keeps its types; exists for the type checker alone. */
export declare const AGGREGATE_OF: unique symbol;

/**
 * One aggregate of a windowed aggregation: what is computed, of what, and of which rows.
 *
 * Made by `count()`, `sum()` and their like. Nulls are skipped as SQL does, and of no values every
 * aggregate but `count` is null. `ColumnName` is the column it is of, or `Value` what the
 * expression yields that it is of.
 */
export class Aggregate<
  Op extends AggregateOp = AggregateOp,
  ColumnName extends string = string,
  Value = unknown,
> implements AggregateSpec {
  /** What it is of; exists for the type checker alone. */
  declare readonly [AGGREGATE_OF]?: { readonly column: ColumnName; readonly value: Value };
  /** What is computed. */
  readonly op: Op;
  /** Absent for a count of rows. */
  declare readonly column?: string;
  /** Those of the columns that batches do not have but that are computed from theirs. */
  declare readonly computed?: readonly ComputedColumn[];
  readonly #operand: AggregateOperand | undefined;
  readonly #condition: Expr | undefined;

  /** Use `count()`, `sum()` and their like. */
  constructor(op: Op, operand?: AggregateOperand, condition?: Expr) {
    checkOperand(op, operand);
    this.op = op;
    this.#operand = operand;
    this.#condition = condition;
    if (condition === undefined && typeof operand !== "object") {
      if (operand !== undefined) this.column = operand;
      return;
    }
    const { node } = computedOf(op, operand, condition);
    const name = COMPUTED + JSON.stringify(node);
    this.column = name;
    this.computed = [{ name, node, of: describe(operand) }];
  }

  /**
   * The same of only those rows for which the condition is true, as SQL's `FILTER (WHERE …)`; not
   * of those for which it is false or null. A group without such rows is there all the same, with
   * a count of 0 and null for all else. A second condition is to hold as well as the first.
   *
   * @throws {TypeError} when `condition` is no expression.
   *
   * @example
   * ```ts
   * import { col, count, from, TumblingWindow } from "@waggle/stream";
   *
   * const answers = [{ at: 1, status: 200 }, { at: 2, status: 500 }, { at: 3, status: 200 }];
   * const perSecond = from(answers, { workers: 1 }).timestamps("at")
   *   .window(new TumblingWindow({ size: "1s" }))
   *   .aggregate({ all: count(), failed: count().where(col("status").ge(500)) });
   * for await (const { all, failed } of perSecond) console.log(all, failed); // 3 1
   * ```
   */
  where(condition: Expr<boolean | null> | Expr): Aggregate<Op, ColumnName, Value> {
    if (!isExpression(condition)) {
      throw new TypeError(
        `Cannot take ${this.op} of some rows: where() takes an expression such as ` +
          `col("x").gt(1), received ${typeof condition}`,
      );
    }
    const all = this.#condition?.and(condition) ?? condition;
    return new Aggregate<Op, ColumnName, Value>(this.op, this.#operand, all);
  }
}

function checkOperand(op: AggregateOp, operand: unknown): void {
  if (operand === undefined ? op === "count" : typeof operand === "string") return;
  if (isExpression(operand)) return;
  throw new TypeError(
    `Cannot take ${op}: it is of a column, by its name, or of an expression such as ` +
      `col("x").mul(2), received ${operand === null ? "null" : typeof operand}`,
  );
}

function describe(operand: AggregateOperand | undefined): string {
  return typeof operand === "string" ? `column ${JSON.stringify(operand)}` : String(operand);
}

/** The values that the aggregate is of, null where a row does not count. */
function computedOf(op: AggregateOp, operand?: AggregateOperand, condition?: Expr): Expr {
  const value = typeof operand === "string" ? col(operand) : operand;
  if (op !== "count") return condition ? when(condition).then(value!) : value!;
  // Whatever is counted, only whether it is there is computed.
  const isThere = value?.isNotNull();
  const counts = condition && isThere ? condition.and(isThere) : condition ?? isThere!;
  return when(counts).then(true);
}

/** Whether a column of this name is computed for an aggregate. */
export function isComputed(name: string): boolean {
  return name.startsWith(COMPUTED);
}
