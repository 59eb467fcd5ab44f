import { assertEquals, assertRejects } from "@std/assert";
import { HiveStream } from "@waggle/stream";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";

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
