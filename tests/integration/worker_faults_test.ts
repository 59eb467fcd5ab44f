import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Fault } from "../support/faulty_functions.ts";
import type { FaultCase, FaultOutcome } from "../support/worker_faults_main.ts";

const RECORDS = 300;

/** How many bees a fault costs before its record is known, and what its record becomes. */
const EXPECTED: Record<Exclude<Fault, "none">, { lostBees: number; error: string }> = {
  throw: { lostBees: 0, error: "thrown for" },
  pending: { lostBees: 0, error: "still pending after 1000 ms (recordTimeout)" },
  wait: { lostBees: 2, error: "two bees were lost over it" },
  loop: { lostBees: 2, error: "two bees were lost over it" },
  close: { lostBees: 2, error: "two bees were lost over it" },
  uncaught: { lostBees: 2, error: "two bees were lost over it" },
};

/** The fault at the first, a middle and the last record, with 1 to 3 workers. */
function casesOf(fault: Fault, count: number): FaultCase[] {
  return Array.from({ length: count }, (_, i) => ({
    fault,
    at: [0, RECORDS >> 1, RECORDS - 1][i % 3],
    records: RECORDS,
    workers: 1 + Math.floor(i / 3) % 3,
    // Long enough for a thread of a busy machine, unless waiting for it is what the case is about.
    recordTimeout: fault === "throw" || fault === "uncaught" ? "30s" : "1s",
    ordered: ([false, "key", "all"] as const)[(i + Math.floor(i / 3)) % 3],
  }));
}

async function runAll(cases: FaultCase[]): Promise<FaultOutcome[]> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--no-lock",
      "--allow-read",
      "tests/support/worker_faults_main.ts",
      JSON.stringify(cases),
    ],
  }).output();
  const text = new TextDecoder();
  assertEquals(code, 0, text.decode(stderr));
  return JSON.parse(text.decode(stdout));
}

function check(
  fault: Exclude<Fault, "none">,
  { given, outcome }: { given: FaultCase; outcome: FaultOutcome },
): void {
  const { numbers, errors, lostBees } = outcome;
  const where = JSON.stringify({ given, lostBees, errors });
  const all = Array.from({ length: RECORDS }, (_, n) => n);
  assertEquals(numbers.toSorted((a, b) => a - b), all, where);
  if (given.ordered === "all") assertEquals(numbers, all, where);
  assertEquals(errors.map(({ n }) => n), [given.at], where);
  assertStringIncludes(errors[0].message, EXPECTED[fault].error);
  assertEquals(lostBees, EXPECTED[fault].lostBees, where);
}

const COUNTS: [Exclude<Fault, "none">, number][] = [
  ["throw", 18],
  ["pending", 9],
  ["wait", 18],
  ["close", 6],
  ["uncaught", 9],
  // A looping thread takes a processor until its process ends: few of them.
  ["loop", 2],
];

for (const [fault, count] of COUNTS) {
  Deno.test(`HiveStream loses and doubles nothing when a function does this: ${fault}`, async () => {
    const cases = casesOf(fault, count);
    const outcomes = await runAll(cases);
    for (let i = 0; i < cases.length; i++) check(fault, { given: cases[i], outcome: outcomes[i] });
  });
}
