/**
 * What other engines do, as facts: rows and watermarks that go in, results that come out. The numbers
 * are those of the sources that are named; watermarks are as ours, the time up to which, and without
 * which, all rows have come.
 *
 * @module
 */
import type { OracleTrigger, OracleWindow } from "./oracle.ts";

/** A row: its key, its time in ms, and what is summed, by default 1. */
export type FactRow = readonly [key: string, time: number, value?: number];

/** The watermark reaches a time; `Infinity`: the end. What came out since the last such step. */
export interface FactMark {
  readonly at: number;
  readonly gives: readonly string[];
}

/** One fact. */
export interface SemanticsCase {
  readonly says: string;
  /** Where it stands. */
  readonly source: string;
  readonly window: OracleWindow;
  readonly steps: readonly (FactRow | FactMark)[];
  /** Watermarks are the greatest time less this, ms. Default: only those of the steps. */
  readonly bound?: number;
  /** How long after their end windows take rows, which then give new results, ms. Default 0. */
  readonly lateness?: number;
  readonly trigger?: OracleTrigger;
  /** Whether results say that they are early or late. Default false. */
  readonly timings?: boolean;
  /** Rows that count in no window, being late. Default 0. */
  readonly late?: number;
}

/** In ms. */
export const SECOND = 1000;
/** In ms. */
export const MINUTE = 60 * SECOND;
/** In ms. */
export const HOUR = 60 * MINUTE;

/** The watermark reaches a time, and what comes out of it. */
export function mark(at: number, ...gives: string[]): FactMark {
  return { at, gives };
}

/** What comes out at the end. */
export function end(...gives: string[]): FactMark {
  return mark(Infinity, ...gives);
}
