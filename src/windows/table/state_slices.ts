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

/** Holds the place of one that is gone, so that its states are not kept. */
const GONE: StateSlice = { start: -Infinity, skipped: 0, groups: new Map(), taken: new Set() };
/** So many places of slices that are gone may stand before the others. */
const MOST_GONE = 1024;

/** The slices of open windows, by start and then by the windows that they skip. */
export class StateSlices implements OpenSlices {
  readonly #dropped: SliceDropped;
  /** Those that are gone are cut off together: one by one would move all others each time. */
  #all: StateSlice[] = [];
  #gone = 0;
  /** How many skip windows. */
  #belated = 0;

  /** None yet. */
  constructor(dropped: SliceDropped) {
    this.#dropped = dropped;
  }

  /** All of them, in order. */
  get all(): readonly StateSlice[] {
    this.#cut();
    return this.#all;
  }

  get count(): number {
    return this.#all.length - this.#gone;
  }

  get hasBelated(): boolean {
    return this.#belated > 0;
  }

  /** One of them, by its place. */
  slice(index: number): StateSlice {
    return this.#all[this.#gone + index];
  }

  start(index: number): number {
    return this.slice(index).start;
  }

  skipped(index: number): number {
    return this.slice(index).skipped;
  }

  rank(start: number): number {
    return countLeading(this.count, (at) => this.slice(at).start < start);
  }

  /** The slice of a place, which is made if it is not there. */
  at({ start, skipped }: SlicePlace): StateSlice {
    const at = countLeading(this.count, (at) => {
      const { start: other, skipped: skips } = this.slice(at);
      return other < start || (other === start && skips < skipped);
    });
    const known = this.slice(at);
    if (known?.start === start && known.skipped === skipped) return known;
    const slice = { start, skipped, groups: new Map(), taken: new Set<number>() };
    if (skipped > 0) this.#belated++;
    this.#all.splice(this.#gone + at, 0, slice);
    return slice;
  }

  drop(count: number): void {
    const end = Math.min(this.#gone + count, this.#all.length);
    for (; this.#gone < end; this.#gone++) {
      const slice = this.#all[this.#gone];
      if (slice.skipped > 0) this.#belated--;
      this.#dropped(slice);
      this.#all[this.#gone] = GONE;
    }
    if (this.#gone > MOST_GONE && 2 * this.#gone > this.#all.length) this.#cut();
  }

  #cut(): void {
    if (this.#gone > 0) this.#all.splice(0, this.#gone);
    this.#gone = 0;
  }
}
