import type { BeeLoss } from "../../hive/hive.ts";
import type { Outstanding } from "../../hive/scheduler.ts";
import type { WorkRange } from "../../hive/work_queue.ts";

/** So many bees are lost over a range before the record is looked for that does it. */
export const LOSSES_TO_ISOLATE = 2;

/** What becomes of a range that has cost too many bees. */
export interface Isolation {
  /** Parts of it that are to be done again, in order. */
  readonly again: readonly WorkRange[];
  /** The row that does it, once that is known. */
  readonly guilty?: number;
}

/** A range has cost two bees: finds the record that does it, by the bee's own word or by halves. */
export function isolateRecord(range: WorkRange, told: number | undefined): Isolation {
  const { batch, from, to } = range;
  const losses = LOSSES_TO_ISOLATE - 1;
  const parts = (...ends: readonly [from: number, to: number][]): WorkRange[] =>
    ends.filter(([from, to]) => from < to).map(([from, to]) => ({ batch, losses, from, to }));
  const guilty = to - from === 1 ? from : told;
  if (guilty !== undefined) return { again: parts([from, guilty], [guilty + 1, to]), guilty };
  const middle = (from + to) >> 1;
  return { again: parts([from, middle], [middle, to]) };
}

/** The row that a lost bee was at, if it says so of this range. */
export function rowAtLoss(
  { id, range, done }: Outstanding & { readonly id: number },
  { cursor }: BeeLoss,
): number | undefined {
  const { batch, low, high } = cursor;
  const precise = batch === id && high === low + 1 && low >= done && low < range.to;
  return precise ? low : undefined;
}
