import { RecordBatch } from "../../batch/record_batch.ts";
import type { Schema } from "../../batch/schema.ts";
import type { AggregateFunction } from "../aggregate_function.ts";
import { functionsOf } from "../functions/functions_of.ts";
import type { States } from "../operator/aggregation.ts";
import type { KeyIds } from "../operator/key_ids.ts";
import { boundOf, boundsOf, columnOf } from "../operator/result_columns.ts";
import type { WindowTableOptions } from "../plan.ts";
import { WINDOW_COLUMNS } from "../window_table.ts";
import { functionSchemas } from "./function_schemas.ts";

/** Which of a group's states counts its rows. */
export const ROWS = 0;

/** One kind of windows of a table whose aggregates are functions. */
export interface FunctionKind {
  readonly functions: readonly AggregateFunction[];
  /** Which of a group's states is the first of its functions. */
  readonly from: number;
  /** Of its results. */
  readonly schema: Schema;
}

/**
 * The kinds of windows of a table whose aggregates are functions, one behind the other in a group's
 * states, and these behind the count of its rows.
 *
 * @throws {TypeError} for a column that is not there or does not fit its role, or a result name
 *   that occurs twice.
 */
export function functionKinds(options: WindowTableOptions): FunctionKind[] {
  const { schema, aggregates, others = [] } = options;
  const all = [aggregates, ...others.map(({ aggregates }) => aggregates)];
  let from = ROWS + 1;
  return functionSchemas(options).map((results, kind): FunctionKind => {
    const functions = [...functionsOf(all[kind], schema).values()];
    from += functions.length;
    return { functions, from: from - functions.length, schema: results };
  });
}

/** A window and key that has closed. */
export interface ClosedGroup {
  readonly start: number;
  readonly end: number;
  /** Id of its key. */
  readonly key: number;
  readonly states: States;
}

/**
 * The results of groups, in their order.
 *
 * @throws {RangeError} when a sum of integers does not fit into 64 bits.
 */
export function functionResults(
  { functions, from, schema }: FunctionKind,
  groups: readonly ClosedGroup[],
  keys: KeyIds,
): RecordBatch {
  const columns: unknown[][] = schema.fields.map(() => []);
  for (const { start, end, key, states } of groups) {
    columns[0].push(boundOf(start));
    columns[1].push(boundOf(end));
    const at = keys.write(key, columns, WINDOW_COLUMNS.length);
    functions.forEach((each, index) => columns[at + index].push(each.result(states[from + index])));
  }
  const made = schema.fields.map((field, at) => {
    return (at < WINDOW_COLUMNS.length ? boundsOf : columnOf)(field, columns[at]);
  });
  return new RecordBatch(schema, made, groups.length);
}
