import type { SessionPlan, SessionRows } from "../../src/kernel/session_types.ts";
import type { Random } from "./random.ts";
import { columnsOf, nameOf, type PlainRow, randomCase, type WindowCase } from "./window_cases.ts";
import { type Expected, expectedOf, type Span, type TimedRow } from "./window_oracle.ts";

/** A row with its gap and the watermark before it, ms. */
export interface SessionRow extends PlainRow {
  readonly gap: number;
  readonly watermark: number;
}

/** A random aggregation in sessions, and the rows of its source. */
export interface SessionCase {
  readonly plan: SessionPlan;
  readonly rows: readonly SessionRow[];
  /** The same as a case of windows. */
  readonly windows: WindowCase;
}

/** Watermarks before rows: behind the greatest time, at times further on, never back. */
function watermarksOf({ rows, bound }: WindowCase, random: Random): number[] {
  const jump = random.pick([0, 0, 0.02]);
  let [mark, greatest] = [-Infinity, -Infinity];
  return rows.map((row) => {
    const before = mark;
    const time = Math.floor(Number(row.time ?? NaN));
    if (Math.abs(time) <= 8.64e15) greatest = Math.max(greatest, time);
    const ahead = random.chance(jump) ? random.below(3) * bound + random.next() : 0;
    mark = Math.max(mark, Number.isFinite(bound) ? greatest - bound + ahead : greatest - bound);
    return before;
  });
}

/** A random case of at most `maxRows` rows. */
export function randomSessions(random: Random, maxRows: number): SessionCase {
  const windows = randomCase(random, maxRows);
  const { size, keys, values, aggregates } = windows.plan;
  const gap = Math.max(1, Math.floor(size * random.pick([0.1, 0.5, 1, 3])));
  const isStatic = random.chance(0.7);
  const plan = {
    ...(isStatic && { gap }),
    touching: random.chance(0.7),
    alone: random.chance(0.3),
    keys,
    values,
    aggregates,
  };
  const watermarks = watermarksOf(windows, random);
  const rows = windows.rows.map((row, at): SessionRow => {
    const own = isStatic ? gap : random.below(2 + random.pick([2, gap, 4 * gap]));
    return { ...row, gap: own, watermark: watermarks[at] };
  });
  return { plan, rows, windows: { ...windows, rows } };
}

/** Rows as columns. */
export function sessionColumns(
  { plan, windows }: SessionCase,
  rows: readonly SessionRow[],
): SessionRows {
  return {
    ...columnsOf(windows, rows),
    watermarks: Float64Array.from(rows, ({ watermark }) => watermark),
    ...(plan.gap === undefined && { gaps: Float64Array.from(rows, ({ gap }) => gap) }),
  };
}

/** A row with what it comes to by itself. */
interface Placed extends TimedRow {
  readonly until: number;
}

/** A session and its rows. */
interface Part extends Span {
  readonly rows: Placed[];
}

/** Rows of a key, sorted by time and split where a gap has passed. */
function split(rows: readonly Placed[], touching: boolean): Part[] {
  const parts: { start: number; end: number; rows: Placed[] }[] = [];
  for (const row of rows.toSorted((a, b) => a.time - b.time)) {
    const last = parts.at(-1);
    if (last && (touching ? row.time <= last.end : row.time < last.end)) {
      last.rows.push(row);
      last.end = Math.max(last.end, row.until);
    } else {
      parts.push({ start: row.time, end: row.until, rows: [row] });
    }
  }
  return parts;
}

/** What is to come out of a case. */
export interface SessionOracleResult {
  /** Aggregates by {@linkcode nameOf} session and keys. */
  readonly groups: Map<string, Expected[]>;
  /** Places of late rows. */
  readonly late: readonly number[];
  readonly untimed: number;
  /** Rows without a gap. */
  readonly outside: number;
}

/** What a case gives: before and after each row all rows of its key are split anew. */
export function sessionOracle({ plan, rows, windows }: SessionCase): SessionOracleResult {
  const open = new Map<string, Placed[]>();
  const groups = new Map<string, Expected[]>();
  const late: number[] = [];
  let [untimed, outside] = [0, 0];
  const give = ({ rows, ...span }: Part) => {
    const inOrder = rows.toSorted((a, b) => a.at - b.at);
    groups.set(nameOf(span, rows[0].row.keys), expectedOf(windows, inOrder));
  };
  rows.forEach((row, at) => {
    const time = Math.floor(Number(row.time ?? NaN));
    if (!(Math.abs(time) <= 8.64e15)) {
      untimed++;
      return;
    }
    if (row.gap === 0) {
      outside++;
      return;
    }
    const name = nameOf({ start: 0, end: 0 }, row.keys);
    const before = split(open.get(name) ?? [], plan.touching);
    for (const part of before) if (part.end <= row.watermark) give(part);
    const own = { row, time, at, until: time + row.gap };
    const kept = before.filter(({ end }) => end > row.watermark).flatMap((part) => part.rows);
    const joined = split([...kept, own], plan.touching).find((part) => part.rows.includes(own))!;
    if ((plan.alone ? own.until : joined.end) <= row.watermark) late.push(at);
    else kept.push(own);
    open.set(name, kept);
  });
  for (const left of open.values()) split(left, plan.touching).forEach(give);
  return { groups, late, untimed, outside };
}
