import { CalendarWindow } from "../../windows/calendar_window.ts";
import { CountWindow } from "../../windows/count_window.ts";
import { GlobalWindow } from "../../windows/global_window.ts";
import { SessionWindow } from "../../windows/session_window.ts";
import { TrailingWindow } from "../../windows/trailing_window.ts";
import { isWindowAssigner } from "../../windows/window_assigner.ts";
import { FLINK_SEMANTICS, type WindowSemantics } from "../../windows/window_semantics.ts";
import type { WindowOperatorSpec } from "../../windows/window_spec.ts";
import { OpenWindows } from "../open_windows.ts";
import { OpenSessions } from "./open_sessions.ts";
import type { AnyWindow } from "../window_plan.ts";

/** A record, as far as windows go by it. */
export interface ClosingRecord {
  readonly time: number;
  readonly key: string | null;
  /** Watermark before it, ms. */
  readonly before: number;
}

/**
 * Which records may set off results, as far as it can be told where they come in: never fewer than
 * do, and most often no more.
 */
export interface Closings {
  /** Windows with records that are open, where that can be told. */
  readonly count: number | undefined;
  /** Records that came when all their windows were closed, where that can be told. */
  readonly late: number | undefined;
  /** The greatest end of an open window, ms; `-Infinity`: none is known. */
  readonly lastEnd: number;
  /** A record has come: whether it may set off results whatever the watermark does. */
  add(record: ClosingRecord): boolean;
  /**
   * The watermark has been raised.
   *
   * @returns the last end up to which windows may have closed by it, ms; `undefined`: none has.
   */
  close(watermark: number): number | undefined;
}

/** What may set off results in a pipeline. */
export interface ClosingRule {
  readonly closings: Closings;
  /** Whether results belong to the first record after which the watermark has reached their end. */
  readonly isByEnd: boolean;
}

/** Windows that lie fixed in time. */
class FixedClosings implements Closings {
  late = 0;
  readonly #open: OpenWindows;

  constructor(open: OpenWindows) {
    this.#open = open;
  }

  get count(): number {
    return this.#open.count;
  }

  get lastEnd(): number {
    return this.#open.lastEnd;
  }

  add({ time, before }: ClosingRecord): boolean {
    if (this.#open.add(time, before) === "late") this.late++;
    return false;
  }

  close(watermark: number): number | undefined {
    return this.#open.close(watermark);
  }
}

/** Windows of which nothing is known here: whenever the watermark is raised some may close. */
class UnknownClosings implements Closings {
  readonly count = undefined;
  readonly late = undefined;
  readonly lastEnd: number = -Infinity;

  add(_record: ClosingRecord): boolean {
    return false;
  }

  close(watermark: number): number | undefined {
    return watermark;
  }
}

/** One window without an end. */
class NoClosings extends UnknownClosings {
  override close(): undefined {
    return undefined;
  }
}

/** A window for each so many records of a key. */
class CountClosings extends NoClosings {
  readonly #window: CountWindow;
  readonly #counts = new Map<string | null, number>();

  constructor(window: CountWindow) {
    super();
    this.#window = window;
  }

  override add({ key }: ClosingRecord): boolean {
    const { size, slide } = this.#window;
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return count % slide === 0 || (count >= size && (count - size) % slide === 0);
  }
}

/** Windows whose results may also be set off by records. */
class TouchyClosings implements Closings {
  readonly late = undefined;
  readonly #base: Closings;
  readonly #mayRow: (record: ClosingRecord) => boolean;
  readonly #mayTime: boolean;

  constructor(
    base: Closings,
    { mayRow, mayTime }: { mayRow: (record: ClosingRecord) => boolean; mayTime: boolean },
  ) {
    this.#base = base;
    this.#mayRow = mayRow;
    this.#mayTime = mayTime;
  }

  get count(): number | undefined {
    return this.#base.count;
  }

  get lastEnd(): number {
    return this.#base.lastEnd;
  }

  add(record: ClosingRecord): boolean {
    return this.#base.add(record) || this.#mayRow(record);
  }

  close(watermark: number): number | undefined {
    return this.#base.close(watermark) ?? (this.#mayTime ? watermark : undefined);
  }
}

function baseOf(window: AnyWindow, { sessionsTouch: touch }: WindowSemantics): Closings {
  if (window instanceof CalendarWindow || isWindowAssigner(window)) {
    return new FixedClosings(new OpenWindows(window));
  }
  if (window instanceof SessionWindow && typeof window.gap === "number") {
    return new OpenSessions(window.gap, { touch });
  }
  // A window for each time of a key's records: sessions that end 1 ms after it.
  if (window instanceof TrailingWindow) return new OpenSessions(1, { touch: false });
  if (window instanceof CountWindow) return new CountClosings(window);
  return window instanceof GlobalWindow ? new NoClosings() : new UnknownClosings();
}

/** Whether windows close by their ends as they do here. */
function isUsual(window: AnyWindow, rules: WindowSemantics): boolean {
  const { closing, negativeStarts, sessionEnd } = rules;
  if (closing !== "reached" || !negativeStarts) return false;
  return !(window instanceof SessionWindow) || sessionEnd === "gap";
}

/**
 * What may set off results.
 *
 * @param spec Of windows that see rows in order; absent: they are of the kernel.
 */
export function closingRule(
  window: AnyWindow,
  spec: Omit<WindowOperatorSpec, "time" | "keys"> | undefined,
): ClosingRule {
  const { trigger, revisedFor = 0 } = spec ?? {};
  const semantics = { ...FLINK_SEMANTICS, ...spec?.semantics };
  const base = baseOf(window, semantics);
  const usual = isUsual(window, semantics);
  if (usual && !trigger && revisedFor === 0) {
    return { closings: base, isByEnd: base instanceof FixedClosings };
  }
  const anyRow = !usual || trigger?.everyRows !== undefined;
  const mayRow = ({ time, before }: ClosingRecord) => anyRow || (revisedFor > 0 && time < before);
  const mayTime = !usual || trigger?.every !== undefined;
  return { closings: new TouchyClosings(base, { mayRow, mayTime }), isByEnd: false };
}
