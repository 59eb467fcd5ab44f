import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  count,
  from,
  type Publisher,
  RecordBatch,
  type Source,
  type SourceBatch,
  TumblingWindow,
} from "@waggle/stream";
import { SimulatedRuntime } from "../../src/runtime/simulated_runtime.ts";

interface Reading {
  at: number;
  sensor: string;
}

function* readings(rows: number): Generator<Reading> {
  for (let n = 0; n < rows; n++) yield { at: n * 100, sensor: `sensor ${n % 3}` };
}

/** Runs `work` in a simulation. */
function simulated<T>(
  work: (options: { runtime: SimulatedRuntime; workers: number }) => Promise<T>,
) {
  const runtime = new SimulatedRuntime();
  return runtime.drive(() => work({ runtime, workers: 2 }));
}

function publisher(parts: Partial<Publisher>): Publisher {
  return {
    publish: ({ length }) => Promise.resolve({ records: length }),
    flush: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
    ...parts,
  };
}

function source(read: unknown, opened?: unknown): Source {
  async function* open() {
    yield read as SourceBatch;
  }
  return { name: "sensors", open: () => opened === undefined ? open() : opened as never };
}

Deno.test("A pipeline fails when its source throws, whatever it throws", async () => {
  for (const thrown of [undefined, null, 0, "", "text"]) {
    await simulated((options) => {
      const rows = (async function* () {
        yield* readings(10);
        throw thrown;
      })();
      return assertRejects(() => from(rows, options).run(), Error, `${thrown} was thrown`);
    });
  }
});

Deno.test("An abort ends a run whose publisher does not hear of it", async () => {
  for (const hanging of ["publish", "flush"] as const) {
    await simulated(async (options) => {
      const controller = new AbortController();
      const hangs = () => {
        options.runtime.soon(() => controller.abort(new Error("enough")));
        return new Promise<never>(() => {});
      };
      const pipeline = from([...readings(10)], options).to(publisher({ [hanging]: hangs }));
      await assertRejects(() => pipeline.run({ signal: controller.signal }), Error, "enough");
      assertEquals(options.runtime.workers, []);
    });
  }
});

Deno.test("A pipeline that runs twice at the same time tells of each run by itself", async () => {
  await simulated(async (options) => {
    const pipeline = from([...readings(100)], options)
      .timestamps("at")
      .keyBy("sensor")
      .window(new TumblingWindow({ size: "1s" }))
      .aggregate({ n: count() });
    const short = new AbortController();
    const long = pipeline.run();
    const aborted = pipeline.run({ signal: short.signal, onAbort: "drain" });
    short.abort();
    assertEquals((await long).recordsIn, 100);
    assert((await aborted).recordsIn <= 100);
    assertEquals([(await long).aborted, (await aborted).aborted], [false, true]);
  });
});

Deno.test("A pipeline refuses what a source must not give, saying what came", async () => {
  const batch = RecordBatch.fromRows([...readings(3)]);
  const wrong: [Source, string][] = [
    [source(undefined, 5), "its open() must give an async iterable, received number"],
    [source(5), "a source gives objects such as { batch }"],
    [source(undefined), "received undefined"],
    [source({ batch: [...readings(3)] }), "received a batch that is object"],
    [source({ batch, skipped: NaN }), "must be whole numbers, received NaN"],
    [source({ batch, deadLettered: -1 }), "must be whole numbers, received -1"],
    [source({ batch, partition: 1 }), "received a batch of partition 1"],
    [source({ batch, partition: -1 }), "received a batch of partition -1"],
  ];
  for (const [given, message] of wrong) {
    await simulated(async (options) => {
      const error = await assertRejects(() => from(given, options).run(), Error, message);
      assert(error.message.startsWith("Cannot read sensors: "), error.message);
    });
  }
});

Deno.test("Pipeline.to() refuses what is no publisher, before anything is read", () => {
  for (const [given, received] of [[undefined, "undefined"], [null, "null"], [{}, "an object"]]) {
    const pipeline = from([...readings(1)]);
    assertThrows(() => pipeline.to(given as Publisher), TypeError, `received ${received}`);
  }
});
