import type { Column } from "./column.ts";
import { isValid } from "./column_reader.ts";
import type { DataType } from "./schema.ts";

/** Whether a field somewhere within values of a type is never null. */
function hasRequired(type: DataType): boolean {
  switch (type.kind) {
    case "struct":
      return type.fields.some((field) => field.nullable === false || hasRequired(field.type));
    case "list":
      return hasRequired(type.item);
    case "map":
      return hasRequired(type.value);
    default:
      return false;
  }
}

/** Which rows of a column are values that a row of the batch has, a byte each. */
function present(column: Column, seen: Uint8Array): Uint8Array {
  return seen.map((isSeen, row) => isSeen && isValid(column, row) ? 1 : 0);
}

/** Which items are in lists, or entries in maps, that are there. */
function itemsOf({ offsets, children }: Column, lists: Uint8Array): Uint8Array {
  const items = new Uint8Array(children![0].length);
  lists.forEach((isThere, row) => {
    if (isThere) items.fill(1, offsets![row], offsets![row + 1]);
  });
  return items;
}

function verifySeen(column: Column, seen: Uint8Array): void {
  const { type, children } = column;
  if (!hasRequired(type)) return;
  const there = present(column, seen);
  if (type.kind === "list") return verifySeen(children![0], itemsOf(column, there));
  // A map's entries are a struct of keys and values.
  if (type.kind === "map") return verifySeen(children![0].children![1], itemsOf(column, there));
  if (type.kind !== "struct") return;
  type.fields.forEach(({ nullable }, at) => {
    const child = children![at];
    if (nullable === false && child.nullCount > 0) {
      const isBroken = there.some((isThere, row) => isThere === 1 && !isValid(child, row));
      if (isBroken) throw new RangeError("a field that is never null has a null");
    }
    verifySeen(child, there);
  });
}

/**
 * Holds columns from outside to what their types say is never null within structs; what a null
 * struct or list has below it does not count. Offsets must have been verified before.
 *
 * @throws {RangeError} when there is such a null.
 */
export function verifyRequired(column: Column): void {
  if (hasRequired(column.type)) verifySeen(column, new Uint8Array(column.length).fill(1));
}
