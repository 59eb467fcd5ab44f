import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { type PipelineOptions, RecordBatch } from "../mod.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { explain } from "../src/stream/explain.ts";
import { pipelineSettings } from "../src/stream/pipeline_options.ts";
import type { PipelinePlan } from "../src/stream/pipeline_plan.ts";
import { PipelineRun } from "../src/stream/pipeline_run.ts";
import { UnaccountedRecordsError } from "../src/stream/record_account.ts";
import type { BadInput, Source } from "../src/stream/source.ts";
import { timePlan } from "../src/stream/time_options.ts";
import { listing, type ListingOptions } from "./support/listing_operator.ts";

const KEYS = ["a", "b", "c", "d", "e", "f"];

/** A row a millisecond, keys in turn, in batches of ten. */
function sourceOf(rows: number, pause: () => Promise<void> = () => Promise.resolve()): Source {
  return {
    name: "numbers",
    async *open() {
      for (let n = 0; n < rows; n += 10) {
        const taken = Array.from({ length: Math.min(10, rows - n) }, (_, at) => {
          return { at: n + at, key: KEYS[(n + at) % KEYS.length], value: n + at };
        });
        yield { batch: RecordBatch.fromRows(taken) };
      }
      await pause();
    },
  };
}

function planOf(options: ListingOptions): PipelinePlan {
  return {
    time: { column: "at", ...timePlan({}) },
    steps: [],
    keys: ["key"],
    ordered: {
      columns: ["value"],
      wholeRows: false,
      computed: [],
      operator: listing(options),
      text: "lists of values",
      because: "they list rows",
    },
  };
}

/** Runs a plan in a simulation; what came out as lines, and the metrics. */
async function run(
  given: { source: Source; plan: PipelinePlan; options?: PipelineOptions },
  disturb: (runtime: SimulatedRuntime) => void = () => {},
  runtime = new SimulatedRuntime({ seed: 7 }),
) {
  const { source, plan, options } = given;
  const settings = pipelineSettings({ workers: 2, recordTimeout: 20, ...options, runtime });
  const one = new PipelineRun({ source, plan, settings });
  const lines: string[] = [];
  await runtime.drive(async () => {
    disturb(runtime);
    for await (const batch of one.batches()) {
      for (const { windowStart, key, values } of batch) {
        lines.push(`${windowStart} ${key}: ${values}`);
      }
    }
  });
  return { lines, metrics: one.metrics() };
}

Deno.test("An operator that loses a row without saying so fails the run", async () => {
  const plan = planOf({ size: 100, every: 1000, loses: 42 });
  await assertRejects(
    () => run({ source: sourceOf(100), plan }),
    UnaccountedRecordsError,
    "Cannot account for 1 of 100 records",
  );
});

Deno.test("A row at which an owner fails twice is found, and goes where bad records go", async () => {
  const size = 1000;
  const whole = await run({ source: sourceOf(200), plan: planOf({ size, every: size }) });
  const plan = planOf({ size, every: size, throwsAt: 77 });
  const letters: unknown[] = [];
  const deadLetter = ({ record, position }: BadInput) => void letters.push([record, position]);
  const options = { badRecords: "deadLetter" as const, deadLetter };
  const hurt = await run({ source: sourceOf(200), plan, options });
  assertEquals(hurt.lines, whole.lines.map((line) => line.replace(" 77 ", " ")));
  assertEquals(letters, [[{ at: 77, key: "f", value: 77 }, 77]]);
  const { lostBees, deadLettered, absorbed, unaccounted } = hurt.metrics;
  assertEquals([lostBees, deadLettered, absorbed, unaccounted], [2, 1, 199, 0]);
});

Deno.test("What waits for the clock leaves while the source is silent, once, in one order", async () => {
  let expected: string[] | undefined;
  for (const workers of [1, 2, 3]) {
    const runtime = new SimulatedRuntime({ seed: workers });
    const pause = () => new Promise<void>((done) => void runtime.after(1000, done));
    const source = sourceOf(60, pause);
    const plan = planOf({ size: 10_000, every: 1000, restMs: 100 });
    const seen: number[] = [];
    const before = () => void runtime.after(500, () => seen.push(one.metrics().rowsOut));
    const settings = pipelineSettings({ workers, runtime });
    const one = new PipelineRun({ source, plan, settings });
    const lines: string[] = [];
    await runtime.drive(async () => {
      before();
      for await (const batch of one.batches()) {
        for (const { key, values } of batch) lines.push(`${key}: ${values}`);
      }
    });
    assertEquals(seen, [KEYS.length], "all keys have been told of before the source went on");
    assertEquals(lines.length, 2 * KEYS.length, "by the clock and, at the end, by the watermark");
    assertEquals(lines, expected ??= lines);
    assertEquals(lines.slice(0, 2), [
      "a: 0 6 12 18 24 30 36 42 48 54",
      "b: 1 7 13 19 25 31 37 43 49 55",
    ]);
  }
});

Deno.test("What left by the clock does not leave again when a bee is lost after it", async () => {
  const runtime = new SimulatedRuntime({ seed: 3 });
  const pause = () => new Promise<void>((done) => void runtime.after(1000, done));
  const plan = planOf({ size: 10_000, every: 1000, restMs: 100 });
  const disturb = () => void runtime.after(500, () => runtime.crash(runtime.workers[0]));
  const { lines, metrics } = await run({ source: sourceOf(60, pause), plan }, disturb, runtime);
  assertEquals(metrics.lostBees, 1);
  assert(metrics.replayedBatches > 0);
  assertEquals(lines.length, 2 * KEYS.length);
  assertEquals(new Set(lines).size, KEYS.length);
});

Deno.test("A plan whose rows must come in order says so, and why", () => {
  const source: Source = sourceOf(1);
  const text = explain({
    source,
    plan: planOf({ size: 1, every: 1 }),
    settings: pipelineSettings({ workers: 2 }),
    results: [],
  });
  assertStringIncludes(
    text,
    "rows go to the owner of their key in the order of the source, because they list rows",
  );
  assertStringIncludes(text, "told apart by the owner of their key");
});

Deno.test("A key or column that is not there is named before any row goes to a bee", async () => {
  const plan = { ...planOf({ size: 1, every: 1 }), keys: ["nope"] };
  await assertRejects(
    () => run({ source: sourceOf(10), plan }),
    TypeError,
    'Cannot key by column "nope": there is none of that name; the columns are "at", "key", "value"',
  );
});
