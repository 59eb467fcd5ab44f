import type { DataType, Field, Schema } from "../../batch/schema.ts";
import { resultTypeOf } from "../../kernel/window_check.ts";
import type { ValueType } from "../../kernel/window_types.ts";
import type { AggregateSpec } from "../aggregate.ts";
import { isKernelOp, whyOrdered } from "../aggregate_place.ts";
import { mayNeedFunctions } from "../aggregate_types.ts";
import { plainType } from "../functions/plain_type.ts";
import { checkedColumn, indexOf, keyTypeOf, type WindowTableOptions } from "../plan.ts";
import { checkNames, WINDOW_COLUMNS } from "../window_table.ts";

/**
 * Schemas of the results of each kind of windows of a table whose aggregates are functions.
 *
 * @throws {TypeError} for a column that is not there or does not fit its role, or a result name
 *   that occurs twice.
 */
export function functionSchemas(
  { schema, keys = [], aggregates, others = [] }: WindowTableOptions,
): Schema[] {
  const keyFields = keys.map((name) => schema.fields[indexOf(schema, name, "key by")]);
  keyFields.forEach(keyTypeOf);
  const bounds = WINDOW_COLUMNS.map((name): Field => {
    return { name, type: { kind: "timestamp" }, nullable: false };
  });
  return [aggregates, ...others.map(({ aggregates }) => aggregates)].map((specs) => {
    const results = Object.entries(specs).map(([name, spec]): Field => {
      return { name, type: resultType(spec, schema), nullable: spec.op !== "count" };
    });
    const fields = [...bounds, ...keyFields, ...results];
    checkNames(fields.map(({ name }) => name));
    return { fields };
  });
}

function resultType(spec: AggregateSpec, schema: Schema): DataType {
  const { op, column, by } = spec;
  if (!isKernelOp(op)) {
    throw new TypeError(`Cannot take ${op} of rows in any order: ${whyOrdered(op)}`);
  }
  if (column === undefined) return resultTypeOf("count", undefined) as DataType;
  const { type } = schema.fields[checkedColumn(spec, schema, "of")];
  if (by !== undefined) checkedColumn(spec, schema, "by");
  return mayNeedFunctions(spec) ? plainType(type) : resultTypeOf(op, type as ValueType) as DataType;
}
