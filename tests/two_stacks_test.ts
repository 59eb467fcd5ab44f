import { assertEquals } from "@std/assert";
import {
  aggregateOf,
  collect,
  count,
  countDistinct,
  histogram,
  max,
  RecordBatch,
  schema,
  sum,
  types as t,
} from "../mod.ts";
import { loadAggregates } from "../src/hive/aggregate_spec.ts";
import type { Aggregates } from "../src/windows/aggregates.ts";
import { functionsOf } from "../src/windows/functions/functions_of.ts";
import { Aggregation } from "../src/windows/operator/aggregation.ts";
import { TwoStacks } from "../src/windows/operator/two_stacks.ts";
import { forSeeds, type Random } from "./support/random.ts";

const RUNS = 200;
const COLUMNS = schema({ n: t.i32 });
const SUBTRACTED: Aggregates = {
  rows: count(),
  sum: sum("n"),
  bins: histogram("n", { bounds: [0, 10] }),
};
const MERGED: Aggregates = { rows: count(), sum: sum("n"), most: max("n") };
const GROWING: Aggregates = {
  rows: count(),
  all: collect("n"),
  different: countDistinct("n"),
};

function opened(aggregates: Aggregates, batch: RecordBatch): Aggregation {
  const aggregation = new Aggregation([...functionsOf(aggregates, batch.schema).values()]);
  const places = Float64Array.from({ length: batch.length }, (_, row) => row);
  aggregation.open(batch, { times: places, partition: 0, positions: places });
  return aggregation;
}

/** What the rows of a range come to, one after the other. */
function plainly(aggregation: Aggregation, from: number, to: number): unknown[] {
  const states = aggregation.init();
  for (let row = from; row < to; row++) aggregation.add(states, row);
  return aggregation.results(states);
}

/** Puts rows in and takes them out at random; goes through a snapshot now and then. */
function atRandom(random: Random, aggregates: Aggregates): void {
  const rows = Array.from(
    { length: 60 },
    () => ({ n: random.chance(0.2) ? null : random.below(20) }),
  );
  const batch = RecordBatch.fromRows(rows, { schema: COLUMNS });
  const aggregation = opened(aggregates, batch);
  let queue = new TwoStacks(aggregation);
  let from = 0;
  for (let row = 0; row < rows.length; row++) {
    queue.push({ at: row, states: aggregation.of(row) });
    if (random.chance(0.5)) from = Math.min(row + 1, from + random.below(4));
    queue.evict(from);
    assertEquals(queue.length, row + 1 - from);
    if (queue.length === 0) continue;
    assertEquals(aggregation.results(queue.states()), plainly(aggregation, from, row + 1));
    if (!random.chance(0.1)) continue;
    const [front, back] = queue.save();
    queue = new TwoStacks(aggregation);
    queue.load(front, back);
  }
}

Deno.test("TwoStacks holds what is in it, whether what leaves is subtracted or not", () => {
  forSeeds(RUNS, (random) => {
    atRandom(random, SUBTRACTED);
    atRandom(random, MERGED);
    atRandom(random, GROWING);
  });
});

Deno.test("TwoStacks subtracts what leaves where all aggregates can do that", async () => {
  const functions = {
    init: () => ({ n: 0, gone: 0 }),
    add: (state: { n: number; gone: number }, n: number) => ({ ...state, n: state.n + n }),
    merge: (a: { n: number; gone: number }, b: { n: number; gone: number }) => {
      return { n: a.n + b.n, gone: a.gone + b.gone };
    },
    result: ({ n, gone }: { n: number; gone: number }) => `${n}, ${gone} gone`,
    retract: (a: { n: number; gone: number }, b: { n: number; gone: number }) => {
      return { n: a.n - b.n, gone: a.gone + 1 };
    },
  };
  const batch = RecordBatch.fromRows([{ n: 1 }, { n: 2 }, { n: 4 }], { schema: COLUMNS });
  const results = async (more: Aggregates) => {
    const aggregates = { own: aggregateOf(functions, { of: "n" }), ...more };
    const loaded = await loadAggregates(aggregates);
    const fns = functionsOf(aggregates, batch.schema, loaded).values();
    const aggregation = new Aggregation([...fns]);
    const places = new Float64Array(3);
    aggregation.open(batch, { times: places, partition: 0, positions: places });
    const queue = new TwoStacks(aggregation);
    for (let row = 0; row < 3; row++) queue.push({ at: row, states: aggregation.of(row) });
    queue.evict(2);
    return aggregation.results(queue.states());
  };
  assertEquals(await results({ rows: count() }), ["4, 2 gone", 1]);
  assertEquals(await results({ most: max("n") }), ["4, 0 gone", 4]);
});
