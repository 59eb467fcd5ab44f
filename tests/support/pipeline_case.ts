import { RecordBatch } from "../../src/batch/record_batch.ts";
import type { DataType, Schema, TypedSchema } from "../../src/batch/schema.ts";
import { argMax, count, first, last, max, mean, min, sum } from "../../src/windows/aggregates.ts";
import { CumulatingWindow } from "../../src/windows/cumulating_window.ts";
import { SlidingWindow } from "../../src/windows/sliding_window.ts";
import { TumblingWindow } from "../../src/windows/tumbling_window.ts";
import type { WindowAssigner } from "../../src/windows/window_assigner.ts";
import type { WindowBounds } from "../../src/windows/window_offset.ts";
import type { Random } from "./random.ts";
import { windowsAt } from "./window_oracle.ts";

/** The aggregates that every case asks for. */
export const AGGREGATES = {
  n: count(),
  known: count("value"),
  total: sum("value"),
  mean: mean("value"),
  least: min("value"),
  most: max("value"),
  first: first("value"),
  last: last("value"),
  best: argMax("at", "value"),
};

/** A row of a case: `at` is the time, `value` is aggregated, `keep` may be filtered by. */
export type CaseRow = Record<string, unknown> & {
  at: number | null;
  value: number | null;
  keep: boolean;
};

/** Random rows with what is to be done with them. */
export interface PipelineCase {
  readonly rows: readonly CaseRow[];
  readonly schema: Schema;
  readonly keys: readonly string[];
  readonly size: number;
  readonly window: WindowAssigner;
  readonly bound: number;
  /** Whether rows without `keep` are filtered out. */
  readonly filters: boolean;
}

const KEY_TYPES: readonly DataType[] = [
  { kind: "utf8" },
  { kind: "dict" },
  { kind: "i32" },
  { kind: "i64" },
  { kind: "f64" },
  { kind: "bool" },
  { kind: "timestamp" },
  { kind: "date" },
  { kind: "bytes" },
];

function keyValue(random: Random, { kind }: DataType, variety: number): unknown {
  if (random.chance(0.08)) return null;
  const id = random.below(variety);
  switch (kind) {
    case "utf8":
    case "dict":
      return id % 7 === 0 ? "" : `key ${"é".repeat(id % 5)}${id}`;
    case "i64":
      return BigInt(id) * 3_000_000_000n - 5n;
    case "f64":
      return [NaN, -0, 0, 0.5, -1e300, Infinity][id] ?? id / 3;
    case "bool":
      return id % 2 === 0;
    case "timestamp":
      return id * 1e9 - 5e9;
    case "bytes":
      return Uint8Array.from({ length: id % 20 }, (_, at) => at + id);
    default:
      return id - 3;
  }
}

/** Windows of all kinds, where those of `size` have some rows each. */
export function randomWindow(random: Random, size: number): WindowAssigner {
  const part = Math.max(1, Math.round(size / random.pick([1, 2, 3, 10])));
  const offset = random.below(2 * size) - size;
  const longer = part * (1 + random.below(5));
  return random.pick([
    () => new TumblingWindow({ size }),
    () => new SlidingWindow({ size, slide: part, offset }),
    () => new SlidingWindow({ size: longer, slide: size, offset }),
    () => new CumulatingWindow({ size: longer, step: part, offset }),
  ])();
}

/** A random case of at most so many rows. */
export function randomPipelineCase(random: Random, maxRows: number): PipelineCase {
  const keyTypes = Array.from({ length: random.below(3) }, () => random.pick(KEY_TYPES));
  const keys = keyTypes.map((_, at) => `k${at}`);
  const size = random.pick([1, 10, 60_000]);
  const bound = random.pick([0, 1, size, 5 * size]);
  const step = random.pick([0, 0.01, 0.2, 3]) * size;
  const jitter = random.pick([0, bound, 3 * bound + 2 * size]);
  const origin = random.pick([0, -5 * size, 1_700_000_000_000]);
  const variety = random.pick([1, 4, 40, 2000]);
  const rows = Array.from({ length: random.below(maxRows + 1) }, (_, row): CaseRow => {
    const given = keyTypes.map((type, at) => [keys[at], keyValue(random, type, variety)]);
    return {
      ...Object.fromEntries(given),
      at: random.chance(0.03) ? null : Math.floor(origin + row * step - random.next() * jitter),
      value: random.chance(0.1) ? null : random.below(2000) - 1000,
      keep: random.chance(0.7),
    };
  });
  const schema: Schema = {
    fields: [
      { name: "at", type: { kind: "timestamp" } },
      ...keyTypes.map((type, at) => ({ name: keys[at], type })),
      {
        name: "value",
        type: { kind: random.pick(["i32", "f64", "i64"]), as: "number" } as DataType,
      },
      { name: "keep", type: { kind: "bool" } },
    ],
  };
  const window = randomWindow(random, size);
  return { rows, schema, keys, size, window, bound, filters: random.chance(0.4) };
}

/** The rows of a case as batches of random sizes. */
export function caseBatches({ rows, schema }: PipelineCase, random: Random): RecordBatch[] {
  const batches: RecordBatch[] = [];
  const most = random.pick([1, 7, 50, 1000]);
  for (let row = 0; row < rows.length;) {
    const next = row + 1 + random.below(most);
    const given: object[] = rows.slice(row, next);
    batches.push(
      RecordBatch.fromRows(given, { schema: schema as TypedSchema<Record<string, unknown>> }),
    );
    row = next;
  }
  return batches;
}

/** What a case comes to. */
export interface CaseOutcome {
  /** A line for each window and key. */
  readonly groups: ReadonlyMap<string, string>;
  readonly late: number;
  readonly untimed: number;
  readonly filtered: number;
  readonly absorbed: number;
}

function keyName(value: unknown): string {
  if (value instanceof Uint8Array) return `bytes ${value.toHex()}`;
  return `${typeof value} ${value === 0 ? 0 : String(value)}`;
}

/** A name that tells windows and keys apart. */
export function groupName(
  { start, end }: WindowBounds,
  keys: readonly unknown[],
): string {
  return [end, start, ...keys.map(keyName)].join(" | ");
}

function resultsOf(rows: readonly CaseRow[]): string {
  const known = rows.filter(({ value }) => value !== null);
  const values = known.map(({ value }) => value!);
  // Array.prototype.sort is stable: rows of one time stay in their order.
  const inTime = known.toSorted((a, b) => a.at! - b.at!).map(({ value }) => value!);
  const total = values.reduce((a, b) => a + b, 0);
  const none = values.length === 0;
  const best = known.toSorted((a, b) => b.value! - a.value! || a.at! - b.at!)[0];
  return resultLine({
    n: rows.length,
    known: values.length,
    total: none ? null : total,
    mean: none ? null : total / values.length,
    least: none ? null : Math.min(...values),
    most: none ? null : Math.max(...values),
    first: none ? null : inTime[0],
    last: none ? null : inTime.at(-1),
    best: none ? null : best.at,
  });
}

/** The aggregates of a row in a text. */
export function resultLine(row: Readonly<Record<string, unknown>>): string {
  const shown = (value: unknown) => {
    // The sum over the count may differ in the last place from the mean of sums that were merged.
    if (typeof value !== "number") return value;
    return Number.isSafeInteger(value) ? value + 0 : Number(value.toPrecision(12)) + 0;
  };
  return Object.keys(AGGREGATES).map((name) => `${name}=${shown(row[name])}`).join(" ");
}

/** What a case comes to, by Maps, row after row. */
export function pipelineOracle({ rows, keys, window, bound, filters }: PipelineCase): CaseOutcome {
  const groups = new Map<string, CaseRow[]>();
  let [late, untimed, filtered, absorbed] = [0, 0, 0, 0];
  let watermark = -Infinity;
  for (const row of rows) {
    const before = watermark;
    if (row.at !== null) watermark = Math.max(watermark, row.at - bound);
    if (filters && !row.keep) filtered++;
    else if (row.at === null) untimed++;
    else {
      const windows = windowsAt(window, row.at);
      const open = windows.filter(({ end }) => end > before);
      if (windows.length === 0) filtered++;
      else if (open.length === 0) late++;
      else absorbed++;
      for (const each of open) {
        const name = groupName(each, keys.map((key) => row[key]));
        const group = groups.get(name);
        if (group) group.push(row);
        else groups.set(name, [row]);
      }
    }
  }
  const lines = [...groups].map(([name, rows]): [string, string] => [name, resultsOf(rows)]);
  return { groups: new Map(lines), late, untimed, filtered, absorbed };
}
