import { assert, assertEquals } from "@std/assert";
import { DeliveryGuarantee } from "../../mod.ts";
import { forSeedsAsync } from "../support/random.ts";
import { assertCase } from "../support/run_case.ts";
import { compareWithAlone, simulateTogether, type TogetherRun } from "../support/together_case.ts";

const SEEDS = 150;

function assertAlone({ cases, runs, opened }: TogetherRun): void {
  cases.forEach((given, at) => assertCase(given, runs[at]));
  assertEquals(opened, 1);
}

Deno.test("Windows of the same rows give together what each gives alone", async () => {
  let [shared, beside] = [0, 0];
  await forSeedsAsync({ from: 1, runs: SEEDS }, async (_, seed) => {
    const run = await simulateTogether(seed, { faults: false });
    assertAlone(run);
    if (run.shared) shared++;
    if (run.beside) beside++;
  });
  assert(shared > SEEDS / 2, `only ${shared} of ${SEEDS} share slices`);
  assert(beside > SEEDS / 4, `only ${beside} of ${SEEDS} run side by side`);
});

Deno.test("Late and bad rows are those of each alone, however watermarks come about", async () => {
  let [late, bad] = [0, 0];
  await forSeedsAsync({ from: 20_001, runs: SEEDS / 2 }, async (_, seed) => {
    const { together, alone } = await compareWithAlone(seed);
    assertEquals(together, alone);
    late += together.late.length;
    bad += together.deadLetters.length;
  });
  assert(late > SEEDS, `only ${late} rows were late`);
  assert(bad > SEEDS, `only ${bad} rows were bad`);
});

Deno.test("Windows run together give what each gives alone when bees hang and crash", async () => {
  let lost = 0;
  await forSeedsAsync({ from: 10_001, runs: SEEDS }, async (_, seed) => {
    const run = await simulateTogether(seed, { faults: true });
    assertAlone(run);
    for (const { metrics } of run.runs) lost += metrics.lostBees;
  });
  assert(lost > SEEDS / 2, `only ${lost} bees were lost`);
});

Deno.test("Records are accounted for in each pipeline, whatever a lost bee may do", async () => {
  let [lost, replayed] = [0, 0];
  for (const guarantee of ["AtMostOnce", "AtLeastOnce"] as const) {
    await forSeedsAsync({ from: 30_001, runs: SEEDS / 2 }, async (_, seed) => {
      const deliveryGuarantee = DeliveryGuarantee[guarantee];
      const { runs } = await simulateTogether(seed, { faults: true, deliveryGuarantee });
      for (const { metrics } of runs) {
        lost += metrics.lost;
        replayed += metrics.replayed;
        assertEquals([metrics.inFlight, metrics.unaccounted], [0, 0]);
      }
    });
  }
  assert(lost > SEEDS, `only ${lost} records were lost`);
  assert(replayed > SEEDS, `only ${replayed} records were replayed`);
});
