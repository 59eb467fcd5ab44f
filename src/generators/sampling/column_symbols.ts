import { type CategoryPlan, KNOTS, type LookupPlan, type NumberPlan } from "../encoding/plans.ts";
import type { CutSums } from "./cut_sums.ts";

/** No symbol is as large. */
export const NO_SYMBOL = 0xffff;

/** What the symbols of a column of categories stand for. */
export interface CategorySymbols {
  /** The position of each one's value in the list, or of the first of several; −1 is null. */
  readonly firsts: Int32Array;
  /** How likely the values from the first on are, where there are several. */
  readonly groups: readonly (Float64Array | undefined)[];
  /**
   * Where positions are themselves but for null: the symbol of null, or one that there is not.
   * Symbols are then taken as they are.
   */
  readonly none?: number;
  /** Positions to be shown, by position and null first, where some stand for others. */
  readonly renamed?: Int32Array;
}

/** What the symbols of a column of numbers stand for. */
export interface NumberSymbols {
  /** The knots of every symbol, by part. */
  readonly knots: readonly Float64Array[];
  /** The symbol of the first part that is null. */
  readonly none?: number;
  /** Pairs with symbols of other columns of which only some numbers are wanted. */
  readonly cuts?: readonly CutSums[];
}

/** What a column that follows from others is looked up in. */
export type LookupEntries = Pick<LookupPlan, "entries" | "width" | "choices">;

/** What the symbols of the columns stand for that another is the sum of. */
export interface SumSymbols {
  readonly parts: readonly NumberSymbols[];
  /** Pairs of them of which only some numbers are wanted. */
  readonly cuts?: CutSums;
}

/** What the symbols of a column stand for. */
export type ColumnSymbols = CategorySymbols | NumberSymbols | LookupEntries | SumSymbols;

/** The symbols as they were learned. */
export function categorySymbols({ sizes, weights, nulls }: CategoryPlan): CategorySymbols {
  const firsts = new Int32Array(sizes.length + 1);
  const groups: (Float64Array | undefined)[] = [];
  let first = 0;
  sizes.forEach((size, symbol) => {
    firsts[symbol] = first;
    groups.push(size > 1 ? weights.subarray(first, first + size) : undefined);
    first += size;
  });
  if (nulls) firsts[sizes.length] = -1;
  const areSingle = sizes.every((size) => size === 1);
  return { firsts, groups, ...(areSingle && { none: nulls ? sizes.length : NO_SYMBOL }) };
}

/**
 * The knots of a part of a number, those of null included: of a part that is null beside others that
 * are not, the middle; else they are not looked at.
 */
export function knotsWithNull(knots: Float64Array, nulls: boolean): Float64Array {
  if (!nulls) return knots;
  const middle = Math.floor(knots.length / KNOTS / 2) * KNOTS;
  const out = new Float64Array(knots.length + KNOTS);
  out.set(knots);
  out.set(knots.subarray(middle, middle + KNOTS), knots.length);
  return out;
}

/** The symbols as they were learned. */
export function numberSymbols({ parts, nulls }: NumberPlan): NumberSymbols {
  const knots = parts.map((part) => knotsWithNull(part.knots, nulls));
  return { knots, ...(nulls && { none: parts[0].knots.length / KNOTS }) };
}
