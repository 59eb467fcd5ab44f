import { CumulatingWindow } from "./cumulating_window.ts";
import { SlidingWindow } from "./sliding_window.ts";
import { TumblingWindow } from "./tumbling_window.ts";

/** What says which windows a row belongs to, by its time alone. */
export type WindowAssigner = TumblingWindow | SlidingWindow | CumulatingWindow;

/** Whether something says which windows a row belongs to. */
export function isWindowAssigner(value: unknown): value is WindowAssigner {
  return value instanceof TumblingWindow || value instanceof SlidingWindow ||
    value instanceof CumulatingWindow;
}
