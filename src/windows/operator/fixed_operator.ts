import type { WindowBounds } from "../window_offset.ts";
import type { WindowOperatorSpec } from "../window_spec.ts";
import { type Assigner, assignerOf, type OperatorAssign, type WindowsOf } from "./assigners.ts";
import {
  ABSORBED,
  LATE,
  type OperatorParts,
  OUTSIDE,
  type SavedItem,
  type SavedState,
} from "./operator_core.ts";
import { Timers } from "./timers.ts";
import { emptyPane, TriggeredCore, type TriggeredPane } from "./triggered_core.ts";

/** A window of all keys. */
interface OpenWindow extends WindowBounds {
  readonly panes: Map<number, TriggeredPane>;
}

/** Windows whose bounds a row's time and values say at once. */
export class FixedOperator extends TriggeredCore<TriggeredPane> {
  protected override readonly ends: Timers<OpenWindow> = new Timers();
  readonly #assigner: Assigner;
  /** By end: few have the same. */
  readonly #windows = new Map<number, OpenWindow[]>();
  #windowsOf: WindowsOf = () => [];
  /** The pane of the last row of each key. */
  readonly #last: (TriggeredPane | undefined)[] = [];
  #ending: readonly OpenWindow[] = [];

  /** @throws {TypeError} when a column is not there, or of a type that does not fit its role. */
  constructor(spec: WindowOperatorSpec, parts: OperatorParts & { assign?: OperatorAssign }) {
    super(spec, parts);
    this.#assigner = assignerOf(spec.window, parts);
  }

  protected override openBatch(): void {
    this.#windowsOf = this.#assigner(this.rows.batch);
  }

  protected override place(row: number, time: number, key: number): number {
    let fate = OUTSIDE;
    for (const bounds of this.#windowsOf(row, time)) {
      if (bounds.start < 0 && !this.semantics.negativeStarts && bounds.end < Infinity) continue;
      if (bounds.end + this.kept <= this.watermark) {
        if (fate === OUTSIDE) fate = LATE;
        continue;
      }
      this.put(this.#paneOf(bounds, key), row, time);
      fate = ABSORBED;
    }
    return fate;
  }

  #windowAt({ start, end }: WindowBounds): OpenWindow {
    let windows = this.#windows.get(end);
    if (windows === undefined) this.#windows.set(end, windows = []);
    let window = windows.find((open) => open.start === start);
    if (window === undefined) {
      windows.push(window = { start, end, panes: new Map() });
      // One that has ended waits for nothing but to be let go.
      this.ends.add(end > this.watermark ? end : end + this.kept, window);
    }
    return window;
  }

  #paneOf(bounds: WindowBounds, key: number): TriggeredPane {
    const known = this.#last[key];
    if (
      known !== undefined && known.closes === bounds.end && known.start === bounds.start &&
      !known.isGone
    ) return known;
    const window = this.#windowAt(bounds);
    return this.#last[key] = window.panes.get(key) ?? this.#openPane(window, key);
  }

  #openPane({ start, end, panes }: OpenWindow, key: number): TriggeredPane {
    this.opened();
    this.keys.retain(key);
    const pane = emptyPane({ key, start, end, closes: end, states: this.aggregation.init() });
    panes.set(key, pane);
    return pane;
  }

  protected override endingAt(time: number): TriggeredPane[] {
    this.#ending = this.ends.take(time);
    return this.#ending.filter(({ end }) => end === time)
      .flatMap(({ panes }) => [...panes.values()]);
  }

  protected override finish(time: number): void {
    for (const window of this.#ending) {
      if (window.end + this.kept <= time) this.#drop(window);
      else this.ends.add(window.end + this.kept, window);
    }
    this.#ending = [];
  }

  #drop(window: OpenWindow): void {
    for (const pane of window.panes.values()) {
      this.retire(pane);
      if (this.#last[pane.key] === pane) this.#last[pane.key] = undefined;
    }
    const others = this.#windows.get(window.end)!.filter((open) => open !== window);
    if (others.length > 0) this.#windows.set(window.end, others);
    else this.#windows.delete(window.end);
  }

  override oldest(): number {
    let oldest = Infinity;
    for (const windows of this.#windows.values()) {
      for (const { panes } of windows) {
        for (const { least } of panes.values()) if (least < oldest) oldest = least;
      }
    }
    return oldest;
  }

  protected override saveState(): SavedState {
    const items: SavedItem[] = [];
    for (const { start, end, panes } of [...this.#windows.values()].flat()) {
      for (const pane of panes.values()) {
        items.push([pane.key, start, end, ...this.savePane(pane)]);
      }
    }
    return { whole: null, items };
  }

  protected override loadState({ items }: SavedState): void {
    for (const [key, start, end, ...saved] of items) {
      const window = this.#windowAt({ start, end } as WindowBounds);
      this.loadPane(this.#openPane(window, key), saved);
    }
  }
}
