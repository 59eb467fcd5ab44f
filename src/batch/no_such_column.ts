import { listNames, showName } from "./shown_names.ts";
import type { Field } from "./schema.ts";

/** A column is not there, whatever the types of others are. */
export class NoSuchColumn extends TypeError {}

/** The error for a column that is not there; `doing` is what was to be done, such as `"key by"`. */
export function noSuchColumn(
  name: string,
  { doing, fields }: { readonly doing: string; readonly fields: readonly Field[] },
): NoSuchColumn {
  const known = fields.length === 0
    ? ", as there are no columns at all"
    : `; the columns are ${listNames(fields.map(({ name }) => name))}`;
  return new NoSuchColumn(
    `Cannot ${doing} column ${showName(name)}: there is none of that name${known}`,
  );
}
