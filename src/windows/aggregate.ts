import { col } from "../batch/expressions/builders.ts";
import { type Expr, isExpression } from "../batch/expressions/expr.ts";
import type { ExprValue } from "../batch/expressions/expr_types.ts";
import type { ExprNode } from "../batch/expressions/node.ts";
import { typeOf } from "../batch/expressions/check.ts";
import type { Schema } from "../batch/schema.ts";
import { typeName } from "../batch/schema_check.ts";
import { when } from "../batch/expressions/when.ts";
import { received } from "../runtime/known_options.ts";
import type { AggregateOptions } from "./aggregate_options.ts";
import type { AnyAggregateOp } from "./aggregate_place.ts";

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
  readonly op: AnyAggregateOp;
  /** Absent for a count of rows, and for what is of whole rows. */
  readonly column?: string;
  /** The other column, of an aggregate of two. */
  readonly by?: string;
  /** Whether it is of whole rows: of all columns that are not computed. */
  readonly rows?: true;
  /** Of whole rows: the column that is null where one does not count. */
  readonly filter?: string;
  /** Those of the columns that batches do not have but that are computed from theirs. */
  readonly computed?: readonly ComputedColumn[];
  /** What else there is to know. */
  readonly options?: AggregateOptions;
}

/** The columns that an aggregate names; one of whole rows is of all others too. */
export function columnsOfAggregate({ column, by, filter }: AggregateSpec): readonly string[] {
  return [column, by, filter].filter((name) => name !== undefined);
}

/** What an aggregate is taken of: a column by its name, or an expression over columns. */
export type AggregateOperand = string | Expr;

/** The name of the column, `never` for an expression. */
export type ColumnOf<Operand> = Operand extends string ? Operand : never;

/** What an expression yields, `never` for a column by its name. */
export type YieldOf<Operand> = Operand extends Expr ? ExprValue<Operand> : never;

/** Where an {@linkcode Aggregate} keeps its types; exists for the type checker alone. */
export declare const AGGREGATE_OF: unique symbol;

/** What an aggregate is made of beside its operands. */
export interface AggregateParts {
  /** Of which rows it is. Default: of all. */
  readonly condition?: Expr;
  /** Whether it is of whole rows; then it has no operands. */
  readonly rows?: boolean;
  /** What else there is to know, as plain data. */
  readonly options?: AggregateOptions;
}

/**
 * One aggregate of a windowed aggregation: what is computed, of what, and of which rows.
 *
 * Made by `count()`, `sum()` and their like. Nulls are skipped as SQL does, and of no values every
 * aggregate but `count` is null. `ColumnName` is the column it is of, or `Value` what the
 * expression yields that it is of; `ByName` is the other column, of an aggregate of two.
 */
export class Aggregate<
  Op extends AnyAggregateOp = AnyAggregateOp,
  ColumnName extends string = string,
  Value = unknown,
  ByName extends string = never,
> implements AggregateSpec {
  /** What it is of; exists for the type checker alone. */
  declare readonly [AGGREGATE_OF]?: {
    readonly column: ColumnName;
    readonly value: Value;
    readonly by: ByName;
  };
  /** What is computed. */
  readonly op: Op;
  /** Absent for a count of rows. */
  declare readonly column?: string;
  /** The other column, of an aggregate of two. */
  declare readonly by?: string;
  /** Those of the columns that batches do not have but that are computed from theirs. */
  declare readonly computed?: readonly ComputedColumn[];
  /** Whether it is of whole rows. */
  declare readonly rows?: true;
  /** Of whole rows: the column that is null where one does not count. */
  declare readonly filter?: string;
  /** What else there is to know. */
  declare readonly options?: AggregateOptions;
  readonly #operands: readonly AggregateOperand[];
  readonly #parts: AggregateParts;
  #conditions: readonly Expr[] = [];

  /**
   * Use `count()`, `sum()` and their like.
   *
   * @throws {TypeError} when an operand is neither the name of a column nor an expression.
   */
  constructor(op: Op, operands: readonly AggregateOperand[], parts: AggregateParts = {}) {
    for (const operand of operands) checkOperand(op, operand);
    this.op = op;
    this.#operands = operands;
    this.#parts = parts;
    const { condition, rows, options } = parts;
    const [of, by] = operands;
    const columns = [takenOf(op, of, parts), ...(by === undefined ? [] : [plainly(by)])];
    const [column, other] = columns.map((each) => typeof each === "object" ? each.name : each);
    if (rows) {
      this.rows = true;
      if (condition) this.filter = column;
    } else if (column !== undefined) this.column = column;
    if (other !== undefined) this.by = other;
    const computed = columns.filter((each) => typeof each === "object");
    if (computed.length > 0) this.computed = computed;
    if (options) this.options = options;
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
  where(condition: Expr<boolean | null> | Expr): Aggregate<Op, ColumnName, Value, ByName> {
    if (!isExpression(condition)) {
      throw new TypeError(
        `Cannot take ${this.op} of some rows: where() takes an expression such as ` +
          `col("x").gt(1), received ${received(condition)}`,
      );
    }
    const all = this.#parts.condition?.and(condition) ?? condition;
    const parts = { ...this.#parts, condition: all };
    const some = new Aggregate<Op, ColumnName, Value, ByName>(this.op, this.#operands, parts);
    some.#conditions = [...this.#conditions, condition];
    return some;
  }

  /** How it was written, in words: what it is of, and the conditions of `where()`. */
  get written(): { readonly of: readonly string[]; readonly where: readonly string[] } {
    const of = this.#operands.map((each) =>
      typeof each === "string" ? JSON.stringify(each) : String(each)
    );
    return { of, where: this.#conditions.map(String) };
  }

  /**
   * Checks that the conditions of {@linkcode Aggregate.where} are conditions, where they are not
   * parts of another expression yet.
   *
   * @throws {TypeError} when one is not true or false, or does not fit the columns.
   */
  checkConditions(schema: Schema): void {
    for (const condition of this.#conditions) {
      const type = typeOf(condition, schema);
      if (type.kind === "bool" || type.kind === "mixed") continue;
      throw new TypeError(
        `Cannot take ${this.op} of the rows where ${condition}: a condition is true or false, ` +
          `this is ${typeName(type)}; compare it`,
      );
    }
  }
}

function checkOperand(op: AnyAggregateOp, operand: unknown): void {
  if (typeof operand === "string" || isExpression(operand)) return;
  throw new TypeError(
    `Cannot take ${op}: it is of a column, by its name, or of an expression such as ` +
      `col("x").mul(2), received ${operand === null ? "null" : typeof operand}`,
  );
}

/** A column that is there, or one that is computed. */
type Taken = string | ComputedColumn;

function plainly(operand: AggregateOperand): Taken {
  return typeof operand === "string" ? operand : computedColumn(operand, String(operand));
}

function computedColumn({ node }: Expr, of: string): ComputedColumn {
  return { name: COMPUTED + JSON.stringify(node), node, of };
}

/** What the aggregate is of: null where a row does not count. */
function takenOf(
  op: AnyAggregateOp,
  operand: AggregateOperand | undefined,
  { condition, rows }: AggregateParts,
): Taken | undefined {
  if (condition === undefined && typeof operand !== "object") return operand;
  const value = typeof operand === "string" ? col(operand) : operand;
  const of = typeof operand === "string" ? `column ${JSON.stringify(operand)}` : String(operand);
  if (op !== "count" && !rows) {
    return computedColumn(condition ? when(condition).then(value!) : value!, of);
  }
  // Whatever is counted, only whether it is there is computed.
  const isThere = value?.isNotNull();
  const counts = condition && isThere ? condition.and(isThere) : condition ?? isThere!;
  return computedColumn(when(counts).then(true), of);
}

/** Whether a column of this name was put beside those of the user, for windows and aggregates. */
export function isComputed(name: string): boolean {
  return name.startsWith("\u0000");
}
