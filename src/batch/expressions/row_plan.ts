import type { Column } from "../column.ts";
import { columnOf } from "../column_of.ts";
import { takeColumn } from "../column_ops.ts";
import { RecordBatch } from "../record_batch.ts";
import type { DataType, Schema } from "../schema.ts";
import { BatchRows } from "./batch_rows.ts";
import { resultType } from "./check.ts";
import type { Checked } from "./checked.ts";
import { type Evaluator, evaluatorOf } from "./evaluator.ts";
import type { Columns, EvaluationContext, Plan } from "./plan.ts";
import { atRow, checkColumns, checkCondition, checkStruct } from "./plan_checks.ts";
import { printExpression } from "./print.ts";
import { type Conversion, rowOfValue } from "./row_values.ts";

/** What a failed row is in a list of results. */
const FAILED = Symbol("failed");

/** A plan that evaluates row by row in JavaScript: the twin of the one in the kernel. */
export class RowPlan implements Plan {
  readonly type: DataType;
  readonly #schema: Schema;
  readonly #text: string;
  readonly #rows: BatchRows = new BatchRows();
  readonly #evaluate: Evaluator<number>;
  readonly #convert: Conversion;

  /** A plan for batches of `schema`, for which the expression has been checked. */
  constructor(checked: Checked, schema: Schema) {
    this.type = resultType(checked.type);
    this.#schema = schema;
    this.#text = printExpression(checked.node);
    this.#evaluate = evaluatorOf<number>(checked, (column) => this.#rows.all(column));
    this.#convert = rowOfValue(checked.type);
  }

  /** As {@linkcode Plan} says. */
  evaluate(batch: Columns, context: EvaluationContext = {}): Column {
    const values = this.#values(batch, context);
    return columnOf(this.type, values.map((value) => value === FAILED ? null : value));
  }

  /** As {@linkcode Plan} says. */
  filter(batch: Columns, context: EvaluationContext = {}): Int32Array {
    checkCondition(this.type, this.#text);
    const selected: number[] = [];
    this.#values(batch, context).forEach((value, row) => value === true && selected.push(row));
    return Int32Array.from(selected);
  }

  /** As {@linkcode Plan} says. */
  project(batch: Columns, context: EvaluationContext = {}): RecordBatch {
    const { type } = this;
    checkStruct(type, this.#text);
    const values = this.#values(batch, context);
    const column = columnOf(type, values.map((value) => value === FAILED ? null : value));
    const kept = [...values.keys()].filter((row) => values[row] !== FAILED);
    const { children = [] } = kept.length < values.length ? takeColumn(column, kept) : column;
    return new RecordBatch({ fields: type.fields }, children, kept.length);
  }

  /** Nothing to give back. */
  [Symbol.dispose](): void {}

  #values(batch: Columns, context: EvaluationContext): unknown[] {
    checkColumns(batch, this.#schema);
    this.#rows.turnTo(batch);
    try {
      return Array.from({ length: batch.length }, (_, row) => this.#value(row, context));
    } finally {
      this.#rows.turnTo();
    }
  }

  #value(row: number, context: EvaluationContext): unknown {
    try {
      const value = this.#evaluate(row, context);
      return value === null || this.#convert === undefined ? value : this.#convert(value);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      if (context.onError === undefined) throw atRow(error, row);
      context.onError(row, error);
      return FAILED;
    }
  }
}
