import type { Schema } from "../../batch/schema.ts";
import { indexOf } from "../plan.ts";
import { gapsOf, isGapKind } from "../session_gaps.ts";
import type { WindowOperatorSpec, WindowSpec } from "../window_spec.ts";
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

/** Rows of a key with no gap between them. */
interface Session extends TriggeredPane {
  /** Time of the last row, ms. */
  last: number;
  /** For when it stands among the timers, ms; `Infinity`: it does not. Others are void. */
  timer: number;
}

/** Where a row alone would be. */
interface Reach {
  readonly start: number;
  /** The row's time and its gap. */
  readonly closes: number;
}

/** Sessions: each keeps one state, and those that a row connects become one. */
export class SessionOperator extends TriggeredCore<Session> {
  protected override readonly ends: Timers<Session> = new Timers();
  readonly #gap: number;
  readonly #gapColumn: number;
  /** Gaps of the batch's rows, ms, where each has its own. */
  #gaps: Float64Array | undefined;
  /** Of each key those that are kept, in no order: there are few. */
  readonly #sessions = new Map<number, Session[]>();
  #ended: Session[] = [];

  /** @throws {TypeError} when a column is not there, or of a type that does not fit its role. */
  constructor(
    spec: WindowOperatorSpec & { window: WindowSpec & { kind: "session" } },
    parts: OperatorParts,
  ) {
    super(spec, parts);
    const { gap } = spec.window;
    this.#gap = typeof gap === "number" ? gap : NaN;
    this.#gapColumn = typeof gap === "number" ? -1 : gapColumn(parts.schema, gap.column);
  }

  protected override openBatch(): void {
    const { columns, length } = this.rows.batch;
    if (this.#gapColumn >= 0) this.#gaps = gapsOf(columns[this.#gapColumn], length);
  }

  protected override place(row: number, time: number, key: number): number {
    const gap = this.#gaps === undefined ? this.#gap : this.#gaps[row];
    if (gap < 1 || (time < 0 && !this.semantics.negativeStarts)) return OUTSIDE;
    const session = this.#sessionOf(key, { start: time, closes: time + gap });
    if (session === undefined) return LATE;
    this.put(session, row, time);
    return ABSORBED;
  }

  /** The session of a row and of all that it touches; `undefined` when that was closed. */
  #sessionOf(key: number, reach: Reach): Session | undefined {
    const isOver = reach.closes + this.kept <= this.watermark;
    if (isOver && this.semantics.sessionLateBy === "alone") return undefined;
    const all = this.#sessions.get(key);
    if (all?.length === 1 && this.#touches(all[0], reach)) return this.#reach(all[0], reach);
    const touched = all?.filter((session) => this.#touches(session, reach)) ?? [];
    if (touched.length === 0 && isOver) return undefined;
    const session = touched.length > 0
      ? this.#joined(touched, all!)
      : this.#opened(key, reach, all);
    return this.#reach(session, reach);
  }

  /** Lets a session reach as far as one of its rows. */
  #reach(session: Session, reach: Reach): Session {
    session.start = Math.min(session.start, reach.start);
    session.closes = Math.max(session.closes, reach.closes);
    session.last = Math.max(session.last, reach.start);
    session.end = this.semantics.sessionEnd === "last" ? session.last : session.closes;
    this.#time(session);
    return session;
  }

  #touches(session: Session, { start, closes }: Reach): boolean {
    const least = this.semantics.sessionsTouch ? 0 : 1;
    return session.start + least <= closes && start + least <= session.closes;
  }

  #opened(key: number, { start, closes }: Reach, all: Session[] | undefined): Session {
    this.opened();
    this.keys.retain(key);
    const states = this.aggregation.init();
    const empty = emptyPane({ key, start, end: closes, closes, states });
    const session = { ...empty, last: start, timer: Infinity };
    if (all === undefined) this.#sessions.set(key, [session]);
    else all.push(session);
    return session;
  }

  /** Joins sessions to the earliest of them. */
  #joined(touched: Session[], all: Session[]): Session {
    if (touched.length === 1) return touched[0];
    const [first, ...others] = touched.toSorted((a, b) => a.start - b.start);
    for (const other of others) {
      this.aggregation.merge(first.states, other.states);
      first.rows += other.rows;
      first.panes = Math.max(first.panes, other.panes);
      first.standing = [...first.standing, ...other.standing];
      first.closes = Math.max(first.closes, other.closes);
      first.last = Math.max(first.last, other.last);
      this.setDue(first, other.due);
      all.splice(all.indexOf(other), 1);
      this.retire(other);
    }
    return first;
  }

  /** Sees to it that the session's end is noticed, and what comes after. */
  #time(session: Session, watermark = this.watermark): void {
    const { closes } = session;
    const time = closes > watermark ? closes : closes + this.kept;
    if (time >= session.timer) return;
    session.timer = time;
    this.ends.add(time, session);
  }

  protected override endingAt(time: number): Session[] {
    this.#ended = [];
    for (const session of this.ends.take(time)) {
      if (session.isGone || session.timer !== time) continue;
      session.timer = Infinity;
      if (session.closes === time) this.#ended.push(session);
      else this.#pass(session, time);
    }
    return this.#ended;
  }

  protected override finish(time: number): void {
    for (const session of this.#ended) this.#pass(session, time);
  }

  /** What becomes of a session at a time at which it might have ended, or has. */
  #pass(session: Session, time: number): void {
    if (session.closes + this.kept <= time) this.#drop(session);
    else this.#time(session, time);
  }

  #drop(session: Session): void {
    this.retire(session);
    const all = this.#sessions.get(session.key)!;
    if (all.length === 1) this.#sessions.delete(session.key);
    else all.splice(all.indexOf(session), 1);
  }

  override oldest(): number {
    let oldest = Infinity;
    for (const sessions of this.#sessions.values()) {
      for (const { start } of sessions) if (start < oldest) oldest = start;
    }
    return oldest;
  }

  protected override saveState(): SavedState {
    const items: SavedItem[] = [];
    for (const session of [...this.#sessions.values()].flat()) {
      const { key, start, end, closes, last } = session;
      items.push([key, start, end, closes, last, ...this.savePane(session)]);
    }
    return { whole: null, items };
  }

  protected override loadState({ items }: SavedState): void {
    for (const [key, ...saved] of items) {
      const [start, end, closes, last, ...pane] = saved as number[];
      const session = this.#opened(key, { start, closes }, this.#sessions.get(key));
      Object.assign(session, { end, last });
      this.#time(session);
      this.loadPane(session, pane);
    }
  }
}

function gapColumn(schema: Schema, name: string): number {
  const at = indexOf(schema, name, "take session gaps from");
  const { kind } = schema.fields[at].type;
  if (isGapKind(kind)) return at;
  throw new TypeError(
    `Cannot make session windows: each row's gap must be a number of milliseconds, received ${kind}`,
  );
}
