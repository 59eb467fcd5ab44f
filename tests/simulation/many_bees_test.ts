import { assert, assertEquals } from "@std/assert";
import { count, from, TumblingWindow } from "@waggle/stream";
import { EXCHANGE_BYTES } from "../../src/hive/exchange.ts";
import { CONTROL_BYTES } from "../../src/hive/ring_memory.ts";
import { SimulatedRuntime } from "../../src/runtime/simulated_runtime.ts";
import { forSeedsAsync, Random } from "../support/random.ts";
import { assertCase } from "../support/run_case.ts";
import { simulateCase } from "../support/simulated_case.ts";

const SEEDS = 40;
const MIB = 1024 * 1024;

for (const workers of [16, 32]) {
  Deno.test(`A pipeline of ${workers} bees equals the oracle, faults or none`, async () => {
    await forSeedsAsync(SEEDS, async (random, seed) => {
      const given = { workers, ringBytes: random.pick([4096, 1 << 15]) };
      const { given: expected, run } = await simulateCase(seed, { faults: seed % 2 === 0, given });
      assertCase(expected, run);
    });
  });
}

/** Keys of which some take nearly as many bytes as a key may. */
function keyOf(random: Random): string {
  return `${random.below(60)} `.padEnd(random.chance(0.02) ? 30_000 : 5, "é");
}

for (const [workers, order] of [[32, "any"], [64, "any"], [32, "their"]] as const) {
  const title = `A pipeline of ${workers} bees carries rows of any size, in ${order} order, within`;
  Deno.test(`${title} the limit for all rings`, async () => {
    const ringBytes = MIB;
    const seed = workers;
    const random = new Random(seed);
    const runtime = new SimulatedRuntime({ seed });
    let exchanged = 0;
    const allocate = runtime.sharedMemory;
    runtime.sharedMemory = (bytes) => {
      if (bytes > CONTROL_BYTES && bytes < ringBytes) exchanged += bytes;
      return allocate(bytes);
    };
    const rows = Array.from({ length: 8_000 }, (_, at) => ({ at, key: keyOf(random) }));
    const options = {
      workers,
      ringBytes,
      runtime,
      batchRows: 20,
      epochRows: 10,
      checkpointBatches: 10_000,
    };
    const windowed = from(rows, options).timestamps("at").keyBy("key")
      .window(new TumblingWindow({ size: 8_000 }));
    const counted = (order === "any" ? windowed : windowed.trigger({})).aggregate({ n: count() });
    const results = new Map<string, number>();
    await runtime.drive(async () => {
      for await (const { key, n } of counted) results.set(key!, n);
    });
    const expected = Map.groupBy(rows, ({ key }) => key).entries();
    assertEquals(results, new Map(expected.map(([key, { length }]) => [key, length])));
    assert(exchanged > EXCHANGE_BYTES / 2 && exchanged <= EXCHANGE_BYTES, `${exchanged} bytes`);
  });
}
