import { type Duration, milliseconds } from "../runtime/duration.ts";

/** The most windows that may hold one time. */
const MOST_WINDOWS = 1_000_000;

/** A window's bounds, ms: it holds times from `start` up to, and without, `end`. */
export interface WindowBounds {
  /** The first time that it holds, ms. */
  readonly start: number;
  /** The first time after it, ms. */
  readonly end: number;
}

/** A start of windows that come every `slide` ms, from 0 to below that. */
export function windowOffset(offset: Duration, slide: number): number {
  const shift = milliseconds(offset, "window offset", { least: -Number.MAX_SAFE_INTEGER });
  return ((shift % slide) + slide) % slide;
}

/** @throws {RangeError} when one time would be in too many windows of `size` ms. */
export function checkOverlap(size: number, distance: number, name: string): void {
  if (size / distance <= MOST_WINDOWS) return;
  throw new RangeError(
    `Cannot make windows of ${size} ms: at most ${MOST_WINDOWS} of them may hold one time, ` +
      `received a ${name} of ${distance} ms, with which ${Math.ceil(size / distance)} would; ` +
      `make the ${name} larger`,
  );
}
