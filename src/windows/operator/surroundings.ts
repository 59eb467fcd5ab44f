import { countLeading } from "../../batch/count_leading.ts";
import type { Aggregation, States } from "./aggregation.ts";
import type { Entry } from "./two_stacks.ts";

/**
 * What the windows that hold a time have of a key: each is put together by one merge from what is up
 * to that time and what is after it, so that many windows of many pieces stay affordable.
 */
export class Surroundings {
  readonly #aggregation: Aggregation;
  readonly #entries: readonly Entry[];
  /** How many entries are not after the time. */
  readonly #middle: number;
  /** From each of these up to the time; from the first after it up to each. */
  #parts: readonly States[] | undefined;

  /**
   * @param entries What the windows have of the key, in the order of time.
   * @param after Where what comes after the time begins.
   */
  constructor(aggregation: Aggregation, entries: readonly Entry[], after: number) {
    this.#aggregation = aggregation;
    this.#entries = entries;
    this.#middle = this.#rank(after);
  }

  /** How many entries are before a time. */
  #rank(time: number): number {
    const entries = this.#entries;
    return countLeading(entries.length, (at) => entries[at].at < time);
  }

  /** Whether a window has rows of the key. */
  has(start: number, end: number): boolean {
    return this.#rank(start) < this.#rank(end);
  }

  /** All rows of the key in a window, which has some and holds the time; not to be changed. */
  of(start: number, end: number): States {
    const [from, to] = [this.#rank(start), this.#rank(end)];
    if (this.#aggregation.grows) {
      return this.#aggregation.merged(this.#entries.slice(from, to).map(({ states }) => states));
    }
    const parts = this.#parts ??= this.#joined();
    const sides = [
      ...(from < this.#middle ? [parts[from]] : []),
      ...(to > this.#middle ? [parts[to - 1]] : []),
    ];
    return sides.length === 1 ? sides[0] : this.#aggregation.merged(sides);
  }

  #joined(): States[] {
    const parts = this.#entries.map(({ states }) => states);
    for (let at = this.#middle - 2; at >= 0; at--) {
      parts[at] = this.#aggregation.merged([parts[at], parts[at + 1]]);
    }
    for (let at = this.#middle + 1; at < parts.length; at++) {
      parts[at] = this.#aggregation.merged([parts[at - 1], parts[at]]);
    }
    return parts;
  }
}
