import { ColumnSource } from "./column_source.ts";
import type { Kernel } from "./kernel.ts";
import type { StagedDictionary } from "./staged_dictionary.ts";
import { MAX_KEY_BYTES } from "./window_check.ts";
import type { StateLayout } from "./window_layout.ts";
import type { KernelColumn } from "./window_types.ts";

/** The longest head of a part of a composite key, in bytes. */
const KEY_HEAD_BYTES = 5;

/** The key columns of a batch; `next` gives the address of a column's description. */
export function keySources(
  kernel: Kernel,
  columns: readonly KernelColumn[],
  { dictionaries, next }: {
    readonly dictionaries: readonly StagedDictionary[];
    readonly next: () => number;
  },
): ColumnSource[] {
  return columns.map((column, index) => {
    const dictionary = dictionaries[index];
    return new ColumnSource(kernel, column, { description: next(), dictionary });
  });
}

/** The value columns of a batch: of those that are only counted no more than which are null. */
export function valueSources(
  kernel: Kernel,
  columns: readonly KernelColumn[],
  { layout, next }: { readonly layout: StateLayout; readonly next: () => number },
): ColumnSource[] {
  return columns.map((column, index) => {
    const isPaired = layout.pairs.some(({ x, y }) => x === index || y === index);
    const validityOnly = layout.values[index].fields === 0 && !isPaired;
    return new ColumnSource(kernel, column, { description: next(), validityOnly });
  });
}

/** An upper bound of the bytes of all rows' keys; `undefined`: one of them may be too long. */
export function keyBytesOf(keys: readonly ColumnSource[], length: number): number | undefined {
  const enough = MAX_KEY_BYTES / keys.length - KEY_HEAD_BYTES;
  const cells = keys.map((key) => key.cellBytes(length, enough));
  const longest = cells.reduce((sum, cell) => sum + cell.longest + KEY_HEAD_BYTES, 0);
  if (longest > MAX_KEY_BYTES) return undefined;
  return cells.reduce((sum, { total }) => sum + total + KEY_HEAD_BYTES * length, 0);
}
