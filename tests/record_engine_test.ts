import { assert, assertEquals, assertRejects } from "@std/assert";
import { HiveStream } from "@waggle/stream";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { Random } from "./support/random.ts";

Deno.test("RecordEngine lets no later record overtake one of high priority with its key", async () => {
  const runtime = new SimulatedRuntime();
  await runtime.drive(async () => {
    const stream = new HiveStream<number, number>({ workers: 1, runtime });
    await stream.start((n) => n);
    stream.trySubmit("k", 0, { priority: "high" });
    // Enough for full batches, which leave before the partly filled one of high priority is due.
    for (let n = 1; n < 2_000; n++) stream.trySubmit("k", n);
    await stream.stop();
    const results: unknown[] = [];
    for await (const { result } of stream) results.push(result);
    assertEquals(results, Array.from({ length: 2_000 }, (_, n) => n));
  });
});

Deno.test("RecordEngine refuses a key too long to cross, and nothing else", async () => {
  const runtime = new SimulatedRuntime();
  await runtime.drive(async () => {
    const stream = new HiveStream<number, string>({ workers: 1, runtime });
    await stream.start((n, { key }) => `${n} ${key.length}`);
    await stream.submit("k", 1);
    await assertRejects(() => stream.submit("k".repeat(3_000_000), 2), RangeError, "key");
    await stream.submit("k".repeat(65_535), 3);
    assertEquals([await stream.getResult(), await stream.getResult()], ["1 1", "3 65535"]);
    await stream.stop();
  });
});

/** Submits with random priorities and keys while bees are lost; the results, as they came. */
async function runWithPriorities(seed: number, records: number) {
  const random = new Random(seed);
  const runtime = new SimulatedRuntime({ seed });
  return await runtime.drive(async () => {
    const stream = new HiveStream<number, number>({
      workers: 1 + random.below(3),
      runtime,
      recordTimeout: "2s",
    });
    await stream.start((n) => n);
    for (let fault = random.below(3); fault > 0; fault--) {
      runtime.after(random.next() * 20, () => runtime.crash(random.pick(runtime.workers)));
    }
    const keys = random.chance(0.5) ? 1 + random.below(2) : 1 + random.below(40);
    for (let n = 0; n < records; n++) {
      const priority = random.chance(0.2) ? "high" : "normal";
      stream.trySubmit(`key ${random.below(keys)}`, n, { priority });
      if (random.chance(3 / records)) await new Promise<void>((resolve) => runtime.soon(resolve));
    }
    await stream.stop();
    const results: { key: string; n: number }[] = [];
    for await (const { key, result } of stream) {
      results.push({ key, n: typeof result === "number" ? result : result!.record });
    }
    return results;
  });
}

Deno.test("RecordEngine keeps the order of each key whatever the priorities, bees lost or not", async () => {
  for (let seed = 1; seed <= 2_000; seed++) {
    const records = [100, 400, 1_500][seed % 3];
    const results = await runWithPriorities(seed, records);
    const numbers = results.map(({ n }) => n).toSorted((a, b) => a - b);
    assertEquals(numbers, Array.from({ length: records }, (_, n) => n), `seed ${seed}`);
    const last = new Map<string, number>();
    for (const { key, n } of results) {
      assert(n > (last.get(key) ?? -1), `seed ${seed}: ${n} came after ${last.get(key)}`);
      last.set(key, n);
    }
  }
});
