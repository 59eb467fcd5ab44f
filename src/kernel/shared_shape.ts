import { ALL_CLOSED, BETWEEN, greatestDivisor, remainder, WindowShape } from "./window_shape.ts";
import type { WindowExtent } from "./window_types.ts";

/**
 * Where windows of one or several kinds lie, and the slices that all of them are put together from.
 *
 * A slice is as long as the greatest common divisor of the distances between all starts and ends,
 * so that all its times are in the same windows of each kind. Rows of a slice that came when some
 * of its windows had closed are told apart by the last of these ends: it says of each window of
 * each kind whether it had. As a number: how many times at which a window of any kind may end lie
 * behind the start of the slice, up to that end.
 */
export class SharedShape {
  /** The kinds, each with the slices that it needs alone. */
  readonly kinds: readonly WindowShape[];
  /** Length of a slice, ms. */
  readonly slice: number;
  /** Start of one of the slices, from 0 to below their length, ms. */
  readonly sliceOffset: number;
  /** Distance between the times at which windows may end, ms. */
  readonly step: number;
  /** One of these times, ms. */
  readonly end: number;
  /** Whether there is one kind, and its windows lie side by side, a slice each. */
  readonly isPlain: boolean;

  /** Windows as extents say, at least one. */
  constructor(extents: readonly WindowExtent[]) {
    this.kinds = extents.map((extent) => new WindowShape(extent));
    const [first, ...others] = this.kinds;
    const ends = this.kinds.map(({ offset, size }) => offset + size);
    this.slice = others.reduce(
      (slice, each) =>
        [each.slice, Math.abs(each.offset - first.offset)].reduce(greatestDivisor, slice),
      first.slice,
    );
    this.sliceOffset = remainder(first.offset, this.slice);
    this.end = ends[0];
    this.step = others.reduce(
      (step, each, at) =>
        [each.step, Math.abs(ends[at + 1] - ends[0])].reduce(greatestDivisor, step),
      first.step,
    );
    this.isPlain = others.length === 0 && first.isPlain;
  }

  /** A kind that leaves gaps, if there is one. */
  get gapped(): WindowShape | undefined {
    return this.kinds.find(({ slide, size }) => slide > size);
  }

  /** Start of the slice that holds a time, ms. */
  sliceOf(time: number): number {
    return Math.floor((time - this.sliceOffset) / this.slice) * this.slice + this.sliceOffset;
  }

  /** The least end of a window of any kind after a time, ms. */
  endAfter(time: number): number {
    if (this.kinds.length === 1) return this.kinds[0].endAfter(time);
    return Math.min(...this.kinds.map((kind) => kind.endAfter(time)));
  }

  /** The least end after a watermark of a window of any kind that holds a time, ms. */
  nextEnd(time: number, watermark: number): number {
    return Math.min(...this.kinds.map((kind) => kind.nextEnd(time, watermark)));
  }

  /**
   * What stands for the windows that hold the slice from `start` and end at or before a watermark;
   * {@linkcode ALL_CLOSED} of all kinds, or {@linkcode BETWEEN} those of all.
   */
  skippedBy(start: number, watermark: number): number {
    if (this.kinds.length === 1) return this.kinds[0].skippedBy(start, watermark);
    let [isOpen, isHeld, closed] = [false, false, start];
    for (const kind of this.kinds) {
      const skipped = kind.skippedBy(start, watermark);
      if (skipped === BETWEEN) continue;
      isHeld = true;
      if (skipped !== ALL_CLOSED) isOpen = true;
      if (skipped !== 0) closed = Math.max(closed, kind.closedOf(start, skipped));
    }
    if (!isOpen) return isHeld ? ALL_CLOSED : BETWEEN;
    return this.#endsUpTo(closed) - this.#endsUpTo(start);
  }

  #endsUpTo(time: number): number {
    return Math.floor((time - this.end) / this.step);
  }

  /** A watermark by which the windows had closed that a number of a slice stands for, ms. */
  closedBy(start: number, skipped: number): number {
    if (skipped === 0) return -Infinity;
    return (this.#endsUpTo(start) + skipped) * this.step + this.end;
  }

  /** Whether rows of such a slice are in windows of a kind. */
  holds(kind: number, { start, skipped }: { start: number; skipped: number }): boolean {
    return this.kinds[kind].skippedBy(start, this.closedBy(start, skipped)) >= 0;
  }
}
