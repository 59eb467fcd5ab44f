import { countLeading } from "../../batch/count_leading.ts";
import type { WindowOperatorSpec, WindowSpec } from "../window_spec.ts";
import type { States } from "./aggregation.ts";
import {
  ABSORBED,
  LATE,
  OperatorCore,
  type OperatorParts,
  OUTSIDE,
  type SavedItem,
  type SavedState,
} from "./operator_core.ts";
import { type Pane, Panes, type Standing } from "./panes.ts";
import { Surroundings } from "./surroundings.ts";
import { Timers } from "./timers.ts";
import { type SavedEntry, TwoStacks } from "./two_stacks.ts";

/** In how many steps what a window holds is let go. */
const DROPS = 8;

/** The rows of a key at one time. */
interface Moment {
  readonly track: Track;
  /** The time, ms. */
  readonly at: number;
  readonly states: States;
  /** The window that ends with it; absent when the first row of the time came too late for one. */
  own?: Pane;
}

/** The rows of a key that a window to come may hold. */
interface Track {
  readonly key: number;
  /** In the order of time. */
  readonly moments: Moment[];
  /** Those of the window that was given last. */
  folded: TwoStacks;
  /** The time up to which moments are or were in it, ms; NaN: it is to be made anew. */
  foldedTo: number;
  /** When moments are let go next, ms. */
  drop: number;
}

/** What is due: the window of a moment, or that a key lets go of moments. */
type Due = { readonly track: Track; readonly moment?: Moment };

/** For each time t of a key's rows the rows from t − duration to t. */
export class TrailingOperator extends OperatorCore {
  readonly #duration: number;
  readonly #panes: Panes;
  readonly #tracks = new Map<number, Track>();
  /** What is to be given, and what is to be let go. */
  readonly #timers = new Timers<Due>();
  /** Moments are let go in steps of so many ms, lest each had a timer of its own for it. */
  readonly #step: number;

  /** @throws {TypeError} when a column is not there, or of a type that does not fit its role. */
  constructor(
    spec: WindowOperatorSpec & { window: WindowSpec & { kind: "trailing" } },
    parts: OperatorParts,
  ) {
    super(spec, parts);
    this.#duration = spec.window.duration;
    this.#step = Math.max(1, Math.floor(spec.window.duration / DROPS));
    const { keys, aggregation, results, mode, semantics } = this;
    this.#panes = new Panes({ keys, aggregation, results, mode, semantics, onTime: "always" });
  }

  /** When a time is in no window any more that can change. */
  #goneAt(time: number): number {
    return time + this.#duration + 1 + this.kept;
  }

  protected override place(row: number, time: number, key: number): number {
    if (time < 0 && !this.semantics.negativeStarts) return OUTSIDE;
    if (this.#goneAt(time) <= this.watermark) return LATE;
    const track = this.#tracks.get(key) ?? this.#begin(key);
    const moment = this.#momentAt(track, time);
    this.aggregation.add(moment.states, row);
    if (time <= track.foldedTo) track.foldedTo = NaN;
    const isNew = moment.own === undefined && time + 1 + this.kept > this.watermark;
    if (isNew) this.#open(moment);
    if (this.kept > 0 && time < this.watermark) this.#revise(moment, row, isNew);
    return ABSORBED;
  }

  #begin(key: number): Track {
    const folded = new TwoStacks(this.aggregation);
    const track: Track = { key, moments: [], folded, foldedTo: -Infinity, drop: Infinity };
    this.#tracks.set(key, track);
    this.keys.retain(key);
    return track;
  }

  #momentAt(track: Track, time: number): Moment {
    const { moments } = track;
    const at = rank(moments, time);
    if (at < moments.length && moments[at].at === time) return moments[at];
    this.opened();
    const moment = { track, at: time, states: this.aggregation.init() };
    moments.splice(at, 0, moment);
    this.#timeDrop(track);
    return moment;
  }

  /** Sees to it that the earliest moment is let go. */
  #timeDrop(track: Track): void {
    const goneAt = this.#goneAt(track.moments[0].at);
    // Not before, however numbers are rounded: the earliest must be gone then.
    const drop = Math.max(goneAt, Math.ceil(goneAt / this.#step) * this.#step);
    if (drop >= track.drop) return;
    track.drop = drop;
    this.#timers.add(drop, { track });
  }

  /** The moment has a window of its own. */
  #open(moment: Moment): void {
    const { track, at, states } = moment;
    const from = at - this.#duration;
    const start = this.semantics.negativeStarts ? from : Math.max(0, from);
    moment.own = { key: track.key, start, end: at + 1, states, rows: 1, panes: 0, standing: [] };
    if (at >= this.watermark) this.#timers.add(at + 1, { track, moment });
  }

  /** Gives anew what has been given and holds a row that came late. */
  #revise({ track, at: time }: Moment, row: number, isNew: boolean): void {
    const { moments } = track;
    const last = Math.min(time + this.#duration, this.watermark - 1);
    const [from, to] = [rank(moments, time - this.#duration), rank(moments, last + 1)];
    const around = new Surroundings(this.aggregation, moments.slice(from, to), time + 1);
    this.byRow(row);
    for (let at = rank(moments, time); at < to; at++) {
      const { at: end, own } = moments[at];
      if (own === undefined || end + 1 + this.kept <= this.watermark) continue;
      const isWhole = this.mode !== "discarding" || (isNew && end === time);
      const states = isWhole ? around.of(end - this.#duration, end + 1) : this.aggregation.of(row);
      this.#panes.fire(own, "late", states);
    }
  }

  protected override nextDue(): number {
    return this.#timers.next;
  }

  protected override runTo(watermark: number): void {
    while (this.#timers.isDue(watermark)) {
      const time = this.#timers.next;
      const due = this.#timers.take(time);
      const ending: { track: Track; pane: Pane }[] = [];
      for (const { track, moment } of due) if (moment) ending.push({ track, pane: moment.own! });
      this.byWatermark(time);
      for (const { track, pane } of this.#panes.sort(ending)) {
        this.#panes.fire(pane, "onTime", this.#foldTo(track, time - 1));
      }
      for (const { track, moment } of due) {
        if (!moment && track.drop === time) this.#drop(track, time);
      }
    }
  }

  /** The rows of the window that ends with a time, which is after those before. */
  #foldTo(track: Track, time: number): States {
    const start = time - this.#duration;
    if (Number.isNaN(track.foldedTo)) track.folded = new TwoStacks(this.aggregation);
    const { moments, folded } = track;
    const from = Number.isNaN(track.foldedTo) ? start : Math.max(start, track.foldedTo + 1);
    for (let at = rank(moments, from); at < moments.length && moments[at].at <= time; at++) {
      folded.push(moments[at]);
    }
    folded.evict(start);
    track.foldedTo = time;
    return folded.states();
  }

  /** Lets go of the moments of a key that no window needs any more. */
  #drop(track: Track, time: number): void {
    const { moments } = track;
    let gone = 0;
    while (gone < moments.length && this.#goneAt(moments[gone].at) <= time) gone++;
    moments.splice(0, gone);
    this.closed(gone);
    track.drop = Infinity;
    if (moments.length > 0) {
      this.#timeDrop(track);
      return;
    }
    this.#tracks.delete(track.key);
    this.keys.release(track.key);
  }

  protected override saveState(): SavedState {
    const items: SavedItem[] = [];
    for (const { key, moments, folded, foldedTo } of this.#tracks.values()) {
      for (const { at, states, own } of moments) {
        const pane = own && [own.panes, own.standing];
        items.push([key, "moment", at, this.aggregation.save(states), pane]);
      }
      items.push([key, "folded", foldedTo, ...folded.save()]);
    }
    return { whole: null, items };
  }

  protected override loadState({ items }: SavedState): void {
    for (const [key, kind, at, ...rest] of items) {
      const track = this.#tracks.get(key) ?? this.#begin(key);
      if (kind === "moment") this.#loadMoment(track, at as number, rest);
      else {
        track.foldedTo = at as number;
        const [front, back] = rest as SavedEntry[][];
        track.folded.load(front, back);
      }
    }
  }

  #loadMoment(track: Track, at: number, [saved, pane]: unknown[]): void {
    const moment = this.#momentAt(track, at);
    this.aggregation.load(saved as unknown[]).forEach((state, index) => {
      moment.states[index] = state;
    });
    if (pane === undefined) return;
    this.#open(moment);
    const [panes, standing] = pane as [number, Standing[]];
    Object.assign(moment.own!, { panes, standing });
  }
}

/** How many moments are before a time. */
function rank(moments: readonly Moment[], time: number): number {
  const { length } = moments;
  if (length > 0 && moments[length - 1].at < time) return length;
  return countLeading(length, (at) => moments[at].at < time);
}
