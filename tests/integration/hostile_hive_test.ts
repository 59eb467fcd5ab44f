import { assert, assertEquals, assertRejects } from "@std/assert";
import { HiveStream, UnfitBeeError } from "@waggle/stream";
import { SimulatedRuntime } from "../../src/runtime/simulated_runtime.ts";

/** A module by its text. */
function module(text: string): { module: string } {
  return { module: `data:text/javascript,${encodeURIComponent(text)}` };
}

/** Runs `work` in a simulation, with a module that is not loaded before it ends. */
async function whileLoading(
  work: (module: { module: string }, runtime: SimulatedRuntime) => Promise<void>,
): Promise<void> {
  const name = `gate${crypto.randomUUID().replaceAll("-", "")}`;
  const { promise, resolve } = Promise.withResolvers<void>();
  Object.assign(globalThis, { [name]: promise });
  // Deno takes a module that waits while nothing else goes on for one that waits for ever.
  const alive = setInterval(() => {}, 1_000);
  const runtime = new SimulatedRuntime();
  const loading = module(`await ${name}; export default (value) => value;`);
  try {
    await runtime.drive(() => work(loading, runtime));
  } finally {
    resolve();
    await import(loading.module);
    clearInterval(alive);
    Reflect.deleteProperty(globalThis, name);
  }
}

Deno.test("HiveStream.start() rejects when the stream is stopped before its bees are ready", async () => {
  await whileLoading(async (loading, runtime) => {
    const stream = new HiveStream({ workers: 2, runtime });
    const started = stream.start(loading);
    const stopped = stream.stop();
    await assertRejects(() => started, Error, "stopped before all bees were ready");
    assertEquals((await stopped).processed, 0);
  });
});

Deno.test("HiveStream.start() rejects when a module does not finish loading, and says where to look", async () => {
  await whileLoading(async (loading, runtime) => {
    const stream = new HiveStream({ workers: 2, runtime });
    await assertRejects(() => stream.start(loading), UnfitBeeError, "at its top level");
    assert(runtime.monotonicMs() < 60_000, "one wait must do: its successors would wait as well");
    await assertRejects(() => stream.submit("k", 1), UnfitBeeError);
    await stream.stop();
  });
});

Deno.test("HiveStream.stop() counts the bees that do not answer as lost", async () => {
  const runtime = new SimulatedRuntime();
  await runtime.drive(async () => {
    const stream = new HiveStream<number, number>({ workers: 3, runtime });
    await stream.start((n) => n);
    runtime.hang("bee 1.0");
    const { lostBees } = await stream.stop({ drain: false });
    assertEquals([lostBees, stream.metrics().lostBees], [1, 1]);
  });
});

Deno.test("HiveStream fails with the reason when a bee cannot be spawned, first or later", async () => {
  for (const spawnable of [1, 2]) {
    const runtime = new SimulatedRuntime();
    const spawn = runtime.spawn.bind(runtime);
    let spawned = 0;
    runtime.spawn = (options, events) => {
      if (spawned++ >= spawnable) throw new RangeError("Array buffer allocation failed");
      return spawn(options, events);
    };
    await runtime.drive(async () => {
      const stream = new HiveStream<number, number>({ workers: 2, runtime });
      const started = stream.start((n) => n);
      if (spawnable < 2) {
        await assertRejects(() => started, Error, "Cannot start: a bee cannot be spawned: Array");
      } else {
        await started;
        runtime.crash("bee 0.0");
        await assertRejects(() => stream.getResult(), Error, "Cannot go on: a bee cannot be");
      }
      await assertRejects(() => stream.submit("k", 1), Error, "a bee cannot be spawned");
      assertEquals((await stream.stop()).dropped, 0);
    });
  }
});

Deno.test("HiveStream goes on when its function or a module of theirs posts messages", async () => {
  for (const posted of ["null", "'text'", "{}", "{ kind: 'unfit', message: 'not so' }"]) {
    await using stream = new HiveStream<number, number>({ workers: 1 });
    await stream.start(module(`
      self.onmessage = () => {};
      ${posted.includes("unfit") ? "" : `self.postMessage(${posted});`}
      export default (value) => {
        self.postMessage(${posted});
        self.onmessage = null;
        return value + 1;
      };
    `));
    for (let n = 0; n < 3; n++) {
      await stream.submit("k", n);
      assertEquals(await stream.getResult({ timeout: "30s" }), n + 1, posted);
    }
  }
});
