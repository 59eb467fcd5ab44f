import { assert, assertEquals } from "@std/assert";
import { collect, from, TumblingWindow } from "../../mod.ts";
import { SimulatedRuntime } from "../../src/runtime/simulated_runtime.ts";
import {
  type OrderedCase,
  orderedOracle,
  type OrderedRun,
  randomOrderedCase,
  simulateOrdered,
} from "../support/ordered_case.ts";
import { forSeedsAsync } from "../support/random.ts";
import { assertCase } from "../support/run_case.ts";
import { breakBees, simulateCase } from "../support/simulated_case.ts";

const SEEDS = 250;

function assertOrdered(given: OrderedCase, { lines, late, metrics }: OrderedRun): void {
  const expected = orderedOracle(given);
  assertEquals(lines, expected.lines);
  const { absorbed, filtered, late: lateCount, untimed } = metrics;
  assertEquals({ absorbed, filtered, late: lateCount, untimed }, expected.counts);
  assertEquals(late, expected.late);
  assertEquals([metrics.recordsIn, metrics.inFlight], [given.rows.length, 0]);
  assertEquals([metrics.unaccounted, metrics.rowsOut], [0, lines.length]);
  assertEquals(metrics.lateOut, lateCount);
}

Deno.test("Rows come to the owner of their key in the order of the source, results in one order", async () => {
  await forSeedsAsync(SEEDS, async (random, seed) => {
    const given = randomOrderedCase(random);
    assertOrdered(given, await simulateOrdered(given, random, { seed, faults: false }));
  });
});

Deno.test("Windows over rows in order lose and double nothing when bees hang and crash", async () => {
  let [lost, replayed] = [0, 0];
  await forSeedsAsync(SEEDS, async (random, seed) => {
    const given = randomOrderedCase(random);
    const run = await simulateOrdered(given, random, { seed, faults: true });
    assertOrdered(given, run);
    lost += run.metrics.lostBees;
    replayed += run.metrics.replayedBatches;
  });
  assert(lost > SEEDS / 2, `only ${lost} bees were lost`);
  assert(replayed > SEEDS, `only ${replayed} batches were sent again`);
});

Deno.test("Windows at their ends are the same, in the same order, whichever way rows go", async () => {
  await forSeedsAsync(150, async (_, seed) => {
    const { given, run: kernel } = await simulateCase(seed, { faults: false, maxRows: 300 });
    const faults = seed % 2 === 0;
    const { run } = await simulateCase(seed, { faults, maxRows: 300, inOrder: true });
    assertCase(given, run);
    assertEquals(run.lines, kernel.lines, `seed ${seed}`);
  });
});

Deno.test("Results of which one alone does not fit into a ring come whole and once, bees lost or not", async () => {
  const rows = Array.from({ length: 600 }, (_, at) => {
    return { at, key: "abc"[at % 3], text: `row ${at} `.repeat(20) };
  });
  let lost = 0;
  await forSeedsAsync(30, async (random, seed) => {
    const runtime = new SimulatedRuntime({ seed });
    const options = { workers: random.pick([1, 2, 3]), batchRows: 50, maxLostBees: 1000 };
    const pipeline = from(rows, {
      ...options,
      runtime,
      ringBytes: 1 << 14,
      recordTimeout: 50,
      checkpointBatches: random.pick([1, 4]),
    }).timestamps("at").keyBy("key").window(new TumblingWindow({ size: 300 }))
      .aggregate({ texts: collect("text") });
    const results: [number, string, unknown][] = [];
    await runtime.drive(async () => {
      if (seed % 2 === 0) breakBees(runtime, random);
      for await (const { windowStart, key, texts } of pipeline) {
        results.push([Number(windowStart), key, texts]);
      }
    });
    const expected = [0, 300].flatMap((start) =>
      ["a", "b", "c"].map((key) => {
        const held = rows.slice(start, start + 300).filter((row) => row.key === key);
        return [start, key, held.map(({ text }) => text)];
      })
    );
    assertEquals(results as unknown[], expected);
    lost += pipeline.metrics().lostBees;
  });
  assert(lost > 5, `only ${lost} bees were lost`);
});
