import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  poisson,
  RecordBatch,
  schema,
  StreamingError,
  SyntheticGenerator,
  types as t,
} from "../mod.ts";
import { concatBytes } from "../src/batch/concat_bytes.ts";
import { longestWorkMs } from "../src/generators/sampling/sample_crew.ts";
import { denoRuntime } from "../src/runtime/deno_runtime.ts";
import { digest } from "../src/runtime/digest.ts";
import type { Runtime } from "../src/runtime/runtime.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { forSeedsAsync, Random } from "./support/random.ts";
import { runScript } from "./support/run_script.ts";

const BLOCK_ROWS = 4096;

const VISITS = schema({
  id: t.utf8,
  number: t.i64,
  city: t.dict,
  country: t.utf8,
  price: t.decimal(10, 2),
  weight: t.f64,
  gift: t.bool,
  at: t.timestamp,
});

function visits(count: number) {
  const random = new Random(5);
  return Array.from({ length: count }, (_, i) => {
    const place = random.below(3);
    return {
      id: crypto.randomUUID(),
      number: BigInt(i),
      city: random.chance(0.1) ? null : ["Rome", "Milan", "Paris"][place],
      country: ["IT", "IT", "FR"][place],
      price: (place * 10 + random.below(100) / 10).toFixed(2),
      weight: random.chance(0.2) ? null : random.next() * (1 + place),
      gift: random.chance(place / 3),
      at: 1.7e12 + random.below(1e6) * 1000,
    };
  });
}

const generator = await SyntheticGenerator.fit(
  [RecordBatch.fromRows(visits(800), { schema: VISITS })],
  { primaryKey: ["id", "number"], seed: 2 },
);

function digestOf(batch: RecordBatch): string {
  const views = batch.columns.flatMap(({ values, offsets, validity, children }) => [
    ...[values, offsets, validity].filter((each) => each !== undefined),
    ...(children ?? []).flatMap(({ values, offsets }) => [values!, offsets!]),
  ]);
  const bytes = views.map(({ buffer, byteOffset, byteLength }) =>
    new Uint8Array(buffer, byteOffset, byteLength)
  );
  return digest("SHA-256", concatBytes(bytes)).toHex();
}

Deno.test("one bee, two bees and none make the same bytes", async () => {
  const plain = generator.sample(30_000, { seed: 6 });
  const alone = Array.from(plain.batches());
  for (const workers of [1, 2]) {
    const sample = generator.sample(30_000, { seed: 6, workers });
    const batches = await Array.fromAsync(sample.batches());
    assertEquals(batches.map(({ length }) => length), alone.map(({ length }) => length));
    batches.forEach((batch, at) => {
      assertEquals(batch.schema, alone[at].schema);
      assertEquals(digestOf(batch), digestOf(alone[at]), `batch ${at} of ${workers} bees`);
    });
    const dictionaries = new Set(batches.map((batch) => batch.column("city").children![0]));
    assertEquals(dictionaries.size, 1);
  }
});

Deno.test("row i depends on model and seed alone, not on bees, starts or sizes of batches", async () => {
  const all = generator.sample(50_000, { seed: 9 }).toRows();
  await forSeedsAsync(15, async (random, seed) => {
    const start = random.below(45_000);
    const count = random.below(50_000 - start);
    const batchRows = random.pick([1 + random.below(9000), BLOCK_ROWS]);
    const workers = 1 + random.below(5);
    const runtime = new SimulatedRuntime({ seed });
    const sample = generator.sample(count, { seed: 9, start, workers, runtime });
    const batches = await runtime.drive(() => Array.fromAsync(sample.batches({ batchRows })));
    assert(batches.slice(0, -1).every(({ length }) => length === batchRows));
    const rows = batches.flatMap((batch) => batch.toRows());
    assertEquals(rows, all.slice(start, start + count), `${workers} bees, ${batchRows} a batch`);
    assertEquals(runtime.workers, []);
  });
  assertEquals(
    await Array.fromAsync(generator.sample(5, { seed: 9, start: 4094 })),
    all.slice(4094, 4099),
  );
});

/** A runtime that tells of the jobs that bees are given, and of what is left behind. */
function watched(runtime: Runtime) {
  const seen = { blocks: 0, timers: 0, armed: 0, bees: 0, born: 0 };
  const watching: Runtime = Object.create(runtime, {
    spawn: {
      value: (...[options, events]: Parameters<Runtime["spawn"]>) => {
        seen.bees++;
        seen.born++;
        const worker = runtime.spawn(options, events);
        const post = (data: { first: number; end: number }) => {
          seen.blocks += data.end - data.first;
          worker.post(data);
        };
        const terminate = () => {
          seen.bees--;
          worker.terminate();
        };
        return { post, terminate };
      },
    },
    after: {
      value: (...[delayMs, callback]: Parameters<Runtime["after"]>) => {
        seen.timers++;
        seen.armed++;
        let counts = true;
        const end = () => {
          if (counts) seen.timers--;
          counts = false;
        };
        const cancel = runtime.after(delayMs, () => {
          end();
          callback();
        });
        return () => {
          end();
          cancel();
        };
      },
    },
  });
  return { runtime: watching, seen };
}

Deno.test("bees are at most two jobs ahead, and are let go when no more rows are wanted", async () => {
  const world = new SimulatedRuntime();
  const { runtime, seen } = watched(world);
  const sample = generator.sample(Infinity, { seed: 1, workers: 2, runtime });
  await world.drive(async () => {
    let batches = 0;
    for await (const _ of sample.batches()) {
      batches++;
      assert(seen.blocks - batches <= 2 * 2 * 4, `${seen.blocks} asked for, ${batches} taken`);
      if (batches === 30) break;
    }
  });
  assertEquals(seen, { ...seen, bees: 0, timers: 0 });
  assertEquals(world.workers, []);
});

Deno.test("bees that draw a million rows for each that is kept have the time for it", () => {
  assert(longestWorkMs(1) === 60_000);
  const rowsAMs = 1_000; // of a slow machine
  assert(longestWorkMs(1e-6) > 4 * 4096 * 1e6 / rowsAMs);
});

const stream = SyntheticGenerator.fromSchema({
  time: "at",
  columns: { level: { values: ["a", "b"] } },
  arrival: { rate: poisson("100/s") },
});

Deno.test("bees tell that they pass over the beginning of a stream, and may take their time for it", async () => {
  const [start, count] = [1_000_000, 9000];
  for (const workers of [1, 2]) {
    const world = new SimulatedRuntime();
    const { runtime, seen } = watched(world);
    const sample = stream.sample(count, { seed: 4, start, workers, runtime });
    const batches = await world.drive(() => Array.fromAsync(sample.batches()));
    assertEquals(
      batches.flatMap((batch) => batch.toRows()),
      stream.sample(count, { seed: 4, start }).toRows(),
    );
    // each piece of the way, and each block, has its own time to come
    assert(seen.armed >= 3, `${seen.armed} timers`);
    assertEquals([seen.bees, seen.timers, world.workers.length], [0, 0, 0]);
  }
});

Deno.test("a stream that is passed over in this thread can be aborted on the way", async () => {
  const abort = new AbortController();
  const sample = stream.sample(10, { start: 2 ** 40, signal: abort.signal });
  setTimeout(() => abort.abort(new Error("far enough")), 0);
  await assertRejects(() => Array.fromAsync(sample.batches()), Error, "far enough");
});

Deno.test("an abort, a lost bee and a failing one end a sample with their reason, and leave nothing behind", async () => {
  const ends = async (upset: (world: SimulatedRuntime, abort: AbortController) => void) => {
    const world = new SimulatedRuntime({ seed: 3 });
    const { runtime, seen } = watched(world);
    const abort = new AbortController();
    const { signal } = abort;
    const sample = generator.sample(1e6, { workers: 2, runtime, signal });
    const failure = await assertRejects(() =>
      world.drive(async () => {
        let batches = 0;
        for await (const _ of sample.batches()) if (++batches === 5) upset(world, abort);
      })
    );
    assertEquals(seen, { ...seen, bees: 0, timers: 0 });
    return failure;
  };
  const reason = new Error("enough");
  assertEquals(await ends((_, abort) => abort.abort(reason)), reason);
  const lost = await ends((world) => world.crash(world.workers[0]));
  assert(lost instanceof StreamingError && lost.message.includes("a bee was lost: crashed"));
  const hung = await ends((world) => world.workers.forEach((name) => world.hang(name)));
  assert(hung instanceof StreamingError && hung.message.includes("no bee has made rows"));
  const coded = await SyntheticGenerator.fit(
    Array.from({ length: 100 }, (_, i) => ({ code: `K${10 + i % 90}${i}`.slice(0, 4), v: i % 3 })),
    { primaryKey: "code", model: "independent" },
  );
  const runtime = new SimulatedRuntime();
  const sample = coded.sample(Infinity, { workers: 1, runtime });
  await assertRejects(
    () => runtime.drive(() => Array.fromAsync(sample.batches())),
    RangeError,
    '"code" has only',
  );
});

Deno.test("no more bees are made than there are jobs for them, and none for no rows", async () => {
  const world = new SimulatedRuntime();
  const { runtime, seen } = watched(world);
  for (const [count, bees] of [[0, 0], [10, 1], [2 * BLOCK_ROWS + 1, 3], [300_000, 74]]) {
    seen.born = 0;
    const sample = generator.sample(count, { workers: 100, runtime });
    const batches = await world.drive(() => Array.fromAsync(sample.batches()));
    assertEquals(batches.reduce((sum, { length }) => sum + length, 0), count);
    assertEquals(seen.born, bees);
  }
});

Deno.test("a sample can be aborted before it begins, and without bees", async () => {
  const signal = AbortSignal.abort(new Error("never"));
  for (const workers of [undefined, 1]) {
    const sample = generator.sample(10, { ...(workers && { workers }), signal });
    await assertRejects(() => Array.fromAsync(sample.batches()), Error, "never");
  }
  assertThrows(() => generator.sample(10, { signal }).toRows(), Error, "never");
});

Deno.test("between batches without bees timers get their turn", async () => {
  let fired = false;
  denoRuntime.after(0, () => void (fired = true));
  let batches = 0;
  for await (const _ of generator.sample(Infinity).batches()) if (fired || ++batches > 5000) break;
  assert(fired);
});

Deno.test("options of samples that cannot be are refused, and rows of bees at once", () => {
  for (const workers of [-1, 1.5, "2", 256, null]) {
    assertThrows(
      () => generator.sample(1, { workers: workers as number }),
      RangeError,
      "workers must be a whole number from 0, which is this thread, to 255",
    );
  }
  assertThrows(
    () => generator.sample(1, { signal: {} as AbortSignal }),
    TypeError,
    "signal must be an AbortSignal, received an object",
  );
  for (const count of [Infinity, 1e9]) {
    const sample = generator.sample(count);
    assertThrows(() => sample.toRows(), RangeError, "take batches()");
    assertThrows(() => sample.toBatch(), RangeError, "take batches()");
  }
  assertEquals(generator.sample(10, { workers: 0 }).toRows(), generator.sample(10).toRows());
  const sample = generator.sample(10, { workers: 1 });
  assertThrows(() => sample.toRows(), TypeError, "for await");
  assertThrows(() => sample.toBatch(), TypeError, "for await");
  assertThrows(() => Array.from(sample.batches()), TypeError, "for await");
});

Deno.test("sampling on bees needs to read the modules alone, and the process ends by itself", async () => {
  const program = `
    import { SyntheticGenerator } from "@waggle/stream";
    const rows = Array.from({ length: 50 }, (_, i) => ({ x: i % 7 }));
    const generator = await SyntheticGenerator.fit(rows, { model: "independent" });
    for await (const { length } of generator.sample(Infinity, { workers: 2 }).batches()) {
      console.log(length);
      break;
    }
  `;
  const run = (flags: readonly string[]) => runScript(program, ["--no-check", ...flags]);
  assertEquals(await run(["--allow-read=src"]), { code: 0, out: "4096\n", error: "" });
  const { code, error } = await run([]);
  assert(code !== 0);
  assertStringIncludes(error, "a bee was lost: Requires read access");
});
