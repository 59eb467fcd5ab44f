import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { col, HiveStream, isErrorRecord, struct } from "@waggle/stream";

/** Reads until nothing comes for a while. */
async function readAll<In, Out>(stream: HiveStream<In, Out>): Promise<unknown[]> {
  const results = [];
  while (true) {
    const result = await stream.getResult({ timeout: "500ms" });
    if (result === undefined) return results;
    results.push(result);
  }
}

Deno.test("HiveStream gives every result when all is submitted before any is read", async () => {
  for (const count of [50, 500_000]) {
    await using stream = new HiveStream<{ value: number }, { doubled: number }>({ workers: 2 });
    await stream.start((record) => ({ doubled: record.value * 2 }));
    for (let i = 0; i < count; i++) await stream.submit(`key_${i % 1000}`, { value: i });
    const report = await stream.stop();
    assertEquals(report, { dropped: 0, processed: count, lostBees: 0 });
    let sum = 0;
    let results = 0;
    for await (const { result } of stream) {
      sum += (result as { doubled: number }).doubled;
      results++;
    }
    assertEquals([results, sum], [count, count * (count - 1)]);
  }
});

Deno.test("HiveStream gives results of a bee without work while another waits for a slow record", async () => {
  await using stream = new HiveStream<string, string>({ workers: 2 });
  await stream.start((name, { signal }) =>
    name === "fast"
      ? name
      : new Promise((resolve) => signal.addEventListener("abort", () => resolve(name)))
  );
  await stream.submit("a", "slow");
  assertEquals(await stream.getResult({ timeout: "20ms" }), undefined);
  // Of another key group each: none of them may be behind the slow one.
  for (const key of ["b", "c", "d"]) {
    await stream.submit(key, "fast");
    assertEquals(await stream.getResult({ timeout: "10s" }), "fast");
  }
  await stream.stop({ drain: false });
});

Deno.test("HiveStream keeps the order of each key, of all records, or of none", async () => {
  for (const ordered of ["key", "all", false] as const) {
    await using stream = new HiveStream<number, number>({ workers: 3, ordered });
    await stream.start((n) => n);
    const submitted = Array.from({ length: 20_000 }, (_, n) => n);
    await stream.submitAll(submitted.map((n) => [`key ${n % 37}`, n] as const));
    await stream.stop();
    const results: { key: string; result: number }[] = [];
    for await (const each of stream) results.push(each as { key: string; result: number });
    if (ordered === "all") assertEquals(results.map(({ result }) => result), submitted);
    for (let key = 0; key < 37 && ordered === "key"; key++) {
      const own = results.filter((each) => each.key === `key ${key}`).map(({ result }) => result);
      assertEquals(own, submitted.filter((n) => n % 37 === key));
    }
    assertEquals(results.map(({ result }) => result).toSorted((a, b) => a - b), submitted);
  }
});

Deno.test("HiveStream resolves a result of undefined to null, and undefined only for none", async () => {
  await using stream = new HiveStream<number, number | undefined>({ workers: 1 });
  await stream.start((n) => n > 1 ? n : undefined);
  await stream.submit("a", 1);
  await stream.submit("a", 2);
  assertEquals(await stream.getResult(), null);
  assertEquals(await stream.getResult(), 2);
  assertEquals(await stream.getResult({ timeout: "10ms" }), undefined);
});

Deno.test("getResult() refuses a timeout that is none, and keeps the result it could have given", async () => {
  await using stream = new HiveStream<number, number>({ workers: 1 });
  await stream.start((n) => n);
  await stream.submit("a", 1);
  await stream.stop();
  const wrong = ["x", -1, NaN, null] as number[];
  for (const timeout of wrong) {
    await assertRejects(() => stream.getResult({ timeout }), Error, "timeout");
  }
  assertEquals(await stream.getResult({ timeout: Infinity }), 1);
  for (const timeout of wrong) {
    await assertRejects(() => stream.getResult({ timeout }), Error, "timeout");
  }
  assertEquals(await stream.getResult({ timeout: Infinity }), undefined);
});

Deno.test("HiveStream tells the function the key and the context", async () => {
  await using stream = new HiveStream<number, unknown>({ workers: 2 });
  await stream.start(
    (n, { key, context, signal }) => ({ n, key, context, aborted: signal.aborted }),
    { context: { unit: "C" } },
  );
  await stream.submit("sensor 1", 5);
  assertEquals(await stream.getResult(), {
    n: 5,
    key: "sensor 1",
    context: { unit: "C" },
    aborted: false,
  });
});

Deno.test("HiveStream runs a function of a module, which may use what it imports", async () => {
  await using stream = new HiveStream<number, number>({ workers: 2 });
  const module = new URL("./support/stream_functions.ts", import.meta.url);
  await stream.start({ module, export: "square" });
  await stream.submitAll([["a", 3], ["a", 4]]);
  assertEquals([await stream.getResult(), await stream.getResult()], [9, 16]);
});

Deno.test("HiveStream runs an expression", async () => {
  await using stream = new HiveStream<{ t: number }, unknown>({ workers: 1 });
  await stream.start(struct({ c: col<number>("t"), f: col<number>("t").mul(9 / 5).add(32) }));
  await stream.submit("a", { t: 100 });
  assertEquals(await stream.getResult(), { c: 100, f: 212 });
});

Deno.test("HiveStream keeps several records of an async function in flight, of one key only one", async () => {
  await using stream = new HiveStream<number, { n: number; inFlight: number; ofKey: number }>({
    workers: 1,
    concurrency: 8,
  });
  const module = new URL("./support/stream_functions.ts", import.meta.url);
  await stream.start({ module, export: "countInFlight" });
  await stream.submitAll(Array.from({ length: 200 }, (_, n) => [`key ${n % 20}`, n] as const));
  await stream.stop();
  const seen = new Map<string, number[]>();
  let most = 0;
  for await (const { key, result } of stream) {
    const { n, inFlight, ofKey } = result as { n: number; inFlight: number; ofKey: number };
    most = Math.max(most, inFlight);
    assertEquals(ofKey, 1);
    seen.set(key, [...seen.get(key) ?? [], n]);
  }
  assert(most > 1 && most <= 8, `${most} in flight`);
  for (const numbers of seen.values()) assertEquals(numbers, numbers.toSorted((a, b) => a - b));
});

Deno.test("HiveStream gives an error record for a record whose function throws, and goes on", async () => {
  await using stream = new HiveStream<{ n: number }, number>({ workers: 2 });
  await stream.start((record) => {
    if (record.n % 10 === 3) throw new RangeError(`no ${record.n}`);
    return record.n;
  });
  for (let n = 0; n < 1000; n++) await stream.submit(`key ${n % 7}`, { n });
  const { lostBees } = await stream.stop();
  let errors = 0;
  for await (const { key, result } of stream) {
    if (!isErrorRecord(result)) continue;
    const { n } = result.record as { n: number };
    assertEquals(result.error, { name: "RangeError", message: `no ${n}` });
    assertEquals([result.success, result.key], [false, key]);
    errors++;
  }
  assertEquals([errors, lostBees, stream.metrics().errors], [100, 0, 100]);
});

Deno.test("isErrorRecord() tells a stream's error record from a result that looks like one", async () => {
  await using stream = new HiveStream<number, unknown>({ workers: 1 });
  await stream.start((n) => ({ success: false, error: { name: "Error", message: "" }, n }));
  await stream.submit("a", 1);
  assert(!isErrorRecord(await stream.getResult()));
});

Deno.test("HiveStream leaves errors out, or sends them to dead letters, as asked", async () => {
  const letters: unknown[] = [];
  for (const onError of ["skip", "deadLetter"] as const) {
    await using stream = new HiveStream<number, number>({
      workers: 2,
      onError,
      ordered: "all",
      ...(onError === "deadLetter" && {
        deadLetter: async (letter) => {
          await new Promise((resolve) => setTimeout(resolve, 1));
          letters.push(letter);
        },
      }),
    });
    await stream.start((n) => {
      if (n === 2) throw new Error("two");
      return n;
    });
    await stream.submitAll([1, 2, 3].map((n) => ["k", n] as const));
    await stream.stop();
    assertEquals(await readAll(stream), [1, 3]);
    const { errors, skipped, deadLettered } = stream.metrics();
    assertEquals(errors, 1);
    assertEquals([skipped, deadLettered], onError === "skip" ? [1, 0] : [0, 1]);
  }
  const error = { name: "Error", message: "two" };
  assertEquals(letters, [{ key: "k", record: 2, error, position: 1 }]);
});

Deno.test('HiveStream with onError "fail" fails with the error, after the results before it', async () => {
  const stream = new HiveStream<number, number>({ workers: 1, onError: "fail" });
  await stream.start((n) => {
    if (n === 2) throw new Error("two");
    return n;
  });
  await stream.submitAll([["k", 1], ["k", 2]]);
  assertEquals(await stream.getResult(), 1);
  await assertRejects(() => stream.getResult(), Error, "two");
  await assertRejects(() => stream.submit("k", 3), Error, "two");
  await stream.stop();
});

Deno.test("HiveStream.trySubmit() is false while the buffer is full", async () => {
  await using stream = new HiveStream<number, number>({ workers: 1, bufferSize: 4 });
  await stream.start((n) => n);
  const accepted = Array.from({ length: 10 }, (_, n) => stream.trySubmit("k", n));
  assertEquals(accepted, [true, true, true, true, ...new Array(6).fill(false)]);
  assertEquals(await readAll(stream), [0, 1, 2, 3]);
  assert(stream.trySubmit("k", 10));
});

Deno.test("HiveStream.submit() waits for room, in order, when the buffer is full", async () => {
  await using stream = new HiveStream<number, number>({ workers: 1, bufferSize: 3 });
  await stream.start((n) => n);
  await Promise.all(Array.from({ length: 100 }, (_, n) => stream.submit("k", n)));
  const expected = Array.from({ length: 100 }, (_, n) => n);
  assertEquals(await readAll(stream), expected);
});

Deno.test("HiveStream.submit() rejects when results are full and nobody reads them", async () => {
  await using stream = new HiveStream<number, number>({ workers: 1, resultBuffer: 5 });
  await stream.start((n) => n);
  for (let n = 0; n < 5; n++) await stream.submit("k", n);
  await assertRejects(() => stream.submit("k", 5), Error, "nobody has read one for a second");
  assertEquals(await stream.getResult(), 0);
  await stream.submit("k", 6);
});

Deno.test("HiveStream.stop() without draining reports what it dropped; the rest is readable", async () => {
  const stream = new HiveStream<number, number>({ workers: 1 });
  const module = new URL("./support/stream_functions.ts", import.meta.url);
  await stream.start({ module, export: "slow" });
  for (let n = 0; n < 500; n++) await stream.submit("k", n);
  await stream.getResult({ timeout: "10s" });
  const { dropped, processed } = await stream.stop({ drain: false });
  assert(dropped > 0);
  assertEquals(dropped + processed, 500);
  assertEquals((await readAll(stream)).length, processed - 1);
});

Deno.test("HiveStream reads a source that is added while it runs", async () => {
  await using stream = new HiveStream<number, number>({ workers: 2 });
  await stream.start((n) => n + 1);
  stream.addSource([["a", 1], ["b", 2]] as [string, number][]);
  stream.addSource((async function* () {
    yield ["c", 3] as const;
  })());
  const results = await readAll(stream);
  assertEquals(results.toSorted(), [2, 3, 4]);
});

Deno.test("HiveStream lets high priority overtake other keys, never its own", async () => {
  await using stream = new HiveStream<number, number>({ workers: 1 });
  const module = new URL("./support/stream_functions.ts", import.meta.url);
  await stream.start({ module, export: "slow" });
  for (let n = 0; n < 300; n++) await stream.submit(`key ${n % 10}`, n);
  for (let n = 1000; n < 1003; n++) await stream.submit("urgent", n, { priority: "high" });
  await stream.submit("key 5", 2000, { priority: "high" });
  await stream.stop();
  const results: number[] = [];
  for await (const { result } of stream) results.push(result as number);
  const at = (n: number) => results.indexOf(n);
  assert(at(1002) < 250, `urgent records came at ${at(1002)}`);
  assert(at(1000) < at(1001) && at(1001) < at(1002));
  assert(at(2000) > at(295), "a record overtook an earlier one of its own key");
});

Deno.test("HiveStream gives back what went in, whatever it is", async () => {
  await using stream = new HiveStream<unknown, unknown>({ workers: 2, ordered: "all" });
  await stream.start((value) => value);
  const values = fc.sample(
    fc.anything({ withBigInt: true, withDate: true, withTypedArray: true }),
    {
      seed: 20_261_121,
      numRuns: 2_000,
    },
  );
  for (const value of values) await stream.submit("k", value);
  await stream.stop();
  const results: unknown[] = [];
  for await (const { result } of stream) results.push(result);
  assertEquals(results, values.map((value) => value === undefined ? null : value));
});

Deno.test("HiveStream.metrics() tells who does what and how it goes", async () => {
  await using stream = new HiveStream<number, number>({ workers: 2 });
  assertEquals(stream.metrics().recordsProcessed, 0);
  await stream.start((n) => n);
  for (let n = 0; n < 5_000; n++) await stream.submit(`key ${n % 50}`, n);
  await readAll(stream);
  const metrics = stream.metrics();
  assertEquals(metrics.recordsProcessed, 5_000);
  assertEquals([metrics.unfinished, metrics.queueDepth, metrics.unreadResults], [0, 0, 0]);
  assert(metrics.processingRate > 0 && metrics.latencyMs.p99 >= metrics.latencyMs.p50);
  assertEquals(typeof metrics.cheaperInPlace, "boolean");
  assertEquals(metrics.bees.map(({ bee }) => bee), [0, 1]);
  assert(metrics.bees.every(({ roles }) => roles.length > 0));
});

Deno.test("HiveStream with one worker does all the roles in it", async () => {
  await using stream = new HiveStream<number, number>({ workers: 1 });
  await stream.start((n) => n);
  assertEquals(stream.metrics().bees[0].roles, ["employed", "onlooker", "scout"]);
});
