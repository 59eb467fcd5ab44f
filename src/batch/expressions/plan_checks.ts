import { sameFields, typeName } from "../schema_check.ts";
import type { DataType, Schema } from "../schema.ts";
import type { Columns } from "./plan.ts";

/**
 * Checks that a batch has the columns that a plan was compiled for.
 *
 * @throws {TypeError} when it has others.
 */
export function checkColumns(batch: Columns, schema: Schema): void {
  if (batch.schema === schema || sameFields(batch.schema.fields, schema.fields)) return;
  throw new TypeError(
    `Cannot evaluate expression: it was compiled for the columns ${listed(schema)}, the batch ` +
      `has ${listed(batch.schema)}; compile it again for these`,
  );
}

function listed({ fields }: Schema): string {
  return fields.map(({ name, type }) => `${JSON.stringify(name)}: ${typeName(type)}`).join(", ") ||
    "none";
}

/**
 * Checks that an expression can filter.
 *
 * @throws {TypeError} when it is not true or false.
 */
export function checkCondition(type: DataType, text: string): void {
  // the constant null, which selects nothing, has the type mixed
  if (type.kind === "bool" || type.kind === "mixed") return;
  throw new TypeError(
    `Cannot filter by ${text}: a condition is true or false, this is ${typeName(type)}; compare it`,
  );
}

/**
 * Checks that an expression makes rows.
 *
 * @throws {TypeError} when it is no struct.
 */
export function checkStruct(type: DataType, text: string): asserts type is DataType & {
  kind: "struct";
} {
  if (type.kind === "struct") return;
  throw new TypeError(
    `Cannot project ${text}: rows are made by struct(), this is ${typeName(type)}`,
  );
}

/** The error of a row, with its number. */
export function atRow(error: RangeError, row: number): RangeError {
  return new RangeError(`${error.message} (row ${row})`, { cause: error });
}
