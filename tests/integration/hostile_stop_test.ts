import { assert, assertEquals, assertRejects } from "@std/assert";
import { HiveStream } from "@waggle/stream";
import { SimulatedRuntime } from "../../src/runtime/simulated_runtime.ts";

Deno.test("HiveStream lets submitters in as dead letters are delivered, without a reader", async () => {
  const letters: unknown[] = [];
  const stream = new HiveStream<number, number>({
    workers: 1,
    bufferSize: 1,
    onError: "deadLetter",
    deadLetter: async ({ record }) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      letters.push(record);
    },
  });
  await stream.start((n) => {
    throw new Error(`refuses ${n}`);
  });
  for (let n = 0; n < 5; n++) await stream.submit("k", n);
  await stream.stop();
  assertEquals(letters, [0, 1, 2, 3, 4]);
});

Deno.test("HiveStream.stop({ drain: false }) does not wait for a dead letter that hangs, and counts it", async () => {
  const started = Promise.withResolvers<void>();
  const stream = new HiveStream<number, number>({
    workers: 1,
    onError: "deadLetter",
    deadLetter: () => {
      started.resolve();
      return new Promise(() => {});
    },
  });
  await stream.start((n) => {
    if (n < 3) throw new Error("refused");
    return n;
  });
  await stream.submitAll([["k", 0], ["k", 1], ["k", 2], ["k", 3]]);
  assertEquals(await stream.getResult({ timeout: "30s" }), 3);
  await started.promise;
  const draining = stream.stop();
  const { processed, dropped } = await stream.stop({ drain: false });
  assertEquals([processed, dropped], [1, 3]);
  assertEquals(await draining, await stream.stop());
});

Deno.test("HiveStream.stop({ drain: false }) leaves readable what an unfinished record held back", async () => {
  const stream = new HiveStream<number, number>({ workers: 2, ordered: "all" });
  await stream.start(async (n) => {
    if (n === 0) await new Promise(() => {});
    return n;
  });
  for (let n = 0; n < 50; n++) await stream.submit(`key ${n}`, n);
  while (stream.metrics().recordsProcessed === 0) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assertEquals(await stream.getResult({ timeout: 0 }), undefined);
  const { processed, dropped } = await stream.stop({ drain: false });
  const results: number[] = [];
  for await (const { result } of stream) results.push(result as number);
  assertEquals([results.length, processed + dropped], [processed, 50]);
  assert(results.every((n, i) => i === 0 || n > results[i - 1]), String(results));
});

Deno.test("HiveStream fails, and not the process, when what it runs in throws", async () => {
  const runtime = new SimulatedRuntime();
  await runtime.drive(async () => {
    const stream = new HiveStream<number, number>({ workers: 1, runtime });
    await stream.start((n) => n);
    runtime.hang("bee 0.0"); // so that the stream waits for it
    runtime.waitAsync = () => {
      throw new Error("waiting is broken");
    };
    await stream.submit("k", 1);
    const read = () => stream.getResult({ timeout: Infinity });
    await assertRejects(read, Error, "Cannot go on: waiting is broken");
    const { processed, dropped, lostBees } = await stream.stop();
    assertEquals([processed, dropped, lostBees], [0, 1, 1]);
  });
});
