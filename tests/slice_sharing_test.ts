import { assertEquals, assertRejects } from "@std/assert";
import {
  CalendarWindow,
  col,
  count,
  from,
  max,
  mean,
  MemoryPublisher,
  reduce,
  type RunnablePipeline,
  SlidingWindow,
  sum,
  type TimedPipeline,
  together,
  TumblingWindow,
} from "../mod.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";

interface Row {
  at: number;
  key: string;
  value: number;
}

const DATA = Array.from({ length: 300 }, (_, at): Row => {
  return { at: at * 1000, key: at % 3 === 0 ? "a" : "b", value: at % 17 };
});

function timed(): TimedPipeline<Row> {
  return from(DATA, { workers: 1 }).timestamps("at", { format: "ms" }) as TimedPipeline<Row>;
}

const minutes = new TumblingWindow({ size: "1m" });

/** What is told of slices. */
function told(...pipelines: readonly RunnablePipeline<unknown>[]): string[] {
  const [common] = together(...pipelines as RunnablePipeline<never>[]).explain().split("\n\n");
  return common.split("\n").filter((line) => line.includes("slices"));
}

const counted = { n: count() };

Deno.test("windows of the same rows and keys share slices, whatever is computed of them", () => {
  const keyed = timed().keyBy("key");
  const lines = told(
    keyed.window(minutes).aggregate(counted),
    keyed.window(new TumblingWindow({ size: "90s" })).aggregate({ mean: mean("value") }),
    keyed.window(new SlidingWindow({ size: "5m", slide: "1m", offset: "15s" }))
      .aggregate({ high: count().where(col("value").gt(3)) }),
  );
  assertEquals(lines, [
    `pipelines 1, 2 and 3 share slices of 15s, keyed by "key": their rows are aggregated once`,
  ]);
});

Deno.test("conditions that were written twice are the same steps", () => {
  const [one, other] = [1, 2].map((minutes) =>
    timed().filter(col("value").gt(3)).window(new TumblingWindow({ size: minutes * 60_000 }))
      .aggregate(counted)
  );
  const rows = timed();
  const filtered = [1, 2].map((minutes) =>
    rows.filter(col("value").gt(3)).window(new TumblingWindow({ size: minutes * 60_000 }))
      .aggregate(counted)
  );
  assertEquals(told(...filtered), [
    "pipelines 1 and 2 share slices of 1m, keyed by nothing: their rows are aggregated once",
  ]);
  assertEquals(told(one, other), [
    "pipeline 2 has slices of its own: their sources or options differ",
  ]);
});

Deno.test("windows that cannot share slices have their own, and it is said why", () => {
  const rows = timed();
  const keyed = rows.keyBy("key");
  const first = keyed.window(minutes).aggregate(counted);
  const reason = (other: RunnablePipeline<unknown>) => told(first, other).join().split(": ")[1];
  const steps = rows.filter(col("value").gt(3)).keyBy("key").window(minutes).aggregate(counted);
  assertEquals(reason(steps), "their steps differ");
  assertEquals(reason(rows.window(minutes).aggregate(counted)), "their keys differ");
  const product = col<number>("value").mul(2);
  assertEquals(
    reason(keyed.window(minutes).aggregate({ total: sum(product) })),
    "a row may have no value for what one of them computes",
  );
  const months = new CalendarWindow({ unit: "month", timeZone: "UTC" });
  assertEquals(reason(keyed.window(months).aggregate(counted)), "they are of a calendar");
  const days = new TumblingWindow({ size: "24h" });
  assertEquals(
    reason(keyed.window(days).aggregate(counted)),
    "a window would have more than 256 slices",
  );
});

Deno.test("windows with other keys or sure conditions run on the same bees", () => {
  const rows = timed();
  const one = rows.keyBy("key").window(minutes).aggregate(counted);
  const high = rows.filter(col("value").gt(3)).window(minutes).aggregate({ most: max("value") });
  const two = rows.keyBy("key").window(new TumblingWindow({ size: "2m" })).aggregate(counted);
  const product = rows.filter(col<number>("value").mul(2).gt(3)).window(minutes)
    .aggregate(counted);
  const plain = rows.filter(col("value").gt(3));
  const common = together(one, high, two, product, plain).explain().split("\n\n")[0].split("\n");
  assertEquals(common, [
    "iterable is read once for pipelines 1, 2, 3, 4 and 5",
    `pipelines 1 and 3 share slices of 1m, keyed by "key": their rows are aggregated once`,
    "pipeline 2 has slices of its own: their steps differ",
    "pipeline 4 has slices of its own: their steps differ",
    "pipelines 1, 2 and 3 run on the same bees",
  ]);
});

Deno.test("windows whose rows must be in order have no slices to share", () => {
  const keyed = timed().keyBy("key");
  const first = keyed.window(minutes).aggregate(counted);
  const last = keyed.window(minutes).aggregate({
    last: reduce((_before: Row, row: Row) => row),
  });
  const [line] = told(first, last);
  assertEquals(line.split(": ").slice(0, 2), [
    "pipeline 2 has slices of its own",
    "their order matters",
  ]);
});

Deno.test("event times and watermarks must be made the same way", () => {
  const rows = from(DATA, { workers: 1 });
  const [one, other] = [0, 10].map((maxDisorder) =>
    rows.timestamps("at", { format: "ms", maxDisorder }).window(minutes).aggregate(counted)
  );
  assertEquals(told(one, other), ["pipeline 2 has slices of its own: their event times differ"]);
});

Deno.test("sixteen pipelines share slices, the next share others", () => {
  const rows = timed();
  const pipelines = Array.from(
    { length: 18 },
    (_, at) =>
      rows.window(new TumblingWindow({ size: (at + 1) * 1000 })).aggregate({ most: max("value") }),
  );
  const lines = told(...pipelines);
  assertEquals(lines.map((line) => line.split(", keyed")[0]), [
    "pipelines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 and 16 share slices of 1s",
    "pipelines 17 and 18 share slices of 1s",
  ]);
});

Deno.test("windows that share slices in worker threads give what each gives alone", async () => {
  const keyed = timed().keyBy("key");
  const one = keyed.window(minutes).aggregate({ n: count(), most: max("value") });
  const other = keyed.window(new SlidingWindow({ size: "2m", slide: "30s" }))
    .aggregate({ sum: sum("value") });
  const alone: unknown[][] = [await Array.fromAsync(one), await Array.fromAsync(other)];
  const both = together(one, other);
  const [ones, others] = both.batches();
  const batches = await Promise.all([Array.fromAsync(ones), Array.fromAsync(others)]);
  const rows: unknown[][] = batches.map((each) =>
    each.flatMap((batch) => batch.toRows() as unknown[])
  );
  assertEquals(rows, alone);
  assertEquals(both.metrics().map(({ absorbed }) => absorbed), [300, 300]);
  assertEquals(both.metrics().map(({ rowsOut }) => rowsOut), alone.map(({ length }) => length));
});

Deno.test("rows that a function makes are made once for windows that share slices", async () => {
  const twice = timed().flatMap((row) => row.value > 3 ? [row, { ...row, value: -row.value }] : []);
  const one = twice.keyBy("key").window(minutes).aggregate({ n: count(), most: max("value") });
  const other = twice.keyBy("key").window(new TumblingWindow({ size: "90s" }))
    .aggregate({ sum: sum("value"), known: count("value") });
  const countsOf = (pipeline: RunnablePipeline<never> | typeof one | typeof other) => {
    const { absorbed, filtered, added, late, recordsIn, unaccounted } = pipeline.metrics();
    return { absorbed, filtered, added, late, recordsIn, unaccounted };
  };
  const alone: unknown[][] = [await Array.fromAsync(one), await Array.fromAsync(other)];
  const counts = [countsOf(one), countsOf(other)];
  assertEquals(told(one, other).length, 1);
  const [ones, others] = together(one, other).batches();
  const batches = await Promise.all([Array.fromAsync(ones), Array.fromAsync(others)]);
  const rows: unknown[][] = batches.map((each) =>
    each.flatMap((batch) => batch.toRows() as unknown[])
  );
  assertEquals(rows, alone);
  assertEquals([countsOf(one), countsOf(other)], counts);
  const different = timed().flatMap((row) => [row]).keyBy("key").window(minutes).aggregate(counted);
  assertEquals(told(one, different).length, 1);
});

Deno.test("results of windows are given once to all that go on with them", async () => {
  let read = 0;
  const rows = {
    *[Symbol.iterator]() {
      for (const row of DATA) {
        read++;
        yield row;
      }
    },
  };
  const results = from(rows, { workers: 1 }).timestamps("at", { format: "ms" }).keyBy("key")
    .window(minutes).aggregate({ n: count() });
  const high = results.filter(col("n").gt(30));
  const hours = results.window(new TumblingWindow({ size: "1h" })).aggregate({ all: sum("n") });
  const [ofHigh, ofHours] = together(high, hours).batches();
  const both = [Array.fromAsync(ofHigh), Array.fromAsync(ofHours)] as const;
  const [some, total] = await Promise.all(both);
  assertEquals(some.flatMap((batch) => batch.toRows()).map(({ n }) => n), [40, 40, 40, 40, 40]);
  assertEquals(total.flatMap((batch) => batch.toRows()).map(({ all }) => all), [300]);
  assertEquals(read, 300);
});

Deno.test("a source that can be read once is read once, for results and what goes on with them", async () => {
  function* rows() {
    yield* DATA;
  }
  const results = from(rows(), { workers: 1 }).timestamps("at", { format: "ms" }).keyBy("key")
    .window(minutes).aggregate({ n: count() });
  const hours = results.window(new TumblingWindow({ size: "1h" })).aggregate({ all: sum("n") });
  const [some, total] = [new MemoryPublisher(), new MemoryPublisher()];
  const both = together(results.to(some), hours.to(total));
  assertEquals(both.explain().split("\n\n")[0].split("\n"), [
    "iterable is read once for pipelines 1 and 2",
    "results of iterable is read for pipeline 2",
    "pipeline 1 gives the results of iterable that others go on with: made once",
  ]);
  const [ofMinutes, ofHours] = await both.run();
  assertEquals(some.rows().length, 10);
  assertEquals(total.rows().map(({ all }) => all), [300]);
  assertEquals([ofMinutes.recordsIn, ofHours.recordsIn], [300, 300]);
});

/** Minutes, and larger windows of their results. */
function cascade(late: number[]) {
  const disordered = [...DATA, { at: 1, key: "a", value: 1 }, { at: 400_000, key: "a", value: 2 }];
  const runtime = new SimulatedRuntime();
  const lateOutput = ({ position }: { position: number }) => void late.push(position);
  const minute = from(disordered, { workers: 2, runtime, lateData: "sideOutput", lateOutput })
    .timestamps("at", { format: "ms" }).keyBy("key").window(minutes).aggregate({ n: count() });
  const five = minute.keyBy("key").window(new TumblingWindow({ size: "5m" }))
    .aggregate({ all: sum("n"), most: max("n") });
  const hour = five.window(new TumblingWindow({ size: "1h" })).aggregate({ all: sum("all") });
  return { runtime, minute, five, hour };
}

Deno.test("results at every level of windows of windows are made once, and all can be had", async () => {
  const late: number[] = [];
  const { runtime, minute, five, hour } = cascade(late);
  const alone = await runtime.drive(async () => {
    const some = [await Array.fromAsync(minute), await Array.fromAsync(five)];
    return [...some, await Array.fromAsync(hour)] as unknown[][];
  });
  assertEquals(late, [300, 300, 300]);
  late.length = 0;
  const all = together(minute, five, hour);
  assertEquals(all.explain().split("\n\n")[0].split("\n").slice(3), [
    "pipeline 1 gives the results of iterable that others go on with: made once",
    "pipeline 2 gives the results of results of iterable that others go on with: made once",
  ]);
  const [ones, fives, hours] = all.batches();
  const rows = await runtime.drive(() =>
    Promise.all([Array.fromAsync(ones), Array.fromAsync(fives), Array.fromAsync(hours)])
  );
  const given: unknown[][] = rows.map((each) =>
    each.flatMap((batch) => batch.toRows() as unknown[])
  );
  assertEquals(given, alone);
  assertEquals(late, [300]);
  assertEquals(minute.metrics().rowsOut, alone[0].length);
  assertEquals(minute.metrics().late, 1);
});

Deno.test("who leaves results that others go on with does not end these", async () => {
  const { runtime, minute, hour } = cascade([]);
  const [some, hours] = together(minute, hour).batches();
  const rows = await runtime.drive(async () => {
    for await (const _ of some) break;
    return await Array.fromAsync(hours);
  });
  assertEquals(rows.flatMap((batch) => batch.toRows()).map(({ all }) => all), [301]);
});

Deno.test("a stop ends who reads results that others go on with, with its reason", async () => {
  const { runtime, minute, hour } = cascade([]);
  const stop = new AbortController();
  await runtime.drive(async () => {
    const running = together(minute, hour).run({ signal: stop.signal });
    stop.abort(new Error("enough"));
    await assertRejects(() => running, Error, "enough");
  });
});

Deno.test("a source is read once by itself and in a union", async () => {
  function* rows() {
    yield* DATA;
  }
  const first = from(rows(), { workers: 1 });
  const all = first.union(from(DATA, {}));
  const [one, both] = [new MemoryPublisher(), new MemoryPublisher()];
  const pipelines = together(first.filter(col("value").gt(3)).to(one), all.to(both));
  const [ofFirst, ofAll] = await pipelines.run();
  assertEquals([ofFirst.recordsIn, ofAll.recordsIn], [300, 600]);
  assertEquals(both.rows().length, 600);
  assertEquals(one.rows().length, DATA.filter(({ value }) => value > 3).length);
});

Deno.test("who leaves the results of windows unread does not hold up what is read beside", async () => {
  const rows = from(DATA, { workers: 1 }).timestamps("at", { format: "ms" });
  const results = rows.window(minutes).aggregate({ n: count() });
  const hours = results.window(new TumblingWindow({ size: "1h" })).aggregate({ all: sum("n") });
  const [some, total] = together(rows.filter(col("value").gt(3)), hours).batches();
  await total.return();
  const read = await Array.fromAsync(some);
  const expected = DATA.filter(({ value }) => value > 3).length;
  assertEquals(read.reduce((sum, { length }) => sum + length, 0), expected);
});
