/**
 * Ten kinds of windows over one stream that share their slices, against the fastest of them alone.
 *
 * In kernel memory both take the same columns, in batches of 65,536 rows, on one core, close what
 * the watermark has passed after each of them, and read every result. Through whole pipelines they
 * take record batches of 16,384 rows, with one bee, whose start is part of each round. A round is an
 * hour of rows: so many events as are in the longest window.
 *
 * @module
 */
import {
  type Column,
  count,
  CumulatingWindow,
  from,
  max,
  mean,
  min,
  RecordBatch,
  type ResultPipeline,
  schema,
  SlidingWindow,
  type Source,
  sum,
  together,
  TumblingWindow,
  types as t,
} from "../mod.ts";
import { create, type Kernel } from "../src/kernel/kernel.ts";
import { KernelWindowTable } from "../src/kernel/window_table.ts";
import type {
  AggregateOp,
  PlannedWindows,
  WindowExtent,
  WindowPlan,
} from "../src/kernel/window_types.ts";
import { Random } from "../tests/support/random.ts";
import type { BenchGroup, BenchRow } from "./support/bench.ts";
import { compare } from "./support/bench.ts";
import { advance, type BatchView, placedBatch } from "./support/placed_batch.ts";
import { batchOf, checkRead, readColumn } from "./support/timed_rows.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const BATCH_ROWS = 65_536;
const ROUNDS = 7;
const PIPELINE_BATCH_ROWS = 16_384;
const PIPELINE_ROUNDS = 5;
const BUDGET_BYTES = 1 << 30;
const READING = schema({
  at: t.required(t.timestamp),
  key: t.required(t.i32),
  value: t.required(t.f64),
});

interface Reading {
  at: number;
  key: number;
  value: number;
}

/** That together take no more than three times as long as the fastest alone. */
const TARGET = 1 / 3;

const ROWS_OF_PLAN: Omit<WindowPlan, keyof WindowExtent | "aggregates"> = {
  allowedLateness: 0,
  keys: [{ kind: "i32" }],
  values: [{ type: { kind: "f64" }, nullable: false }],
};

/** A kind of windows, in minutes, with what is computed of them. */
function windows(
  extent: { size: number; slide?: number; step?: number },
  ...ops: readonly AggregateOp[]
): PlannedWindows {
  const { size, slide = size, step } = extent;
  return {
    window: {
      size: size * MINUTE,
      offset: 0,
      slide: slide * MINUTE,
      ...(step !== undefined && { step: step * MINUTE }),
    },
    aggregates: ops.map((op) => ({ op, value: op === "count" ? -1 : 0 })),
  };
}

const KINDS: readonly PlannedWindows[] = [
  windows({ size: 1 }, "count"),
  windows({ size: 2 }, "mean"),
  windows({ size: 5 }, "count", "mean"),
  windows({ size: 10 }, "min", "max"),
  windows({ size: 15 }, "sum"),
  windows({ size: 30 }, "mean", "max"),
  windows({ size: 60 }, "count", "mean", "min", "max"),
  windows({ size: 5, slide: 1 }, "mean"),
  windows({ size: 60, slide: 5 }, "count", "max"),
  windows({ size: 60, step: 10 }, "sum"),
];

interface Case {
  readonly keys: number;
  /** Rows of an hour. */
  readonly rows: number;
  readonly target: number | null;
}

/** Adds all batches to windows that go on from round to round, and reads what closes. */
function runner(
  kernel: Kernel,
  [{ window, aggregates }, ...others]: readonly PlannedWindows[],
  batches: readonly BatchView[],
): () => number {
  const plan = { ...ROWS_OF_PLAN, ...window, aggregates, ...(others.length > 0 && { others }) };
  const table = new KernelWindowTable(kernel, plan);
  let watermarkBefore = -Infinity;
  return () => {
    let rows = 0;
    for (const batch of batches) {
      const columns = batch();
      const at = { watermarkBefore, bound: 0, partition: 0, position: rows };
      watermarkBefore = table.add(columns, at).watermarkAfter;
      while (table.nextClose() <= watermarkBefore) {
        const closed = table.close(watermarkBefore);
        for (const { values } of closed?.aggregates ?? []) readColumn(values);
      }
      rows += columns.length;
    }
    return rows;
  };
}

/** The kind that takes the least time alone. */
function fastest(runners: readonly (() => number)[], next: () => void): () => number {
  const timed = runners.map((run) => {
    const times = [0, 1, 2].map(() => {
      next();
      const start = performance.now();
      run();
      return performance.now() - start;
    });
    return { run, ms: Math.min(...times.slice(1)) };
  });
  return timed.reduce((least, each) => each.ms < least.ms ? each : least).run;
}

async function shared(one: Case): Promise<BenchRow> {
  const { keys, rows, target } = one;
  const kernel = create({ budgetBytes: BUDGET_BYTES });
  const random = new Random(1);
  const batches: BatchView[] = [];
  for (let from = 0; from < rows; from += BATCH_ROWS) {
    batches.push(
      placedBatch(kernel, batchOf(random, { ...one, spanMs: HOUR }, { from, most: BATCH_ROWS })),
    );
  }
  const next = () => {
    for (const batch of batches) advance(batch, HOUR);
  };
  const alone = KINDS.map((kind) => runner(kernel, [kind], batches));
  const baseline = fastest(alone, next);
  let turn = 0;
  return await compare({
    name: `ten windows of 1 to 60 minutes together, ${keys} keys, ${rows} rows an hour, to the ` +
      `fastest alone`,
    target,
    rounds: ROUNDS,
    beforeRound: () => {
      if (turn++ % 2 === 0) next();
    },
    contender: runner(kernel, KINDS, batches),
    baseline,
    note: "six tumbling, two sliding, one cumulating and one of an hour; every result read",
  });
}

/** An hour of rows, each time from the start. */
function sourceOf(one: Case): Source<Reading> {
  const random = new Random(1);
  const batches: RecordBatch<Reading>[] = [];
  for (let from = 0; from < one.rows; from += PIPELINE_BATCH_ROWS) {
    const given = batchOf(random, { ...one, spanMs: HOUR }, { from, most: PIPELINE_BATCH_ROWS });
    const columns = [given.times, ...given.keys, ...given.values] as Column[];
    batches.push(new RecordBatch<Reading>(READING, columns, given.length));
  }
  return {
    name: "readings",
    schema: READING,
    async *open() {
      for (const batch of batches) yield await Promise.resolve({ batch });
    },
  };
}

/** The windows of a kind, of a pipeline of its own or of all. */
function pipelinesOf(source: Source<Reading>): ResultPipeline<unknown>[] {
  const keyed = from(source, { workers: 1 }).timestamps("at").keyBy("key");
  return [
    keyed.window(new TumblingWindow({ size: "1m" })).aggregate({ n: count() }),
    keyed.window(new TumblingWindow({ size: "2m" })).aggregate({ m: mean("value") }),
    keyed.window(new TumblingWindow({ size: "5m" })).aggregate({ n: count(), m: mean("value") }),
    keyed.window(new TumblingWindow({ size: "10m" })).aggregate({
      a: min("value"),
      b: max("value"),
    }),
    keyed.window(new TumblingWindow({ size: "15m" })).aggregate({ s: sum("value") }),
    keyed.window(new TumblingWindow({ size: "30m" })).aggregate({
      m: mean("value"),
      b: max("value"),
    }),
    keyed.window(new TumblingWindow({ size: "1h" })).aggregate({ n: count(), m: mean("value") }),
    keyed.window(new SlidingWindow({ size: "5m", slide: "1m" })).aggregate({ m: mean("value") }),
    keyed.window(new SlidingWindow({ size: "1h", slide: "5m" })).aggregate({ b: max("value") }),
    keyed.window(new CumulatingWindow({ size: "1h", step: "10m" })).aggregate({ s: sum("value") }),
  ] as ResultPipeline<unknown>[];
}

async function throughPipelines(one: Case): Promise<BenchRow> {
  const { keys, rows, target } = one;
  const source = sourceOf(one);
  const pipelines = pipelinesOf(source);
  const timed: { pipeline: ResultPipeline<unknown>; ms: number }[] = [];
  for (const pipeline of [pipelines[0], ...pipelines]) {
    const start = performance.now();
    await pipeline.run();
    timed.push({ pipeline, ms: performance.now() - start });
  }
  // The first of all also warms up.
  const { pipeline } = timed.slice(1).reduce((least, each) => each.ms < least.ms ? each : least);
  return await compare({
    name: `ten pipelines of 1 to 60 minutes together, ${keys} keys, ${rows} rows an hour, to the ` +
      `fastest alone`,
    target,
    rounds: PIPELINE_ROUNDS,
    contender: async () => (await together(...pipelines).run())[0].recordsIn,
    baseline: async () => (await pipeline.run()).recordsIn,
    note: "the same windows, through whole pipelines with one bee",
  });
}

const CASES: readonly Case[] = [
  { keys: 1000, rows: 10_000_000, target: TARGET },
  { keys: 1000, rows: 2_000_000, target: null },
  { keys: 100, rows: 2_000_000, target: TARGET },
];

async function rows(): Promise<BenchRow[]> {
  const out: BenchRow[] = [];
  for (const one of CASES) out.push(await shared(one));
  out.push(await throughPipelines({ keys: 1000, rows: 5_000_000, target: TARGET }));
  checkRead();
  return out;
}

/** Windows that share slices, on one core. */
export const group: BenchGroup = { name: "windows that share slices", rows };
