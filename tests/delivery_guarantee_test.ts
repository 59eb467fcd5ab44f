import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { count, DeliveryGuarantee, from, type Publisher, TumblingWindow } from "../mod.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import {
  failingRuntime,
  type KilledRun,
  killedRun,
  type Shape,
  WHOLE_ROWS,
  wholeResults,
} from "./support/killed_pipeline.ts";
import { forSeedsAsync } from "./support/random.ts";

const SEEDS = 20;
const SHAPES = ["windows", "ordered", "rows"] as const;
const { AtMostOnce, AtLeastOnce, ExactlyOnce } = DeliveryGuarantee;

function repeats({ results }: KilledRun): number {
  return results.values().reduce((sum, times) => sum + times - 1, 0);
}

/** Whether it is as promised, whatever was lost. */
function assertPromise(shape: Shape, guarantee: DeliveryGuarantee, run: KilledRun): void {
  const { results, rows, metrics } = run;
  const whole = wholeResults(shape);
  assertEquals([metrics.recordsIn, metrics.inFlight, metrics.unaccounted], [WHOLE_ROWS, 0, 0]);
  assertEquals(metrics.absorbed + metrics.lost, WHOLE_ROWS);
  if (guarantee === AtMostOnce) {
    assertEquals(repeats(run), 0);
    // What is counted as lost is in no result, and everything else is.
    assertEquals(rows + metrics.lost, WHOLE_ROWS);
    return;
  }
  assertEquals(metrics.lost, 0);
  assertEquals(new Set(results.keys()), new Set(whole.keys()));
  if (guarantee === ExactlyOnce) assertEquals([rows, repeats(run)], [WHOLE_ROWS, 0]);
  else assert(rows >= WHOLE_ROWS);
}

async function simulated(
  seed: number,
  given: { shape: Shape; guarantee?: DeliveryGuarantee; checkpointBatches?: number },
): Promise<KilledRun> {
  const runtime = new SimulatedRuntime({ seed });
  const { shape, guarantee, checkpointBatches = 1000 } = given;
  const chosen = guarantee ? { deliveryGuarantee: guarantee } : {};
  const options = { runtime, workers: 1 + seed % 3, kills: 1 + seed % 2, checkpointBatches };
  return await runtime.drive(() => killedRun(shape, { ...options, ...chosen }));
}

for (const shape of SHAPES) {
  Deno.test(`AtMostOnce loses what a bee had in flight, and tells how much (${shape})`, async () => {
    await forSeedsAsync(SEEDS, async (_, seed) => {
      const run = await simulated(seed, { shape, guarantee: AtMostOnce });
      assertPromise(shape, AtMostOnce, run);
      assert(run.metrics.lostBees > 0 && run.metrics.lost > 0, `seed ${seed}`);
    });
  });

  Deno.test(`AtLeastOnce gives results again that had left (${shape})`, async () => {
    await forSeedsAsync(SEEDS, async (_, seed) => {
      const run = await simulated(seed, { shape, guarantee: AtLeastOnce });
      assertPromise(shape, AtLeastOnce, run);
      assert(run.metrics.lostBees > 0 && run.metrics.replayed > 0, `seed ${seed}`);
      assert(repeats(run) > 0, `nothing came twice with seed ${seed}`);
    });
  });

  Deno.test(`ExactlyOnce, the default, gives each result once (${shape})`, async () => {
    await forSeedsAsync(SEEDS, async (_, seed) => {
      const run = await simulated(seed, { shape });
      assertPromise(shape, ExactlyOnce, run);
      assert(run.metrics.lostBees > 0 && run.metrics.replayed > 0, `seed ${seed}`);
    });
  });

  for (const guarantee of Object.values(DeliveryGuarantee)) {
    Deno.test(`${guarantee} holds when a real worker fails (${shape})`, async () => {
      const runtime = failingRuntime();
      const options = { runtime, workers: 1, kills: 0, deliveryGuarantee: guarantee };
      const run = await killedRun(shape, options);
      assertPromise(shape, guarantee, run);
      assertEquals(run.metrics.lostBees, 1);
      if (guarantee === AtMostOnce) assert(run.metrics.lost > 0);
      else assert(run.metrics.replayed > 0);
      // Rows of the batch itself are dropped with it where they have not left.
      if (guarantee === AtLeastOnce && shape !== "rows") assert(repeats(run) > 0);
    });
  }
}

Deno.test("Every guarantee holds between checkpoints too, and nothing from before one comes again", async () => {
  let [saved, twice] = [0, 0];
  for (const guarantee of Object.values(DeliveryGuarantee)) {
    await forSeedsAsync(SEEDS, async (_, seed) => {
      const run = await simulated(seed, { shape: "windows", guarantee, checkpointBatches: 4 });
      assertPromise("windows", guarantee, run);
      saved += run.metrics.checkpoints;
      if (guarantee === AtLeastOnce) twice += repeats(run);
    });
  }
  assert(saved > SEEDS);
  // A checkpoint of all that has left was often just made, and then nothing comes twice.
  assert(twice > 0);
});

Deno.test("Without a loss every guarantee gives the same, and loses and repeats nothing", async () => {
  for (const guarantee of Object.values(DeliveryGuarantee)) {
    for (const shape of SHAPES) {
      const runtime = new SimulatedRuntime({ seed: 5 });
      const options = { runtime, workers: 2, kills: 0, deliveryGuarantee: guarantee };
      const run = await runtime.drive(() => killedRun(shape, options));
      assertPromise(shape, ExactlyOnce, run);
      assertEquals([run.metrics.replayed, run.metrics.replayedBatches], [0, 0]);
    }
  }
});

function lines(guarantee: DeliveryGuarantee | undefined, hasWindows: boolean): string {
  const rows = from([{ at: 1 }], {
    workers: 2,
    ...(guarantee && { deliveryGuarantee: guarantee }),
  });
  const windowed = rows.timestamps("at").window(new TumblingWindow({ size: 1 }));
  const text = (hasWindows ? windowed.aggregate({ n: count() }) : rows).explain();
  return text.slice(text.indexOf("lost bees"));
}

Deno.test("explain() tells which guarantee holds, and how", () => {
  assertEquals(lines(undefined, true), lines(ExactlyOnce, true));
  assertStringIncludes(lines(ExactlyOnce, true), "exactly once: 2 bees work");
  assertStringIncludes(lines(ExactlyOnce, true), "no result leaves twice");
  assertStringIncludes(lines(AtLeastOnce, true), "at least once: 2 bees work");
  assertStringIncludes(lines(AtLeastOnce, true), "results since then leave again");
  assertStringIncludes(lines(AtLeastOnce, false), "what of them left leaves again");
  assertStringIncludes(lines(AtMostOnce, true), "at most once: 2 bees work");
  assertStringIncludes(lines(AtMostOnce, true), "is given up, and counted as lost");
  assertStringIncludes(lines(AtMostOnce, false), "the others go on as they are");
});

Deno.test("A guarantee may be given as its string, and nothing else passes for one", () => {
  assertEquals(lines("atLeastOnce", true), lines(AtLeastOnce, true));
  for (const wrong of ["AtLeastOnce", "", null, 1]) {
    assertThrows(
      () => from([], { deliveryGuarantee: wrong as unknown as DeliveryGuarantee }),
      TypeError,
      `deliveryGuarantee must be one of "atMostOnce", "atLeastOnce", "exactlyOnce"`,
    );
  }
});

/** A publisher to a broker, whose readers go on when this process dies. */
class BrokerPublisher implements Publisher {
  readonly exactlyOnceNeeds = "checkpoints";
  publish({ length }: { length: number }): Promise<{ records: number }> {
    return Promise.resolve({ records: length });
  }
  flush(): Promise<void> {
    return Promise.resolve();
  }
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

Deno.test("ExactlyOnce into a broker is refused, for the promise would end with the process", async () => {
  const broker = new BrokerPublisher();
  for (const options of [{}, { deliveryGuarantee: ExactlyOnce }]) {
    assertThrows(
      () => from([{ x: 1 }], options).to(broker),
      TypeError,
      "Cannot publish exactly once to BrokerPublisher: its readers go on when this process dies, " +
        "which takes checkpoints that outlive the process",
    );
  }
  for (const deliveryGuarantee of [AtMostOnce, AtLeastOnce]) {
    const pipeline = from([{ x: 1 }], { workers: 1, deliveryGuarantee }).to(broker);
    assertEquals((await pipeline.run()).rowsOut, 1);
  }
});
