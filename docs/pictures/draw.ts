/**
 * Draws the pictures of `docs/event-time.md`: `deno run --allow-write=docs/pictures
 * docs/pictures/draw.ts`. What they show is computed as a pipeline computes it.
 *
 * @module
 */
import { CumulatingWindow, SlidingWindow, TumblingWindow } from "../../mod.ts";

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

/** One bar a window, on the first of `lanes` lanes that is free, with the events in it. */
function bars(name: string, spans: readonly Span[], top: number, lanes: number): string[] {
  const parts = [text(10, top + 15, name)];
  spans.forEach((span, index) => {
    const y = top + (index % lanes) * 24;
    const [from, to] = [Math.max(0, span.start), Math.min(LAST, span.end)].map(xOf);
    const box = { x: from + 1, y, width: to - from - 2, height: 20, rx: 4 };
    parts.push(element("rect", { ...box, fill: BLUE, "fill-opacity": 0.25, stroke: BLUE }));
    parts.push(text((from + to) / 2, y + 15, String(counted(span)), { "text-anchor": "middle" }));
  });
  return parts;
}

/** The same events in windows of three kinds, with the number of events in each. */
export function windowsPicture(): string {
  const parts = [text(10, 39, "events")];
  for (const second of EVENTS) {
    parts.push(element("circle", { cx: xOf(second), cy: 35, r: 5, fill: AMBER }));
  }
  for (let second = 0; second <= LAST; second += STEP) {
    const anchor = second === LAST ? "end" : "middle";
    parts.push(text(xOf(second), 16, `${second} s`, { "text-anchor": anchor }));
    parts.push(line(xOf(second), 50, xOf(second), 264, { stroke: FAINT }));
  }
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
export function watermarkPicture(): string {
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
  return picture("Rows by arrival and event time, and the watermark before each", 340, parts);
}

/** The pictures by file name. */
export function pictures(): Record<string, string> {
  return { "windows.svg": windowsPicture(), "watermark.svg": watermarkPicture() };
}

if (import.meta.main) {
  for (const [name, content] of Object.entries(pictures())) {
    Deno.writeTextFileSync(new URL(name, import.meta.url), content);
  }
}
