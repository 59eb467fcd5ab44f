import type { DataType } from "../batch/schema.ts";
import * as types from "../batch/types.ts";
import { names } from "./command_spec.ts";
import { UsageError } from "./usage_error.ts";

const TYPES: Readonly<Record<string, DataType>> = {
  bool: types.bool,
  i32: types.i32,
  i64: types.i64,
  f64: types.f64,
  timestamp: types.timestamp,
  date: types.date,
  time: types.time,
  utf8: types.utf8,
};

/** Says which types columns are to have. */
export const TYPES_FLAG = names(
  "--types <list>",
  "types that columns are to have: ts=timestamp,zip=utf8",
);

/** The names of all types, for messages. */
export const TYPE_NAMES = Object.keys(TYPES).join(", ");

/** The types of columns, of a list such as `ts=timestamp`. */
export function columnTypes(list: readonly string[] = []): Record<string, DataType> {
  return Object.fromEntries(list.map((text) => {
    const at = text.lastIndexOf("=");
    const name = text.slice(at + 1);
    if (at > 0 && Object.hasOwn(TYPES, name)) return [text.slice(0, at), TYPES[name]];
    throw new UsageError(
      `--types takes columns with their types, such as ts=timestamp; types are ` +
        `${TYPE_NAMES}, received ${JSON.stringify(text)}`,
    );
  }));
}
