import type { Column } from "../column.ts";
import type { RecordBatch } from "../record_batch.ts";
import type { DataType, Schema } from "../schema.ts";
import type { Clock } from "./evaluator.ts";

/** What a plan reads: a record batch, or anything of its shape. */
export interface Columns {
  /** The columns that the plan was compiled for, in their order. */
  readonly schema: Schema;
  /** The columns themselves. */
  readonly columns: readonly Column[];
  /** Number of rows. */
  readonly length: number;
}

/** What the evaluation of a batch is given. */
export interface EvaluationContext extends Clock {
  /**
   * Called for each row that has no value, for instance because a cast fails: the row becomes
   * null, a filter leaves it out. Without it the first such row's error is thrown, with its number.
   */
  readonly onError?: (row: number, error: RangeError) => void;
}

/**
 * An expression made ready for the batches of one schema. It may be used any number of times, but
 * not while one of its own evaluations runs.
 */
export interface Plan extends Disposable {
  /** The type of the results. */
  readonly type: DataType;

  /**
   * The expression's values, one a row of the batch. Columns that are handed on as they are share
   * the batch's buffers.
   *
   * @throws {TypeError} when the batch has other columns than the plan was compiled for.
   * @throws {RangeError} when a row has no value and the context has no `onError`.
   */
  evaluate(batch: Columns, context?: EvaluationContext): Column;

  /**
   * The rows for which the expression is true, ascending; false and null rows are left out.
   *
   * @throws {TypeError} when the expression is no condition, or the batch has other columns.
   * @throws {RangeError} when a row has no value and the context has no `onError`.
   */
  filter(batch: Columns, context?: EvaluationContext): Int32Array;

  /**
   * The parts of a struct expression as the columns of a batch.
   *
   * @throws {TypeError} when the expression is no struct, or the batch has other columns.
   * @throws {RangeError} when a row has no value; with `onError` such rows are left out.
   */
  project(batch: Columns, context?: EvaluationContext): RecordBatch;

  /** Gives the kernel memory of the plan back; the plan cannot be used afterwards. */
  [Symbol.dispose](): void;
}
