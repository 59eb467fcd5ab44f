import { WindowShape } from "../../kernel/window_shape.ts";
import type { WindowExtent } from "../../kernel/window_types.ts";
import type { WindowBounds } from "../window_offset.ts";
import type { WindowOperatorSpec } from "../window_spec.ts";
import {
  ABSORBED,
  LATE,
  OperatorCore,
  type OperatorParts,
  OUTSIDE,
  type ReadRows,
  type SavedItem,
  type SavedState,
} from "./operator_core.ts";
import { type Pane, Panes, type Standing } from "./panes.ts";
import { Rolling } from "./rolling.ts";
import { RunStates } from "./run_states.ts";
import { type Group, type Slice, Slices } from "./slices.ts";
import { Surroundings } from "./surroundings.ts";
import type { Entry } from "./two_stacks.ts";

/** Fewer rows in a row are added one by one. */
const SHORTEST_RUN = 64;
/** With fewer rows of each key a run costs more than it saves; so many runs later is looked again. */
const LEAST_ROWS_OF_KEY = 3;
const SINGLE_RUNS = 15;
const NO_SLICE: Slice = {
  start: NaN,
  end: NaN,
  firstEnd: NaN,
  lastEnd: NaN,
  groups: new Map(),
};

const BITS = new BigInt64Array(1);
const DOUBLE = new Float64Array(BITS.buffer);

/** The bits of a whole number as a double. */
function asDouble(integer: number): number {
  BITS[0] = BigInt(integer);
  return DOUBLE[0];
}

interface RunLimits {
  readonly watermarks: Float64Array;
  /** The watermark by which something is due. */
  readonly due: number;
  readonly from: number;
  readonly length: number;
}

/** The row after the last from one on whose time is between bounds and before which nothing is due. */
function runEnd(
  times: Float64Array,
  { start, end }: WindowBounds,
  { watermarks, due, from, length }: RunLimits,
): number {
  let row = from;
  while (row < length && watermarks[row] < due && times[row] >= start && times[row] < end) row++;
  return row;
}

/** Windows that lie side by side, overlap or grow, and give a result at their ends. */
export class AlignedOperator extends OperatorCore {
  readonly #shape: WindowShape;
  readonly #slices: Slices;
  readonly #rolling: Rolling | undefined;
  readonly #panes: Panes;
  /** The slice of the row before. */
  #slice = NO_SLICE;
  /** Adds many rows at once. */
  readonly #runStates: RunStates;
  /** Rows of the batch before this one are added one by one. */
  #singleTo = 0;
  /** How many runs are added row by row, because their rows have too many keys. */
  #single = 0;
  /** The group of the last row of each key. */
  #groups: (Group | undefined)[] = [];
  /** The end of the next window that closes. */
  #next = Infinity;
  /** When the earliest slice is let go. */
  #nextDrop = Infinity;
  /** Panes of windows that had more than the one at their end, by end and key. */
  readonly #revised = new Map<number, Map<number, Pane>>();

  constructor(
    spec: WindowOperatorSpec & { window: { extent: WindowExtent } },
    parts: OperatorParts,
  ) {
    super(spec, parts);
    const { keys, aggregation, results, mode, semantics } = this;
    this.#shape = new WindowShape(spec.window.extent);
    this.#slices = new Slices(this.#shape);
    this.#runStates = new RunStates(this.aggregation);
    if (!this.#shape.isPlain) {
      this.#rolling = new Rolling(this.#shape, this.#slices, aggregation);
    }
    this.#panes = new Panes({ keys, aggregation, results, mode, semantics, onTime: "always" });
  }

  /** Rows of the slice of the row before, before which no window closes. */
  protected override placeRun(row: number, read: ReadRows): number {
    const slice = this.#slice;
    if (row < this.#singleTo || slice.groups.size === 0) return row;
    const end = this.#runEnd(row, read);
    if (end - row < SHORTEST_RUN || this.#single-- > 0) {
      this.#singleTo = end;
      return row;
    }
    const run = { from: row, to: end };
    const statesOf = (key: number) => this.#groupOf(slice, key)!.states;
    const keys = this.#runStates.add(read.ids, run, statesOf);
    this.#single = keys * LEAST_ROWS_OF_KEY > end - row ? SINGLE_RUNS : 0;
    return end;
  }

  /** The row after the last of those that are in the slice and before which nothing is due. */
  #runEnd(row: number, { times, bits, length }: ReadRows): number {
    const { start, end, firstEnd } = this.#slice;
    const due = Math.min(this.nextDue(), firstEnd) + this.delay;
    const run = { watermarks: this.rows.watermarks, due, from: row, length };
    if (bits === undefined || start < 0) return runEnd(times(), { start, end }, run);
    return runEnd(bits, { start: asDouble(start), end: asDouble(end) }, run);
  }

  protected override openBatch(): void {
    this.#singleTo = 0;
  }

  protected override place(row: number, time: number, key: number): number {
    let slice = this.#slice;
    if (!(time >= slice.start && time < slice.end)) slice = this.#slice = this.#slices.at(time);
    if (!(slice.firstEnd > this.watermark)) return this.#placeBehind(slice, key, row);
    const known = this.#groups[key];
    const group = known?.slice === slice ? known : this.#groupOf(slice, key);
    if (group === undefined) return OUTSIDE;
    this.aggregation.add(group.states, row);
    return ABSORBED;
  }

  /** Puts a row into a slice of whose windows some have ended. */
  #placeBehind(slice: Slice, key: number, row: number): number {
    if (!this.#isHeld(slice)) return OUTSIDE;
    if (slice.lastEnd + this.kept <= this.watermark) return LATE;
    const ended = this.kept > 0 ? this.#endedWindows(slice, key) : [];
    this.aggregation.add(this.#groupOf(slice, key)!.states, row);
    this.#rolling?.touch(slice, key);
    if (ended.length > 0) this.#revise(ended, slice, row);
    return ABSORBED;
  }

  /** Gives anew what has been given and holds a row that came late. */
  #revise(ended: readonly Pane[], slice: Slice, row: number): void {
    this.byRow(row);
    const isWhole = this.mode !== "discarding";
    const around = isWhole ? this.#around(ended, slice) : undefined;
    for (const pane of ended) {
      const states = around?.of(pane.start, pane.end) ?? this.aggregation.of(row);
      this.#panes.fire(pane, "late", states);
    }
  }

  /** What windows that hold a slice have of a key, which is that of all of them. */
  #around(windows: readonly { key: number; start: number; end: number }[], slice: Slice) {
    const [{ start, key }, { end }] = [windows[0], windows.at(-1)!];
    const entries: Entry[] = [];
    for (const { start: at, groups } of this.#slices.between(start, end)) {
      const group = groups.get(key);
      if (group !== undefined) entries.push({ at, states: group.states });
    }
    return new Surroundings(this.aggregation, entries, slice.end);
  }

  #groupOf(slice: Slice, key: number): Group | undefined {
    let group = slice.groups.get(key);
    if (group === undefined) {
      if (!this.#isHeld(slice)) return undefined;
      group = { slice, key, states: this.aggregation.init() };
      this.#open(group);
    }
    return this.#groups[key] = group;
  }

  /** Whether there is a window that holds the slice. */
  #isHeld({ start, lastEnd }: Slice): boolean {
    return lastEnd > start && this.#exists(lastEnd);
  }

  /** Whether there is a window with this end, of those that would have it. */
  #exists(end: number): boolean {
    return this.semantics.negativeStarts || this.#shape.startOf(end) >= 0;
  }

  #open(group: Group): void {
    const { slice, key } = group;
    this.opened();
    this.keys.retain(key);
    if (slice.groups.size === 0) {
      this.#slices.keep(slice);
      this.#next = Math.min(this.#next, this.#shape.nextEnd(slice.start, this.watermark));
      this.#nextDrop = Math.min(this.#nextDrop, slice.lastEnd + this.kept);
    }
    slice.groups.set(key, group);
  }

  /** The windows that have ended, hold the slice, and are kept, as they are before a row. */
  #endedWindows(slice: Slice, key: number): Pane[] {
    const { firstEnd, lastEnd } = slice;
    const windows: { key: number; start: number; end: number }[] = [];
    const last = Math.min(lastEnd, this.watermark);
    for (let end = firstEnd; end <= last; end += this.#shape.step) {
      const isKept = end + this.kept > this.watermark;
      if (isKept && this.#exists(end)) windows.push({ key, start: this.#shape.startOf(end), end });
    }
    if (windows.length === 0) return [];
    const before = this.#around(windows, slice);
    return windows.map((window) => this.#endedWindow(window, before));
  }

  #endedWindow(
    { key, start, end }: { key: number; start: number; end: number },
    before: Surroundings,
  ): Pane {
    let panes = this.#revised.get(end);
    if (panes === undefined) this.#revised.set(end, panes = new Map());
    let pane = panes.get(key);
    if (pane === undefined) {
      pane = this.#paneOf({ key, start, end, states: [] });
      if (before.has(start, end)) {
        // What it gave at its end is put together again only where it is to be taken back.
        if (this.mode === "retracting") this.#panes.recall(pane, before.of(start, end));
        pane.panes = 1;
      }
      panes.set(key, pane);
    }
    return pane;
  }

  #paneOf(window: Pick<Pane, "key" | "start" | "end" | "states">): Pane {
    return { ...window, rows: 1, panes: 0, standing: [] };
  }

  protected override nextDue(): number {
    return Math.min(this.#next, this.#nextDrop);
  }

  protected override runTo(watermark: number): void {
    while (this.#next <= watermark && this.#next < Infinity) {
      const end = this.#next;
      if (this.#exists(end)) this.#close(this.#shape.startOf(end), end);
      this.#next = this.#endAfter(end);
    }
    const done = watermark - this.kept;
    for (const slice of this.#slices.drop(done)) this.#drop(slice);
    const [first] = this.#slices.all;
    this.#nextDrop = first === undefined ? Infinity : first.lastEnd + this.kept;
    if (this.#slices.all.length === 0) this.#rolling?.clear();
    for (const end of this.#revised.keys()) if (end <= done) this.#revised.delete(end);
  }

  #close(start: number, end: number): void {
    this.byWatermark(end);
    const groups = this.#rolling?.close(start, end) ?? this.#slices.at(start).groups.values();
    const ranks = this.keys.ranks();
    const sorted = [...groups].sort((a, b) => ranks[a.key] - ranks[b.key]);
    // Whatever panes hold, the first of them is all of the window.
    const head = { start, end, index: 0, timing: "onTime", revision: 0 } as const;
    for (const { key, states } of sorted) this.results.give(head, key, states);
  }

  /** The least end after another of a window that holds rows. */
  #endAfter(end: number): number {
    for (const { start } of this.#slices.all) {
      const next = this.#shape.nextEnd(start, end);
      if (next < Infinity) return next;
    }
    return Infinity;
  }

  #drop(slice: Slice): void {
    if (this.#slice === slice) this.#slice = NO_SLICE;
    this.closed(slice.groups.size);
    for (const [key, group] of slice.groups) {
      this.keys.release(key);
      if (this.#groups[key] === group) this.#groups[key] = undefined;
    }
  }

  protected override saveState(): SavedState {
    const items: SavedItem[] = [];
    for (const { start, groups } of this.#slices.all) {
      for (const { key, states } of groups.values()) {
        items.push([key, "group", start, this.aggregation.save(states)]);
      }
    }
    for (const [end, panes] of this.#revised) {
      for (const { key, panes: count, standing } of panes.values()) {
        items.push([key, "pane", end, count, standing]);
      }
    }
    return { whole: this.#rolling?.entered, items };
  }

  protected override loadState({ whole, items }: SavedState): void {
    for (const [key, kind, time, ...rest] of items) {
      if (kind === "group") this.#loadGroup(key, time as number, rest[0] as unknown[]);
      else this.#loadPane(key, time as number, rest as [number, Standing[]]);
    }
    this.#rolling?.restore(whole as number);
  }

  #loadGroup(key: number, start: number, saved: readonly unknown[]): void {
    const slice = this.#slices.at(start);
    this.#open({ slice, key, states: this.aggregation.load(saved) });
  }

  #loadPane(key: number, end: number, [panes, standing]: [number, Standing[]]): void {
    const states = this.aggregation.init();
    const pane = this.#paneOf({ key, start: this.#shape.startOf(end), end, states });
    const known = this.#revised.get(end) ?? new Map<number, Pane>();
    this.#revised.set(end, known.set(key, { ...pane, panes, standing }));
  }
}
