import { assert, assertEquals, assertRejects } from "@std/assert";
import { HiveStream, type HiveStreamOptions } from "@waggle/stream";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";

const PICK_UP_MS = 100;

/** Runs a started stream in a world of its own. */
function inSimulation(
  options: HiveStreamOptions<number>,
  body: (stream: HiveStream<number, number>, runtime: SimulatedRuntime) => Promise<void>,
): Promise<void> {
  const runtime = new SimulatedRuntime();
  return runtime.drive(async () => {
    const stream = new HiveStream<number, number>({ ...options, runtime });
    await stream.start((n) => n);
    await body(stream, runtime);
    await stream.stop();
  });
}

function wait(runtime: SimulatedRuntime, ms: number): Promise<void> {
  return new Promise((resolve) => void runtime.after(ms, resolve));
}

Deno.test("HiveStream.addSource() is read from within 100 ms, idle or under load, with any workers", async () => {
  for (const workers of [1, 2, 5]) {
    for (const load of [0, 20_000]) {
      await inSimulation({ workers }, async (stream, runtime) => {
        for (let n = 0; n < load; n++) stream.trySubmit(`key ${n % 97}`, n);
        const addedMs = runtime.monotonicMs();
        const readMs = await new Promise<number>((resolve) =>
          stream.addSource((function* (): Generator<[string, number]> {
            resolve(runtime.monotonicMs());
            yield ["a", 1];
          })())
        );
        assert(readMs - addedMs <= PICK_UP_MS, `${readMs - addedMs} ms`);
      });
    }
  }
});

Deno.test("HiveStream reads many sources at once, each in its own order", async () => {
  await inSimulation({ workers: 3, bufferSize: 10 }, async (stream) => {
    for (let source = 0; source < 5; source++) {
      stream.addSource((async function* () {
        for (let n = 0; n < 100; n++) yield [`source ${source}`, n] as const;
      })());
    }
    const bySource = new Map<string, unknown[]>();
    for (let i = 0; i < 500; i++) {
      const { value } = await stream[Symbol.asyncIterator]().next();
      bySource.set(value.key, [...bySource.get(value.key) ?? [], value.result]);
    }
    const expected = Array.from({ length: 100 }, (_, n) => n);
    assertEquals([...bySource.values()], new Array(5).fill(expected));
  });
});

Deno.test("HiveStream.stop() closes sources that wait for room, and drops nothing for them", async () => {
  await inSimulation({ workers: 1, bufferSize: 4 }, async (stream, runtime) => {
    let closed = false;
    let given = 0;
    stream.addSource((async function* () {
      try {
        while (true) yield [`key ${given}`, given++] as const;
      } finally {
        closed = true;
      }
    })());
    await wait(runtime, 1);
    const { dropped, processed } = await stream.stop();
    let results = 0;
    for await (const { result } of stream) assertEquals(result, results++);
    assertEquals([dropped, results], [0, processed]);
    // The one that was turned away had been taken from the source, but never accepted.
    assert(closed && processed > 0 && given - processed <= 1, `${given} given, ${processed} done`);
  });
});

Deno.test("HiveStream.stop() does not wait for a source that gives nothing", async () => {
  await inSimulation({ workers: 1 }, async (stream, runtime) => {
    const silence = Promise.withResolvers<void>();
    let closed = false;
    stream.addSource((async function* (): AsyncGenerator<[string, number]> {
      try {
        yield ["a", 1];
        await silence.promise;
        yield ["a", 2];
      } finally {
        closed = true;
      }
    })());
    assertEquals(await stream.getResult({ timeout: "10s" }), 1);
    assertEquals((await stream.stop()).processed, 1);
    silence.resolve();
    await wait(runtime, 1);
    assertEquals([closed, await stream.getResult()], [true, undefined]);
  });
});

Deno.test("HiveStream fails with the error of a source, unless it has stopped before", async () => {
  const broken = async function* (after: Promise<void>): AsyncGenerator<[string, number]> {
    yield ["a", 1];
    await after;
    throw new Error("the source broke");
  };
  await inSimulation({ workers: 1 }, async (stream) => {
    const read = Promise.withResolvers<void>();
    stream.addSource(broken(read.promise));
    assertEquals(await stream.getResult({ timeout: "10s" }), 1);
    read.resolve();
    await assertRejects(() => stream.getResult(), Error, "Cannot read source: the source broke");
  });
  await inSimulation({ workers: 1 }, async (stream, runtime) => {
    const stopped = Promise.withResolvers<void>();
    stream.addSource(broken(stopped.promise));
    assertEquals(await stream.getResult({ timeout: "10s" }), 1);
    await stream.stop();
    stopped.resolve();
    await wait(runtime, 1);
    assertEquals(await stream.getResult(), undefined);
  });
});

Deno.test("HiveStream fails when a source gives a record that cannot cross", async () => {
  await inSimulation({ workers: 1 }, async (stream) => {
    stream.addSource([["a", (() => {}) as unknown as number]]);
    await assertRejects(() => stream.getResult(), Error, "Cannot read source: Cannot send value");
  });
});
