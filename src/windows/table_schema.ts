import type { Schema } from "../batch/schema.ts";
import { haveFunctions } from "./aggregate_types.ts";
import { indexOf, type WindowTableOptions } from "./plan.ts";
import { functionSchemas } from "./table/function_schemas.ts";
import { checkTimeColumn, kernelTableSchema } from "./window_table.ts";

/**
 * Schema of the results of a table's first kind of windows, where no table is needed.
 *
 * @throws {TypeError} for a column that does not exist, has a type that does not fit its role, or
 *   a result name that occurs twice.
 */
export function tableSchemaOf(options: WindowTableOptions): Schema {
  const { schema, time } = options;
  if (!haveFunctions(options, schema)) return kernelTableSchema(options);
  checkTimeColumn(options, indexOf(schema, time, "take event times from"));
  return functionSchemas(options)[0];
}
