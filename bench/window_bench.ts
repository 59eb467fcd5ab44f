/**
 * Tumbling windows: columns to partial results on one core, against a `Map` of accumulators.
 *
 * The baseline is what one writes by hand: rows as objects, as `JSON.parse` gives them, one `Map` a
 * window, an accumulator object a key that is changed in place. With 1,000 keys a round is ten
 * windows of 200 rows a key, with more keys one window of 20 rows a key; ten rounds each.
 *
 * @module
 */
import type { BenchGroup, BenchRow } from "./support/bench.ts";
import { compare } from "./support/bench.ts";
import { sweep } from "./support/collector.ts";
import { advance, type BatchView, placedBatch } from "./support/placed_batch.ts";
import { create } from "../src/kernel/kernel.ts";
import { KernelWindowTable } from "../src/kernel/window_table.ts";
import type { KernelColumn, KeyType, WindowPlan, WindowRows } from "../src/kernel/window_types.ts";
import { columnOf, type Plain } from "../src/windows/plain_columns.ts";
import { Random } from "../tests/support/random.ts";

const SIZE = 60_000;
const BATCH_ROWS = 65_536;
const WINDOWS = 10;
const ROWS_A_KEY = 20;
/** Rows that exist at once; where a window has more, they come several times. */
const POOL_ROWS = 2_000_000;
const BUDGET_BYTES = 1 << 30;
/** What each side sees before the first round, so that its code is compiled for good. */
const WARM_UP_ROWS = 4_000_000;
const WARM_UP_BATCHES = 300;
const AT = { watermarkBefore: -Infinity, bound: 0, partition: 0, position: 0 };

interface Row {
  key: Plain;
  time: number;
  value: number;
}

interface Accumulator {
  count: number;
  sum: number;
  min: number;
  max: number;
}

/** Adds rows to the `Map` of their window, as one writes it by hand. */
function addToMaps(windows: Map<number, Map<Plain, Accumulator>>, rows: readonly Row[]): void {
  let current = NaN;
  let window: Map<Plain, Accumulator> | undefined;
  for (const { key, time, value } of rows) {
    const start = Math.floor(time / SIZE) * SIZE;
    if (start !== current || window === undefined) {
      current = start;
      window = windows.get(start);
      if (window === undefined) windows.set(start, window = new Map());
    }
    const found = window.get(key);
    if (found === undefined) {
      window.set(key, { count: 1, sum: value, min: value, max: value });
    } else {
      found.count++;
      found.sum += value;
      if (value < found.min) found.min = value;
      if (value > found.max) found.max = value;
    }
  }
}

const PLAN: Omit<WindowPlan, "keys"> = {
  size: SIZE,
  offset: 0,
  allowedLateness: 0,
  values: [{ type: { kind: "f64" }, nullable: true }],
  aggregates: [
    { op: "count", value: -1 },
    { op: "sum", value: 0 },
    { op: "mean", value: 0 },
    { op: "min", value: 0 },
    { op: "max", value: 0 },
  ],
};

/** The same rows as objects and as batches of columns. */
interface Pool {
  readonly rows: Row[];
  readonly batches: WindowRows[];
}

function slice(column: KernelColumn, from: number, to: number): KernelColumn {
  const { type, values, offsets, children } = column;
  const common = { type, length: to - from, nullCount: 0 };
  if (offsets === undefined) return { ...common, values: values!.subarray(from, to), children };
  const bytes = values!.subarray(offsets[from], offsets[to]);
  return {
    ...common,
    values: bytes,
    offsets: offsets.slice(from, to + 1).map((o) => o - offsets[from]),
  };
}

const PARSED_TOGETHER = 50_000;

/** Rows as a decoder makes them: an object each, and each text that is not short its own string. */
function decoded(rows: readonly Row[]): Row[] {
  const out: Row[] = [];
  for (let from = 0; from < rows.length; from += PARSED_TOGETHER) {
    out.push(...JSON.parse(JSON.stringify(rows.slice(from, from + PARSED_TOGETHER))));
  }
  return out;
}

function poolOf({ keys, type, keyOf, windows }: Case): Pool {
  const random = new Random(1);
  const length = POOL_ROWS;
  const rows = decoded(Array.from({ length }, (_, row): Row => {
    const time = Math.floor((row / length) * SIZE * windows);
    return { key: keyOf(random.below(keys)), time, value: random.next() * 100 };
  }));
  const keyColumn = columnOf(type, rows.map(({ key }) => key));
  const times = columnOf({ kind: "timestamp" }, rows.map(({ time }) => BigInt(time)));
  const values = columnOf({ kind: "f64" }, rows.map(({ value }) => value));
  const batches: WindowRows[] = [];
  for (let from = 0; from < length; from += BATCH_ROWS) {
    const to = Math.min(length, from + BATCH_ROWS);
    batches.push({
      length: to - from,
      times: slice(times, from, to),
      keys: [slice(keyColumn, from, to)],
      values: [slice(values, from, to)],
    });
  }
  return { rows, batches };
}

/** Moves all rows on by some windows. */
function advanceAll(rows: readonly Row[], batches: readonly BatchView[], windows: number): void {
  for (const row of rows) row.time += SIZE * windows;
  for (const batch of batches) advance(batch, SIZE * windows);
}

interface Case {
  readonly name: string;
  readonly keys: number;
  /** Windows that the rows of a round are spread over. */
  readonly windows: number;
  readonly type: KeyType;
  readonly keyOf: (index: number) => Plain;
  readonly target: number | null;
  /** Whether the columns lie elsewhere and are copied into the kernel's memory. Default `false`. */
  readonly copied?: boolean;
  readonly note?: string;
}

async function tumbling(one: Case): Promise<BenchRow> {
  const { name, keys, type, target, note } = one;
  const pool = poolOf(one);
  const passes = Math.max(1, Math.ceil((keys * ROWS_A_KEY) / pool.rows.length));
  const units = passes * pool.rows.length;
  const kernel = create({ budgetBytes: BUDGET_BYTES });
  using table = new KernelWindowTable(kernel, { ...PLAN, keys: [type] });
  const windows = new Map<number, Map<Plain, Accumulator>>();
  const batches = pool.batches.map((batch): BatchView =>
    one.copied ? () => batch : placedBatch(kernel, batch)
  );
  const addAll = () => batches.forEach((batch) => table.add(batch(), AT));
  let turn = 0;
  for (let warm = 0; warm < WARM_UP_BATCHES; warm += batches.length) addAll();
  for (let warm = 0; warm < WARM_UP_ROWS; warm += pool.rows.length) addToMaps(windows, pool.rows);
  return await compare({
    name,
    target,
    note,
    rounds: WINDOWS,
    beforeRound: async () => {
      if (turn++ % 2 === 1) return;
      table.close(Infinity);
      windows.clear();
      advanceAll(pool.rows, batches, one.windows);
      await sweep();
    },
    contender: () => {
      for (let pass = 0; pass < passes; pass++) addAll();
      return units;
    },
    baseline: () => {
      for (let pass = 0; pass < passes; pass++) addToMaps(windows, pool.rows);
      return units;
    },
  });
}

const LONG_PREFIX = "hive/apiary-of-the-north-hill/sensors/";

const CASES: readonly Case[] = [
  {
    name: "tumbling, 1,000 keys as dictionary",
    keys: 1000,
    windows: 10,
    type: { kind: "dict" },
    keyOf: (index) => `sensor-${index}`,
    target: 15,
  },
  {
    name: "tumbling, 1,000 keys as dictionary, columns copied in",
    keys: 1000,
    windows: 10,
    type: { kind: "dict" },
    keyOf: (index) => `sensor-${index}`,
    target: null,
    copied: true,
  },
  {
    name: "tumbling, 1,000 keys as i64",
    keys: 1000,
    windows: 10,
    type: { kind: "i64" },
    keyOf: (index) => 1_000_000_000_000 + index * 7919,
    target: 7,
  },
  {
    name: "tumbling, 1,000 keys as i32",
    keys: 1000,
    windows: 10,
    type: { kind: "i32" },
    keyOf: (index) => index * 7919,
    target: null,
  },
  {
    name: "tumbling, 100,000 utf8 keys",
    keys: 100_000,
    windows: 1,
    type: { kind: "utf8" },
    keyOf: (index) => `sensor-${index}`,
    target: 12,
  },
  {
    name: "tumbling, 100,000 utf8 keys of 43 bytes",
    keys: 100_000,
    windows: 1,
    type: { kind: "utf8" },
    keyOf: (index) => `${LONG_PREFIX}${index}`,
    target: null,
  },
  {
    name: "tumbling, 1,000,000 utf8 keys",
    keys: 1_000_000,
    windows: 1,
    type: { kind: "utf8" },
    keyOf: (index) => `sensor-${index}`,
    target: 6,
  },
];

async function rows(): Promise<BenchRow[]> {
  const out: BenchRow[] = [];
  for (const one of CASES) out.push(await tumbling(one));
  return out;
}

/** Tumbling windows on one core. */
export const group: BenchGroup = { name: "windows", rows };
