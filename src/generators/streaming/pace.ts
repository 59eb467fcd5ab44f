/** When records may leave. */
export interface Pace {
  /**
   * Milliseconds since the start after which so many records in all, at least 1, may have left; never
   * less for more of them.
   */
  dueMs(count: number): number;
  /** Whether it is the same at all times, and known of any count at once. Default false. */
  readonly isEven?: boolean;
}

/** So many records a second: at no time more than the rate has earned since the start. */
export function constantPace(perSecond: number): Pace {
  return { isEven: true, dueMs: (count) => (count * 1000) / perSecond };
}

/** The later of two. */
export function slowerOf(a: Pace, b: Pace): Pace {
  return { dueMs: (count) => Math.max(a.dueMs(count), b.dueMs(count)) };
}

/** The most records from `first` that are due by a time, at least 1 and at most `most`. */
export function countDueBy(
  pace: Pace,
  { first, most, ms }: { first: number; most: number; ms: number },
): number {
  let [low, high] = [1, most];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (pace.dueMs(first + middle) <= ms) low = middle;
    else high = middle - 1;
  }
  return low;
}
