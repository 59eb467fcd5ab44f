import { describeAssign } from "../hive/assign_function.ts";
import { isKernelOp, whyOrdered } from "../windows/aggregate_place.ts";
import type { Aggregates } from "../windows/aggregates.ts";
import { CalendarWindow } from "../windows/calendar_window.ts";
import { CountWindow } from "../windows/count_window.ts";
import { CustomWindow } from "../windows/custom_window.ts";
import { GlobalWindow } from "../windows/global_window.ts";
import {
  columnsForWindow,
  isOrderedWindow,
  type OrderedWindow,
  orderedWindowSpec,
} from "../windows/ordered_window.ts";
import { extentOf } from "../windows/plan.ts";
import { isWindowAssigner, type WindowAssigner } from "../windows/window_assigner.ts";
import type { WindowSemantics } from "../windows/window_semantics.ts";
import type { TriggerSpec, WindowOperatorSpec, WindowSpec } from "../windows/window_spec.ts";
import { CALENDAR_BOUNDS, calendarPlan } from "./calendar_plan.ts";
import type { PipelineSettings } from "./pipeline_options.ts";
import { columnsOf, type OrderedPlan, type PipelinePlan, type TimePlan } from "./pipeline_plan.ts";
import { semanticsFor, triggerFor } from "./semantics_options.ts";
import { windowText } from "./window_text.ts";

/** Whatever rows can be put into. */
export type AnyWindow = WindowAssigner | CalendarWindow | OrderedWindow;

/** Windows that need no event times. */
export type UntimedWindow = CountWindow | GlobalWindow;

/** Whether something says which windows hold a row. */
export function isAnyWindow(value: unknown): value is AnyWindow {
  return value instanceof CalendarWindow || isWindowAssigner(value) || isOrderedWindow(value);
}

/** Whether windows need no event times. */
export function isUntimedWindow(value: AnyWindow): value is UntimedWindow {
  return value instanceof CountWindow || value instanceof GlobalWindow;
}

/**
 * Looks at what a user gives as windows.
 *
 * @throws {TypeError} when it is none, or goes by event times that there are not.
 */
export function checkWindow(window: unknown, time: TimePlan | undefined): void {
  if (!isAnyWindow(window)) {
    throw new TypeError(
      `Cannot make windows: pass a TumblingWindow, SlidingWindow, CumulatingWindow, ` +
        `CalendarWindow, SessionWindow, CountWindow, TrailingWindow, GlobalWindow or ` +
        `CustomWindow, received ` + (window === null ? "null" : typeof window),
    );
  }
  if (!time && !isUntimedWindow(window)) {
    throw new TypeError(
      `Cannot make windows: a ${window.constructor.name} goes by event times; call ` +
        `timestamps() before, or use a CountWindow or GlobalWindow`,
    );
  }
}

/** Windows, and when they give results. */
export interface WindowingPlan {
  readonly assigner: AnyWindow;
  readonly trigger?: TriggerSpec;
}

/** What decides where windows are computed. */
interface Asked extends WindowingPlan {
  readonly aggregates: Aggregates;
  /** How long windows are revised after their end, ms. */
  readonly revisedFor: number;
  readonly semantics: WindowSemantics;
  /** The most pairs of a window and a key that an operator in JavaScript may have open. */
  readonly maxOpen: number;
}

const ORDERED_WINDOWS: Readonly<Record<WindowSpec["kind"], string>> = {
  aligned: "they are put together from slices",
  session: "a session grows, and becomes one with others, by the rows that come",
  count: "rows of a key are counted",
  trailing: "a window ends with each time that a key has rows at",
  global: "the window has no end",
  custom: "a function says which windows hold a row",
  bounds: "a row says itself which window holds it",
};

/**
 * Why the rows of a key must come to its owner in the order of the source; `undefined`: they need
 * not, and the kernels of all bees aggregate them in any.
 */
function whyInOrder(
  { assigner, trigger, aggregates, revisedFor, semantics }: Asked,
): string | undefined {
  if (isOrderedWindow(assigner)) return ORDERED_WINDOWS[orderedWindowSpec(assigner).kind];
  if (trigger) return "a trigger gives results by which rows have come so far";
  if (revisedFor > 0) return "a late row revises what its window has given";
  if (!semantics.negativeStarts) return "there are no windows that start before 1970";
  if (semantics.closing === "passed") return "windows close when their end is passed";
  for (const [name, { op }] of Object.entries(aggregates)) {
    if (!isKernelOp(op)) {
      return `${JSON.stringify(name)} is computed in JavaScript: ${whyOrdered(op)}`;
    }
  }
  return undefined;
}

/**
 * How a windowed aggregation is computed: in the kernels of all bees, whichever has a row, or by
 * the owner of each key, which sees its rows in the order of the source.
 */
export function windowedPlan(
  { time, windowing }: PipelinePlan,
  aggregates: Aggregates,
  settings: PipelineSettings,
): Partial<PipelinePlan> {
  const { assigner } = windowing!;
  const revisedFor = settings.lateData === "update" ? settings.allowedLatenessMs : 0;
  const { kind } = windowSpecOf(assigner);
  const trigger = windowing!.trigger ?? triggerFor(settings.semantics, kind);
  const semantics = semanticsFor(settings.semantics, kind);
  const told: WindowingPlan = { assigner, ...(trigger && { trigger }) };
  const { maxOpenWindows: maxOpen } = settings;
  const asked = { ...told, aggregates, revisedFor, semantics, maxOpen };
  const because = whyInOrder(asked);
  if (because !== undefined) {
    checkLateBy(time, because);
    return { aggregates, windowing: told, ordered: orderedPlan(asked, because) };
  }
  const windows = assigner instanceof CalendarWindow
    ? calendarPlan(time!, assigner)
    : { window: assigner as WindowAssigner };
  return { ...windows, aggregates };
}

/** Of rows in order it depends on how partitions take turns what a row is late for. */
function checkLateBy(time: TimePlan | undefined, because: string): void {
  if (time?.lateBy !== "partition") return;
  throw new TypeError(
    `Cannot aggregate windows: with lateBy: "partition" rows are judged whatever the order in ` +
      `which partitions take turns, but here that counts, because ${because}; leave lateBy out`,
  );
}

function orderedPlan(
  { assigner, trigger, aggregates, revisedFor, semantics, maxOpen }: Asked,
  because: string,
): OrderedPlan {
  const windows: WindowOperatorSpec = {
    window: windowSpecOf(assigner),
    semantics,
    maxOpen,
    ...(trigger && { trigger }),
    ...(revisedFor > 0 && { revisedFor }),
  };
  const computed = isOrderedWindow(assigner) ? columnsForWindow(assigner) : [];
  const custom = assigner instanceof CustomWindow ? assigner : undefined;
  const assign = custom && describeAssign(custom);
  const { columns = [] } = custom ?? {};
  return {
    computed,
    columns: [...columnsOf(aggregates), ...columns, ...computed.map(({ name }) => name)],
    wholeRows: Object.values(aggregates).some(({ rows }) => rows) ||
      (assign !== undefined && custom?.columns === undefined),
    ...(assigner instanceof CalendarWindow && { calendar: assigner }),
    operator: { kind: "windows", windows, aggregates, ...(assign && { assign }) },
    text: windowText(assigner),
    because,
  };
}

function windowSpecOf(assigner: AnyWindow): WindowSpec {
  if (assigner instanceof CalendarWindow) return { kind: "bounds", ...CALENDAR_BOUNDS };
  if (isOrderedWindow(assigner)) return orderedWindowSpec(assigner);
  return { kind: "aligned", extent: extentOf(assigner) };
}
