import type {
  AggregateOp,
  ClosedWindows,
  KernelColumn,
  KeyType,
  PlannedAggregate,
  PlannedValue,
  WindowEngine,
  WindowExtent,
  WindowPlan,
  WindowRows,
} from "../../src/kernel/window_types.ts";
import { columnOf, type Plain, valueAt } from "../../src/windows/plain_columns.ts";
import type { Random } from "./random.ts";

/** A row with bigints for 64-bit integers and timestamps. */
export interface PlainRow {
  readonly time: Plain;
  readonly keys: readonly Plain[];
  readonly values: readonly Plain[];
}

/** A random aggregation and the rows of its source, in source order. */
export interface WindowCase {
  readonly plan: WindowPlan;
  readonly timeType: KeyType;
  readonly rows: readonly PlainRow[];
  /** The bound of the watermark, ms. */
  readonly bound: number;
}

const KEY_KINDS = [
  "bool",
  "i32",
  "i64",
  "f32",
  "f64",
  "timestamp",
  "date",
  "time",
  "utf8",
  "dict",
  "bytes",
] as const;
const VALUE_KINDS = ["i32", "i64", "f32", "f64", "timestamp", "date", "time"] as const;
const ARITHMETIC: ReadonlySet<string> = new Set(["i32", "i64", "f32", "f64"]);
const OPS: readonly AggregateOp[] = [
  "count",
  "sum",
  "mean",
  "min",
  "max",
  "variance",
  "stddev",
  "populationVariance",
  "populationStddev",
  "first",
  "last",
];
const DOUBLES = [0, -0, NaN, Infinity, -Infinity, 1.5, -2.25, 5e-324, 1e300, 0.1, 1e16, -1e16];
const TEXTS = [
  "",
  "a",
  "a\0",
  "ab",
  "hive",
  "fifteen bytes!!",
  "sixteen bytes!!!",
  "a text of more than sixteen bytes",
  "a text of more than sixteen bytez",
  "ü",
  "🐝",
];
const LONGS = [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n, 42n];

/** A cell of a type: from few different ones, the odd ones among them. */
export function randomCell(random: Random, type: KeyType, variety: number): Plain {
  const small = random.below(variety) - (variety >> 1);
  const odd = random.chance(0.15);
  switch (type.kind) {
    case "bool":
      return random.chance(0.5);
    case "i32":
      return odd ? random.pick([2147483647, -2147483648, 0]) : small;
    case "date":
    case "time":
      return small;
    case "i64":
    case "timestamp":
      return odd ? random.pick(LONGS) : BigInt(small) * 4294967296n;
    case "f32":
      return Math.fround(odd ? random.pick(DOUBLES) : small / 3);
    case "f64":
      return odd ? random.pick(DOUBLES) : small / 3;
    case "bytes":
      return Uint8Array.from({ length: random.below(4) * 7 }, () => random.below(3) * 127);
    default:
      return odd
        ? random.pick(TEXTS)
        : `${random.chance(0.5) ? "key" : "a longer key than "}${small}`;
  }
}

function randomPair(
  random: Random,
  values: readonly PlannedValue[],
  value: number,
): PlannedAggregate {
  const by = random.below(values.length);
  const numbers = [value, by].every((index) => ARITHMETIC.has(values[index].type.kind));
  const ops = ["argMin", "argMax", "covariance", "correlation"] as const;
  return { op: random.pick(numbers ? ops : ops.slice(0, 2)), value, by };
}

/** Windows side by side, overlapping, with gaps, or growing. */
export function randomExtent(random: Random): WindowExtent {
  const size = random.pick([1, 7, 1000, 60_000]);
  const kind = random.pick(["tumbling", "tumbling", "sliding", "sliding", "cumulating"]);
  if (kind === "tumbling") return { size, offset: random.below(size) };
  if (kind === "sliding") {
    const slides = [size / 10, size / 3, size / 2, size * 0.7, size * 1.5, size * 3];
    const slide = Math.max(1, Math.round(random.pick(slides)));
    return { size, offset: random.below(slide), slide };
  }
  const step = Math.max(1, Math.round(size / random.pick([1, 2, 5, 10])));
  const whole = step * Math.ceil(size / step);
  return { size: whole, offset: random.below(whole), step };
}

function randomPlan(random: Random): WindowPlan {
  const extent = randomExtent(random);
  const { size } = extent;
  const keys = Array.from({ length: random.pick([0, 1, 1, 1, 2, 3]) }, (): KeyType => {
    return { kind: random.pick(KEY_KINDS) };
  });
  const values = Array.from({ length: random.below(4) }, (): PlannedValue => {
    return { type: { kind: random.pick(VALUE_KINDS) }, nullable: random.chance(0.7) };
  });
  const aggregates = Array.from({ length: 1 + random.below(8) }, (): PlannedAggregate => {
    const value = random.below(values.length + 1) - 1;
    if (value < 0) return { op: "count", value };
    const { type } = values[value];
    if (random.chance(0.3)) return randomPair(random, values, value);
    const ops = ARITHMETIC.has(type.kind)
      ? OPS
      : OPS.filter((op) => ["count", "min", "max", "first", "last"].includes(op));
    return { op: random.pick(ops), value };
  });
  const allowedLateness = random.chance(0.2) ? random.below(3 * size) : 0;
  return { ...extent, allowedLateness, keys, values, aggregates };
}

function randomTime(random: Random, type: KeyType, near: number): Plain {
  if (random.chance(0.03)) return null;
  if (type.kind === "f64") {
    return random.chance(0.03) ? random.pick([NaN, Infinity, -Infinity, 9e15]) : near + 0.25;
  }
  return random.chance(0.02) ? random.pick([2n ** 63n - 1n, -(2n ** 62n)]) : BigInt(near);
}

/** A random case of at most `maxRows` rows. */
export function randomCase(random: Random, maxRows: number): WindowCase {
  const plan = randomPlan(random);
  const timeType: KeyType = { kind: random.pick(["timestamp", "i64", "f64"] as const) };
  const length = random.below(maxRows + 1);
  const variety = random.pick([1, 3, 20, 1000]);
  const nulls = random.pick([0, 0.1, 0.6]);
  const step = random.pick([0, plan.size / 50, plan.size / 3, 5 * plan.size]);
  const jitter = random.pick([0, plan.size, 4 * plan.size]);
  const origin = random.pick([0, -3 * plan.size, 1_700_000_000_000, -62_135_596_800_000]);
  const cell = (type: KeyType, nullable: boolean) =>
    nullable && random.chance(nulls) ? null : randomCell(random, type, variety);
  const rows = Array.from({ length }, (_, row): PlainRow => {
    const near = origin + Math.floor(row * step - random.next() * jitter);
    return {
      time: randomTime(random, timeType, near),
      keys: plan.keys.map((type) => cell(type, true)),
      values: plan.values.map(({ type, nullable }) => cell(type as KeyType, nullable)),
    };
  });
  const bound = random.pick([0, 1, plan.size, 3 * plan.size, Infinity]);
  return { plan, timeType, rows, bound };
}

/** Rows as columns. */
export function columnsOf(
  { plan, timeType }: WindowCase,
  rows: readonly PlainRow[],
): WindowRows {
  return {
    length: rows.length,
    times: columnOf(timeType, rows.map(({ time }) => time)),
    keys: plan.keys.map((type, index) => columnOf(type, rows.map(({ keys }) => keys[index]))),
    values: plan.values.map(({ type }, index) =>
      columnOf(type as KeyType, rows.map(({ values }) => values[index]))
    ),
  };
}

/** A result: window, keys, aggregates. */
export interface PlainResult {
  readonly start: number;
  readonly end: number;
  readonly keys: readonly Plain[];
  readonly values: readonly Plain[];
}

/** The results of closed windows, row by row. */
export function resultsOf(closed: Omit<ClosedWindows, "kind"> | undefined): PlainResult[] {
  if (closed === undefined) return [];
  const cells = (columns: readonly KernelColumn[], row: number) =>
    columns.map((column) => valueAt(column, row));
  return Array.from({ length: closed.length }, (_, row) => ({
    start: Number(closed.windowStart[row]),
    end: Number(closed.windowEnd[row]),
    keys: cells(closed.keys, row),
    values: cells(closed.aggregates, row),
  }));
}

/** All that closes at a watermark. */
export function closeAll(table: WindowEngine, watermark: number): PlainResult[] {
  const results: PlainResult[] = [];
  while (table.nextClose() <= watermark && table.nextClose() < Infinity) {
    results.push(...resultsOf(table.close(watermark)));
  }
  return results;
}

/** A name that tells windows and keys apart: −0 is 0, NaN is NaN. */
export function nameOf(
  { start, end }: { readonly start: number; readonly end: number },
  keys: readonly Plain[],
): string {
  const name = (key: Plain) => {
    if (key instanceof Uint8Array) return key.toHex();
    return typeof key === "string" ? JSON.stringify(key) : `${typeof key} ${key}`;
  };
  return [start, end, ...keys.map(name)].join();
}
