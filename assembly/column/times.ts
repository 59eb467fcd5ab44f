// Event times of a column.

const GREATEST_TIME: i64 = 8_640_000_000_000_000;

/** The greatest of integers; NaN when one of them is no time, -Infinity of none. */
export function greatestOfTimes(values: u32, count: u32): f64 {
  if (count == 0) return -Infinity;
  let least = load<i64>(values);
  let greatest = least;
  for (let at = values + 8, end = values + (count << 3); at < end; at += 8) {
    const time = load<i64>(at);
    least = min(least, time);
    greatest = max(greatest, time);
  }
  return least >= -GREATEST_TIME && greatest <= GREATEST_TIME ? <f64>greatest : NaN;
}
