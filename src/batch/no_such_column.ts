import type { Field } from "./schema.ts";

/** The error for a column that is not there; `doing` is what was to be done, such as `"key by"`. */
export function noSuchColumn(
  name: string,
  { doing, fields }: { readonly doing: string; readonly fields: readonly Field[] },
): TypeError {
  const known = fields.map(({ name }) => JSON.stringify(name)).join(", ");
  return new TypeError(
    `Cannot ${doing} column ${JSON.stringify(name)}: there is none of that name; the columns are ` +
      known,
  );
}
