import type { SharedShape } from "./shared_shape.ts";
import { BETWEEN } from "./window_shape.ts";
import { type OpenSlices, type SliceStacks, WindowComposer } from "./window_composer.ts";

/**
 * Groups of results from which on windows are left for the next call, and windows: one with a
 * single group takes a thousand bytes all the same.
 */
const ENOUGH_GROUPS = 65_536;
const ENOUGH_WINDOWS = 1024;

/** Closes windows of all kinds that share slices, and drops those that none of them needs. */
export class WindowClosing {
  readonly #shape: SharedShape;
  readonly #slices: OpenSlices;
  readonly #composers: readonly WindowComposer[];

  /** Windows over slices, with the stacks of each kind. */
  constructor(shape: SharedShape, slices: OpenSlices, stacks: readonly SliceStacks[]) {
    this.#shape = shape;
    this.#slices = slices;
    this.#composers = stacks.map((stacks, kind) =>
      new WindowComposer({ shape, kind, slices, stacks })
    );
  }

  /** Watermarks up to which windows have closed, one of each kind, ms. */
  get closed(): number[] {
    return this.#composers.map(({ closed }) => closed);
  }

  /** Begins anew with slices that are in no stack. */
  reset(closed: readonly number[] = []): void {
    this.#composers.forEach((composer, kind) => composer.reset(closed[kind]));
  }

  /** End of the next window that has rows, ms; `Infinity` when there is none. */
  next(): number {
    return Math.min(...this.#nextOfEach());
  }

  #nextOfEach(): number[] {
    const next = this.#composers.map((composer) => composer.next());
    if (next.every((end) => end === Infinity) && this.#slices.count > 0) this.#checkSlices();
    return next;
  }

  /** There are no slices without windows that are open, unless they came damaged. */
  #checkSlices(): void {
    const start = this.#slices.start(0);
    const isHeld = this.#shape.skippedBy(start, -Infinity) !== BETWEEN;
    if (!isHeld || this.#shape.endAfter(start) <= start) throw damagedTime(start);
  }

  /**
   * Closes windows of the kind whose next window ends first: all of it that end at or before a
   * watermark, unless they are too many.
   *
   * @returns Which kind, whose stacks have made results; `undefined` when no window is due.
   */
  close(watermark: number): number | undefined {
    const next = this.#nextOfEach();
    const end = Math.min(...next);
    const isDue = end <= watermark && end < Infinity;
    const kind = isDue ? next.indexOf(end) : undefined;
    next.forEach((end, kind) => {
      if (end > watermark || end === Infinity) this.#composers[kind].pass(watermark);
    });
    if (kind !== undefined) this.#closeKind(this.#composers[kind], watermark);
    this.#drop();
    return kind;
  }

  #closeKind(composer: WindowComposer, watermark: number): void {
    let [groups, windows] = [0, 0];
    for (let end = composer.next(); end <= watermark && end < Infinity; end = composer.next()) {
      if (end <= composer.closed) throw damagedTime(end);
      groups += composer.closeNext(end);
      if (this.#composers.length === 1) this.#drop();
      if (groups < ENOUGH_GROUPS && ++windows < ENOUGH_WINDOWS) continue;
      if (composer.next() <= watermark) return;
      break;
    }
    composer.pass(watermark);
  }

  /** Drops the slices of which all windows have closed. */
  #drop(): void {
    const { count } = this.#slices;
    if (count === 0) return this.reset();
    const needed = Math.min(...this.#composers.map((composer) => composer.needed));
    if (needed === -Infinity) return;
    const passed = needed === Infinity ? count : this.#slices.rank(needed);
    if (passed > 0) this.#slices.drop(passed);
    if (passed === count) this.reset();
  }
}

/** No row has such a time: it came with a delta whose bytes were changed. */
function damagedTime(time: number): RangeError {
  return new RangeError(
    `Cannot close windows: one would end at ${time}, which is no time; a delta or snapshot that ` +
      "was folded into the windows is damaged",
  );
}
