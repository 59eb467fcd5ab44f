import { assertEquals, assertRejects } from "@std/assert";
import { HiveStream, UnfitBeeError } from "@waggle/stream";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";

Deno.test("Hive.start() rejects when a bee's thread fails before it was ready, as without permission", async () => {
  const runtime = new SimulatedRuntime();
  await runtime.drive(async () => {
    const stream = new HiveStream<number, number>({ workers: 2, runtime });
    const started = stream.start((n) => n);
    runtime.crash("bee 1.0", new Error('Requires read access to "bee_worker.ts"'));
    await assertRejects(() => started, UnfitBeeError, "Cannot start: Requires read access");
    await assertRejects(() => stream.submit("k", 1), UnfitBeeError, "Requires read access");
    assertEquals((await stream.stop()).lostBees, 0);
  });
});
