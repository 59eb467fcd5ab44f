import { WindowShape } from "../../kernel/window_shape.ts";
import type { OperatorSpec } from "../../hive/operator_loader.ts";
import type { CalendarWindow } from "../../windows/calendar_window.ts";

/** The watermark by which all windows are gone that may hold a row of a time, ms. */
export type LastClosing = (time: number) => number;

/**
 * When windows over rows in order are gone, as far as that is known of a row's time alone. Of those
 * that have no end, or go by how many rows a key had, it is not before the end of the source: what
 * comes of a row then depends on all before it.
 */
export function lastClosing(
  { operator, calendar }: {
    readonly operator: OperatorSpec;
    /** Whose bounds the rows have. */
    readonly calendar?: CalendarWindow;
  },
): LastClosing {
  if (operator.kind !== "windows") return () => Infinity;
  const { window, revisedFor = 0, semantics } = operator.windows;
  const more = revisedFor + (semantics?.closing === "passed" ? 1 : 0);
  switch (window.kind) {
    case "aligned": {
      const shape = new WindowShape(window.extent);
      return (time) => Math.max(time, shape.lastEnd(time)) + more;
    }
    case "bounds":
      if (!calendar) return () => Infinity;
      return (time) => time === -Infinity ? time : calendar.endOf(time) + more;
    case "trailing":
      return (time) => time + window.duration + 1 + more;
    default:
      return () => Infinity;
  }
}
