import type { ClosedWindows, WindowPlan, WindowRows } from "./window_types.ts";

/** An aggregation in sessions with names resolved to positions. */
export interface SessionPlan extends Pick<WindowPlan, "keys" | "values" | "aggregates"> {
  /** Whole milliseconds without a row after which a session has ended; absent: each row has its own. */
  readonly gap?: number;
  /** Whether rows exactly a gap apart are one session. */
  readonly touching: boolean;
  /** Whether a row is late whose session would be over if it were alone, whatever it touches. */
  readonly alone: boolean;
}

/** The columns of one batch that a plan needs. */
export interface SessionRows extends WindowRows {
  /** Watermark before each row, ms; it never goes back, here or between batches. */
  readonly watermarks: Float64Array;
  /** The gap of each row, whole milliseconds, 0 where it has none; of a plan without one. */
  readonly gaps?: Float64Array;
}

/** Where the rows of a batch come from. */
export interface SessionOrigin {
  /** Source partition, 0 to 65,535. */
  readonly partition: number;
  /** Position of the first row in it; later rows of the partition have greater ones. */
  readonly position: number;
}

/** What became of the rows of a batch; together they are all of its rows. */
export interface SessionOutcome {
  /** Rows that are in sessions now. */
  readonly absorbed: number;
  /** Rows without a gap, which are in no session. */
  readonly outside: number;
  /** Rows without a usable time: null, `NaN`, or beyond the range of a `Date`. */
  readonly untimed: number;
  /** Numbers of the rows whose session the watermark before them had reached the end of. */
  readonly late: Int32Array;
}

/** Results of closed sessions, as columns in the order of their ends, then starts, then keys. */
export interface ClosedSessions extends Omit<ClosedWindows, "kind"> {
  /** Time of the first row, ms. */
  readonly windowStart: BigInt64Array;
  /** When the gap after the rows ends, ms. */
  readonly windowEnd: BigInt64Array;
}

/**
 * The open sessions of one operator: the kernel's and its reference twin.
 *
 * A row is a session of its own from its time up to a gap later, and becomes one with all sessions
 * of its key that it touches. Rows come in the order of their source; results depend on how they are
 * cut into batches only in the last places of sums, means and variances of doubles.
 */
export interface SessionEngine extends Disposable {
  /** Takes rows. When it throws, none of them was taken. */
  add(rows: SessionRows, at: SessionOrigin): SessionOutcome;
  /** Results of the sessions that end at or before a watermark, which are freed; absent: none. */
  close(watermark: number): ClosedSessions | undefined;
  /** Sessions that are open, and bytes that they take; 0 where that is not known. */
  stats(): { readonly sessions: number; readonly bytes: number };
  /** The least start of an open session, ms; `Infinity` without one. Looks at all of them. */
  oldest(): number;
  /** The whole state; empty without sessions. */
  snapshot(): Uint8Array;
  /**
   * Replaces the state by a snapshot's; an empty one is the state before the first row.
   *
   * @throws {TypeError} when that is damaged, before any change.
   */
  restore(snapshot: Uint8Array): void;
}
