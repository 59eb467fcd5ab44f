import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type BadInput,
  BadInputError,
  col,
  count,
  CountWindow,
  first,
  from,
  IterableSource,
  last,
  type LateRow,
  type PipelineMetrics,
  schema,
  SessionWindow,
  struct,
  sum,
  TumblingWindow,
  types as t,
} from "../mod.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { assertAccounted } from "./support/accounts.ts";
import { breakBees, inSimulation, randomOptions } from "./support/simulated_case.ts";
import { forSeedsAsync, Random } from "./support/random.ts";

const module = new URL("./support/step_functions.ts", import.meta.url);
const numbers = (length: number) => Array.from({ length }, (_, n) => ({ n, at: 10 * n }));

Deno.test("A step's function without a name is called by the step in errors", () => {
  const limit = 3;
  const rows = () => from(numbers(1));
  const steps: Readonly<Record<string, () => unknown>> = {
    map: () => rows().map(({ n }) => ({ n: n + limit })),
    flatMap: () => rows().flatMap(({ n }) => [{ n: n + limit }]),
    filter: () => rows().filter(({ n }) => n > limit),
  };
  for (const [name, step] of Object.entries(steps)) {
    const { message } = assertThrows(step, TypeError);
    assert(message.startsWith(`Cannot send function "${name}" to the bees: it uses the`), message);
    assert(message.includes(`new URL("./${name}.ts", import.meta.url)`), message);
  }
  const over = ({ n }: { n: number }) => n > limit;
  assertThrows(() => rows().filter(over), TypeError, 'Cannot send function "over"');
});

Deno.test("map() makes another row of each, on any number of bees, in the order of the source", async () => {
  await forSeedsAsync(6, async (_, seed) => {
    const rows = await inSimulation(seed, async (options) => {
      const pipeline = from(numbers(300), options)
        .map(({ n }, { context }) => ({ n, more: n + context.by }), { context: { by: 0.5 } });
      const all = await Array.fromAsync(pipeline);
      assertAccounted(pipeline.metrics());
      return all;
    });
    assertEquals(rows, numbers(300).map(({ n }) => ({ n, more: n + 0.5 })));
  });
});

Deno.test("flatMap() makes any number of rows, of the event time of their row, and counts them", async () => {
  const lines = [{ at: 100, text: "a b a" }, { at: 1_100, text: "" }, { at: 1_200, text: "b" }];
  const pipeline = from(lines, { workers: 2 }).timestamps("at")
    .flatMap(({ text }) => text.split(" ").filter(Boolean).map((word) => ({ word })))
    .keyBy("word").window(new TumblingWindow({ size: "1s" })).aggregate({ n: count() });
  const rows = await Array.fromAsync(pipeline);
  assertEquals(rows.map(({ windowStart, word, n }) => [windowStart, word, n]), [
    [0, "a", 2],
    [0, "b", 1],
    [1000, "b", 1],
  ]);
  const { recordsIn, added, absorbed, filtered } = pipeline.metrics();
  assertEquals({ recordsIn, added, absorbed, filtered }, {
    recordsIn: 3,
    added: 2,
    absorbed: 4,
    filtered: 1,
  });
  assertAccounted(pipeline.metrics());
});

Deno.test("flatMap() takes whatever can be iterated", async () => {
  const rows = from([{ n: 2 }, { n: 0 }, { n: 1 }], { workers: 1 })
    .flatMap(({ n }) => new Set(Array.from({ length: n }, (_, part) => ({ n, part }))));
  assertEquals(await Array.fromAsync(rows), [
    { n: 2, part: 0 },
    { n: 2, part: 1 },
    { n: 1, part: 0 },
  ]);
});

Deno.test("filter() takes a function beside expressions", async () => {
  const rows = from(numbers(100), { workers: 2 })
    .filter(({ n }) => n % 3 === 0).filter(col("n").lt(50))
    .filter(({ n }, { context }) => !context.includes(n), { context: [0, 3] });
  const kept = (await Array.fromAsync(rows)).map(({ n }) => n);
  assertEquals(kept, [6, 9, 12, 15, 18, 21, 24, 27, 30, 33, 36, 39, 42, 45, 48]);
  assertEquals(rows.metrics().filtered, 85);
  assertAccounted(rows.metrics());
});

Deno.test("Functions may be exports of modules, and map() an expression", async () => {
  const given = [{ n: 1, text: "a b" }, { n: 2, text: "c" }];
  const doubled = from(given, { workers: 1 })
    .map<{ n: number; twice: number }>({ module, export: "doubled" });
  assertEquals(await Array.fromAsync(doubled), [{ n: 1, twice: 2 }, { n: 2, twice: 4 }]);
  const words = from(given, { workers: 1 }).flatMap<{ word: string }>({ module, export: "words" });
  assertEquals((await Array.fromAsync(words)).map(({ word }) => word), ["a", "b", "c"]);
  const computed = from(given, { workers: 1 }).map(struct({ more: col<number>("n").add(1) }));
  assertEquals(await Array.fromAsync(computed), [{ more: 2 }, { more: 3 }] as never);
  const missing = from(given, { workers: 1 }).map({ module, export: "none" });
  await assertRejects(() => missing.run(), Error, "it must be a function, received number");
});

Deno.test("The columns of a function are those of a schema, or of the first row that it gives", async () => {
  const given = schema({ n: t.i32, note: t.utf8 });
  const typed = from(numbers(3), { workers: 1 })
    .map(({ n }) => n === 0 ? { n } : { n, note: `${n}` }, { schema: given });
  const [batch] = await Array.fromAsync(typed.batches());
  assertEquals(batch.schema, given);
  assertEquals(batch.toRows().map(({ note }) => note), [null, "1", "2"]);
  const learned = from(numbers(3), { workers: 1 })
    .map(({ n }) => ({ n, any: n === 0 ? null : n === 1 ? "one" : n, list: [n], at: new Date(n) }));
  const [found] = await Array.fromAsync(learned.batches());
  assertEquals(found.schema.fields.map(({ type }) => type.kind), [
    "f64",
    "mixed",
    "list",
    "timestamp",
  ]);
  assertEquals(found.toRows().map(({ any }) => any as unknown), [null, "one", 2]);
});

Deno.test("Columns are learned once, however late the first row comes, and nothing is called twice", async () => {
  // What a function has done shows in its own module: it counts its calls.
  for (const workers of [1, 2, 3]) {
    const counted = from(numbers(500), { workers, batchRows: 20 })
      .filter(({ n }) => n >= 130)
      .map(({ n }) => {
        const counts = globalThis as unknown as { calls?: Map<number, number> };
        const calls = counts.calls ??= new Map();
        calls.set(n, (calls.get(n) ?? 0) + 1);
        return { n, calls: calls.get(n)! };
      })
      .flatMap(({ n, calls }) => n % 2 === 0 ? [] : [{ n, calls }]);
    const rows = await Array.fromAsync(counted);
    assertEquals(rows.length, 185);
    assertEquals(rows.filter(({ calls }) => calls !== 1), []);
    assertAccounted(counted.metrics());
  }
});

Deno.test("A function that never gives a row leaves nothing, and all is accounted for", async () => {
  const none = from(numbers(100), { workers: 2, batchRows: 10 }).timestamps("at")
    .flatMap(() => [] as { x: number }[]).keyBy("x").window(new TumblingWindow({ size: 5 }))
    .aggregate({ total: sum("x") });
  assertEquals(await Array.fromAsync(none), []);
  assertEquals(none.metrics().filtered, 100);
  assertAccounted(none.metrics());
});

Deno.test("A plan that does not fit learned columns fails the run as one that was known before", async () => {
  const wrong = from(numbers(10), { workers: 2 }).timestamps("at").map(({ n }) => ({ n: `${n}` }))
    .window(new TumblingWindow({ size: 5 })).aggregate({ total: sum("n" as never) });
  await assertRejects(() => wrong.run(), TypeError, 'Cannot take sum of column "n"');
  const unknown = from(numbers(10), { workers: 1 }).map(({ n }) => ({ n })).filter(col("m").gt(1));
  await assertRejects(() => unknown.run(), TypeError, 'the columns are "n"');
});

Deno.test("A row for which a function fails goes the way of badRecords, as it came", async () => {
  const letters: BadInput[] = [];
  const bad = from(numbers(50), {
    workers: 2,
    batchRows: 7,
    badRecords: "deadLetter",
    deadLetter: (bad) => void letters.push(bad),
  }).filter(col("n").gt(3)).map(({ n }) => {
    if (n % 20 === 9) throw new SyntaxError(`no ${n}`);
    return { n: n === 30 ? "thirty" as unknown as number : n };
  });
  assertEquals((await Array.fromAsync(bad)).length, 42);
  assertEquals(
    letters.map(({ record }) => record),
    [9, 29, 30, 49].map((n) => ({ n, at: 10 * n })),
  );
  assertEquals(letters.map(({ position }) => position), [9, 29, 30, 49]);
  assertEquals(letters[0].error, {
    name: "SyntaxError",
    message: "Cannot map row: the function threw SyntaxError: no 9",
  });
  assert(letters[2].error.message.includes('does not fit: column "n": expected f64'));
  assert(letters[2].error.message.endsWith("the first row that it gave, or pass a schema"));
  assertAccounted(bad.metrics());
  const fails = from(numbers(50), { workers: 2 }).map(({ n }) => {
    if (n > 10) throw new Error("too large");
    return { n };
  });
  const error = await assertRejects(() => fails.run(), BadInputError, "threw Error: too large");
  assertEquals(error.position, 11);
});

Deno.test("What a function gives that is no row is told with what was expected", async () => {
  const told = (fn: (row: { n: number }) => unknown, message: string) =>
    assertRejects(
      () => from([{ n: 1 }], { workers: 1 }).map(fn as () => object).run(),
      BadInputError,
      `Cannot map row: ${message}`,
    );
  await told(() => undefined, "the function must give an object, received undefined");
  await told(() => [1], "the function must give an object, received");
  await told(() => ({}), "the first row that the function gave has no columns");
  await told(() => ({ f: () => 1 }), "the function gave a row that does not fit");
  const flat = from([{ n: 1 }], { workers: 1 }).flatMap(() => "text" as never);
  await assertRejects(
    () => flat.run(),
    BadInputError,
    'must give an array of rows, received "text"',
  );
  const many = from([{ n: 1 }], { workers: 1 })
    .flatMap(() => Array.from({ length: 65_537 }, (_, x) => ({ x })));
  await assertRejects(() => many.run(), BadInputError, "gave more than 65536 rows for one");
  const unsure = from([{ n: 1 }], { workers: 1 }).filter(
    (({ n }: { n: number }) => n) as unknown as () => never,
  );
  await assertRejects(() => unsure.run(), BadInputError, "must give true or false, received 1");
});

Deno.test("A function that cannot work in a bee is refused at once, or by the name that it misses", async () => {
  const rows = () => from(numbers(3), { workers: 1 });
  const limit = 2;
  assertThrows(() => rows().map(({ n }) => ({ n: n + limit })), TypeError, 'the variable "limit"');
  assertThrows(() => rows().flatMap(5 as never), TypeError, "Cannot flatMap: pass a function");
  const options = { schem: schema({ n: t.f64 }) } as object;
  assertThrows(() => rows().map((row) => row, options), TypeError, "did you mean schema?");
  const strange = () => rows().filter(col("n").gt(1), { context: 1 });
  assertThrows(strange, TypeError, 'received the option "context" with an expression');
  const kept = rows().filter(({ n }) => n > 1);
  assertThrows(() => rows().union(kept), TypeError, "filter() was called on that of iterable");
  const none = { concurrency: 0 };
  assertThrows(() => rows().map(({ n }) => ({ n }), none), RangeError, "concurrency must be");
  const missing = rows().map(() => Promise.resolve({ n: globalThis["nope" as never] as number }))
    .filter(() => Promise.reject(new ReferenceError("limit is not defined")));
  await assertRejects(() => missing.run(), TypeError, 'the variable "limit" from outside itself');
});

Deno.test("Functions may be asynchronous: rows stay in order, and a bee has so many promises pending", async () => {
  for (const workers of [1, 2]) {
    const pipeline = from(numbers(200), { workers, batchRows: 50 }).timestamps("at")
      .filter(async ({ n }) => await Promise.resolve(n % 2 === 0))
      .map(async ({ n, at }) => {
        const counts = globalThis as unknown as { pending?: number; most?: number };
        counts.pending = (counts.pending ?? 0) + 1;
        await new Promise((resolve) => setTimeout(resolve, (n * 7) % 5));
        const most = counts.most = Math.max(counts.most ?? 0, counts.pending);
        counts.pending--;
        return { n, at, most };
      }, { concurrency: 4 })
      .flatMap(({ n, most }) =>
        n === 0 ? [{ n, most }] : Promise.resolve([{ n, most }, { n, most }])
      );
    const rows = await Array.fromAsync(pipeline);
    const expected = [0, ...numbers(100).slice(1).flatMap(({ n }) => [2 * n, 2 * n])];
    assertEquals(rows.map(({ n }) => n), expected);
    assertEquals(Math.max(...rows.map(({ most }) => most)), 4);
    assertAccounted(pipeline.metrics());
  }
});

Deno.test("Asynchronous functions stand before windows, as exports of modules too", async () => {
  const pipeline = from(numbers(100), { workers: 3, batchRows: 7 }).timestamps("at")
    .map<{ n: number }>({ module, export: "promised" })
    .window(new TumblingWindow({ size: 500 })).aggregate({ n: count(), total: sum("n") });
  assertEquals((await Array.fromAsync(pipeline)).map(({ n, total }) => [n, total]), [
    [50, 1225],
    [50, 3725],
  ]);
  assertAccounted(pipeline.metrics());
});

Deno.test("A promise that rejects, or takes longer than recordTimeout, is a bad record", async () => {
  const letters: BadInput[] = [];
  const pipeline = from(numbers(6), {
    workers: 1,
    recordTimeout: "2s",
    badRecords: "deadLetter",
    deadLetter: (bad) => void letters.push(bad),
  }).map(({ n }) => {
    if (n === 2) return Promise.reject(new RangeError("two"));
    if (n === 4) return new Promise<{ n: number }>(() => {});
    return Promise.resolve({ n });
  });
  assertEquals((await Array.fromAsync(pipeline)).map(({ n }) => n), [0, 1, 3, 5]);
  assertEquals(letters.map(({ position, error }) => [position, error.name]), [
    [2, "RangeError"],
    [4, "TimeoutError"],
  ]);
  assertEquals(
    letters[1].error.message,
    "Cannot map row: the function threw TimeoutError: its promise was still pending after 2000 ms " +
      "(recordTimeout)",
  );
  assertEquals(pipeline.metrics().lostBees, 0);
  assertAccounted(pipeline.metrics());
});

Deno.test("Who stops a run does not wait for promises", async () => {
  const controller = new AbortController();
  const pipeline = from(numbers(10), { workers: 1 }).map(() =>
    new Promise<{ n: number }>(() => {})
  );
  const run = pipeline.run({ signal: controller.signal });
  setTimeout(() => controller.abort(new Error("enough")), 50);
  await assertRejects(() => run, Error, "enough");
});

Deno.test("A function that makes very many rows of few needs no more room in windows", async () => {
  for (const window of [new TumblingWindow({ size: 500 }), new SessionWindow({ gap: 1000 })]) {
    const pipeline = from(numbers(300), { workers: 2, memoryBytes: 2 ** 20 }).timestamps("at")
      .flatMap(({ n }) => Array.from({ length: 300 }, (_, k) => ({ key: k % 3, n })))
      .keyBy("key").window(window).aggregate({ rows: count(), total: sum("n") });
    const rows = await Array.fromAsync(pipeline);
    assertEquals(rows.reduce((sum, { rows }) => sum + rows, 0), 90_000);
    assertEquals(rows.reduce((sum, { total }) => sum + total!, 0), 300 * 44_850);
    assertAccounted(pipeline.metrics());
  }
});

Deno.test("Late rows of a function are counted each, and their record goes aside once", async () => {
  const late: LateRow[] = [];
  const rows = [{ at: 5_000, n: 1 }, { at: 100, n: 2 }, { at: 5_100, n: 3 }];
  const pipeline = from(rows, {
    workers: 1,
    lateData: "sideOutput",
    lateOutput: (row) => void late.push(row),
  }).timestamps("at").flatMap(({ n }) => [{ n }, { n: -n }, { n: 0 }])
    .window(new TumblingWindow({ size: "1s" })).aggregate({ total: sum("n"), rows: count() });
  assertEquals((await Array.fromAsync(pipeline)).map(({ rows }) => rows), [6]);
  assertEquals(pipeline.metrics().late, 3);
  assertEquals(late, [{ record: { at: 100, n: 2 }, position: 1, partition: 0 }]);
  assertAccounted(pipeline.metrics());
});

Deno.test("first() and last() go by the order in which a function gave the rows of one time", async () => {
  for (const workers of [1, 2, 3]) {
    const pipeline = from(Array.from({ length: 40 }, (_, n) => ({ at: 7, n })), {
      workers,
      batchRows: 3,
    })
      .timestamps("at").flatMap(({ n }) => [0, 1, 2].map((part) => ({ place: 3 * n + part })))
      .filter(({ place }) => place > 4)
      .window(new TumblingWindow({ size: 10 })).aggregate({ a: first("place"), z: last("place") });
    assertEquals((await Array.fromAsync(pipeline)).map(({ a, z }) => [a, z]), [[5, 119]]);
  }
});

/** As breakBees, once all bees are born: one that dies before is taken for unfit. */
function breakWorkingBees(
  runtime: SimulatedRuntime,
  { random, pipeline }: { random: Random; pipeline: { metrics(): PipelineMetrics } },
): void {
  const isBusy = () => pipeline.metrics().bees.some(({ queueDepth }) => queueDepth > 0);
  const look = (): unknown => isBusy() ? breakBees(runtime, random) : runtime.after(0.01, look);
  look();
}

/** Steps of all kinds, random by seed, in a pipeline and in arrays; bees hang and crash. */
async function simulateSteps(seed: number) {
  const random = new Random(seed);
  const rows = numbers(random.below(600));
  const [from1, part, copies] = [random.below(80), 1 + random.below(4), random.below(4)];
  const runtime = new SimulatedRuntime({ seed });
  const badRecords = "skip" as const;
  const batchRows = random.pick([1, 10, 100]);
  const options = { ...randomOptions(random), batchRows, badRecords, runtime };
  const known = random.chance(0.3);
  const context = { from: from1, part, copies };
  const columns = schema({ n: t.f64, half: t.f64 });
  const pipeline = from(
    new IterableSource(rows, { batchRows: random.pick([3, 50, 4096]) }),
    options,
  )
    .filter(({ n }, { context }) => n >= context.from, { context })
    .map(
      random.chance(0.5)
        ? ({ n }) => ({ n, half: n / 2 })
        : async ({ n }) => await Promise.resolve({ n, half: n / 2 }),
      known ? { schema: columns } : {},
    )
    .withColumn("odd", col<number>("n").mod(2))
    .flatMap(
      ({ n, half, odd }, { context }) =>
        n! % context.part === 0
          ? Array.from({ length: context.copies }, (_, copy) => ({ n, half, odd, copy }))
          : [],
      { context },
    );
  const out: unknown[] = [];
  await runtime.drive(async () => {
    breakWorkingBees(runtime, { random, pipeline });
    for await (const row of pipeline) out.push(row);
  });
  const expected = rows.filter(({ n }) => n >= from1 && n % part === 0).flatMap(({ n }) =>
    Array.from({ length: copies }, (_, copy) => ({ n, half: n / 2, odd: n % 2, copy }))
  );
  return { out, expected, metrics: pipeline.metrics() };
}

Deno.test("Steps of all kinds give what arrays do, though bees hang and crash while columns are learned", async () => {
  let compared = 0;
  await forSeedsAsync(60, async (_, seed) => {
    const { out, expected, metrics } = await simulateSteps(seed);
    assertAccounted(metrics);
    if (metrics.skipped > 0) return; // two strikes met the same row
    assertEquals(out, expected, `seed ${seed}`);
    compared++;
  });
  assert(compared > 50);
});

Deno.test("Windows behind functions are the same on any number of bees, though bees hang and crash", async () => {
  let compared = 0;
  await forSeedsAsync(40, async (random, seed) => {
    const rows = Array.from({ length: random.below(800) }, (_, n) => ({ at: 7 * n, n }));
    const runtime = new SimulatedRuntime({ seed });
    const badRecords = "skip" as const;
    const batchRows = random.pick([1, 10, 100]);
    const options = { ...randomOptions(random), batchRows, badRecords, runtime };
    const pipeline = from(rows, options).timestamps("at")
      .flatMap(({ n }) =>
        n < 100 ? [] : Array.from({ length: n % 4 }, (_, k) => ({ key: `k${k}`, n }))
      )
      .filter(({ n }) => n % 10 !== 3).keyBy("key").window(new TumblingWindow({ size: 500 }))
      .aggregate({ rows: count(), total: sum("n") });
    const out: string[] = [];
    await runtime.drive(async () => {
      breakWorkingBees(runtime, { random, pipeline });
      for await (const { windowStart, key, rows, total } of pipeline) {
        out.push([windowStart, key, rows, total].join(" "));
      }
    });
    const groups = new Map<string, number[]>();
    for (const { at, n } of rows) {
      if (n < 100 || n % 10 === 3) continue;
      for (let k = 0; k < n % 4; k++) {
        groups.getOrInsertComputed(`${at - at % 500} k${k}`, () => []).push(n);
      }
    }
    const expected = [...groups].map(([name, all]) =>
      `${name} ${all.length} ${all.reduce((a, b) => a + b, 0)}`
    );
    assertAccounted(pipeline.metrics());
    if (pipeline.metrics().skipped > 0) return; // two strikes met the same row
    assertEquals(out.toSorted(), expected.toSorted(), `seed ${seed}`);
    compared++;
  });
  assert(compared > 30);
});

Deno.test("Windows that go by the order of rows stand behind functions too, though bees hang and crash", async () => {
  let compared = 0;
  await forSeedsAsync(30, async (random, seed) => {
    const rows = Array.from({ length: random.below(500) }, (_, n) => ({ at: 7 * n, n }));
    const size = 1 + random.below(9);
    const runtime = new SimulatedRuntime({ seed });
    const batchRows = random.pick([1, 10, 100]);
    const badRecords = "skip" as const;
    const options = { ...randomOptions(random), batchRows, badRecords, runtime };
    const pipeline = from(rows, options).timestamps("at")
      .flatMap(({ n }) =>
        n < 60 ? [] : Array.from({ length: n % 3 }, (_, k) => ({ key: `k${k}`, n }))
      )
      .keyBy("key").window(new CountWindow({ size })).aggregate({ rows: count(), total: sum("n") });
    const out: string[] = [];
    await runtime.drive(async () => {
      breakWorkingBees(runtime, { random, pipeline });
      for await (const { key, rows, total } of pipeline) out.push([key, rows, total].join(" "));
    });
    assertAccounted(pipeline.metrics());
    if (pipeline.metrics().skipped > 0) return; // two strikes met the same row
    const expected = ["k0", "k1"].flatMap((key, k) => {
      const own = rows.filter(({ n }) => n >= 60 && n % 3 > k).map(({ n }) => n);
      return Array.from({ length: Math.floor(own.length / size) }, (_, window) => {
        const part = own.slice(window * size, (window + 1) * size);
        return `${key} ${size} ${part.reduce((a, b) => a + b, 0)}`;
      });
    });
    const whole = out.filter((line) => line.split(" ")[1] === `${size}`);
    assertEquals(whole.toSorted(), expected.toSorted(), `seed ${seed}`);
    compared++;
  });
  assert(compared > 20);
});

Deno.test("A record at which a function costs two bees is told by its place", async () => {
  const letters: BadInput[] = [];
  const runtime = new SimulatedRuntime({ seed: 3 });
  const pipeline = from(numbers(20), {
    workers: 1,
    runtime,
    recordTimeout: 50,
    badRecords: "deadLetter",
    deadLetter: (bad) => void letters.push(bad),
  }).map(({ n }) => ({ n }));
  const rows = await runtime.drive(async () => {
    let kills = 0;
    const strike = () => {
      const [{ queueDepth }] = [...pipeline.metrics().bees, { queueDepth: 0 }];
      if (queueDepth > 0 && kills < 2) {
        kills++;
        runtime.crash(runtime.workers.at(-1)!);
      }
      if (kills < 2) runtime.after(0.01, strike);
    };
    strike();
    return await Array.fromAsync(pipeline);
  });
  assertEquals(rows.length + letters.length, 20);
  for (const { error } of letters) assertEquals(error.name, "LostBeeError");
  assertAccounted(pipeline.metrics());
});

Deno.test("explain() says that functions run in JavaScript, and whence their columns are", async () => {
  const pipeline = from(numbers(3), { workers: 1 }).filter(function large({ n }) {
    return n > 0;
  }).map({ module, export: "doubled" });
  const before = pipeline.explain();
  assert(before.includes('filter      function "large"\n'), before);
  assert(before.includes(`map         "doubled" of ${module}\n`), before);
  assert(before.includes("  in JavaScript, row by row, because it is a function"), before);
  assert(before.includes("its columns are those of the first row that it gives"), before);
  await pipeline.run();
  const after = pipeline.explain();
  assert(after.includes("its columns: n: f64, twice: f64"), after);
});
