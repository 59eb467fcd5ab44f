import { checkSchema } from "../batch/schema_check.ts";
import type { DataType, Field, Schema } from "../batch/schema.ts";
import { listNames } from "../batch/shown_names.ts";
import { show } from "../batch/misfit.ts";

/** Types of some columns, by their names. */
export type ColumnTypes = Readonly<Record<string, DataType>>;

/**
 * Checks the types of some columns, where others are to be inferred.
 *
 * @throws {TypeError} when they are none, or there is a schema, which has all of them.
 */
export function checkTypes(
  { types, schema }: { readonly types?: ColumnTypes; readonly schema?: Schema | undefined },
  doing = "make decoder",
): void {
  if (types === undefined) return;
  if (typeof types !== "object" || types === null || Array.isArray(types)) {
    throw new TypeError(
      `Cannot ${doing}: types must be an object such as { price: types.f64 }, received ${
        show(types)
      }`,
    );
  }
  if (schema) {
    throw new TypeError(
      `Cannot ${doing}: a schema has the types of all columns, received types besides; leave them ` +
        `out, or the schema`,
    );
  }
  checkSchema({ fields: fieldsOf(types) });
}

function fieldsOf(types: ColumnTypes): Field[] {
  return Object.entries(types).map(([name, type]) => ({ name, type }));
}

/** Columns that were inferred, those with a type by it; others that have one come behind them. */
export function typedColumns(inferred: Schema, types: ColumnTypes | undefined): Schema {
  if (!types) return inferred;
  const names = new Set(inferred.fields.map(({ name }) => name));
  const known = inferred.fields.map((field) =>
    Object.hasOwn(types, field.name) ? { name: field.name, type: types[field.name] } : field
  );
  return { fields: [...known, ...fieldsOf(types).filter(({ name }) => !names.has(name))] };
}

/**
 * Checks that a header has all columns with types.
 *
 * @throws {TypeError} when it has not.
 */
export function checkTyped(
  names: readonly string[],
  types: ColumnTypes | undefined,
  input: string,
): void {
  const missing = Object.keys(types ?? {}).filter((name) => !names.includes(name));
  if (missing.length === 0) return;
  throw new TypeError(
    `Cannot read ${input}: types has ${listNames(missing)}, and the columns are ` +
      `${listNames(names)}; take one of these`,
  );
}
