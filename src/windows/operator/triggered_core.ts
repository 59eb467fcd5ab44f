import type { WindowOperatorSpec } from "../window_spec.ts";
import { OperatorCore, type OperatorParts } from "./operator_core.ts";
import { type Pane, Panes } from "./panes.ts";
import type { PaneTiming } from "./result_rows.ts";
import { Timers } from "./timers.ts";

/** A window of a key that may give results before and after its end. */
export interface TriggeredPane extends Pane {
  /** What the watermark must have reached for the result on time, ms. */
  closes: number;
  /** When an early pane is due by event time, ms; `Infinity`: none is. */
  due: number;
  /** For when it stands among those that are due, ms; `Infinity`: it does not. Others are void. */
  noted: number;
  /** The least event time of a row in it, ms. */
  least: number;
  /** Whether the window is there no longer. */
  isGone: boolean;
}

/** A pane that is to be given. */
export interface Firing<P extends TriggeredPane> {
  readonly pane: P;
  readonly timing: PaneTiming;
}

/** A window of a key that has no rows yet. */
export function emptyPane(
  window: Pick<TriggeredPane, "key" | "start" | "end" | "closes" | "states">,
): TriggeredPane {
  return {
    ...window,
    rows: 0,
    panes: 0,
    standing: [],
    due: Infinity,
    noted: Infinity,
    least: Infinity,
    isGone: false,
  };
}

/** Windows that each have states of their own for a key, with triggers of all kinds. */
export abstract class TriggeredCore<P extends TriggeredPane> extends OperatorCore {
  protected readonly panes: Panes;
  readonly #everyRows: number;
  readonly #everyEvent: number | undefined;
  readonly #everyClock: number | undefined;
  readonly #dues = new Timers<P>();
  /** Those with rows that wait for the clock. */
  readonly #waiting = new Set<P>();
  /** When those are due, monotonic ms; `-Infinity`: as soon as the time is known. */
  #deadline = -Infinity;
  /** The clock when it was looked at last, monotonic ms. */
  #now = -Infinity;

  constructor(spec: WindowOperatorSpec, parts: OperatorParts) {
    super(spec, parts);
    const { keys, aggregation, results, mode, semantics, trigger } = this;
    const { everyRows = Infinity, every, clock = "event", onTime = "always" } = trigger;
    this.panes = new Panes({ keys, aggregation, results, mode, semantics, onTime });
    this.#everyRows = everyRows;
    this.#everyEvent = clock === "event" ? every : undefined;
    this.#everyClock = clock === "processing" ? every : undefined;
  }

  /** Adds a row to a window, and gives a pane if that is due with the row. */
  protected put(pane: P, row: number, time: number): void {
    this.aggregation.add(pane.states, row);
    pane.rows++;
    if (time < pane.least) pane.least = time;
    if (this.watermark >= pane.closes) this.#fireByRow(pane, row, "late");
    else if (pane.rows >= this.#everyRows) this.#fireByRow(pane, row, "early");
    else if (this.#everyEvent !== undefined) {
      const after = Math.max(time, this.watermark);
      this.setDue(pane, this.#everyEvent * (Math.floor(after / this.#everyEvent) + 1));
    } else if (this.#everyClock !== undefined) this.#wait(pane, this.#everyClock);
  }

  /** An early pane is due by event time, unless one is before. */
  protected setDue(pane: P, due: number): void {
    if (due >= pane.due) return;
    pane.due = due;
    this.#note(pane);
  }

  /** Sees to it that an early pane is noticed: once, however often it is due anew. */
  #note(pane: P): void {
    if (pane.due >= pane.noted) return;
    pane.noted = pane.due;
    this.#dues.add(pane.due, pane);
  }

  #fireByRow(pane: P, row: number, timing: PaneTiming): void {
    this.byRow(row);
    this.#fire({ pane, timing });
  }

  #fire({ pane, timing }: Firing<P>): void {
    this.panes.fire(pane, timing);
    pane.due = Infinity;
    this.#waiting.delete(pane);
  }

  /** The window gives nothing any more. */
  protected retire(pane: P): void {
    pane.isGone = true;
    this.#waiting.delete(pane);
    this.closed();
    this.keys.release(pane.key);
  }

  /** What the watermark sets off at the end of its windows and after. */
  protected abstract readonly ends: Timers<unknown>;

  /** The windows that end at a time. */
  protected abstract endingAt(time: number): P[];

  /** Lets go of what no longer can change at a time. */
  protected abstract finish(time: number): void;

  protected override nextDue(): number {
    return Math.min(this.ends.next, this.#dues.next);
  }

  protected override runTo(watermark: number): void {
    const [ends, dues] = [this.ends, this.#dues];
    while (ends.isDue(watermark) || dues.isDue(watermark)) {
      const time = Math.min(ends.next, dues.next);
      const ending = this.endingAt(time);
      const firings = this.#earlyAt(time, ending);
      for (const pane of ending) {
        if (this.panes.firesOnTime(pane)) firings.push({ pane, timing: "onTime" });
      }
      this.byWatermark(time);
      for (const firing of this.panes.sort(firings)) this.#fire(firing);
      for (const pane of ending) this.#waiting.delete(pane);
      this.finish(time);
    }
  }

  /** The early panes that are due at a time, but for those of windows that end with it. */
  #earlyAt(time: number, ending: readonly P[]): Firing<P>[] {
    for (const pane of ending) pane.due = Infinity;
    const firings: Firing<P>[] = [];
    for (const pane of this.#dues.take(time)) {
      if (pane.isGone || pane.noted !== time) continue;
      pane.noted = Infinity;
      if (pane.due === time) firings.push({ pane, timing: "early" });
      // It has given a pane since, and is due later.
      else this.#note(pane);
    }
    return firings;
  }

  /** A window has rows that wait for the clock. */
  #wait(pane: P, every: number): void {
    if (this.#waiting.size === 0) this.#deadline = (Math.floor(this.#now / every) + 1) * every;
    this.#waiting.add(pane);
  }

  override tick(nowMs: number): void {
    const every = this.#everyClock;
    this.#now = nowMs;
    if (every === undefined || this.#waiting.size === 0) return;
    if (this.#deadline === -Infinity) this.#deadline = (Math.floor(nowMs / every) + 1) * every;
    if (nowMs < this.#deadline) return;
    this.byClock();
    const firings = Array.from(this.#waiting, (pane): Firing<P> => ({ pane, timing: "early" }));
    for (const firing of this.panes.sort(firings)) this.#fire(firing);
  }

  override nextTick(): number {
    return this.#waiting.size === 0 ? Infinity : this.#deadline;
  }

  /** What a snapshot has of a window. */
  protected savePane({ rows, panes, standing, due, least, states }: P): unknown[] {
    return [rows, panes, standing, due, least, this.aggregation.save(states)];
  }

  /** A window as a snapshot has it. */
  protected loadPane(pane: P, saved: readonly unknown[]): void {
    const [rows, panes, standing, due, least, states] = saved as [
      number,
      number,
      TriggeredPane["standing"],
      number,
      number,
      unknown[],
    ];
    Object.assign(pane, { rows, panes, standing, least, states: this.aggregation.load(states) });
    if (due < Infinity) this.setDue(pane, due);
    if (this.#everyClock !== undefined && rows > 0 && pane.closes > this.watermark) {
      this.#wait(pane, this.#everyClock);
    }
  }
}
