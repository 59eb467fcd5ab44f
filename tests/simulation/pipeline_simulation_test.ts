import { assert, assertEquals } from "@std/assert";
import { assertCase } from "../support/run_case.ts";
import { simulateCase, simulateTransform } from "../support/simulated_case.ts";

const SEEDS = 300;
const TWICE_EVERY = 30;

async function eachSeed(from: number, property: (seed: number) => Promise<void>): Promise<void> {
  for (let seed = from; seed < from + SEEDS; seed++) {
    try {
      await property(seed);
    } catch (cause) {
      throw new Error(`The simulation fails for seed ${seed}`, { cause });
    }
  }
}

Deno.test("A pipeline equals the oracle whatever the bees, batches, epochs and rings", async () => {
  await eachSeed(1, async (seed) => {
    const { given, run } = await simulateCase(seed, { faults: false });
    assertCase(given, run);
  });
});

Deno.test("A pipeline equals the oracle when bees hang and crash at any moment", async () => {
  let lost = 0;
  let replayed = 0;
  await eachSeed(10_001, async (seed) => {
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
  await eachSeed(20_001, async (seed) => {
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
