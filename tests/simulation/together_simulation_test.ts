import { assert, assertEquals } from "@std/assert";
import { assertCase } from "../support/run_case.ts";
import { simulateTogether, type TogetherRun } from "../support/together_case.ts";

const SEEDS = 200;

async function eachSeed(from: number, property: (seed: number) => Promise<void>): Promise<void> {
  for (let seed = from; seed < from + SEEDS; seed++) {
    try {
      await property(seed);
    } catch (cause) {
      throw new Error(`The simulation fails for seed ${seed}`, { cause });
    }
  }
}

function assertAlone({ cases, runs, opened }: TogetherRun): void {
  cases.forEach((given, at) => assertCase(given, runs[at]));
  assertEquals(opened, 1);
}

Deno.test("Windows of the same rows give together what each gives alone", async () => {
  await eachSeed(1, async (seed) => assertAlone(await simulateTogether(seed, { faults: false })));
});

Deno.test("Windows run together give what each gives alone when bees hang and crash", async () => {
  let lost = 0;
  await eachSeed(10_001, async (seed) => {
    const run = await simulateTogether(seed, { faults: true });
    assertAlone(run);
    for (const { metrics } of run.runs) lost += metrics.lostBees;
  });
  assert(lost > SEEDS / 2, `only ${lost} bees were lost`);
});
