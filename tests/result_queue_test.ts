import { assertEquals } from "@std/assert";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { type KeyedResult, ResultQueue } from "../src/stream/hive_stream/result_queue.ts";
import { forSeeds } from "./support/random.ts";

type Read = KeyedResult<number> | undefined;

Deno.test("ResultQueue gives results in order, the first to the reader that has waited longest", async () => {
  const reads: Promise<void>[] = [];
  forSeeds(2_000, (random) => {
    const queue = new ResultQueue<number>(new SimulatedRuntime());
    const got: number[] = [];
    let pushed = 0;
    let asked = 0;
    const expect = (read: Read) => {
      if (read) assertEquals(read.key, `key ${read.result}`);
      got.push(read ? read.result : -1);
    };
    for (let i = 0; i < 60; i++) {
      const act = random.below(4);
      if (act === 0) {
        queue.push(`key ${pushed}`, pushed++);
      } else if (act === 1) {
        const values = Array.from({ length: random.below(4) }, () => pushed++);
        const keysFrom = random.below(3);
        const keys = [..."?".repeat(keysFrom), ...values.map((value) => `key ${value}`)];
        queue.pushAll({ values, keys, keysFrom });
      } else if (act === 2) {
        const position = asked++;
        reads.push(queue.next(Infinity).then((read) => assertEquals(read?.result, position)));
      } else if (queue.length > 0) {
        asked++;
        random.chance(0.5) ? expect(queue.shift()) : got.push(queue.shiftValue());
        assertEquals(got.at(-1), asked - 1);
      }
      assertEquals(queue.length, Math.max(0, pushed - asked));
    }
    while (asked > pushed) queue.push(`key ${pushed}`, pushed++);
  });
  await Promise.all(reads);
});

Deno.test("ResultQueue gives null for undefined, to who waits and to who comes later", async () => {
  const queue = new ResultQueue<number | null>(new SimulatedRuntime());
  const waiting = queue.next(Infinity);
  queue.pushAll({ values: [undefined, 1, undefined], keys: ["a", "b", "c"], keysFrom: 0 });
  assertEquals(await waiting, { key: "a", result: null });
  assertEquals([queue.shift(), queue.shiftValue()], [{ key: "b", result: 1 }, null]);
  assertEquals(queue.shift(), undefined);
});

Deno.test("ResultQueue.next() is undefined when none came in time, and takes none that comes later", async () => {
  const runtime = new SimulatedRuntime();
  await runtime.drive(async () => {
    const queue = new ResultQueue<number>(runtime);
    const startMs = runtime.monotonicMs();
    const [short, long] = [queue.next(10), queue.next(1_000)];
    assertEquals(await short, undefined);
    const waitedMs = runtime.monotonicMs() - startMs;
    assertEquals([waitedMs >= 10, waitedMs < 500], [true, true]);
    queue.push("a", 1);
    queue.push("b", 2);
    assertEquals(await long, { key: "a", result: 1 });
    assertEquals(queue.shift(), { key: "b", result: 2 });
  });
});

Deno.test("ResultQueue.end() tells those who wait, and those who come when all is read", async () => {
  const queue = new ResultQueue<number>(new SimulatedRuntime());
  const waiting = queue.next(Infinity);
  queue.end();
  assertEquals(await waiting, undefined);
  queue.push("a", 1); // what was under way at the end
  assertEquals(await queue.next(Infinity), { key: "a", result: 1 });
  assertEquals(await queue.next(Infinity), undefined);
});

Deno.test("ResultQueue keeps order and count over many thousands of results", () => {
  const queue = new ResultQueue<number>(new SimulatedRuntime());
  let next = 0;
  for (let n = 0; n < 50_000; n++) {
    queue.push("k", n);
    if (n % 3 !== 0) assertEquals(queue.shiftValue(), next++);
  }
  while (queue.length > 0) assertEquals(queue.shift()!.result, next++);
  assertEquals([next, queue.shift()], [50_000, undefined]);
});
