import { BETWEEN, WindowShape } from "../kernel/window_shape.ts";
import { CalendarWindow } from "../windows/calendar_window.ts";
import { extentOf } from "../windows/plan.ts";
import type { WindowAssigner } from "../windows/window_assigner.ts";

/** Where windows end. */
interface Ends {
  /** The first end after a watermark of a window that holds a time, ms; `Infinity`: none. */
  next(time: number, watermark: number): number;
  /** The end of the last window that holds a time, ms. */
  last(time: number): number;
  /** The last end of a window at or before a watermark, ms. */
  before(watermark: number): number;
  /** From one end to the next, ms; of windows that are not as long as each other `Infinity`. */
  readonly step: number;
  /** Whether any window holds a time. */
  isInside(time: number): boolean;
}

function shapeEnds(window: WindowAssigner): Ends {
  const shape = new WindowShape(extentOf(window));
  return {
    next: (time, watermark) => shape.nextEnd(time, watermark),
    last: (time) => shape.lastEnd(shape.sliceOf(time)),
    before: (watermark) => shape.endAfter(watermark) - shape.step,
    step: shape.step,
    isInside: (time) => shape.skippedBy(shape.sliceOf(time), -Infinity) !== BETWEEN,
  };
}

function calendarEnds(window: CalendarWindow): Ends {
  return {
    next: (time, watermark) => {
      const end = window.endOf(time);
      return end > watermark ? end : Infinity;
    },
    last: (time) => window.endOf(time),
    before: (watermark) => window.startOf(watermark),
    step: Infinity,
    isInside: () => true,
  };
}

/** What became of a row's time. */
export type Placed = "open" | "late" | "outside";

/**
 * Which windows have rows and are open, by times alone: rows whose windows close next at the same
 * time are one entry, so that there are about as many entries as ends that rows wait for.
 */
export class OpenWindows {
  readonly #ends: Ends;
  /** The next end of each entry, ascending, ms. */
  #next: number[] = [];
  /** The greatest time of each entry, by its next end: it is in the last of their windows. */
  readonly #latest = new Map<number, number>();

  /** No rows yet. */
  constructor(window: WindowAssigner | CalendarWindow) {
    this.#ends = window instanceof CalendarWindow ? calendarEnds(window) : shapeEnds(window);
  }

  /** How many windows that have rows are open, whatever their keys. */
  get count(): number {
    const { step } = this.#ends;
    let [count, counted] = [0, -Infinity];
    for (const end of this.#next) {
      const last = this.#ends.last(this.#latest.get(end)!);
      const from = Math.max(end, counted + step);
      if (step === Infinity) count++;
      else if (last >= from) count += (last - from) / step + 1;
      counted = Math.max(counted, last);
    }
    return count;
  }

  /** The greatest end of a window that is open, ms; `-Infinity` without one. */
  get lastEnd(): number {
    return this.#latest.values().reduce(
      (greatest, time) => Math.max(greatest, this.#ends.last(time)),
      -Infinity,
    );
  }

  /** A row has come after a watermark. */
  add(time: number, watermark: number): Placed {
    const end = this.#ends.next(time, watermark);
    if (end === Infinity) return this.#ends.isInside(time) ? "late" : "outside";
    this.#put(end, time);
    return "open";
  }

  /**
   * Closes windows by a watermark.
   *
   * @returns the last end of a window that is closed now, ms; `undefined`: none of those with rows
   *   has ended.
   */
  close(watermark: number): number | undefined {
    let due = 0;
    while (this.#next[due] <= watermark) due++;
    if (due === 0) return undefined;
    for (const end of this.#next.splice(0, due)) {
      const time = this.#latest.get(end)!;
      this.#latest.delete(end);
      const next = this.#ends.next(time, watermark);
      if (next < Infinity) this.#put(next, time);
    }
    return this.#ends.before(watermark);
  }

  #put(end: number, time: number): void {
    const known = this.#latest.get(end);
    if (known === undefined) this.#insert(end);
    if (known === undefined || time > known) this.#latest.set(end, time);
  }

  /** Most often behind all others. */
  #insert(end: number): void {
    let at = this.#next.length;
    while (at > 0 && this.#next[at - 1] > end) at--;
    this.#next.splice(at, 0, end);
  }
}
