import { parseTimestamp } from "../../batch/iso_time.ts";
import { type Duration, milliseconds } from "../../runtime/duration.ts";
import { received } from "../../runtime/known_options.ts";
import { badColumn, type Moment } from "./column_spec.ts";

const DAY_MS = 86_400_000;
const MOST_MS = 8.64e15;

/** A point in time as milliseconds since 1970. */
export function msOf(name: string, moment: Moment): number {
  const ms = typeof moment === "string"
    ? parseTimestamp(moment)
    : moment instanceof Date
    ? moment.getTime()
    : moment;
  if (typeof ms === "number" && Math.abs(ms) <= MOST_MS) return Math.floor(ms);
  badColumn(
    name,
    `a time must be such as "2026-01-31T08:00:00Z", a Date, or milliseconds since 1970, received ` +
      received(moment),
  );
}

/** A day as days since 1970; numbers are such. */
export function dayOf(name: string, moment: Moment): number {
  if (typeof moment !== "number") return Math.floor(msOf(name, moment) / DAY_MS);
  if (Number.isInteger(moment) && Math.abs(moment) <= MOST_MS / DAY_MS) return moment;
  badColumn(name, `a day must be a whole number of days since 1970, received ${moment}`);
}

/** The length of a step of time in milliseconds, above 0. */
export function stepOf(name: string, every: Duration): number {
  const ms = milliseconds(every, `every of column ${JSON.stringify(name)}`, { fractions: true });
  if (ms > 0) return ms;
  badColumn(name, `every must be longer than 0, received ${received(every)}`);
}
