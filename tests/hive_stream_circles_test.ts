import { assertEquals, assertRejects } from "@std/assert";
import { type DeadLetter, HiveStream, type Publisher } from "@waggle/stream";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";

const CIRCULAR = "Cannot wait for the stop inside of the deadLetter callback";

type Stream = HiveStream<number, number>;
type Callback = (letter: DeadLetter<number>) => void | Promise<void>;

/** Lets a stream of 0 to 9 put each even number into the dead letters. */
async function withLetters(
  deadLetter: Callback | Publisher,
  play: (stream: Stream) => Promise<void>,
): Promise<void> {
  const runtime = new SimulatedRuntime();
  await runtime.drive(async () => {
    const options = { workers: 2, onError: "deadLetter", deadLetter, runtime } as const;
    const stream: Stream = new HiveStream(options);
    await stream.start((n) => {
      if (n % 2 === 0) throw new Error("even");
      return n;
    });
    await stream.submitAll(Array.from({ length: 10 }, (_, n) => [`key ${n}`, n] as const));
    await play(stream);
  });
}

async function readAll(stream: Stream): Promise<number[]> {
  const results: number[] = [];
  for await (const { result } of stream) results.push(result as number);
  return results.toSorted();
}

Deno.test("HiveStream.stop() that a dead-letter callback awaits rejects at once, and stops all the same", async () => {
  for (const isLate of [false, true]) {
    const stream = Promise.withResolvers<Stream>();
    let letters = 0;
    const callback = async () => {
      letters++;
      const given = await stream.promise;
      if (isLate) await Promise.resolve();
      await assertRejects(() => given.stop(), Error, CIRCULAR);
    };
    await withLetters(callback, async (given) => {
      stream.resolve(given);
      assertEquals(await readAll(given), [1, 3, 5, 7, 9]);
      assertEquals(await given.stop(), { dropped: 0, processed: 10, lostBees: 0 });
    });
    assertEquals(letters, 5);
  }
});

Deno.test("HiveStream fails when its dead-letter callback insists on waiting for the stop", async () => {
  const stream = Promise.withResolvers<Stream>();
  const callback = async () => {
    await using given = await stream.promise;
    assertEquals(given.metrics().lostBees, 0);
  };
  await withLetters(callback, async (given) => {
    stream.resolve(given);
    await assertRejects(() => given.stop(), Error, `Cannot deliver dead letter: ${CIRCULAR}`);
  });
});

Deno.test("HiveStream.stop() may be called in a dead-letter callback that does not wait for it", async () => {
  const stream = Promise.withResolvers<Stream>();
  const letters: number[] = [];
  const callback = async ({ record }: DeadLetter<number>) => {
    (await stream.promise).stop();
    letters.push(record);
  };
  await withLetters(callback, async (given) => {
    stream.resolve(given);
    assertEquals(await readAll(given), [1, 3, 5, 7, 9]);
    assertEquals((await given.stop()).processed, 10);
  });
  assertEquals(letters.toSorted(), [0, 2, 4, 6, 8]);
});

Deno.test("HiveStream.stop({ drain: false }) may be awaited in a dead-letter callback", async () => {
  const stream = Promise.withResolvers<Stream>();
  const callback = async () => {
    const { processed, dropped } = await (await stream.promise).stop({ drain: false });
    assertEquals(processed + dropped, 10);
  };
  await withLetters(callback, async (given) => {
    stream.resolve(given);
    assertEquals((await readAll(given)).every((n) => n % 2 === 1), true);
    await given.stop();
  });
});

Deno.test("HiveStream.stop() that a dead-letter publisher awaits rejects at once", async () => {
  for (const method of ["publish", "flush"] as const) {
    const stream = Promise.withResolvers<Stream>();
    let refused = 0;
    const stop = async () => {
      await assertRejects(async () => (await stream.promise).stop(), Error, CIRCULAR);
      refused++;
    };
    const publisher = {
      publish: () => Promise.resolve({ records: 1 }),
      flush: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
      [method]: () => stop().then(() => ({ records: 1 })),
    };
    await withLetters(publisher, async (given) => {
      stream.resolve(given);
      assertEquals((await given.stop()).processed, 10);
    });
    assertEquals(refused, method === "publish" ? 5 : 1);
  }
});

Deno.test("HiveStream.stop() may be awaited after the dead-letter callback that has seen to it", async () => {
  const reports: Promise<unknown>[] = [];
  const called = Promise.withResolvers<void>();
  const stream: Stream = new HiveStream({
    workers: 1,
    onError: "deadLetter",
    deadLetter: () => {
      setTimeout(() => {
        reports.push(stream.stop());
        called.resolve();
      });
    },
  });
  await stream.start(() => {
    throw new Error("never");
  });
  await stream.submit("k", 1);
  await called.promise;
  assertEquals(await Promise.all(reports), [{ dropped: 0, processed: 1, lostBees: 0 }]);
});

Deno.test("HiveStream.stop() may be awaited by a source, by what is submitted, and by a reader", async () => {
  const uses: ((stream: Stream) => Promise<void>)[] = [
    async (stream) => {
      const stopped = Promise.withResolvers<void>();
      stream.addSource((async function* (): AsyncGenerator<[string, number]> {
        yield ["k", 11];
        await stream.stop();
        stopped.resolve();
      })());
      await stopped.promise;
    },
    async (stream) => {
      const given = (async function* (): AsyncGenerator<[string, number]> {
        yield ["k", 11];
        await stream.stop();
      })();
      assertEquals(await stream.submitAll(given), 1);
    },
    async (stream) => {
      await stream.submit("k", 11);
      for await (const _ of stream) {
        await stream.stop();
        break;
      }
    },
  ];
  for (const use of uses) {
    await withLetters(() => {}, async (stream) => {
      await use(stream);
      assertEquals((await stream.stop()).processed, 11);
    });
  }
});
