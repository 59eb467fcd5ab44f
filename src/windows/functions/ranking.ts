import { type Edge, isBefore } from "./edge_function.ts";
import type { HeldValues } from "./held_values.ts";

/** By what a row is chosen, and its place, which decides among equal ones. */
export interface Rank extends Omit<Edge, "value"> {
  rank: unknown;
}

/** Whether the row of one rank comes before that of another. */
export type Outranks = (next: Rank, other: Rank) => boolean;

/** The order of ranks of a type, the least or the greatest first, and among equal ones the earliest. */
export function ranking({ compare }: HeldValues, isLeast: boolean): Outranks {
  if (!compare) return (next, other) => outranksNumber(next, other, isLeast);
  return (next, other) => {
    const order = compare(next.rank, other.rank);
    return order === 0 ? isBefore(next, other) : order < 0 === isLeast;
  };
}

function outranksNumber(next: Rank, other: Rank, isLeast: boolean): boolean {
  const [rank, before] = [next.rank as number, other.rank as number];
  // NaN, the only value that differs from itself, comes before all others.
  const [isNan, wasNan] = [rank !== rank, before !== before];
  if (isNan !== wasNan) return isNan;
  if (isNan || rank === before) return isBefore(next, other);
  return rank < before === isLeast;
}
