import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { HiveStream } from "@waggle/stream";

type Pair = [string, number];

Deno.test("HiveStream.stop() drains while a source waits for room, and does not fail over it", async () => {
  const stream = new HiveStream<number, number>({ workers: 1, bufferSize: 1 });
  await stream.start(async (n) => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return n;
  });
  let closed = false;
  const taken = Promise.withResolvers<void>();
  stream.addSource((function* (): Generator<Pair> {
    try {
      for (let n = 0;; n++) {
        if (n === 1) taken.resolve();
        yield ["k", n];
      }
    } finally {
      closed = true;
    }
  })());
  await taken.promise;
  await Promise.resolve(); // the second record is submitted, and waits for the first one's end
  const { processed, dropped } = await stream.stop();
  assertEquals([processed, dropped], [1, 0]);
  assertEquals(await stream.getResult(), 0);
  assertEquals(await stream.getResult(), undefined);
  assertEquals(closed, true);
});

Deno.test("HiveStream.stop() tells a source that never yields that nobody reads it any more", async () => {
  const stream = new HiveStream<number, number>({ workers: 1 });
  await stream.start((n) => n);
  let returned = 0;
  const asked = Promise.withResolvers<void>();
  const silent: AsyncIterableIterator<Pair> = {
    [Symbol.asyncIterator]: () => silent,
    next() {
      asked.resolve();
      return new Promise(() => {});
    },
    return() {
      returned++;
      return Promise.reject(new Error("the source fails even at its end"));
    },
  };
  stream.addSource(silent);
  await asked.promise;
  await stream.stop();
  assertEquals(returned, 1);
  assertEquals(await stream.getResult(), undefined);
});

Deno.test("HiveStream is not failed by a source that throws after the stop", async () => {
  const stream = new HiveStream<number, number>({ workers: 1 });
  await stream.start((n) => n);
  const { promise, reject } = Promise.withResolvers<IteratorResult<Pair>>();
  const asked = Promise.withResolvers<void>();
  const next = () => (asked.resolve(), promise);
  stream.addSource({ [Symbol.asyncIterator]: () => ({ next }) });
  await asked.promise;
  await stream.stop();
  reject(new Error("too late"));
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(await stream.getResult(), undefined);
});

Deno.test("HiveStream closes a source whose record it cannot take, and fails naming the record", async () => {
  const stream = new HiveStream<unknown, unknown>({ workers: 1 });
  await stream.start((n) => n);
  let closed = false;
  stream.addSource((function* (): Generator<[string, unknown]> {
    try {
      yield ["k", () => {}];
    } finally {
      closed = true;
    }
  })());
  await assertRejects(() => stream.getResult(), Error, "Cannot read source: Cannot send value");
  await stream.stop();
  assertEquals(closed, true);
});

Deno.test("HiveStream lets a source wait while nobody reads results, and goes on when they are read", async () => {
  await using stream = new HiveStream<number, number>({ workers: 1, resultBuffer: 2 });
  await stream.start((n) => n);
  stream.addSource([["k", 0], ["k", 1], ["k", 2], ["k", 3]]);
  while (stream.metrics().unreadResults < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  await assertRejects(() => stream.submit("other", -1), Error, "results are finished and unread");
  const read: unknown[] = [];
  while (read.length < 4) read.push(await stream.getResult({ timeout: "30s" }));
  assertEquals(read, [0, 1, 2, 3]);
});

Deno.test("HiveStream.addSource() and submitAll() refuse what gives no pairs, saying what came", async () => {
  for (
    const [given, received] of [[undefined, "undefined"], [null, "null"], [5, "number"], [
      "abc",
      "string",
    ], [{}, "object"]]
  ) {
    await using stream = new HiveStream<number, number>({ workers: 1 });
    await stream.start((n) => n);
    const message = `iterable or async iterable of [key, value] pairs, received ${received}`;
    assertThrows(() => stream.addSource(given as Pair[]), TypeError, message);
    await assertRejects(() => stream.submitAll(given as Pair[]), TypeError, message);
  }
  for (
    const [given, received] of [[undefined, "undefined"], ["ab", "string"], [
      ["k"],
      "an array of 1",
    ]]
  ) {
    const stream = new HiveStream<number, number>({ workers: 1 });
    await stream.start((n) => n);
    const message = `each record must be a pair [key, value], received ${received}`;
    await assertRejects(() => stream.submitAll([given] as Pair[]), TypeError, message);
    stream.addSource([given] as Pair[]);
    await assertRejects(() => stream.getResult(), Error, message);
    await stream.stop();
  }
});

Deno.test("HiveStream.addSource() outside of a run says what it could not do", async () => {
  const stream = new HiveStream<number, number>({ workers: 1 });
  assertThrows(() => stream.addSource([]), Error, "Cannot add source: the stream is not started");
  await stream.start((n) => n);
  await stream.stop();
  assertThrows(() => stream.addSource([]), Error, "Cannot add source: the stream is stopped");
});
