/** A distribution, by the number below which a share of it lies. */
export type Quantile = (share: number) => number;

const SEARCH_STEPS = 80;
/** The share of a distribution that is below a number. */
export function shareBelow(quantile: Quantile, value: number): number {
  let [low, high] = [0, 1];
  for (let step = 0; step < SEARCH_STEPS; step++) {
    const middle = (low + high) / 2;
    if (quantile(middle) < value) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** A distribution without what is below `low` and above `high`; undefined when that is all of it. */
export function truncated(quantile: Quantile, low: number, high: number): Quantile | undefined {
  const from = low === -Infinity ? 0 : shareBelow(quantile, low);
  const to = high === Infinity ? 1 : shareBelow(quantile, high);
  if (!(to - from > 1e-12)) return undefined;
  return (share) => Math.min(high, Math.max(low, quantile(from + (to - from) * share)));
}
