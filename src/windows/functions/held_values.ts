import type { Column } from "../../batch/column.ts";
import { formatDecimal, readDecimal } from "../../batch/decimal.ts";
import { compareText } from "../../batch/expressions/text.ts";
import type { DataType } from "../../batch/schema.ts";
import { isNumberType } from "../../kernel/window_check.ts";
import { asRowValue } from "./integer_sum_function.ts";
import { ownText } from "./own_text.ts";
import { cellsOf, numbersOf } from "./values.ts";

/** How the values of a column are held in states. */
export interface HeldValues {
  /** Those of all rows of a column; below a null is anything. */
  of(column: Column): ArrayLike<unknown>;
  /** What makes one of a column to be held when the batch is gone. */
  keeper(column: Column): Keep;
  /** One that was held, as it stands in rows. */
  cell(value: unknown): unknown;
  /**
   * Below 0, 0 or above 0 as a value sorts before, with or after another. Absent of numbers, for
   * which `<` does, and of what has no order.
   */
  readonly compare?: Compare;
}

/** Makes a value to be held of one of a batch. */
export type Keep = (value: unknown) => unknown;

/** Tells the order of two values. */
export type Compare = (a: unknown, b: unknown) => number;

const keepSame: Keep = (value) => value;
const same = () => keepSame;

/** Values that are held as they stand in rows. */
const CELLS: HeldValues = { of: (column) => cellsOf(column)(), keeper: same, cell: keepSame };

/** Texts of a dictionary are shared, and few. */
function textKeeper({ type }: Column): Keep {
  return type.kind === "dict" ? keepSame : ownText as Keep;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at++) if (a[at] !== b[at]) return a[at] - b[at];
  return a.length - b.length;
}

function decimals({ values, length }: Column): bigint[] {
  return Array.from({ length }, (_, at) => readDecimal(values as Uint8Array, at));
}

function compareNumbers(a: bigint, b: bigint): number {
  return Number(a > b) - Number(a < b);
}

/** How the values of a type are held. */
export function heldValues(type: DataType): HeldValues {
  switch (type.kind) {
    case "dict":
    case "utf8":
      return { ...CELLS, keeper: textKeeper, compare: compareText as Compare };
    case "bytes":
      return { ...CELLS, compare: compareBytes as Compare };
    case "bool":
      return { ...CELLS, compare: (a, b) => Number(a) - Number(b) };
    case "decimal":
      return {
        of: decimals,
        keeper: same,
        cell: (value) => formatDecimal(value as bigint, type.scale),
        compare: compareNumbers as Compare,
      };
    default:
      return isNumberType(type, "first") ? numbers(type) : CELLS;
  }
}

function numbers(type: DataType): HeldValues {
  const isLong = type.kind === "i64";
  return {
    of: numbersOf,
    keeper: same,
    cell: (value) => isLong ? asRowValue(value as bigint, type) : Number(value),
  };
}
