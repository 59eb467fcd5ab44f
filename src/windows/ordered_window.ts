import type { Expr } from "../batch/expressions/expr.ts";
import type { ComputedColumn } from "./aggregate.ts";
import { CountWindow } from "./count_window.ts";
import { CustomWindow } from "./custom_window.ts";
import { GlobalWindow } from "./global_window.ts";
import { SessionWindow } from "./session_window.ts";
import { TrailingWindow } from "./trailing_window.ts";
import type { WindowSpec } from "./window_spec.ts";

// No column of a user begins like this by chance.
const GAP = "\u0000session gap";
const START = "\u0000window start";
const END = "\u0000window end";

/** Windows that see the rows of a key in the order of the source. */
export type OrderedWindow =
  | SessionWindow
  | CountWindow
  | TrailingWindow
  | GlobalWindow
  | CustomWindow<never, never>;

/** Whether something is windows that see rows in order. */
export function isOrderedWindow(value: unknown): value is OrderedWindow {
  return value instanceof SessionWindow || value instanceof CountWindow ||
    value instanceof TrailingWindow || value instanceof GlobalWindow ||
    value instanceof CustomWindow;
}

/** The windows as plain data. */
export function orderedWindowSpec(window: OrderedWindow): WindowSpec {
  if (window instanceof SessionWindow) {
    return { kind: "session", gap: typeof window.gap === "number" ? window.gap : { column: GAP } };
  }
  if (window instanceof CountWindow) {
    const { size, slide, partial } = window;
    return { kind: "count", size, slide, partial };
  }
  if (window instanceof TrailingWindow) return { kind: "trailing", duration: window.duration };
  if (window instanceof GlobalWindow) return { kind: "global" };
  if (window.bounds) return { kind: "bounds", start: START, end: END };
  return { kind: "custom", ...(window.columns && { columns: window.columns }) };
}

/** The columns that are computed from others for the windows. */
export function columnsForWindow(window: OrderedWindow): readonly ComputedColumn[] {
  if (window instanceof SessionWindow && typeof window.gap !== "number") {
    return [computed(GAP, window.gap)];
  }
  if (!(window instanceof CustomWindow) || !window.bounds) return [];
  const { start, end } = window.bounds;
  return [computed(START, start), computed(END, end)];
}

function computed(name: string, expression: Expr): ComputedColumn {
  return { name, node: expression.node, of: String(expression) };
}
