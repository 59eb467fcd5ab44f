/**
 * Windows that overlap, against windows side by side in the same engine on one core.
 *
 * Both take the same columns in kernel memory, in batches of 65,536 rows, close what the watermark
 * has passed after each of them, and read every result. A round is one length of a window.
 *
 * @module
 */
import { create, type Kernel } from "../src/kernel/kernel.ts";
import { KernelWindowTable } from "../src/kernel/window_table.ts";
import type { WindowExtent, WindowPlan } from "../src/kernel/window_types.ts";
import { Random } from "../tests/support/random.ts";
import type { BenchGroup, BenchRow } from "./support/bench.ts";
import { compare } from "./support/bench.ts";
import { sweep } from "./support/collector.ts";
import { advance, type BatchView, placedBatch } from "./support/placed_batch.ts";
import { batchOf, checkRead, readColumn } from "./support/timed_rows.ts";

const SIZE = 60_000;
const BATCH_ROWS = 65_536;
const ROUNDS = 7;
const BUDGET_BYTES = 1 << 30;

const PLAN: Omit<WindowPlan, keyof WindowExtent> = {
  allowedLateness: 0,
  keys: [{ kind: "i32" }],
  values: [{ type: { kind: "f64" }, nullable: false }],
  aggregates: [
    { op: "count", value: -1 },
    { op: "mean", value: 0 },
    { op: "min", value: 0 },
    { op: "max", value: 0 },
  ],
};

interface Case {
  readonly keys: number;
  /** Rows in a window's length. */
  readonly rows: number;
  readonly slide: number;
  readonly target: number | null;
}

/** Adds all batches to windows that go on from round to round, and reads what closes. */
function runner(kernel: Kernel, extent: WindowExtent, batches: readonly BatchView[]): () => number {
  const table = new KernelWindowTable(kernel, { ...PLAN, ...extent });
  let watermarkBefore = -Infinity;
  return () => {
    let rows = 0;
    for (const batch of batches) {
      const columns = batch();
      const at = { watermarkBefore, bound: 0, partition: 0, position: rows };
      watermarkBefore = table.add(columns, at).watermarkAfter;
      while (table.nextClose() <= watermarkBefore) {
        for (const { values } of table.close(watermarkBefore)!.aggregates) readColumn(values);
      }
      rows += columns.length;
    }
    return rows;
  };
}

async function sliding(one: Case): Promise<BenchRow> {
  const { keys, rows, slide, target } = one;
  const kernel = create({ budgetBytes: BUDGET_BYTES });
  const random = new Random(1);
  const batches: BatchView[] = [];
  for (let from = 0; from < rows; from += BATCH_ROWS) {
    batches.push(
      placedBatch(kernel, batchOf(random, { ...one, spanMs: SIZE }, { from, most: BATCH_ROWS })),
    );
  }
  const contender = runner(kernel, { size: SIZE, offset: 0, slide }, batches);
  const baseline = runner(kernel, { size: SIZE, offset: 0 }, batches);
  let turn = 0;
  return await compare({
    name: `sliding ${SIZE} ms by ${slide} ms, ${keys} keys, ${rows} rows a window, to tumbling`,
    target,
    rounds: ROUNDS,
    beforeRound: async () => {
      if (turn++ % 2 === 0) { for (const batch of batches) advance(batch, SIZE); }
      await sweep();
    },
    contender,
    baseline,
    note: "count, mean, min and max, every result read",
  });
}

const CASES: readonly Case[] = [
  { keys: 1000, rows: 10_000_000, slide: SIZE / 12, target: 0.8 },
  { keys: 1000, rows: 2_000_000, slide: SIZE / 12, target: null },
  { keys: 100, rows: 10_000_000, slide: SIZE / 1000, target: 0.5 },
];

async function rows(): Promise<BenchRow[]> {
  const out: BenchRow[] = [];
  for (const one of CASES) out.push(await sliding(one));
  checkRead();
  return out;
}

/** Windows that overlap, on one core. */
export const group: BenchGroup = { name: "sliding windows", rows };
