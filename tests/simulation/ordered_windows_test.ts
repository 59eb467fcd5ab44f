import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import {
  expectedOf,
  plainSessionCases,
  simulateWindowed,
  type WindowedCase,
  windowedCases,
  type WindowedRun,
} from "../support/windowed_case.ts";

const RUNS = 200;
const runs: fc.Arbitrary<Omit<WindowedRun, "workers">> = fc.record({
  seed: fc.nat(),
  faults: fc.boolean(),
});

async function holds(given: WindowedCase, run: Omit<WindowedRun, "workers">): Promise<number> {
  const expected = expectedOf(given);
  let first: readonly string[] | undefined;
  let lost = 0;
  for (const workers of [1, 2, 3]) {
    const { lines, late, metrics } = await simulateWindowed(given, { ...run, workers });
    assertEquals(lines, expected.lines, `${workers} bees`);
    assertEquals(lines, first ??= lines, `${workers} bees give another order`);
    const { absorbed, filtered, untimed, recordsIn, unaccounted } = metrics;
    assertEquals(
      { absorbed, outside: filtered, untimed, late: metrics.late },
      {
        absorbed: expected.absorbed,
        outside: expected.outside,
        untimed: expected.untimed,
        late: expected.late.length,
      },
    );
    assertEquals([recordsIn, unaccounted], [given.rows.length, 0]);
    const aside = given.lateData === "drop" ? [] : expected.late.map(({ values }) => values.x);
    const order = late.map(({ record }) => record.x as number).sort((a, b) => a - b);
    assertEquals(order, aside, "late rows go aside once each");
    lost += metrics.lostBees;
  }
  return lost;
}

Deno.test("Windows, triggers and lateness are what the oracle says, on 1 to 3 bees", async () => {
  let lost = 0;
  await fc.assert(
    fc.asyncProperty(windowedCases(), runs, async (given, run) => {
      lost += await holds(given, run);
    }),
    { numRuns: RUNS },
  );
  assert(lost > RUNS / 4, `only ${lost} bees were lost`);
});

Deno.test("Sessions in the kernel are what the oracle says, on 1 to 3 bees, lost ones or not", async () => {
  let lost = 0;
  await fc.assert(
    fc.asyncProperty(plainSessionCases(), runs, async (given, run) => {
      lost += await holds(given, run);
    }),
    { numRuns: RUNS },
  );
  assert(lost > RUNS / 4, `only ${lost} bees were lost`);
});
