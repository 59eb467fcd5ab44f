import { assert, assertEquals } from "@std/assert";
import { forSeedsAsync } from "../support/random.ts";
import { assertCase } from "../support/run_case.ts";
import { simulateCase, simulateTransform } from "../support/simulated_case.ts";

const SEEDS = 300;
const TWICE_EVERY = 30;

Deno.test("A pipeline equals the oracle whatever the bees, batches, epochs and rings", async () => {
  await forSeedsAsync({ from: 1, runs: SEEDS }, async (_, seed) => {
    const { given, run } = await simulateCase(seed, { faults: false });
    assertCase(given, run);
  });
});

Deno.test("A pipeline equals the oracle when bees hang and crash at any moment", async () => {
  let lost = 0;
  let replayed = 0;
  await forSeedsAsync({ from: 10_001, runs: SEEDS }, async (_, seed) => {
    const { given, run } = await simulateCase(seed, { faults: true });
    assertCase(given, run);
    lost += run.metrics.lostBees;
    replayed += run.metrics.replayedBatches;
  });
  assert(lost > SEEDS / 2, `only ${lost} bees were lost`);
  assert(replayed > SEEDS, `only ${replayed} batches were sent again`);
});

Deno.test("Filters and selections keep rows and their order when bees hang and crash", async () => {
  let replayed = 0;
  await forSeedsAsync({ from: 20_001, runs: SEEDS }, async (_, seed) => {
    const { rows, expected, metrics } = await simulateTransform(seed);
    assertEquals(rows, expected);
    assertEquals([metrics.inFlight, metrics.unaccounted], [0, 0]);
    replayed += metrics.replayedBatches;
  });
  assert(replayed > SEEDS / 10, `only ${replayed} batches were sent again`);
});

Deno.test("A simulation of one seed goes the same way twice", async () => {
  for (let seed = 10_001; seed < 10_001 + SEEDS; seed += TWICE_EVERY) {
    const [one, two] = [
      await simulateCase(seed, { faults: true }),
      await simulateCase(seed, { faults: true }),
    ];
    assertEquals(one.trace, two.trace, `seed ${seed}`);
    assertEquals(one.run.lines, two.run.lines, `seed ${seed}`);
  }
});
