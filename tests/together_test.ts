import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  col,
  count,
  from,
  MemoryPublisher,
  type Publisher,
  RecordBatch,
  schema,
  type Source,
  together,
  TumblingWindow,
  types as t,
} from "../mod.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";

interface Row {
  at: number;
  status: number | null;
}

const columns = schema({ at: t.required(t.timestamp), status: t.i32 });

/** What a source was asked for, and how far it was read. */
class CountedSource implements Source<Row> {
  readonly name = "counted";
  readonly schema?: typeof columns;
  readonly #rows: readonly Row[];
  opened = 0;
  read = 0;
  closed = 0;
  asked: ReadonlySet<string> | undefined;

  constructor(rows: readonly Row[], given: { schema?: typeof columns } = { schema: columns }) {
    this.#rows = rows;
    if (given.schema) this.schema = given.schema;
  }

  async *open({ columns: asked, signal }: Parameters<Source["open"]>[0]) {
    this.opened++;
    this.asked = asked;
    try {
      for (let at = 0; at < this.#rows.length && !signal.aborted; at += 10) {
        this.read++;
        await Promise.resolve();
        yield { batch: RecordBatch.fromRows(this.#rows.slice(at, at + 10), { schema: columns }) };
      }
    } finally {
      this.closed++;
    }
  }
}

function rowsOf(length: number): Row[] {
  return Array.from({ length }, (_, at) => ({ at, status: at % 5 === 0 ? null : at % 7 * 100 }));
}

/** A pipeline over rows in a simulation. */
function begin(rows: readonly Row[]) {
  const runtime = new SimulatedRuntime();
  const source = new CountedSource(rows);
  return { runtime, source, pipeline: from(source, { workers: 1, runtime }) };
}

/** Keeps all rows, each batch when it is told to. */
class HeldPublisher implements Publisher {
  readonly rows: Row[] = [];
  readonly waiting: (() => void)[] = [];

  async publish(batch: RecordBatch) {
    await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.rows.push(...batch.toRows() as unknown as Row[]);
    return { records: batch.length };
  }

  async flush(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}

const status = col<number | null>("status");

Deno.test("split() gives the rows of a condition and all others, null among these", async () => {
  const statuses = fc.array(fc.option(fc.nat(3)), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(statuses, async (statuses) => {
      const rows = statuses.map((status, at) => ({ at, status }));
      const { runtime, source, pipeline } = begin(rows);
      const [two, rest] = pipeline.split(status.eq(2));
      const [is, not] = await runtime.drive(() =>
        Promise.all(together(two, rest).batches().map((each) => Array.fromAsync(each)))
      );
      assertEquals(is.flatMap((batch) => batch.toRows()), rows.filter((row) => row.status === 2));
      assertEquals(not.flatMap((batch) => batch.toRows()), rows.filter((row) => row.status !== 2));
      assertEquals(source.opened, 1);
    }),
    { numRuns: 30 },
  );
});

Deno.test("Each part of a split run alone is a filter", async () => {
  const rows = rowsOf(40);
  const { runtime, source, pipeline } = begin(rows);
  const { high, early } = pipeline.split({ high: status.ge(300), early: col("at").lt(7) });
  await runtime.drive(async () => {
    assertEquals(await Array.fromAsync(high), rows.filter(({ status }) => (status ?? 0) >= 300));
    assertEquals(await Array.fromAsync(early), rows.slice(0, 7));
  });
  assertEquals(source.opened, 2);
});

Deno.test("split() refuses what is no condition", () => {
  const { pipeline } = begin([]);
  const given: unknown[] = [null, 1, "x", {}, { a: 1 }, { a: status.eq(1), b: null }];
  for (const condition of given) {
    assertThrows(() => pipeline.split(condition as never), TypeError, "Cannot split");
  }
  assertThrows(
    () => pipeline.split({ a: status.eq(1), b: null } as never),
    TypeError,
    `received null as "b"`,
  );
  const keyed = pipeline.timestamps("at").keyBy("status");
  assertThrows(() => (keyed as unknown as typeof pipeline).split(status.eq(1)), TypeError);
});

Deno.test("Pipelines run together publish what each gives, and count it", async () => {
  const rows = rowsOf(1000);
  const { runtime, source, pipeline } = begin(rows);
  const [errors, rest] = pipeline.split(status.ge(500));
  const minutes = rest.timestamps("at", { format: "ms" }).window(new TumblingWindow({ size: 100 }))
    .aggregate({ n: count() });
  const [failed, counted] = [new MemoryPublisher(), new MemoryPublisher()];
  const metrics = await runtime.drive(() => together(errors.to(failed), minutes.to(counted)).run());
  const expected = rows.filter(({ status }) => (status ?? 0) >= 500);
  assertEquals(failed.rows().length, expected.length);
  const others = counted.rows().reduce((sum, { n }) => sum + (n as number), 0);
  assertEquals(others, rows.length - expected.length);
  assertEquals(metrics.map(({ recordsIn }) => recordsIn), [1000, 1000]);
  assertEquals(metrics.map(({ filtered }) => filtered), [others, expected.length]);
  assertEquals(metrics.map(({ unaccounted }) => unaccounted), [0, 0]);
  assertEquals([source.opened, source.read, source.closed], [1, 100, 1]);
  assertEquals(errors.metrics().absorbed, expected.length);
});

Deno.test("The source is asked for the columns of all pipelines", async () => {
  const { runtime, source, pipeline } = begin(rowsOf(10));
  const times = pipeline.select({ at: col("at") });
  const statuses = pipeline.select({ status });
  await runtime.drive(() => together(times, statuses).run());
  assertEquals(source.asked, new Set(["at", "status"]));
  await runtime.drive(() => together(times, pipeline).run());
  assertEquals(source.asked, undefined);
});

Deno.test("The fastest pipeline waits for the slowest, some batches ahead of it", async () => {
  const rows = rowsOf(1000);
  const { runtime, source, pipeline } = begin(rows);
  const [slow, fast] = [new HeldPublisher(), new MemoryPublisher()];
  const held = pipeline.filter(col("at").ge(0));
  await runtime.drive(async () => {
    const running = together(held.to(slow), pipeline.to(fast)).run();
    await new Promise<void>((resolve) => runtime.after(1000, resolve));
    const read = source.read;
    assert(read < 60, `${read} of 100 batches were read`);
    await new Promise<void>((resolve) => runtime.after(1000, resolve));
    assertEquals(source.read, read, "it goes on while the slowest takes nothing");
    const release = () => {
      slow.waiting.shift()?.();
      if (slow.rows.length < rows.length) runtime.after(1, release);
    };
    release();
    await running;
  });
  assertEquals(slow.rows, rows);
  assertEquals(fast.rows() as unknown, rows);
});

Deno.test("Batches of pipelines that are read one after the other wait as far as they are few", async () => {
  const rows = rowsOf(5000);
  const { runtime, pipeline } = begin(rows);
  const [low, high] = pipeline.split(col("at").lt(2500));
  const [first, second] = together(low, high).batches();
  await runtime.drive(async () => {
    const lengths = [first, second].map(async (batches) => {
      let length = 0;
      for await (const batch of batches) length += batch.length;
      return length;
    });
    assertEquals(await Promise.all(lengths), [2500, 2500]);
  });
  const [one, other] = together(low, high).batches();
  await runtime.drive(async () => {
    const all = (await Array.fromAsync(one)).concat(await Array.fromAsync(other));
    assertEquals(all.flatMap((batch) => batch.toRows()), rows);
  });
});

Deno.test("Who leaves early, or never begins, does not hold up the others", async () => {
  const rows = rowsOf(5000);
  const { runtime, source, pipeline } = begin(rows);
  await runtime.drive(async () => {
    const [a, b, c] = together(
      pipeline.filter(col("at").ge(0)),
      pipeline,
      pipeline.select({ status }),
    )
      .batches();
    await a.return();
    for await (const _ of b) break;
    assertEquals((await Array.fromAsync(c)).flatMap((batch) => batch.toRows()).length, 5000);
    assertEquals(source.closed, 1);
  });
});

Deno.test("When all have left, the source is closed", async () => {
  const { runtime, source, pipeline } = begin(rowsOf(5000));
  await runtime.drive(async () => {
    const both = together(pipeline, pipeline.filter(col("at").ge(0))).batches();
    await Promise.all(both.map((each) => each.next()));
    await Promise.all(both.map((each) => each.return()));
  });
  assertEquals(source.closed, 1);
  assert(source.read < 500);
});

Deno.test("A failure of one ends all, and is what run() rejects with", async () => {
  const { runtime, source, pipeline } = begin(rowsOf(5000));
  const failing: Publisher = {
    publish: () => Promise.reject(new Error("disk full")),
    flush: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const other = new MemoryPublisher();
  await runtime.drive(async () => {
    const both = together(pipeline.to(other), pipeline.filter(col("at").gt(500)).to(failing));
    await assertRejects(() => both.run(), Error, "disk full");
  });
  assertEquals(source.closed, 1);
  assert(other.rows().length < 5000);
});

Deno.test("A source that fails fails all, behind the rows that it gave", async () => {
  const runtime = new SimulatedRuntime();
  async function* rows() {
    await Promise.resolve();
    yield RecordBatch.fromRows([{ at: 1 }]);
    throw new Error("connection lost");
  }
  const pipeline = from(rows(), { workers: 1, runtime });
  await runtime.drive(async () => {
    const both = together(pipeline, pipeline.filter(col("at").gt(0))).batches();
    const ends = await Promise.allSettled(both.map((each) => Array.fromAsync(each)));
    assertEquals(ends.map(({ status }) => status), ["rejected", "rejected"]);
    const reasons = ends.map((end) => (end as PromiseRejectedResult).reason.message);
    assertEquals(reasons, ["connection lost", "connection lost"]);
  });
});

Deno.test("A stop ends all with its reason, and a drain ends all with the same row", async () => {
  const { runtime, pipeline } = begin(rowsOf(20_000));
  const [low, high] = pipeline.split(status.gt(200));
  await runtime.drive(async () => {
    const stop = new AbortController();
    const running = together(low, high).run({ signal: stop.signal });
    stop.abort(new Error("enough"));
    await assertRejects(() => running, Error, "enough");

    const drain = new AbortController();
    const [even, odd] = [new MemoryPublisher(), new MemoryPublisher()];
    const draining = together(low.to(even), high.to(odd))
      .run({ signal: drain.signal, onAbort: "drain" });
    await new Promise<void>((resolve) => runtime.after(5, resolve));
    drain.abort();
    const [one, two] = await draining;
    assertEquals(one.recordsIn, two.recordsIn);
    assertEquals([one.aborted, two.aborted], [true, true]);
    assertEquals(even.rows().length + odd.rows().length, one.recordsIn);
    assert(one.recordsIn > 0 && one.recordsIn < 20_000);
  });
});

Deno.test("onProgress tells of all pipelines, at the end of all numbers", async () => {
  const { runtime, pipeline } = begin(rowsOf(2000));
  const told: (readonly number[])[] = [];
  const both = together(pipeline, pipeline.filter(col("at").lt(10)));
  const metrics = await runtime.drive(() =>
    both.run({ onProgress: (all) => told.push(all.map(({ rowsOut }) => rowsOut)) })
  );
  assertEquals(told.at(-1), [2000, 10]);
  assertEquals(metrics.map(({ rowsOut }) => rowsOut), [2000, 10]);
  assertEquals(both.metrics().map(({ rowsOut }) => rowsOut), [2000, 10]);
});

Deno.test("together() refuses what is no pipeline, is not complete, or comes twice", () => {
  const { pipeline } = begin([]);
  assertThrows(() => together(), TypeError, "at least one");
  assertThrows(() => together(pipeline, pipeline), TypeError, "twice");
  for (const part of [null, 1, {}, { run() {} }]) {
    assertThrows(() => together(part as never), TypeError, "together() takes pipelines");
  }
  const keyed = pipeline.timestamps("at").keyBy("status");
  assertThrows(() => together(keyed as never), TypeError, "Cannot call run() here");
  const both = together(pipeline, pipeline.to(new MemoryPublisher()));
  assertThrows(() => both.batches(), TypeError, "a pipeline has a publisher");
});

Deno.test("explain() of several pipelines tells which share a source", () => {
  const { pipeline } = begin([]);
  const other = from([{ x: 1 }], { workers: 1 });
  const text = together(pipeline, other, pipeline.filter(status.gt(1))).explain();
  const [shared, ...plans] = text.split("\n\n");
  assertEquals(shared.split("\n"), [
    "counted is read once for pipelines 1 and 3",
    "iterable is read for pipeline 2",
  ]);
  assertEquals(plans.map((plan) => plan.split("\n")[0]), [
    "pipeline 1",
    "pipeline 2",
    "pipeline 3",
  ]);
  assert(plans[2].includes('filter      col("status").gt(1)'), plans[2]);
});

Deno.test("Results of pipelines run together keep their types", async () => {
  const pipeline = from([{ at: 0, name: "a" }], { workers: 1 });
  const [named, rest] = pipeline.split(col("name").eq("a"));
  const counted = rest.timestamps("at").window(new TumblingWindow({ size: 1 }))
    .aggregate({ n: count() });
  const [names, counts] = together(named, counted).batches();
  const all = await Promise.all([Array.fromAsync(names), Array.fromAsync(counts)]);
  const name: string | undefined = all[0][0]?.row(0).toObject().name;
  const n: number | undefined = all[1][0]?.row(0).toObject().n;
  assertEquals([name, n], ["a", undefined]);
});
