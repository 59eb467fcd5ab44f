import { several } from "../batch/several.ts";
import { spellDuration } from "../runtime/duration.ts";
import { CalendarWindow } from "../windows/calendar_window.ts";
import { CountWindow } from "../windows/count_window.ts";
import { CumulatingWindow } from "../windows/cumulating_window.ts";
import { GlobalWindow } from "../windows/global_window.ts";
import { isOrderedWindow, type OrderedWindow } from "../windows/ordered_window.ts";
import { SessionWindow } from "../windows/session_window.ts";
import { SlidingWindow } from "../windows/sliding_window.ts";
import { TrailingWindow } from "../windows/trailing_window.ts";
import type { WindowAssigner } from "../windows/window_assigner.ts";
import type { TriggerSpec } from "../windows/window_spec.ts";

/**
 * Windows in words. They also stand in what is committed with offsets of topics, so that other words
 * for the same windows would have those of earlier versions not known again.
 */
export function windowText(window: WindowAssigner | CalendarWindow | OrderedWindow): string {
  if (window instanceof CalendarWindow) return calendarText(window);
  if (isOrderedWindow(window)) return orderedText(window);
  const size = spellDuration(window.size);
  const offset = window.offset > 0 ? `, offset by ${spellDuration(window.offset)}` : "";
  if (window instanceof SlidingWindow) {
    return `sliding, ${size} each, one every ${spellDuration(window.slide)}${offset}`;
  }
  if (window instanceof CumulatingWindow) {
    return `cumulating, up to ${size} by steps of ${spellDuration(window.step)}${offset}`;
  }
  return `tumbling, ${size} each${offset}`;
}

function orderedText(window: OrderedWindow): string {
  if (window instanceof SessionWindow) {
    const { gap } = window;
    return `sessions, over ${
      typeof gap === "number" ? spellDuration(gap) : `${gap} ms`
    } after their last row`;
  }
  if (window instanceof CountWindow) {
    const { size, slide, partial } = window;
    const each = slide === size ? "" : `, one every ${slide}`;
    return `${several(size, "row")} of a key each${each}${
      partial ? ", and what is left over at the end" : ""
    }`;
  }
  if (window instanceof TrailingWindow) {
    return `trailing, the ${spellDuration(window.duration)} up to each row`;
  }
  if (window instanceof GlobalWindow) return "global: one for all rows of a key";
  const { bounds } = window;
  return bounds
    ? `custom, from ${bounds.start} to ${bounds.end}`
    : "custom, by a function; in JavaScript, row by row";
}

function calendarText({ unit, timeZone, weekStart }: CalendarWindow): string {
  const start = unit === "week" ? ` from ${weekStart}` : "";
  return `each ${unit}${start} in ${timeZone}; found in JavaScript, row by row, by its calendar`;
}

const PANES = {
  accumulating: "all rows of their window",
  discarding: "the rows since the one before",
  retracting: "all rows of their window, and the one before is taken back",
} as const;

const AT_END = {
  always: "at the end",
  ifChanged: "at the end, if rows have come since the one before",
  never: "",
} as const;

/** A trigger in words. */
export function triggerText(
  { everyRows, every, clock, onTime = "always", panes = "accumulating" }: TriggerSpec,
): string {
  const when = [
    ...(everyRows === undefined
      ? []
      : [`after every ${everyRows === 1 ? "row" : `${everyRows} rows`}`]),
    ...(every === undefined ? [] : [
      `every ${spellDuration(every)} of ${clock === "processing" ? "the clock" : "event time"}`,
    ]),
    AT_END[onTime],
  ].filter((each) => each !== "");
  return `results ${when.join(", ") || "never"}; they hold ${PANES[panes]}`;
}
