import { readColumn } from "../../batch/column_reader.ts";
import { zipRows } from "../../batch/zip_rows.ts";
import type { Schema } from "../../batch/schema.ts";
import { MAX_TIMESTAMP_MS } from "../../batch/time_range.ts";
import { isTimeKind } from "../../kernel/window_check.ts";
import { WindowShape } from "../../kernel/window_shape.ts";
import { indexOf } from "../plan.ts";
import type { WindowBounds } from "../window_offset.ts";
import type { WindowSpec } from "../window_spec.ts";
import type { ColumnBatch } from "../window_table.ts";
import { received } from "../../runtime/known_options.ts";
import { isComputed } from "../aggregate.ts";
import { readTimes } from "./read_times.ts";

/** The windows of a row, by its number and time. */
export type WindowsOf = (row: number, time: number) => readonly WindowBounds[];

/** A user's function, which says what windows hold a row of some time. */
export type OperatorAssign = (row: Record<string, unknown>, time: number) => unknown;

/** Readies a batch. */
export type Assigner = (batch: ColumnBatch) => WindowsOf;

const EVERYTHING: readonly WindowBounds[] = [{ start: -Infinity, end: Infinity }];
const NONE: readonly WindowBounds[] = [];
/** The most windows that a function may give for a row. */
const MOST_GIVEN = 1_000_000;

function aligned(shape: WindowShape): WindowsOf {
  let [start, windows]: [number, readonly WindowBounds[]] = [NaN, NONE];
  return (_, time) => {
    const slice = shape.sliceOf(time);
    if (slice === start) return windows;
    const all: WindowBounds[] = [];
    const last = shape.lastEnd(slice);
    for (let end = shape.endAfter(slice); end <= last; end += shape.step) {
      all.push({ start: shape.startOf(end), end });
    }
    [start, windows] = [slice, all];
    return windows;
  };
}

function boundColumn(schema: Schema, name: string): number {
  const at = indexOf(schema, name, "take windows from");
  const { kind } = schema.fields[at].type;
  if (isTimeKind(kind) || kind === "i32" || kind === "f32") return at;
  throw new TypeError(
    `Cannot make custom windows: their bounds must be timestamps or numbers of milliseconds, ` +
      `received ${kind}`,
  );
}

function bounds({ start, end }: { start: string; end: string }, schema: Schema): Assigner {
  const [from, to] = [start, end].map((name) => boundColumn(schema, name));
  return ({ columns, length }) => {
    const starts = readTimes(columns[from], length);
    const ends = readTimes(columns[to], length);
    let last: readonly [WindowBounds] = [{ start: NaN, end: NaN }];
    return (row) => {
      const [start, end] = [starts[row], ends[row]];
      if (!(start < end)) return NONE;
      // Most often a row is in the same window as the one before.
      if (last[0].start !== start || last[0].end !== end) last = [{ start, end }];
      return last;
    };
  };
}

function isTime(value: unknown): boolean {
  return Number.isInteger(value) && Math.abs(value as number) <= MAX_TIMESTAMP_MS;
}

/** @throws {TypeError} when it is no window. */
function checkWindow(given: unknown, time: number): void {
  const { start, end } = Object(given) as WindowBounds;
  if (isTime(start) && isTime(end) && start < end) return;
  throw new TypeError(
    `Cannot put row of time ${time} into windows: the function must give { start, end } in whole ` +
      `milliseconds, the start before the end, received { start: ${received(start)}, end: ${
        received(end)
      } }`,
  );
}

function checked(given: unknown, time: number): readonly WindowBounds[] {
  if (!Array.isArray(given)) {
    throw new TypeError(
      `Cannot put row of time ${time} into windows: the function must give an array of windows, ` +
        `empty for none, and not be async, received ${received(given)}`,
    );
  }
  if (given.length > MOST_GIVEN) {
    throw new RangeError(
      `Cannot put row of time ${time} into windows: at most ${MOST_GIVEN} may hold it, received ` +
        `${given.length}`,
    );
  }
  for (const window of given) checkWindow(window, time);
  return given.length < 2 ? given : inOrder(given);
}

/** By end and start, each once. */
function inOrder(given: readonly WindowBounds[]): WindowBounds[] {
  return given.toSorted((a, b) => a.end - b.end || a.start - b.start)
    .filter(({ start, end }, at, all) =>
      at === 0 || all[at - 1].start !== start ||
      all[at - 1].end !== end
    );
}

function custom(
  columns: readonly string[] | undefined,
  schema: Schema,
  assign: OperatorAssign,
): Assigner {
  const names = columns ??
    schema.fields.map(({ name }) => name).filter((name) => !isComputed(name));
  const at = names.map((name) => indexOf(schema, name, "make windows of"));
  return ({ columns, length }) => {
    const cells = at.map((index) => readColumn(columns[index], { start: 0, end: length }));
    const rows = zipRows(names, cells, length);
    return (row, time) => checked(assign(rows[row], time), time);
  };
}

/**
 * What tells the windows of rows whose bounds are known at once.
 *
 * @throws {TypeError} when there is no such column, or no function where one is needed.
 */
export function assignerOf(
  window: WindowSpec,
  { schema, assign }: { schema: Schema; assign?: OperatorAssign },
): Assigner {
  switch (window.kind) {
    case "aligned": {
      const windowsOf = aligned(new WindowShape(window.extent));
      return () => windowsOf;
    }
    case "bounds":
      return bounds(window, schema);
    case "custom":
      if (assign === undefined) {
        throw new TypeError("Cannot make custom windows: their function is missing");
      }
      return custom(window.columns, schema, assign);
    default:
      return () => () => EVERYTHING;
  }
}
