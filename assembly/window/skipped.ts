// Which of the windows that hold a slice have closed.
import {
  K_LATE,
  K_OUTSIDE,
  KIND_BYTES,
  T_END,
  T_KIND_COUNT,
  T_KINDS,
  T_SLIDE,
  T_SPAN,
  T_STEP,
} from "./table";

/** Instead of how many windows are skipped: all of them. */
export const ALL_CLOSED: i32 = -1;
/** Instead of that: there are none. */
export const BETWEEN: i32 = -2;

/** Whether there are times between windows. */
// @ts-ignore: decorator
@inline
export function hasGaps(table: u32): bool {
  return load<i64>(table, T_SLIDE) > load<i64>(table, T_SPAN);
}

function floorDivide(value: i64, by: i64): i64 {
  const quotient = value / by;
  return quotient * by > value ? quotient - 1 : quotient;
}

// The last end of a window of a kind that holds the slice from `start`.
// @ts-ignore: decorator
@inline
function lastEnd(kind: u32, start: i64): i64 {
  const end = load<i64>(kind, T_END - T_SPAN);
  const slide = load<i64>(kind, T_SLIDE - T_SPAN);
  return floorDivide(start - (end - load<i64>(kind)), slide) * slide + end;
}

// How many windows of a kind that hold the slice from `start` end at or before the watermark.
function skippedOf(kind: u32, start: i64, mark: f64): i32 {
  const last = lastEnd(kind, start);
  if (start >= last) return BETWEEN;
  if (<f64>last <= mark) return ALL_CLOSED;
  const end = load<i64>(kind, T_END - T_SPAN);
  const step = load<i64>(kind, T_STEP - T_SPAN);
  const before = floorDivide(start - end, step);
  if (<f64>((before + 1) * step + end) > mark) return 0;
  return <i32>(floorDivide(<i64>floor(mark) - end, step) - before);
}

// @ts-ignore: decorator
@inline
function countUp(at: u32): void {
  store<u32>(at, load<u32>(at) + 1);
}

// The same of a row for several kinds: how many of the times at which any may end lie up to the
// last end at or before the watermark of a window that holds the slice. Counts what is so for each
// kind.
function skippedOfAll(table: u32, start: i64, mark: f64): i32 {
  let isOpen = false;
  let isHeld = false;
  let closed = start;
  let kind = load<u32>(table, T_KINDS);
  const end = kind + load<u32>(table, T_KIND_COUNT) * KIND_BYTES;
  for (; kind < end; kind += KIND_BYTES) {
    const skipped = skippedOf(kind, start, mark);
    if (skipped == BETWEEN) {
      countUp(kind + K_OUTSIDE);
      continue;
    }
    isHeld = true;
    if (skipped == ALL_CLOSED) {
      countUp(kind + K_LATE);
      closed = max(closed, lastEnd(kind, start));
      continue;
    }
    isOpen = true;
    if (skipped > 0) {
      const one = load<i64>(kind, T_END - T_SPAN);
      const step = load<i64>(kind, T_STEP - T_SPAN);
      closed = max(closed, (floorDivide(start - one, step) + skipped) * step + one);
    }
  }
  if (!isOpen) return isHeld ? ALL_CLOSED : BETWEEN;
  const one = load<i64>(table, T_END);
  const step = load<i64>(table, T_STEP);
  return <i32>(floorDivide(closed - one, step) - floorDivide(start - one, step));
}

/** How many windows that hold the slice from `start` end at or before the watermark. */
export function skippedBy(table: u32, start: i64, mark: f64): i32 {
  return load<u32>(table, T_KINDS) == 0
    ? skippedOf(table + T_SPAN, start, mark)
    : skippedOfAll(table, start, mark);
}
