/**
 * How many of so many places come before the first that a condition does not hold for: by halving,
 * so that it must hold for no place behind that.
 */
export function countLeading(length: number, holds: (at: number) => boolean): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
