import { assert, assertEquals } from "@std/assert";
import { HiveStream } from "@waggle/stream";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";

function wait(runtime: SimulatedRuntime, ms: number): Promise<void> {
  return new Promise((resolve) => void runtime.after(ms, resolve));
}

Deno.test("HiveStream.metrics() are all zero before the start", () => {
  const { latencyMs, bees, cheaperInPlace, ...counts } = new HiveStream().metrics();
  assertEquals(latencyMs, { p50: 0, p95: 0, p99: 0, max: 0 });
  assertEquals([bees, cheaperInPlace], [[], undefined]);
  assert(Object.values(counts).every((count) => count === 0));
});

Deno.test("HiveStream.metrics() tells the rate from the start to the end, however long ago that was", async () => {
  const runtime = new SimulatedRuntime();
  await runtime.drive(async () => {
    const stream = new HiveStream<number, number>({ workers: 2, runtime });
    await stream.start((n) => n);
    for (let n = 0; n < 100; n++) await stream.submit(`key ${n}`, n);
    await wait(runtime, 1_000);
    const running = stream.metrics().processingRate;
    assert(running > 90 && running <= 100, `${running} records/s`);
    await stream.stop();
    const { processingRate } = stream.metrics();
    await wait(runtime, 60_000);
    assertEquals(stream.metrics().processingRate, processingRate);
  });
});

Deno.test("HiveStream.metrics() counts each record in exactly one place", async () => {
  const runtime = new SimulatedRuntime();
  await runtime.drive(async () => {
    const stream = new HiveStream<number, number>({ workers: 2, runtime });
    await stream.start((n) => {
      if (n % 10 === 0) throw new Error("a tenth");
      return n;
    });
    let read = 0;
    for (let n = 0; n < 2_000; n++) {
      await stream.submit(`key ${n % 31}`, n);
      if (n % 50 === 0) await wait(runtime, 0.05);
      if (n % 7 === 0) await stream.getResult({ timeout: "10s" }).then(() => read++);
      const { unfinished, recordsProcessed, unreadResults, queueDepth } = stream.metrics();
      assertEquals(unfinished + recordsProcessed, n + 1);
      assertEquals(unreadResults + read, recordsProcessed);
      assert(queueDepth >= 0 && queueDepth <= unfinished);
    }
    await stream.stop();
    const { errors, recordsProcessed, unfinished, queueDepth } = stream.metrics();
    assertEquals([errors, recordsProcessed, unfinished, queueDepth], [200, 2_000, 0, 0]);
  });
});
