import { type Duration, milliseconds } from "../runtime/duration.ts";
import { knownOptions, type OptionRule } from "../runtime/known_options.ts";
import type { PaneMode, TriggerSpec } from "../windows/window_spec.ts";
import { MAX_COUNT, OptionChecks } from "./option_checks.ts";

/** When windows give results besides the one at their end, and what is in them. */
export interface TriggerOptions {
  /** Gives a result after so many rows of a key in a window since its last one. Default: not. */
  everyRows?: number;
  /** Gives a result so often, if there are rows that none has had. Default: not. */
  every?: Duration;
  /**
   * What `every` goes by, at its multiples: `"event"` (default), the watermark; or `"processing"`, the
   * clock, with which results depend on when rows come.
   */
  clock?: "event" | "processing";
  /**
   * Whether a window gives a result at its end: `"always"` (default), `"ifChanged"`, when rows have
   * come since the last one, or `"never"`.
   */
  onTime?: "always" | "ifChanged" | "never";
  /**
   * What results of one window hold: all of its rows (`"accumulating"`, default), those since the
   * last one (`"discarding"`), or all of them, and the result before is taken back by a row of its
   * own (`"retracting"`).
   */
  panes?: PaneMode;
}

const OPTIONS: OptionRule<TriggerOptions> = {
  doing: "make trigger",
  names: { everyRows: true, every: true, clock: true, onTime: true, panes: true },
  example: "{ everyRows: 100 }",
};

const check = new OptionChecks("trigger");

/**
 * Checks when windows are to give results.
 *
 * @throws {TypeError | RangeError} when an option is none that it can be, or is not known.
 */
export function triggerSpec(options: TriggerOptions): TriggerSpec {
  const { everyRows, every, clock, onTime, panes } = knownOptions(options, OPTIONS);
  if (clock !== undefined) check.oneOf("clock", clock, ["event", "processing"]);
  if (onTime !== undefined) check.oneOf("onTime", onTime, ["always", "ifChanged", "never"]);
  if (panes !== undefined) {
    check.oneOf("panes", panes, ["accumulating", "discarding", "retracting"]);
  }
  if (clock !== undefined && every === undefined) {
    throw new TypeError(
      `Cannot create trigger: clock says what every goes by, received clock ` +
        `${JSON.stringify(clock)} without every; pass every: "10s", say`,
    );
  }
  return {
    ...(everyRows !== undefined && {
      everyRows: check.count("everyRows", everyRows, { least: 1, most: MAX_COUNT }),
    }),
    ...(every !== undefined && { every: milliseconds(every, "every", { least: 1 }) }),
    ...(clock && { clock }),
    ...(onTime && { onTime }),
    ...(panes && { panes }),
  };
}
