/** What is due when: each time once, however much is due at it. */
export class Timers<Due> {
  readonly #due = new Map<number, Due[]>();
  /** A binary heap of the times, the least first. */
  readonly #times: number[] = [];

  /** Whether nothing is due at any time. */
  get isEmpty(): boolean {
    return this.#times.length === 0;
  }

  /** The least time at which something is due; `Infinity` when nothing is. */
  get next(): number {
    return this.#times.length === 0 ? Infinity : this.#times[0];
  }

  /** Whether something is due by a time. */
  isDue(time: number): boolean {
    return this.#times.length > 0 && this.#times[0] <= time;
  }

  /** Something is due at a time. */
  add(time: number, due: Due): void {
    const known = this.#due.get(time);
    if (known !== undefined) {
      known.push(due);
      return;
    }
    this.#due.set(time, [due]);
    this.#raise(time);
  }

  /** Takes what is due at a time. */
  take(time: number): Due[] {
    if (this.#times.length === 0 || this.#times[0] !== time) return [];
    const due = this.#due.get(time)!;
    this.#due.delete(time);
    this.#sink(this.#times.pop()!);
    return due;
  }

  #raise(time: number): void {
    const times = this.#times;
    let at = times.push(time) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (times[above] <= time) break;
      times[at] = times[above];
      at = above;
    }
    times[at] = time;
  }

  /** Puts a time in the place of the least one. */
  #sink(time: number): void {
    const times = this.#times;
    if (times.length === 0) return;
    let at = 0;
    while (true) {
      let below = 2 * at + 1;
      if (below + 1 < times.length && times[below + 1] < times[below]) below++;
      if (below >= times.length || times[below] >= time) break;
      times[at] = times[below];
      at = below;
    }
    times[at] = time;
  }
}
