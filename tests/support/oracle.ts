/**
 * Windows, triggers and lateness in their plainest form: every window keeps all of its rows, and
 * each result is computed anew from them. It shares no code with what it is held against.
 *
 * @module
 */
import type { OracleAggregate } from "./oracle_aggregates.ts";

/** A row, in the order of its source. */
export interface OracleRow {
  /** Event time, ms; null: none. */
  readonly time: number | null;
  readonly keys: readonly unknown[];
  readonly values: Readonly<Record<string, unknown>>;
  /** Source partition. Default 0. */
  readonly partition?: number;
  /** Watermark before the row, ms, instead of what {@linkcode OracleCase.bound} comes to. */
  readonly watermark?: number;
}

/** A window's bounds, ms: from `start` up to, and without, `end`. */
export interface OracleSpan {
  readonly start: number;
  readonly end: number;
}

/** Which windows hold a row. */
export type OracleWindow =
  | { readonly kind: "tumbling"; readonly size: number; readonly offset?: number }
  | {
    readonly kind: "sliding";
    readonly size: number;
    readonly slide: number;
    readonly offset?: number;
  }
  | {
    readonly kind: "cumulating";
    readonly size: number;
    readonly step: number;
    readonly offset?: number;
  }
  | { readonly kind: "session"; readonly gap: number | ((row: OracleRow) => number) }
  /** Every `slide` rows of a key the last `size` of them; `partial`: what is left over too. */
  | {
    readonly kind: "count";
    readonly size: number;
    readonly slide?: number;
    readonly partial?: boolean;
  }
  /** For each time t of a key's rows: from t − duration to t. */
  | { readonly kind: "trailing"; readonly duration: number }
  | { readonly kind: "global" }
  | { readonly kind: "custom"; readonly assign: (row: OracleRow) => readonly OracleSpan[] };

/** When a window gives results besides the one at its end. */
export interface OracleTrigger {
  /** A pane after so many rows since the last one. */
  readonly everyRows?: number;
  /** A pane when the watermark reaches a multiple of it behind a row that no pane has had. */
  readonly everyTime?: number;
  /** What panes hold. Default `"accumulating"`. */
  readonly mode?: "accumulating" | "discarding" | "retracting";
  /** Whether the end gives a pane, also when nothing came since the last. Default `"always"`. */
  readonly onTime?: "always" | "ifChanged" | "never";
}

/** Where engines differ; the defaults are Flink's. */
export interface OracleSemantics {
  /** Whether rows exactly a gap apart are of one session. Default true. */
  readonly sessionsTouch?: boolean;
  /** Whether a row alone must not be late, or what it joins. Default the latter. */
  readonly sessionLateBy?: "joined" | "alone";
  /** The end that a session is given. Default `"gap"`: its last row and the gap. */
  readonly sessionEnd?: "gap" | "last";
  /** Whether there are windows that start before 0. Default true. */
  readonly negativeStarts?: boolean;
  /** Whether the watermark closes a window whose end it reaches, or passes. Default the former. */
  readonly closing?: "reached" | "passed";
  /** Whether panes that discard come at the end without rows too. Default false. */
  readonly emptyOnTime?: boolean;
}

/** What is to be computed. */
export interface OracleCase {
  readonly rows: readonly OracleRow[];
  readonly window: OracleWindow;
  readonly aggregates: Readonly<Record<string, OracleAggregate>>;
  /** The watermark of a partition is the greatest time in it less this. Default 0. */
  readonly bound?: number;
  /** Source partitions, the least watermark of which counts. Default 1. */
  readonly partitions?: number;
  readonly allowedLateness?: number;
  readonly lateData?: "drop" | "sideOutput" | "update";
  readonly trigger?: OracleTrigger;
  readonly semantics?: OracleSemantics;
}

/** One result. */
export interface OracleResult {
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly keys: readonly unknown[];
  readonly values: Readonly<Record<string, unknown>>;
  /** How many panes of the window came before. */
  readonly index: number;
  readonly timing: "early" | "onTime" | "late";
  /** Whether it takes back a result that was given before. */
  readonly retracts: boolean;
  /** The watermark that set it off, or the one before the row that did. */
  readonly at: number;
  /** The row that set it off; −1: the watermark did. */
  readonly row: number;
}

/** What a case comes to. */
export interface OracleOutcome {
  /** In their canonical order: by `at`, `row`, end, start, key; what is taken back comes before. */
  readonly results: readonly OracleResult[];
  /** Rows all of whose windows were closed, in the order of the source. */
  readonly late: readonly OracleRow[];
  /** Rows that counted in a window. */
  readonly absorbed: number;
  /** Rows that no window holds. */
  readonly outside: number;
  readonly untimed: number;
}

interface Placed {
  readonly row: OracleRow;
  readonly time: number;
  readonly place: number;
  readonly watermark: number;
}

interface Open {
  start: number;
  end: number;
  rows: Placed[];
  /** Those that no pane has had. */
  fresh: Placed[];
  panes: number;
  /** When the next early pane is due. */
  due: number;
  isFired: boolean;
  /** Results that would have to be taken back. */
  standing: OracleResult[];
}

/** Every window of fixed bounds that holds a time, by looking at each that may. */
function spansAt(window: OracleWindow, { row, time }: Placed): readonly OracleSpan[] {
  if (window.kind === "custom") return window.assign(row);
  if (window.kind === "global") return [{ start: -Infinity, end: Infinity }];
  if (window.kind === "session") {
    const gap = typeof window.gap === "number" ? window.gap : window.gap(row);
    return gap >= 1 ? [{ start: time, end: time + Math.floor(gap) }] : [];
  }
  if (window.kind === "count" || window.kind === "trailing") return [];
  const { size, offset = 0 } = window;
  const slide = window.kind === "sliding" ? window.slide : size;
  const step = window.kind === "cumulating" ? window.step : size;
  const spans: OracleSpan[] = [];
  let start = offset + slide * Math.floor((time - offset) / slide);
  for (; start + size > time; start -= slide) {
    for (let end = start + step; end <= start + size; end += step) {
      if (time < end) spans.push({ start, end });
    }
  }
  return spans;
}

/** A result, and those that it takes back. */
interface Firing {
  readonly result: OracleResult;
  readonly replaced: readonly OracleResult[];
}

/** The windows of one key. */
class KeyOracle {
  readonly firings: Firing[] = [];
  readonly #given: OracleCase;
  readonly #keys: readonly unknown[];
  /** How long after its end a window can still change. */
  readonly #kept: number;
  #open: Open[] = [];
  #absorbed: Placed[] = [];

  constructor(given: OracleCase, keys: readonly unknown[]) {
    this.#given = given;
    this.#keys = keys;
    this.#kept = given.lateData === "update" ? given.allowedLateness ?? 0 : 0;
  }

  /** What becomes of a row. */
  add(row: Placed): "absorbed" | "late" | "outside" {
    this.advance(row.watermark);
    const { window, semantics = {} } = this.#given;
    if (window.kind === "count") return this.#addCounted(row, window);
    const { negativeStarts = true } = semantics;
    if (window.kind === "trailing") {
      if (row.time < 0 && !negativeStarts) return "outside";
      return this.#addTrailing(row, window.duration, negativeStarts ? -Infinity : 0);
    }
    const spans = spansAt(window, row).filter(({ start, end }) =>
      negativeStarts || start >= 0 || end === Infinity
    );
    if (spans.length === 0) return "outside";
    const held = window.kind === "session"
      ? this.#sessionOf(row, spans[0])
      : spans.filter(({ end }) => this.#isOpen(end, row)).map((span) => this.#windowAt(span));
    for (const open of held.toSorted(inOrder)) this.#put(row, open);
    return held.length === 0 ? "late" : "absorbed";
  }

  #isOpen(end: number, { watermark }: Placed): boolean {
    return watermark < end + this.#kept;
  }

  #windowAt({ start, end }: OracleSpan): Open {
    const known = this.#open.find((open) => open.start === start && open.end === end);
    if (known) return known;
    const made = opened({ start, end });
    this.#open.push(made);
    return made;
  }

  /** One session of the row and of all that it touches. */
  #sessionOf(row: Placed, { start, end }: OracleSpan): Open[] {
    const { sessionsTouch = true, sessionLateBy } = this.#given.semantics ?? {};
    const isLate = !this.#isOpen(end, row);
    if (isLate && sessionLateBy === "alone") return [];
    const reach = sessionsTouch ? 0 : 1;
    const parts = this.#open.filter((open) =>
      open.start + reach <= end && start + reach <= open.end
    ).sort(inOrder);
    if (parts.length === 0 && isLate) return [];
    const whole = opened({
      start: Math.min(start, ...parts.map((part) => part.start)),
      end: Math.max(end, ...parts.map((part) => part.end)),
    });
    for (const field of ["rows", "fresh"] as const) {
      whole[field] = parts.flatMap((part) => part[field]).sort((a, b) => a.place - b.place);
    }
    whole.standing = parts.flatMap(({ standing }) => standing);
    whole.panes = Math.max(0, ...parts.map(({ panes }) => panes));
    whole.due = Math.min(Infinity, ...parts.map(({ due }) => due));
    whole.isFired = whole.end <= row.watermark;
    this.#open = [...this.#open.filter((open) => !parts.includes(open)), whole];
    return [whole];
  }

  /** A row is in its own window and in those of the rows up to `duration` after it. */
  #addTrailing(row: Placed, duration: number, least: number): "absorbed" | "late" {
    const { time } = row;
    if (!this.#isOpen(time + duration + 1, row)) return "late";
    const span = { start: Math.max(least, time - duration), end: time + 1 };
    const isNew = !this.#open.some(({ end }) => end === span.end) && this.#isOpen(span.end, row);
    const held = this.#open.filter(({ start, end }) => start <= time && time < end);
    if (isNew) {
      const own = opened(span);
      own.rows = this.#absorbed.filter((other) => span.start <= other.time && other.time <= time);
      own.fresh = [...own.rows];
      held.push(own);
      this.#open.push(own);
    }
    this.#absorbed.push(row);
    for (const open of held.toSorted(inOrder)) this.#put(row, open);
    return "absorbed";
  }

  #addCounted(row: Placed, { size, slide = size }: { size: number; slide?: number }): "absorbed" {
    const rows = this.#absorbed;
    rows.push(row);
    if (rows.length % slide === 0) this.#count(rows.slice(-size), row.watermark, row.place);
    return "absorbed";
  }

  #count(rows: readonly Placed[], at: number, place: number): void {
    const times = rows.map(({ time }) => time);
    const open = opened({ start: Math.min(...times), end: Math.max(...times) + 1 });
    open.rows = open.fresh = [...rows];
    this.#fire(open, { timing: "onTime", at, row: place });
  }

  /** What is left over of a count window when nothing comes any more. */
  #countRest(): void {
    const { window } = this.#given;
    if (window.kind !== "count" || !window.partial) return;
    const { size, slide = size } = window;
    const rest = this.#absorbed.length % slide;
    if (rest > 0) this.#count(this.#absorbed.slice(-Math.min(size, rest)), Infinity, -1);
    this.#absorbed = [];
  }

  #put(row: Placed, open: Open): void {
    const { everyRows = Infinity, everyTime } = this.#given.trigger ?? {};
    open.rows.push(row);
    open.fresh.push(row);
    const moment = { at: row.watermark, row: row.place };
    if (row.watermark >= open.end) {
      open.isFired = true;
      this.#fire(open, { timing: "late", ...moment });
    } else if (open.fresh.length >= everyRows) {
      this.#fire(open, { timing: "early", ...moment });
    } else if (everyTime !== undefined) {
      const after = Math.max(row.time, row.watermark);
      open.due = Math.min(open.due, everyTime * (Math.floor(after / everyTime) + 1));
    }
  }

  /** Sets off what a watermark sets off, in order, and closes what it closes. */
  advance(watermark: number): void {
    while (true) {
      const [next] = this.#open.filter((open) => momentOf(open) <= watermark)
        .toSorted((a, b) => momentOf(a) - momentOf(b) || inOrder(a, b));
      if (!next) break;
      const at = momentOf(next);
      const isOnTime = at === next.end;
      if (isOnTime) next.isFired = true;
      const isDue = isOnTime ? this.#firesAtEnd(next) : next.fresh.length > 0;
      if (isDue) this.#fire(next, { timing: isOnTime ? "onTime" : "early", at, row: -1 });
      next.due = Infinity;
    }
    this.#open = this.#open.filter(({ end }) => watermark < end + this.#kept);
    if (watermark === Infinity) this.#countRest();
  }

  /** Whether the end of a window gives a pane. */
  #firesAtEnd({ fresh }: Open): boolean {
    const { trigger: { onTime = "always", mode } = {}, semantics } = this.#given;
    if (onTime === "never" || fresh.length > 0) return onTime !== "never";
    return onTime === "always" && (mode !== "discarding" || semantics?.emptyOnTime === true);
  }

  #fire(open: Open, when: Pick<OracleResult, "timing" | "at" | "row">): void {
    const { aggregates, trigger: { mode } = {} } = this.#given;
    const rows = (mode === "discarding" ? open.fresh : open.rows).map(({ row }) => row);
    const { sessionEnd = "gap" } = this.#given.semantics ?? {};
    const isLast = this.#given.window.kind === "session" && sessionEnd === "last";
    const result: OracleResult = {
      windowStart: open.start,
      windowEnd: isLast ? Math.max(...open.rows.map(({ time }) => time)) : open.end,
      keys: this.#keys,
      values: Object.fromEntries(
        Object.entries(aggregates).map(([name, aggregate]) => [name, aggregate(rows)]),
      ),
      index: open.panes++,
      retracts: false,
      ...when,
      at: when.at + delayOf(this.#given.semantics),
    };
    const { at, row } = result;
    const replaced = open.standing.map((old) => ({ ...old, at, row, retracts: true }));
    this.firings.push({ result, replaced: mode === "retracting" ? replaced : [] });
    open.standing = [result];
    open.fresh = [];
    open.due = Infinity;
  }
}

function opened(span: OracleSpan): Open {
  const none = { rows: [], fresh: [], standing: [] };
  return { ...span, ...none, panes: 0, due: Infinity, isFired: false };
}

/** When the watermark sets a window off next; NaN: never again. */
function momentOf({ due, end, isFired }: Open): number {
  return isFired ? NaN : Math.min(due, end);
}

function inOrder(a: OracleSpan, b: OracleSpan): number {
  return compared(a.end, b.end) || compared(a.start, b.start);
}

function compared(a: unknown, b: unknown): number {
  const rank = (value: unknown) => value === null ? 2 : Number.isNaN(value) ? 1 : 0;
  if (rank(a) + rank(b) > 0) return rank(a) - rank(b);
  if (typeof a === "string") return compareBytes(new TextEncoder().encode(a), utf8(b));
  if (a instanceof Uint8Array) return compareBytes(a, b as Uint8Array);
  return a === b ? 0 : (a as number) < (b as number) ? -1 : 1;
}

function utf8(text: unknown): Uint8Array {
  return new TextEncoder().encode(text as string);
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const at = a.findIndex((byte, place) => byte !== b[place]);
  return at < 0 ? a.length - b.length : at >= b.length ? 1 : a[at] - b[at];
}

function compareFirings({ result: a }: Firing, { result: b }: Firing): number {
  const order = compared(a.at, b.at) || a.row - b.row || compared(a.windowEnd, b.windowEnd) ||
    compared(a.windowStart, b.windowStart);
  return order || a.keys.reduce((sum: number, key, at) => sum || compared(key, b.keys[at]), 0);
}

function nameOf(keys: readonly unknown[]): string {
  return keys.map((key) => {
    const text = key instanceof Uint8Array ? key.toHex() : String(key === 0 ? 0 : key);
    return `${typeof key} ${text.length} ${text}`;
  }).join(" ");
}

/** How much further than to their ends the watermark must be to close windows, ms. */
function delayOf(semantics: OracleSemantics | undefined): number {
  return semantics?.closing === "passed" ? 1 : 0;
}

/** The rows with the watermark before each, less the delay: it never goes back. */
function placed({ rows, bound = 0, partitions = 1, semantics }: OracleCase): Placed[] {
  const greatest = new Array<number>(partitions).fill(-Infinity);
  let mark = -Infinity;
  return rows.map((row, place) => {
    const time = row.time === null ? NaN : Math.floor(row.time);
    mark = Math.max(mark, row.watermark ?? Math.min(...greatest) - bound);
    const { partition = 0 } = row;
    if (time > greatest[partition]) greatest[partition] = time;
    return { row, time, place, watermark: mark - delayOf(semantics) };
  });
}

/** What a case comes to. */
export function oracle(given: OracleCase): OracleOutcome {
  const byKey = new Map<string, KeyOracle>();
  const late: OracleRow[] = [];
  const counts = { absorbed: 0, outside: 0, untimed: 0, late: 0 };
  for (const row of placed(given)) {
    const { keys } = row.row;
    const known = byKey.getOrInsertComputed(nameOf(keys), () => new KeyOracle(given, keys));
    const fate = Math.abs(row.time) <= 8.64e15 ? known.add(row) : "untimed";
    counts[fate]++;
    if (fate === "late") late.push(row.row);
  }
  for (const key of byKey.values()) key.advance(Infinity);
  const results = byKey.values().flatMap((key) => key.firings).toArray().sort(compareFirings)
    .flatMap(({ result, replaced }) => [...replaced, result]);
  const { absorbed, outside, untimed } = counts;
  return { results, late, absorbed, outside, untimed };
}
