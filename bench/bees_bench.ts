/**
 * Windows in real bees whose work waits in their rings, so that neither source nor main thread
 * limits them: two bees against one, and a user's aggregate against the same fold in plain
 * JavaScript.
 *
 * @module
 */
import { RecordBatch } from "../src/batch/record_batch.ts";

import * as t from "../src/batch/types.ts";
import type { DataType } from "../src/batch/schema.ts";
import { aggregateOf } from "../src/hive/aggregate_of.ts";
import { count, max, mean, min, sum } from "../src/windows/aggregates.ts";
import type { Aggregates } from "../src/windows/aggregates.ts";
import { TumblingWindow } from "../src/windows/tumbling_window.ts";
import { Random } from "../tests/support/random.ts";
import { type BenchGroup, type BenchRow, compare } from "./support/bench.ts";
import { WaitingFrames } from "./support/waiting_frames.ts";

const KEYS = 1_000;
const BATCH_ROWS = 16_384;
const BATCHES = 512;
const BATCHES_OF_WINDOW = 64;
const RING_BYTES = 512 * 1024 * 1024;
const ROUNDS = 7;
/** Bees compile for their first dozen rounds, on cores that two of them need. */
const WARM_UP_ROUNDS = 24;
const window = new TumblingWindow({ size: BATCHES_OF_WINDOW * BATCH_ROWS });
const FIVE: Aggregates = { n: count(), s: sum("x"), m: mean("x"), low: min("x"), high: max("x") };

interface Row {
  readonly at: number;
  readonly k: string;
  readonly x: number;
}

function rowsOf(batches: number): Row[] {
  const random = new Random(1);
  const keys = Array.from({ length: KEYS }, (_, key) => `sensor-${key}`);
  return Array.from({ length: batches * BATCH_ROWS }, (_, at) => {
    return { at, k: keys[random.below(KEYS)], x: random.next() * 100 };
  });
}

function batchesOf(rows: readonly Row[], key: DataType, keyOf: (row: Row) => unknown) {
  const columns = t.schema({ at: t.timestamp, k: key, x: t.f64 });
  const batches: RecordBatch[] = [];
  for (let from = 0; from < rows.length; from += BATCH_ROWS) {
    const some = rows.slice(from, from + BATCH_ROWS).map((row) => ({ ...row, k: keyOf(row) }));
    batches.push(RecordBatch.fromRows(some, { schema: columns }));
  }
  return batches;
}

async function bees(
  workers: number,
  aggregates: Aggregates,
  batches: readonly RecordBatch[],
): Promise<WaitingFrames> {
  const options = { workers, ringBytes: RING_BYTES, window, aggregates, batches };
  const frames = new WaitingFrames(options);
  await frames.start();
  return frames;
}

function expectResults(frames: WaitingFrames, batches: number): void {
  const expected = KEYS * batches / BATCHES_OF_WINDOW;
  if (frames.results === expected) return;
  throw new Error(`Expected ${expected} results, received ${frames.results}`);
}

async function twoBees(name: string, batches: readonly RecordBatch[]): Promise<BenchRow> {
  await using two = await bees(2, FIVE, batches);
  await using one = await bees(1, FIVE, batches);
  let turn = 0;
  const row = await compare({
    name: `tumbling, five aggregates, ${KEYS} ${name} keys, frames in the rings: 2 bees to 1`,
    target: 1.6,
    rounds: ROUNDS,
    warmUpRounds: WARM_UP_ROUNDS,
    beforeRound: () => (turn++ % 2 === 0 ? two : one).fill(),
    contender: () => two.run(),
    baseline: () => one.run(),
    note: `${BATCH_ROWS} rows a frame, ${BATCHES_OF_WINDOW * BATCH_ROWS} rows a window`,
  });
  expectResults(two, batches.length);
  expectResults(one, batches.length);
  return row;
}

/** The fold as a user would write it without us: an accumulator a key, objects in a loop. */
function plainFold(rows: readonly Row[]): number {
  const size = window.size;
  let groups = new Map<string, { n: number; s: number }>();
  let [end, results, total] = [size, 0, 0];
  const close = () => {
    for (const { n, s } of groups.values()) total += s / n;
    results += groups.size;
    groups = new Map();
  };
  for (const { at, k, x } of rows) {
    for (; at >= end; end += size) close();
    let group = groups.get(k);
    if (!group) groups.set(k, group = { n: 0, s: 0 });
    group.n++;
    group.s += x;
  }
  close();
  if (Number.isNaN(total) || results === 0) throw new Error("The plain loop gave no results");
  return rows.length;
}

async function userAggregate(rows: readonly Row[]): Promise<BenchRow> {
  const average = aggregateOf({
    init: () => ({ n: 0, s: 0 }),
    add: (mean: { n: number; s: number }, x: number | null) => {
      mean.n++;
      mean.s += x!;
      return mean;
    },
    merge: (a: { n: number; s: number }, b: { n: number; s: number }) => {
      return { n: a.n + b.n, s: a.s + b.s };
    },
    result: ({ n, s }: { n: number; s: number }) => s / n,
  }, { of: "x", type: t.f64 });
  const batches = batchesOf(rows, t.dict, ({ k }) => k);
  await using one = await bees(1, { average } as Aggregates, batches);
  let turn = 0;
  const row = await compare({
    name: `a user's aggregate in a bee, ${KEYS} text keys, to the same fold over objects`,
    target: 1,
    rounds: ROUNDS,
    beforeRound: () => {
      if (turn++ % 2 === 0) one.fill();
    },
    contender: () => one.run(),
    baseline: () => plainFold(rows),
    note: "a mean by init, add, merge and result; frames wait in the ring of one bee",
  });
  expectResults(one, batches.length);
  return row;
}

async function rows(): Promise<BenchRow[]> {
  const all = rowsOf(BATCHES);
  const numbers = batchesOf(all, t.i64, ({ k }) => BigInt(k.slice("sensor-".length)));
  return [
    await twoBees("i64", numbers),
    await twoBees("dictionary", batchesOf(all, t.dict, ({ k }) => k)),
    await userAggregate(all.slice(0, BATCHES / 4 * BATCH_ROWS)),
  ];
}

/** Windows in real bees. */
export const group: BenchGroup = { name: "bees", rows };
