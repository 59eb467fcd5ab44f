/**
 * Draws the pictures of `docs/event-time.md`: `deno run --allow-write=docs/pictures
 * docs/pictures/draw.ts`. What they show is computed as a pipeline computes it.
 *
 * @module
 */
import {
  columnOf as valuesOf,
  count,
  CumulatingWindow,
  RecordBatch,
  SessionWindow,
  SlidingWindow,
  TrailingWindow,
  TumblingWindow,
} from "../../mod.ts";
import { createWindowOperator } from "../../src/windows/create_window_operator.ts";
import { functionsOf } from "../../src/windows/functions/functions_of.ts";
import { orderedWindowSpec } from "../../src/windows/ordered_window.ts";
import type { WindowOperatorSpec } from "../../src/windows/window_spec.ts";

const WIDTH = 720;
const LEFT = 120;
const RIGHT = 20;
const INK = "#6b7280";
const FAINT = "#9ca3af55";
const BLUE = "#3b82f6";
const AMBER = "#f59e0b";
const RED = "#ef4444";
const FONT = 'font-family="system-ui, sans-serif" font-size="13"';

type Attributes = Readonly<Record<string, string | number>>;

function element(name: string, attributes: Attributes, content = ""): string {
  const all = Object.entries(attributes).map(([key, value]) => ` ${key}="${value}"`).join("");
  return content === "" ? `<${name}${all}/>` : `<${name}${all}>${content}</${name}>`;
}

function text(x: number, y: number, content: string, more: Attributes = {}): string {
  return element("text", { x, y, fill: INK, ...more }, content);
}

function line(x1: number, y1: number, x2: number, y2: number, more: Attributes = {}): string {
  return element("line", { x1, y1, x2, y2, stroke: INK, "stroke-width": 1, ...more });
}

function picture(title: string, height: number, parts: readonly string[]): string {
  const open =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" ${FONT}>`;
  return [open, element("title", {}, title), ...parts, "</svg>", ""].join("\n");
}

/** A window on the time axis, seconds. */
interface Span {
  readonly start: number;
  readonly end: number;
}

const EVENTS = [4, 11, 17, 33, 38, 52, 58, 71, 77, 83, 109, 116];
const LAST = 120;
const SIZE = 60;
const STEP = 20;

/** The windows that hold events, in order of time. */
function spans({ windowsOf }: { windowsOf: (time: number) => Span[] }): Span[] {
  const all = new Map<string, Span>();
  for (const span of EVENTS.flatMap(windowsOf)) all.set(`${span.start} ${span.end}`, span);
  return [...all.values()].sort((a, b) => a.start - b.start || a.end - b.end);
}

function tumbling(): Span[] {
  const window = new TumblingWindow({ size: SIZE });
  const windowsOf = (time: number) => [{ start: window.startOf(time), end: window.endOf(time) }];
  return spans({ windowsOf });
}

function sliding(): Span[] {
  const window = new SlidingWindow({ size: SIZE, slide: STEP });
  return spans({ windowsOf: (time) => window.windowsOf(time) });
}

function cumulating(): Span[] {
  const window = new CumulatingWindow({ size: SIZE, step: STEP });
  return spans({ windowsOf: (time) => window.windowsOf(time) });
}

function xOf(second: number): number {
  return LEFT + (second / LAST) * (WIDTH - LEFT - RIGHT);
}

function counted({ start, end }: Span): number {
  return EVENTS.filter((time) => time >= start && time < end).length;
}

/** A result of windows that see rows in order. */
export interface Result extends Span {
  /** How many rows it holds. */
  readonly n: number;
  readonly timing: string | undefined;
  /** Which row set it off; −1: the watermark. */
  readonly place: number;
  /** The watermark that did, or the one before the row. */
  readonly at: number;
}

/** What windows give for rows that come with these watermarks before them. */
export function resultsOf(
  spec: WindowOperatorSpec,
  rows: readonly { readonly time: number; readonly watermark: number }[],
): Result[] {
  const schema = { fields: [{ name: "time", type: { kind: "f64" } }] } as const;
  const functions = functionsOf({ n: count() }, schema);
  using operator = createWindowOperator({ ...spec, time: "time" }, { schema, functions });
  const times = valuesOf({ kind: "f64" }, rows.map(({ time }) => time));
  const places = Int32Array.from(rows, (_, at) => at);
  operator.add({
    batch: new RecordBatch(schema, [times], rows.length),
    watermarks: Float64Array.from(rows, ({ watermark }) => watermark),
    positions: Float64Array.from(places),
    places,
    sequence: 0,
    partition: 0,
  });
  operator.advance(Infinity);
  return operator.take()!.toRows().map((row): Result => {
    const [at, , place] = Object.values(row) as number[];
    const { windowStart, windowEnd, n, paneTiming } = row;
    const span = { start: windowStart as number, end: windowEnd as number };
    return { ...span, at, place, n: n as number, timing: paneTiming as string | undefined };
  });
}

/** One bar a window, on the first of `lanes` lanes that is free, with the events in it. */
function bars(
  name: string,
  spans: readonly (Span & { readonly n?: number })[],
  top: number,
  lanes: number,
): string[] {
  const parts = [text(10, top + 15, name)];
  spans.forEach((span, index) => {
    const y = top + (index % lanes) * 24;
    const [from, to] = [Math.max(0, span.start), Math.min(LAST, span.end)].map(xOf);
    const box = { x: from + 1, y, width: to - from - 2, height: 20, rx: 4 };
    parts.push(element("rect", { ...box, fill: BLUE, "fill-opacity": 0.25, stroke: BLUE }));
    const label = String(span.n ?? counted(span));
    parts.push(text((from + to) / 2, y + 15, label, { "text-anchor": "middle" }));
  });
  return parts;
}

/** The events on their axis, with lines down from it. */
function eventAxis(bottom: number): string[] {
  const parts = [text(10, 39, "events")];
  for (const second of EVENTS) {
    parts.push(element("circle", { cx: xOf(second), cy: 35, r: 5, fill: AMBER }));
  }
  for (let second = 0; second <= LAST; second += STEP) {
    const anchor = second === LAST ? "end" : "middle";
    parts.push(text(xOf(second), 16, `${second} s`, { "text-anchor": anchor }));
    parts.push(line(xOf(second), 50, xOf(second), bottom, { stroke: FAINT }));
  }
  return parts;
}

const GAP = 12;
const TRAIL = 30;

/** The same events in windows that the rows make. */
export function rowWindowsPicture(): string {
  const rows = EVENTS.map((time) => ({ time, watermark: -Infinity }));
  const sessions = resultsOf({ window: orderedWindowSpec(new SessionWindow({ gap: GAP })) }, rows);
  const trailing = new TrailingWindow({ duration: TRAIL });
  const trails = resultsOf({ window: orderedWindowSpec(trailing) }, rows);
  return picture("Events in sessions and trailing windows", 244, [
    ...eventAxis(234),
    ...bars("sessions", sessions, 60, 1),
    ...bars("trailing", trails, 92, 6),
  ]);
}

/** The same events in windows of three kinds, with the number of events in each. */
export function windowsPicture(): string {
  const parts = eventAxis(264);
  parts.push(...bars("tumbling", tumbling(), 60, 1));
  parts.push(...bars("sliding", sliding(), 100, 3));
  parts.push(...bars("cumulating", cumulating(), 190, 3));
  return picture("Events in tumbling, sliding and cumulating windows", 274, parts);
}

/** A row as it arrives, seconds. */
interface Arrival {
  readonly time: number;
  readonly watermark: number;
  readonly isLate: boolean;
}

const TIMES = [12, 25, 41, 33, 58, 52, 68, 49, 74, 90, 55, 102];
const DISORDER = 10;

/** The watermark before each row, and whether its window was closed by then. */
export function arrivals(): Arrival[] {
  const window = new TumblingWindow({ size: SIZE });
  let greatest = -Infinity;
  return TIMES.map((time) => {
    const watermark = greatest - DISORDER;
    greatest = Math.max(greatest, time);
    return { time, watermark, isLate: window.endOf(time) <= watermark };
  });
}

const TOP = 44;
const BOTTOM = 310;

function yOf(second: number): number {
  return BOTTOM - (Math.max(0, second) / LAST) * (BOTTOM - TOP);
}

function columnOf(arrival: number): number {
  return LEFT - 40 + (arrival + 0.5) * ((WIDTH - LEFT + 20) / TIMES.length);
}

/** Rows in the order in which they arrive, with the watermark before each. */
function arrivalChart(): string[] {
  const parts: string[] = [];
  for (let second = 0; second <= LAST; second += SIZE) {
    parts.push(line(LEFT - 40, yOf(second), WIDTH - RIGHT, yOf(second), { stroke: FAINT }));
    parts.push(text(LEFT - 48, yOf(second) + 4, `${second} s`, { "text-anchor": "end" }));
  }
  const all = arrivals();
  const steps = all.flatMap(({ watermark }, at) => {
    const half = (columnOf(1) - columnOf(0)) / 2;
    const y = yOf(watermark);
    return [`${columnOf(at) - half},${y}`, `${columnOf(at) + half},${y}`];
  });
  parts.push(
    element("polyline", { points: steps.join(" "), fill: "none", stroke: BLUE, "stroke-width": 2 }),
  );
  all.forEach(({ time, isLate }, at) => {
    const fill = isLate ? RED : AMBER;
    parts.push(element("circle", { cx: columnOf(at), cy: yOf(time), r: 6, fill }));
    const label = isLate ? `${time} late` : String(time);
    parts.push(text(columnOf(at), yOf(time) - 10, label, { "text-anchor": "middle" }));
  });
  parts.push(text(10, 16, "event time"));
  parts.push(text(WIDTH - RIGHT, BOTTOM + 22, "arrival →", { "text-anchor": "end" }));
  parts.push(text(WIDTH - RIGHT, yOf(80) + 18, "watermark", { fill: BLUE, "text-anchor": "end" }));
  return parts;
}

/** When rows count, and when they are late. */
export function watermarkPicture(): string {
  const title = "Rows by arrival and event time, and the watermark before each";
  return picture(title, 340, arrivalChart());
}

const PANE_ROWS = 3;
const KEPT = 30;

/** The panes of the first window: every third row, at its end, and for late rows. */
export function panesOf(): Result[] {
  const window = { kind: "aligned", extent: { size: SIZE, offset: 0 } } as const;
  const spec = { window, trigger: { everyRows: PANE_ROWS }, revisedFor: KEPT };
  return resultsOf(spec, arrivals()).filter(({ start }) => start === 0);
}

/** What a window gives before, at and after its end. */
export function panesPicture(): string {
  const parts = arrivalChart();
  const half = (columnOf(1) - columnOf(0)) / 2;
  const all = arrivals();
  for (const { timing, n, place, at } of panesOf()) {
    const after = all.findIndex(({ watermark }) => watermark >= at);
    const x = place < 0 ? columnOf(after) - half : columnOf(place);
    parts.push(line(x, yOf(SIZE), x, BOTTOM + 30, { stroke: BLUE, "stroke-dasharray": "3 3" }));
    const name = timing === "onTime" ? "on time" : timing;
    parts.push(text(x, BOTTOM + 44, `${name}: ${n}`, { fill: BLUE, "text-anchor": "middle" }));
  }
  parts.push(text(10, BOTTOM + 44, "0 s to 60 s", { fill: BLUE }));
  return picture("Early, on-time and late panes of a window", 364, parts);
}

/** The pictures by file name. */
export function pictures(): Record<string, string> {
  return {
    "windows.svg": windowsPicture(),
    "row-windows.svg": rowWindowsPicture(),
    "watermark.svg": watermarkPicture(),
    "panes.svg": panesPicture(),
  };
}

if (import.meta.main) {
  for (const [name, content] of Object.entries(pictures())) {
    Deno.writeTextFileSync(new URL(name, import.meta.url), content);
  }
}
