import type { DataType } from "../../batch/schema.ts";

const DAY_MS = 86_400_000;
const WEEK_DAYS = 7;
/** Day 0 was a Thursday: with this, weeks begin on a Monday. */
const FIRST_WEEKDAY = 3;
const GRIDS_MS = [3_600_000, 60_000, 1_000, 1];
/** The 0.1 % point of χ² with 6 degrees of freedom. */
const WEEKLY_CHI_SQUARE = 22.458;
const MOST_DAYS_ALONE = 60;

/** How a number is the sum of parts: `offset` and a whole multiple of each scale, large ones first. */
export interface Split {
  readonly scales: readonly number[];
  readonly offset: number;
}

/** The parts of a number. */
export function partsOf({ scales, offset }: Split, value: number): number[] {
  if (scales.length === 1 && scales[0] === 1 && offset === 0) return [value];
  let rest = value - offset;
  return scales.map((scale) => {
    const part = Math.floor(rest / scale);
    rest -= part * scale;
    return part;
  });
}

function daySplit(days: Float64Array, dayScale: number): Split {
  return isWeekly(days)
    ? { scales: [dayScale * WEEK_DAYS, dayScale], offset: -FIRST_WEEKDAY * dayScale }
    : { scales: [dayScale], offset: 0 };
}

/** Whether the days of the week are of different shares, and the days too many for symbols. */
function isWeekly(days: Float64Array): boolean {
  const counts = new Float64Array(WEEK_DAYS);
  const distinct = new Set<number>();
  for (const day of days) {
    counts[(((day + FIRST_WEEKDAY) % WEEK_DAYS) + WEEK_DAYS) % WEEK_DAYS]++;
    if (distinct.size <= MOST_DAYS_ALONE) distinct.add(day);
  }
  if (distinct.size <= MOST_DAYS_ALONE) return false;
  const expected = days.length / WEEK_DAYS;
  const chiSquare = counts.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
  return chiSquare > WEEKLY_CHI_SQUARE;
}

function gridOf(times: Float64Array): number {
  return GRIDS_MS.find((grid) => times.every((time) => time % grid === 0))!;
}

/** The parts by which numbers of a type are learned: of times the weeks, weekdays, times of day. */
export function splitOf(type: DataType, values: Float64Array): Split {
  if (type.kind === "date") return daySplit(values, 1);
  if (type.kind === "time") return { scales: [gridOf(values)], offset: 0 };
  if (type.kind !== "timestamp") return { scales: [1], offset: 0 };
  const days = values.map((value) => Math.floor(value / DAY_MS));
  const times = values.map((value, at) => value - days[at] * DAY_MS);
  const split = daySplit(days, DAY_MS);
  if (times.every((time) => time === 0)) return split;
  return { scales: [...split.scales, gridOf(times)], offset: split.offset };
}
