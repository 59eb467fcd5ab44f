import type { WindowBounds } from "../window_offset.ts";
import type { WindowSemantics } from "../window_semantics.ts";
import type { PaneMode } from "../window_spec.ts";
import type { Aggregation, States } from "./aggregation.ts";
import type { KeyIds } from "./key_ids.ts";
import type { PaneTiming, ResultHead, ResultRows, RowKindName } from "./result_rows.ts";

/** A result that stands until it is taken back. */
export interface Standing {
  readonly head: ResultHead;
  readonly results: readonly unknown[];
}

/** A window of a key, and what of it has been given. */
export interface Pane {
  readonly key: number;
  /** As results give it, ms. */
  start: number;
  /** As results give it, ms. */
  end: number;
  /** Of the rows that the next pane is of. */
  states: States;
  /** Rows since the last pane. */
  rows: number;
  /** Panes so far. */
  panes: number;
  /** Results that the next one takes back; only where results are taken back. */
  standing: Standing[];
}

/** What panes are given by. */
export interface PaneParts {
  readonly keys: KeyIds;
  readonly aggregation: Aggregation;
  readonly results: ResultRows;
  readonly mode: PaneMode;
  readonly semantics: WindowSemantics;
  readonly onTime: "always" | "ifChanged" | "never";
}

/** Gives panes as the mode says. */
export class Panes {
  readonly #parts: PaneParts;

  constructor(parts: PaneParts) {
    this.#parts = parts;
  }

  /** Whether the end of its window gives a pane. */
  firesOnTime({ rows }: Pane): boolean {
    const { onTime, mode, semantics } = this.#parts;
    if (onTime === "never") return false;
    if (rows > 0) return true;
    return onTime === "always" && (mode !== "discarding" || semantics.emptyOnTime);
  }

  /** Gives a pane of these states, which by default are the window's. */
  fire(pane: Pane, timing: PaneTiming, states: States = pane.states): void {
    const { mode, aggregation } = this.#parts;
    const revision = mode === "discarding" ? 0 : pane.panes;
    const head = { start: pane.start, end: pane.end, index: pane.panes, timing, revision };
    const given = { head, results: aggregation.results(states) };
    if (mode === "retracting") this.#replace(pane, given);
    else this.#push(pane, given);
    pane.panes++;
    pane.rows = 0;
    if (mode === "discarding") pane.states = aggregation.init();
  }

  /** Has what a window gave at its end stand again, of the states of then. */
  recall(pane: Pane, states: States): void {
    const { start, end } = pane;
    const head = { start, end, index: 0, timing: "onTime", revision: 0 } as const;
    pane.standing = [{ head, results: this.#parts.aggregation.results(states) }];
  }

  #replace(pane: Pane, given: Standing): void {
    const { standing } = pane;
    const [old] = standing;
    const isUpdate = standing.length === 1 && old.head.start === pane.start &&
      old.head.end === pane.end;
    for (const each of standing) this.#push(pane, each, isUpdate ? "updateBefore" : "delete");
    this.#push(pane, given, isUpdate ? "updateAfter" : "insert");
    pane.standing = [given];
  }

  #push({ key }: Pane, { head, results }: Standing, kind: RowKindName = "insert"): void {
    this.#parts.results.push(head, { kind, key, results });
  }

  /** Puts panes in the order of their results: by end, start and key. */
  sort<P extends { readonly pane: Pane }>(panes: P[]): P[] {
    if (panes.length < 2) return panes;
    const ranks = this.#parts.keys.ranks();
    return panes.sort(({ pane: a }, { pane: b }) =>
      compareBounds(a, b) || ranks[a.key] - ranks[b.key]
    );
  }
}

/** The order of windows: by end, then start, which may be infinite. */
export function compareBounds(a: WindowBounds, b: WindowBounds): number {
  return compare(a.end, b.end) || compare(a.start, b.start);
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
