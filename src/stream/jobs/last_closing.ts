import { WindowShape } from "../../kernel/window_shape.ts";
import type { OperatorSpec } from "../../hive/operator_loader.ts";
import type { CalendarWindow } from "../../windows/calendar_window.ts";

/** When windows over rows in order are gone. */
export interface LastClosing {
  /** The watermark by which that may be so of all windows that may hold a row of a time, ms. */
  readonly of: (time: number) => number;
  /** Whether windows may be open longer by the rows that come: then the owners tell which are. */
  readonly mayStay: boolean;
}

const NEVER: LastClosing = { of: () => Infinity, mayStay: false };

/**
 * When windows over rows in order are gone. Of those that have no end, or go by how many rows a key
 * had, it is not before the end of the source: what comes of a row then depends on all before it.
 */
export function lastClosing(
  { operator, calendar }: {
    readonly operator: OperatorSpec;
    /** Whose bounds the rows have. */
    readonly calendar?: CalendarWindow;
  },
): LastClosing {
  if (operator.kind !== "windows") return NEVER;
  const { window, revisedFor = 0, semantics } = operator.windows;
  const more = revisedFor + (semantics?.closing === "passed" ? 1 : 0);
  const after = (ms: number) => (time: number) => time + ms + more;
  switch (window.kind) {
    case "aligned": {
      const shape = new WindowShape(window.extent);
      return { of: (time) => Math.max(time, shape.lastEnd(time)) + more, mayStay: false };
    }
    case "trailing":
      return { of: after(window.duration + 1), mayStay: false };
    case "session":
      return { of: after(typeof window.gap === "number" ? window.gap : 0), mayStay: true };
    case "bounds":
      if (!calendar) return { of: after(0), mayStay: true };
      return {
        of: (time) => time === -Infinity ? time : calendar.endOf(time) + more,
        mayStay: false,
      };
    case "custom":
      return { of: after(0), mayStay: true };
    default:
      return NEVER;
  }
}
