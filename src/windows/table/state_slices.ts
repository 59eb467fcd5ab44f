import { countLeading } from "../../batch/count_leading.ts";
import type { OpenSlices } from "../../kernel/window_composer.ts";
import type { States } from "../operator/aggregation.ts";

/** Which slice, and which of the windows that hold it had closed before its rows came. */
export interface SlicePlace {
  readonly start: number;
  readonly skipped: number;
}

/** A slice of open windows. */
export interface StateSlice extends SlicePlace {
  /** The states of each key, by its id. */
  readonly groups: Map<number, States>;
  /** Kinds of windows in whose stacks it is. */
  readonly taken: Set<number>;
}

/** What hears of slices that are forgotten. */
export type SliceDropped = (slice: StateSlice) => void;

/** The slices of open windows, by start and then by the windows that they skip. */
export class StateSlices implements OpenSlices {
  readonly #dropped: SliceDropped;
  #all: StateSlice[] = [];
  /** How many skip windows. */
  #belated = 0;

  /** None yet. */
  constructor(dropped: SliceDropped) {
    this.#dropped = dropped;
  }

  /** All of them, in order. */
  get all(): readonly StateSlice[] {
    return this.#all;
  }

  get count(): number {
    return this.#all.length;
  }

  get hasBelated(): boolean {
    return this.#belated > 0;
  }

  start(index: number): number {
    return this.#all[index].start;
  }

  skipped(index: number): number {
    return this.#all[index].skipped;
  }

  rank(start: number): number {
    const all = this.#all;
    return countLeading(all.length, (at) => all[at].start < start);
  }

  /** The slice of a place, which is made if it is not there. */
  at({ start, skipped }: SlicePlace): StateSlice {
    const all = this.#all;
    const at = countLeading(all.length, (at) => {
      const { start: other, skipped: skips } = all[at];
      return other < start || (other === start && skips < skipped);
    });
    const known = all[at];
    if (known?.start === start && known.skipped === skipped) return known;
    const slice = { start, skipped, groups: new Map(), taken: new Set<number>() };
    if (skipped > 0) this.#belated++;
    all.splice(at, 0, slice);
    return slice;
  }

  drop(count: number): void {
    for (const slice of this.#all.splice(0, count)) {
      if (slice.skipped > 0) this.#belated--;
      this.#dropped(slice);
    }
  }
}
