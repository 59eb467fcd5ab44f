import type { SharedShape } from "../../kernel/shared_shape.ts";
import type { SlicePlace } from "./state_slices.ts";

/** By what rows are late. */
export interface RowWatermarks {
  /** Watermark before the first row, ms. */
  readonly watermarkBefore: number;
  /** How much the watermark lags behind the greatest time seen, ms; `Infinity`: it stays. */
  readonly bound: number;
  /** How long after their ends windows take rows, ms. */
  readonly lateness: number;
}

/** Which slice each row of a batch is in, of rows that are not too late for all their windows. */
export class SlicePlaces {
  readonly #shape: SharedShape;
  readonly #times: Float64Array;
  readonly #watermarks: RowWatermarks;
  /** Up to where times are in the slice of the row before, ms. */
  #end = -Infinity;
  /** The watermark from which on they are not, ms. */
  #closes = -Infinity;
  #place: SlicePlace = { start: Infinity, skipped: 0 };
  /** The greatest time of the rows before this one. */
  #greatest = -Infinity;
  #row = 0;

  /** Of rows with these times, ms; `NaN` where there is none. */
  constructor(shape: SharedShape, times: Float64Array, watermarks: RowWatermarks) {
    this.#shape = shape;
    this.#times = times;
    this.#watermarks = watermarks;
  }

  /** Where the last row asked for is. */
  get place(): SlicePlace {
    return this.#place;
  }

  /** Goes on to a row behind the last; whether it is in another slice. */
  moves(row: number): boolean {
    const time = this.#times[row];
    const watermark = this.#shape.isPlain ? -Infinity : this.#watermarkBefore(row);
    if (time >= this.#place.start && time < this.#end && watermark < this.#closes) return false;
    const start = this.#shape.sliceOf(time);
    this.#place = { start, skipped: this.#shape.skippedBy(start, watermark) };
    this.#end = start + this.#shape.slice;
    this.#closes = this.#shape.nextEnd(start, watermark);
    return true;
  }

  /**
   * Where rows end, from the one last asked for on, that follow each other and are of its slice.
   *
   * @param rows Ascending.
   * @param from Which of them was last asked for.
   */
  runEnd(rows: Uint32Array, from: number): number {
    let end = from + 1;
    while (end < rows.length && rows[end] === rows[end - 1] + 1 && !this.moves(rows[end])) end++;
    return end;
  }

  /** The watermark before a row, less the lateness that is allowed. */
  #watermarkBefore(row: number): number {
    const times = this.#times;
    for (; this.#row < row; this.#row++) {
      if (times[this.#row] > this.#greatest) this.#greatest = times[this.#row];
    }
    const { watermarkBefore, bound, lateness } = this.#watermarks;
    return Math.max(watermarkBefore, this.#greatest - bound) - lateness;
  }
}
