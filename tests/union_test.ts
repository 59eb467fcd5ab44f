import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  col,
  count,
  csv,
  first,
  from,
  IterableSource,
  last,
  type Pipeline,
  type PipelineOptions,
  PunctuatedWatermarks,
  RecordBatch,
  type RunnablePipeline,
  schema,
  type Source,
  type SourceBatch,
  sum,
  TumblingWindow,
  types as t,
} from "../mod.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";

const SIZE = 10;
const BOUND = 15;

interface Row {
  at: number;
  key: string;
  v: number;
}

const columns = schema({
  at: t.required(t.timestamp),
  key: t.required(t.utf8),
  v: t.required(t.i32),
});

/** Rows that come no later than the bound allows, in times that each source has its own way of. */
const partition: fc.Arbitrary<Row[]> = fc.record({
  start: fc.integer({ min: -50, max: 50 }),
  rows: fc.array(
    fc.record({
      step: fc.constantFrom(0, 1, 3, 12),
      back: fc.nat(BOUND),
      key: fc.constantFrom("a", "b"),
      v: fc.nat(9),
    }),
    { maxLength: 40 },
  ),
}).map(({ start, rows }) => {
  let time = start;
  return rows.map(({ step, back, key, v }) => ({ at: (time += step) - back, key, v }));
});

/** Rows in batches of some, with pauses between them. */
function source(rows: readonly Row[], runtime: SimulatedRuntime, pause: number): Source<Row> {
  return {
    name: `${rows.length} rows`,
    schema: columns,
    async *open() {
      for (let at = 0; at < rows.length; at += 3) {
        if (pause > 0) await new Promise<void>((resolve) => runtime.after(pause, resolve));
        yield { batch: RecordBatch.fromRows(rows.slice(at, at + 3), { schema: columns }) };
      }
    },
  };
}

function windowed(pipeline: Pipeline<Row>) {
  return pipeline.timestamps("at", { maxDisorder: BOUND }).keyBy("key")
    .window(new TumblingWindow({ size: SIZE })).aggregate({ n: count(), total: sum("v") });
}

/** What windows of all rows come to. */
function oracle(rows: readonly Row[]) {
  const groups = Map.groupBy(rows, ({ at, key }) => {
    const start = Math.floor(at / SIZE) * SIZE;
    return JSON.stringify([start, key]);
  });
  const results = [...groups].map(([name, rows]) => {
    const [windowStart, key] = JSON.parse(name) as [number, string];
    const total = rows.reduce((sum, { v }) => sum + v, 0);
    return { windowStart, windowEnd: windowStart + SIZE, key, n: rows.length, total };
  });
  return results.toSorted((a, b) => a.windowStart - b.windowStart || (a.key < b.key ? -1 : 1));
}

function unionOf(
  parts: readonly Row[][],
  options: PipelineOptions & { pauses: readonly number[] },
) {
  const { pauses, ...rest } = options;
  const runtime = rest.runtime as SimulatedRuntime;
  const pipelines = parts.map((rows, at) =>
    from(source(rows, runtime, pauses[at % pauses.length]), rest)
  );
  const [one, ...others] = pipelines;
  return one.union(...others);
}

const parts = fc.array(partition, { minLength: 2, maxLength: 4 });
const pauses = fc.array(fc.constantFrom(0, 1, 20), { minLength: 1, maxLength: 4 });

Deno.test("union() has the windows of all rows, and none is late that its own source has in time", async () => {
  await fc.assert(
    fc.asyncProperty(parts, pauses, fc.integer({ min: 1, max: 3 }), fc.nat(), async (...given) => {
      const [parts, pauses, workers, seed] = given;
      const runtime = new SimulatedRuntime({ seed });
      const pipeline = windowed(unionOf(parts, { workers, runtime, pauses }));
      const got = await runtime.drive(() => Array.fromAsync(pipeline));
      assertEquals(got as unknown[], oracle(parts.flat()));
      const { late, recordsIn, absorbed, unaccounted } = pipeline.metrics();
      const total = parts.flat().length;
      assertEquals([late, recordsIn, absorbed, unaccounted], [0, total, total, 0]);
    }),
    { numRuns: 100 },
  );
});

/** How many rows no window of their own source's watermark has been closed before. */
function inTime(rows: readonly Row[]): number {
  let watermark = -Infinity;
  return rows.filter(({ at }) => {
    const end = Math.floor(at / SIZE) * SIZE + SIZE;
    const isInTime = end > watermark;
    watermark = Math.max(watermark, at - BOUND);
    return isInTime;
  }).length;
}

Deno.test("union() counts every row that is late, and drops none that is not by its own source", async () => {
  const jumping = fc.array(
    fc.record({ at: fc.integer({ min: -200, max: 200 }), key: fc.constant("a"), v: fc.nat(9) }),
    { maxLength: 30 },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(jumping, { minLength: 2, maxLength: 3 }),
      pauses,
      fc.integer({ min: 1, max: 3 }),
      async (parts, pauses, workers) => {
        const runtime = new SimulatedRuntime();
        const pipeline = windowed(unionOf(parts, { workers, runtime, pauses }));
        const got = await runtime.drive(() => Array.fromAsync(pipeline));
        const { late, absorbed, unaccounted } = pipeline.metrics();
        assertEquals([late + absorbed, unaccounted], [parts.flat().length, 0]);
        assertEquals(got.reduce((sum, { n }) => sum + n, 0), absorbed);
        assert(absorbed >= parts.reduce((sum, rows) => sum + inTime(rows), 0));
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("union() loses and doubles nothing when bees are lost", async () => {
  let lost = 0;
  await fc.assert(
    fc.asyncProperty(parts, fc.array(fc.nat(4), { maxLength: 4 }), async (parts, strikes) => {
      const runtime = new SimulatedRuntime({ seed: strikes.length });
      const options = { workers: 2, runtime, pauses: [0, 1], maxLostBees: 100, recordTimeout: 50 };
      const pipeline = windowed(unionOf(parts, { ...options, checkpointBatches: 3 }));
      for (const delay of strikes) {
        runtime.after(delay, () => runtime.workers[0] && runtime.crash(runtime.workers[0]));
      }
      const got = await runtime.drive(() => Array.fromAsync(pipeline));
      assertEquals(got as unknown[], oracle(parts.flat()));
      lost += pipeline.metrics().lostBees;
    }),
    { numRuns: 40 },
  );
  assert(lost > 0);
});

Deno.test("Every source of a union keeps its order, and none waits for another that is silent", async () => {
  const runtime = new SimulatedRuntime();
  const numbers = (key: string) => Array.from({ length: 30 }, (_, v) => ({ at: 0, key, v }));
  const pipeline = unionOf([numbers("a"), numbers("b")], { workers: 2, runtime, pauses: [50, 1] });
  const got = await runtime.drive(() => Array.fromAsync(pipeline));
  for (const key of ["a", "b"]) {
    assertEquals(got.filter((row) => row.key === key), numbers(key));
  }
  assertEquals(got.slice(0, 20).map(({ key }) => key), Array(20).fill("b"));
});

Deno.test("A source that has ended does not hold the windows of the others back", async () => {
  for (
    const watermarks of [
      undefined,
      new PunctuatedWatermarks({ when: col("at").ge(0), column: "mark" }),
    ]
  ) {
    const runtime = new SimulatedRuntime();
    const rowsOf = (times: number[]) => times.map((at) => ({ at, mark: at }));
    let ended = false;
    const slow = async function* () {
      for (const row of rowsOf([0, 30, 60, 90])) {
        yield row;
        await new Promise<void>((resolve) => runtime.after(100, resolve));
      }
      ended = true;
    };
    const marked = schema({ at: t.timestamp, mark: t.timestamp });
    const sourceOf = (rows: ConstructorParameters<typeof IterableSource<{ at: number }>>[0]) =>
      new IterableSource(rows as AsyncIterable<object>, { schema: marked });
    const pipeline = from(sourceOf(rowsOf([5])), { workers: 1, runtime })
      .union(from(sourceOf(slow())), from(sourceOf([])))
      .timestamps("at", watermarks ? { watermarks } : {})
      .window(new TumblingWindow({ size: SIZE })).aggregate({ n: count() });
    const early: number[] = [];
    const got = await runtime.drive(async () => {
      const rows = [];
      for await (const row of pipeline) {
        rows.push([row.windowStart, row.n]);
        if (!ended) early.push(row.windowStart);
      }
      return rows;
    });
    assertEquals(got, [[0, 2], [30, 1], [60, 1], [90, 1]]);
    assertEquals(early, [0, 30, 60]);
  }
});

Deno.test("The end of the partition that holds windows back gives them out at once", async () => {
  const runtime = new SimulatedRuntime();
  const batch = (at: number) => RecordBatch.fromRows([{ at }]) as RecordBatch<{ at: number }>;
  const at: number[] = [];
  const parts: Source<{ at: number }> = {
    name: "parts",
    partitions: 2,
    async *open(): AsyncGenerator<SourceBatch<{ at: number }>> {
      yield { batch: batch(5), partition: 0 };
      yield { batch: batch(25), partition: 1 };
      yield { partition: 0, ended: true };
      await new Promise<void>((resolve) => runtime.after(1000, resolve));
    },
  };
  const pipeline = from(parts, { workers: 2, runtime }).timestamps("at", { format: "ms" })
    .window(new TumblingWindow({ size: SIZE })).aggregate({ n: count() });
  await runtime.drive(async () => {
    for await (const { windowStart } of pipeline) {
      if (runtime.monotonicMs() < 900) at.push(windowStart);
    }
  });
  assertEquals(at, [0]);
});

Deno.test("Rows of a partition that has ended are refused", async () => {
  const parts: Source<{ at: number }> = {
    name: "parts",
    async *open(): AsyncGenerator<SourceBatch<{ at: number }>> {
      yield { batch: RecordBatch.fromRows([{ at: 1 }]), ended: true };
      yield { batch: RecordBatch.fromRows([{ at: 2 }]) };
    },
  };
  await assertRejects(
    () => from(parts, { workers: 1 }).run(),
    RangeError,
    "Cannot read parts: received a batch of partition 0 after that had ended",
  );
});

Deno.test("Ties between the sources of a union go by their order in it", async () => {
  for (const workers of [1, 3]) {
    const rows = (v: number) => [{ at: 1, v }, { at: 1, v: v + 1 }];
    const pipeline = from(rows(10), { workers }).union(from(rows(20)), from(rows(30)))
      .timestamps("at").window(new TumblingWindow({ size: SIZE }))
      .aggregate({ first: first("v"), last: last("v") });
    const [{ first: least, last: most }] = await Array.fromAsync(pipeline);
    assertEquals([least, most], [10, 31]);
  }
});

Deno.test("Unions of unions and of pipelines with event times are unions of all", async () => {
  const one = (at: number) => from([{ at }], { workers: 1 });
  const nested = one(1).union(one(2).union(one(3)), one(4));
  assertEquals((await Array.fromAsync(nested)).map(({ at }) => at).toSorted(), [1, 2, 3, 4]);
  const timed = one(1).timestamps("at").union(one(2).timestamps("at"))
    .window(new TumblingWindow({ size: SIZE })).aggregate({ n: count() });
  assertEquals((await Array.fromAsync(timed)).map(({ n }) => n), [2]);
  assert(nested.explain().includes("4 partitions"));
});

Deno.test("Columns in another order are put in that of the first", async () => {
  const ab = from([{ a: 1, b: "x" }], { workers: 1 });
  const ba = from([{ b: "y", a: 2 }]) as unknown as typeof ab;
  for await (const batch of ab.union(ba).batches()) assertEquals(batch.names, ["a", "b"]);
  async function* late() {
    await new Promise((resolve) => setTimeout(resolve));
    yield { a: 1, b: "x" };
  }
  const slow = from(late(), { workers: 1 });
  const fast = RecordBatch.fromRows([{ b: "y", a: 2 }], {
    schema: schema({ b: t.utf8, a: t.f64 }),
  });
  const both = slow.union(from([fast]) as unknown as typeof slow);
  for await (const batch of both.batches()) assertEquals(batch.names, ["a", "b"]);
  const none = from([] as { a: number; b: string }[], { workers: 1 });
  assertEquals((await Array.fromAsync(none.union(ba, none))) as unknown[], [{ b: "y", a: 2 }]);
});

Deno.test("Columns that are not the same are told by name, with their sources", async () => {
  const run = (pipeline: RunnablePipeline<unknown>) => pipeline.run();
  const one = from(new IterableSource([{ a: 1, b: "x" }], { name: "one" }), { workers: 1 });
  const other = (row: object) =>
    from(new IterableSource([row], { name: "other" })) as unknown as typeof one;
  await assertRejects(
    () => run(one.union(other({ a: "text", b: "x" }))),
    TypeError,
    'Cannot unite one and other: the column "a" is ',
  );
  await assertRejects(
    () => run(one.union(other({ a: 1 }))),
    TypeError,
    'Cannot unite one and other: the latter has no column "b"',
  );
  await assertRejects(
    () => run(one.union(other({ a: 1, b: "x", c: 1 }))),
    TypeError,
    'Cannot unite other and one: the latter has no column "c"',
  );
});

Deno.test("Columns that are known not to be the same are told before anything runs", () => {
  const one = csv("one.csv", { schema: schema({ a: t.i32, b: t.utf8 }) });
  const two = csv("two.csv", { schema: schema({ a: t.i32, b: t.required(t.utf8) }) });
  assertThrows(
    () => from(one, { workers: 1 }).union(from(two)),
    TypeError,
    'the column "b" is utf8 in the former and utf8 not null in the latter',
  );
});

Deno.test("A source of a union that fails ends the run, and closes the others", async () => {
  let closed = false;
  const endless: Source<{ a: number }> = {
    name: "endless",
    async *open({ signal }) {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      closed = true;
      yield* [];
    },
  };
  const failing: Source<{ a: number }> = {
    name: "failing",
    // deno-lint-ignore require-yield
    async *open() {
      throw new Error("no more");
    },
  };
  const pipeline = from(endless, { workers: 1 }).union(from(failing));
  await assertRejects(() => pipeline.run(), Error, "no more");
  assert(closed);
});

Deno.test("A source of a union that cannot be iterated is refused by its name", async () => {
  const wrong = { name: "wrong", open: () => 7 } as unknown as Source<{ a: number }>;
  const pipeline = from([{ a: 1 }], { workers: 1 }).union(from(wrong));
  await assertRejects(() => pipeline.run(), TypeError, "Cannot read wrong: its open() must give");
});

Deno.test("A partition that a source of a union does not have is refused by its name", async () => {
  const wrong: Source<{ a: number }> = {
    name: "wrong",
    async *open() {
      yield { batch: RecordBatch.fromRows([{ a: 1 }]), partition: 1 };
    },
  };
  const pipeline = from(wrong, { workers: 1 }).union(from(wrong));
  await assertRejects(() => pipeline.run(), RangeError, "Cannot read wrong: it has 1 partition,");
});

Deno.test("union() refuses what would be lost: steps, event times and options of others", () => {
  const rows = [{ at: 1 }];
  const plain = () => from(rows, { workers: 1 });
  const refused = (union: () => unknown, message: string) =>
    assertThrows(union, TypeError, `Cannot unite pipelines: ${message}`);
  refused(() => plain().union(), "pass at least one");
  refused(() => plain().union(7 as never), "union() takes what from() gives, received number");
  refused(() => plain().union(null as never), "union() takes what from() gives, received null");
  refused(() => plain().filter(col("at").gt(0)).union(plain()), "filter() was called");
  refused(() => plain().union(plain().withColumn("at", 1)), "withColumn() was called");
  refused(
    () => plain().timestamps("at").union(plain().timestamps("at", { maxDisorder: 1 })),
    "those of iterable and iterable do not take event times the same way",
  );
  refused(() => plain().timestamps("at").union(plain() as never), "those of iterable");
  refused(() => plain().union(from(rows, { workers: 2 })), "that of iterable was given another");
});

Deno.test("A union reads sources that tell of themselves before their columns are known", async () => {
  const telling = (name: string, v: number): Source<{ v: number }> => ({
    name,
    tellsPartitions: true,
    async *open() {
      yield { progress: { bytes: 1 } };
      yield { partitions: 2 };
      yield { partition: 1, ended: true };
      yield { batch: RecordBatch.fromRows([{ v }]) as never };
    },
  });
  const rows: number[] = [];
  const union = from(telling("one", 1), { workers: 1 }).union(from(telling("two", 2)));
  for await (const { v } of union) rows.push(v);
  assertEquals(rows.toSorted(), [1, 2]);
});
