import { assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { HiveStream } from "@waggle/stream";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";

const NEVER_NEGATIVE = "RangeError: -1 is negative";

function refuseNegative(n: number): number {
  if (n < 0) throw new RangeError(`${n} is negative`);
  return n;
}

/** A running stream that fails at the first negative number. */
async function strictStream(runtime: SimulatedRuntime): Promise<HiveStream<number, number>> {
  const stream = new HiveStream<number, number>({ workers: 1, onError: "fail", runtime });
  await stream.start(refuseNegative);
  return stream;
}

function simulated(play: (runtime: SimulatedRuntime) => Promise<void>): Promise<void> {
  const runtime = new SimulatedRuntime();
  return runtime.drive(() => play(runtime));
}

function pause(runtime: SimulatedRuntime): Promise<void> {
  return new Promise((resolve) => void runtime.after(50, resolve));
}

Deno.test("HiveStream.stop() rejects with a failure that nobody was told of, and reports when asked again", async () => {
  await simulated(async (runtime) => {
    const stream = await strictStream(runtime);
    for (const n of [1, 2, -1]) await stream.submit("k", n);
    await assertRejects(() => stream.stop(), Error, NEVER_NEGATIVE);
    assertEquals(await stream.stop(), { dropped: 0, processed: 3, lostBees: 0 });
    assertEquals([await stream.getResult(), await stream.getResult()], [1, 2]);
    await assertRejects(() => stream.getResult(), Error, NEVER_NEGATIVE);
  });
});

Deno.test("HiveStream of which one only submits fails at the end of await using, whenever it failed", async () => {
  for (const isOver of [false, true]) {
    await simulated(async (runtime) => {
      const submits = async () => {
        await using stream = await strictStream(runtime);
        await stream.submit("k", -1);
        if (isOver) await pause(runtime);
      };
      const error = await assertRejects(submits, Error, NEVER_NEGATIVE);
      assertEquals(error.name, "StreamingError");
    });
  }
});

Deno.test("HiveStream tells a failure once: await using adds nothing to the error of its block", async () => {
  type Use = (stream: HiveStream<number, number>, runtime: SimulatedRuntime) => Promise<unknown>;
  const uses: [string, Use][] = [
    ["for await", async (stream) => {
      for await (const _ of stream);
    }],
    ["getResult", (stream) => stream.getResult()],
    ["submit", async (stream, runtime) => {
      await pause(runtime);
      await stream.submit("k", 1);
    }],
    ["trySubmit", async (stream, runtime) => {
      await pause(runtime);
      stream.trySubmit("k", 1);
    }],
    ["submitAll", async (stream, runtime) => {
      await pause(runtime);
      await stream.submitAll([["k", 1]]);
    }],
    ["addSource", async (stream, runtime) => {
      await pause(runtime);
      stream.addSource([]);
    }],
    ["stop", (stream) => stream.stop()],
  ];
  for (const [name, use] of uses) {
    await simulated(async (runtime) => {
      let seen: unknown;
      const block = async () => {
        await using stream = await strictStream(runtime);
        await stream.submit("k", -1);
        await use(stream, runtime).catch((error) => {
          seen = error;
          throw error;
        });
      };
      const error = await assertRejects(block, Error, NEVER_NEGATIVE, name);
      assertStrictEquals(error, seen, name);
    });
  }
});

Deno.test("HiveStream.stop() gives the report to whoever has seen the failure and goes on", async () => {
  await simulated(async (runtime) => {
    const stream = await strictStream(runtime);
    await stream.submit("k", -1);
    await assertRejects(() => stream.getResult(), Error, NEVER_NEGATIVE);
    assertEquals((await stream.stop()).processed, 1);
    assertThrows(() => stream.trySubmit("k", 1), Error, NEVER_NEGATIVE);
  });
});

Deno.test("HiveStream.stop() leaves a failure during the drain to the reader that waits for results", async () => {
  await simulated(async (runtime) => {
    const stream = await strictStream(runtime);
    await stream.submit("k", -1);
    const reading = assertRejects(() => stream.getResult(), Error, NEVER_NEGATIVE);
    assertEquals((await stream.stop()).processed, 1);
    await reading;
  });
});

Deno.test("HiveStream.stop() rejects with the failure that turned a waiting submitter away only if that is a source", async () => {
  for (const isSource of [false, true]) {
    await simulated(async (runtime) => {
      const options = { workers: 1, bufferSize: 1, onError: "fail", runtime } as const;
      const stream = new HiveStream<number, number>(options);
      await stream.start(refuseNegative);
      if (isSource) {
        stream.addSource([["k", -1], ["k", 1]]);
        await pause(runtime);
        await assertRejects(() => stream.stop(), Error, NEVER_NEGATIVE);
      } else {
        await stream.submit("k", -1);
        await assertRejects(() => stream.submit("k", 1), Error, NEVER_NEGATIVE);
        await stream.stop();
      }
    });
  }
});

Deno.test("HiveStream.stop() rejects with a source's failure, and with a dead letter's", async () => {
  await simulated(async (runtime) => {
    const stream = new HiveStream<number, number>({
      workers: 1,
      onError: "deadLetter",
      deadLetter: () => Promise.reject(new Error("no stamps")),
      runtime,
    });
    await stream.start(refuseNegative);
    await stream.submit("k", -1);
    await assertRejects(() => stream.stop(), Error, "Cannot deliver dead letter: no stamps");
    const sourced = new HiveStream<number, number>({ workers: 1, runtime });
    await sourced.start(refuseNegative);
    sourced.addSource((function* (): Generator<[string, number]> {
      yield ["k", 1];
      throw new Error("the source broke");
    })());
    await pause(runtime);
    await assertRejects(() => sourced.stop(), Error, "Cannot read source: the source broke");
  });
});

Deno.test("HiveStream with another error in its block gives both, the block's as the suppressed one", async () => {
  await simulated(async (runtime) => {
    const block = async () => {
      await using stream = await strictStream(runtime);
      await stream.submit("k", -1);
      throw new TypeError("something else");
    };
    const error = await assertRejects(block, SuppressedError);
    assertEquals((error.suppressed as Error).message, "something else");
    assertEquals((error.error as Error).name, "StreamingError");
  });
});

Deno.test("HiveStream that was stopped does not fail when a letter that it gave up is refused", async () => {
  await simulated(async (runtime) => {
    const refused = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    const stream = new HiveStream<number, number>({
      workers: 1,
      onError: "deadLetter",
      deadLetter: () => {
        started.resolve();
        return refused.promise;
      },
      runtime,
    });
    await stream.start(refuseNegative);
    await stream.submit("k", -1);
    await started.promise;
    const { dropped } = await stream.stop({ drain: false });
    refused.reject(new Error("no stamps"));
    await pause(runtime);
    assertEquals([dropped, await stream.getResult()], [1, undefined]);
    assertEquals((await stream.stop()).dropped, 1);
  });
});
