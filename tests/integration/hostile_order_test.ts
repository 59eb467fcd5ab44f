import { assertEquals } from "@std/assert";
import { HiveStream, isErrorRecord } from "@waggle/stream";
import { SimulatedRuntime } from "../../src/runtime/simulated_runtime.ts";

const RECORDS = 40;

/** Runs records of one key in which some cost every bee that takes them up. */
async function runWithPoison(
  poison: readonly number[],
  options: { isAsync: boolean; seed: number },
): Promise<{ numbers: number[]; errors: number[] }> {
  const runtime = new SimulatedRuntime({ seed: options.seed });
  const crash = () => {
    const bee = runtime.workers.find((name) => name.startsWith("bee 0."));
    if (bee) runtime.crash(bee);
  };
  Object.assign(globalThis, { crash });
  return await runtime.drive(async () => {
    const stream = new HiveStream<{ n: number; isPoison: boolean }, number>({
      workers: 1,
      runtime,
      maxLostBees: 100,
    });
    await stream.start(
      options.isAsync
        ? async ({ n, isPoison }) => {
          await null;
          if (isPoison) Reflect.get(globalThis, "crash")();
          return n;
        }
        : ({ n, isPoison }) => {
          if (isPoison) Reflect.get(globalThis, "crash")();
          return n;
        },
    );
    for (let n = 0; n < RECORDS; n++) {
      await stream.submit("k", { n, isPoison: poison.includes(n) });
    }
    await stream.stop();
    const numbers: number[] = [];
    const errors: number[] = [];
    for await (const { result } of stream) {
      const n = isErrorRecord(result) ? (result.record as { n: number }).n : result as number;
      numbers.push(n);
      if (isErrorRecord(result)) errors.push(n);
    }
    Reflect.deleteProperty(globalThis, "crash");
    return { numbers, errors };
  });
}

Deno.test("HiveStream keeps the order of a key around the records that cost bees", async () => {
  const inOrder = Array.from({ length: RECORDS }, (_, n) => n);
  for (const isAsync of [false, true]) {
    for (const poison of [[5], [0], [RECORDS - 1], [3, 4, 30], [7, 20]]) {
      for (const seed of [1, 2, 3]) {
        const { numbers, errors } = await runWithPoison(poison, { isAsync, seed });
        const where = JSON.stringify({ isAsync, poison, seed });
        assertEquals(errors, poison, where);
        assertEquals(numbers, inOrder, where);
      }
    }
  }
});

Deno.test("HiveStream takes records up while a promise is pending, also after it could not for a while", async () => {
  const slowMs = 850;
  await using stream = new HiveStream<number, number>({
    workers: 1,
    concurrency: 4,
    ordered: false,
  });
  await stream.start(async (ms) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return ms;
  });
  // A machine may be busy for so long that one try says nothing; a deaf bee fails them all.
  for (let tries = 5; tries > 0; tries--) {
    for (const key of ["a", "b", "c", "d"]) stream.trySubmit(key, 50);
    stream.trySubmit("slow", slowMs);
    for (let i = 0; i < 4; i++) await stream.getResult({ timeout: "30s" });
    await stream.submit("quick", 0);
    const order = [
      await stream.getResult({ timeout: "30s" }),
      await stream.getResult({ timeout: "30s" }),
    ];
    if (order[0] === 0) return;
    assertEquals(order, [slowMs, 0]);
  }
  throw new Error("the quick record waited for the slow one every time");
});
