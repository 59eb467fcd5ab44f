import type { Column } from "./column.ts";
import { Misfit } from "./misfit.ts";
import { columnBuilder } from "./nested_builders.ts";
import type { DataType } from "./schema.ts";

/**
 * A column from plain values; null and undefined are nulls.
 *
 * @example
 * ```ts
 * import { columnOf, types as t } from "@waggle/stream";
 *
 * const column = columnOf(t.i32, [1, null, 3]);
 * console.log(column.nullCount); // 1
 * ```
 *
 * @throws {TypeError} naming the position when the type cannot hold a value.
 */
export function columnOf(type: DataType, values: ArrayLike<unknown>): Column {
  const builder = columnBuilder(type);
  try {
    builder.appendAll(values);
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    throw new TypeError(
      `Cannot build column: value ${error.position}${error.path}: ${error.message}`,
    );
  }
  return builder.finish();
}
