import { countLeading } from "../../batch/count_leading.ts";
import type { WindowShape } from "../../kernel/window_shape.ts";
import type { States } from "./aggregation.ts";

/** The rows of a key in a slice. */
export interface Group {
  readonly slice: Slice;
  readonly key: number;
  readonly states: States;
}

/** A piece of time all of which is in the same windows. */
export interface Slice {
  readonly start: number;
  readonly end: number;
  /** End of the first window that holds it. */
  readonly firstEnd: number;
  /** End of the last window that holds it; not above `start` when there is none. */
  readonly lastEnd: number;
  readonly groups: Map<number, Group>;
}

/** The slices that hold rows, in the order of time. */
export class Slices {
  readonly #shape: WindowShape;
  readonly #byStart = new Map<number, Slice>();
  #all: Slice[] = [];

  constructor(shape: WindowShape) {
    this.#shape = shape;
  }

  /** All of them, the earliest first. */
  get all(): readonly Slice[] {
    return this.#all;
  }

  /** The slice that holds a time; one that holds no rows is not kept. */
  at(time: number): Slice {
    const shape = this.#shape;
    const start = shape.sliceOf(time);
    return this.#byStart.get(start) ?? {
      start,
      end: start + shape.slice,
      firstEnd: shape.endAfter(start),
      lastEnd: shape.lastEnd(start),
      groups: new Map(),
    };
  }

  /** Keeps a slice that has been given its first group. */
  keep(slice: Slice): void {
    this.#byStart.set(slice.start, slice);
    this.#all.splice(this.rank(slice.start), 0, slice);
  }

  /** How many slices start before a time. */
  rank(time: number): number {
    const all = this.#all;
    // Most often it is the last one.
    if (all.length > 0 && all[all.length - 1].start < time) return all.length;
    return countLeading(all.length, (at) => all[at].start < time);
  }

  /** Those from a time up to another. */
  between(start: number, end: number): readonly Slice[] {
    return this.#all.slice(this.rank(start), this.rank(end));
  }

  /** Takes out those of whose windows the last ended at or before a time. */
  drop(time: number): readonly Slice[] {
    const kept = this.#all.findIndex(({ lastEnd }) => lastEnd > time);
    const dropped = this.#all.splice(0, kept < 0 ? this.#all.length : kept);
    for (const { start } of dropped) this.#byStart.delete(start);
    return dropped;
  }
}
