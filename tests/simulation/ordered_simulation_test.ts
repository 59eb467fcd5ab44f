import { assert, assertEquals } from "@std/assert";
import {
  type OrderedCase,
  orderedOracle,
  type OrderedRun,
  randomOrderedCase,
  simulateOrdered,
} from "../support/ordered_case.ts";
import { forSeedsAsync } from "../support/random.ts";
import { assertCase } from "../support/run_case.ts";
import { simulateCase } from "../support/simulated_case.ts";

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
  for (let seed = 1; seed <= 150; seed++) {
    const { given, run: kernel } = await simulateCase(seed, { faults: false, maxRows: 300 });
    const faults = seed % 2 === 0;
    const { run } = await simulateCase(seed, { faults, maxRows: 300, inOrder: true });
    assertCase(given, run);
    assertEquals(run.lines, kernel.lines, `seed ${seed}`);
  }
});
