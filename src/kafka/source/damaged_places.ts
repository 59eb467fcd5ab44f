import type { TopicPartition } from "../driver/driver.ts";
import { keyOf } from "./partition_state.ts";

/** How often a batch that is damaged on the way is fetched again. */
const MOST_DAMAGED = 3;

/** From where in each partition what came was damaged, and how often. */
export class DamagedPlaces {
  readonly #places = new Map<string, { readonly offset: number; times: number }>();

  /** What came from an offset was damaged: whether that was so often enough to be believed. */
  isLasting(at: TopicPartition, offset: number): boolean {
    const before = this.#places.get(keyOf(at));
    const place = before?.offset === offset ? before : { offset, times: 0 };
    this.#places.set(keyOf(at), place);
    return ++place.times >= MOST_DAMAGED;
  }

  /** Nothing was damaged yet. */
  clear(): void {
    this.#places.clear();
  }
}
