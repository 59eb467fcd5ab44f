import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  argMax,
  col,
  count,
  CountWindow,
  csv,
  CumulatingWindow,
  CustomWatermarks,
  from,
  GlobalWindow,
  mean,
  MemoryPublisher,
  ndjson,
  PeriodicWatermarkGenerator,
  type PipelineOptions,
  type Publisher,
  PunctuatedWatermarks,
  schema,
  SessionWindow,
  SlidingWindow,
  type Source,
  sum,
  type TimestampOptions,
  TumblingWindow,
  types as t,
  type WindowAssigner,
} from "../mod.ts";
import { spellDuration } from "../src/runtime/duration.ts";

const columns = schema({ at: t.utf8, tag: t.dict, value: t.f64, price: t.decimal(9, 2), z: t.i32 });
const sales = csv("sales.csv", { schema: columns });

/** The lines behind a label. */
function entry(text: string, label: string): string[] {
  const lines = text.split("\n");
  const from = lines.findIndex((line) => line.startsWith(`${label} `));
  const more = lines.slice(from + 1).findIndex((line) => !line.startsWith(" "));
  const to = more < 0 ? lines.length : from + 1 + more;
  return from < 0 ? [] : lines.slice(from, to).map((line) => line.slice(12).trim());
}

Deno.test("explain() tells the whole plan, and what of it runs where", () => {
  const pipeline = from(sales, { workers: 2 })
    .timestamps("at", { format: "iso", maxDisorder: "5s" })
    .filter(col("value").gt(0).and(col("price").gt(3)))
    .withColumn("tag", col("tag").lower())
    .keyBy("tag")
    .window(new TumblingWindow({ size: "1m", offset: "1500ms" }))
    .aggregate({ n: count(), average: mean("value") });
  const text = pipeline.to(new MemoryPublisher()).explain();
  const labels = text.split("\n").map((line) => line.slice(0, 12).trim()).filter(Boolean);
  assertEquals(labels, [
    ...["source", "reads", "decoded", "event time", "watermark", "filter", "withColumn", "keyBy"],
    ...["window", "late rows", "aggregate", "results", "publisher", "lost bees"],
  ]);
  assertEquals(entry(text, "source"), ["sales.csv"]);
  assertEquals(entry(text, "reads"), ['"at", "value", "price", "tag", of 5 columns']);
  assertEquals(entry(text, "decoded"), ["by the bees"]);
  assertEquals(entry(text, "watermark"), ["the greatest time so far less 5s"]);
  assertEquals(entry(text, "filter"), [
    'col("value").gt(0).and(col("price").gt(3))',
    "in the kernel, a column at a time",
    'col("price").gt(3): in JavaScript, row by row, because the kernel has no values of decimal',
  ]);
  assertEquals(entry(text, "withColumn")[0], '"tag" = col("tag").lower()');
  assert(entry(text, "withColumn")[1].startsWith("in JavaScript, once for each entry"));
  assertEquals(entry(text, "keyBy"), ['"tag"']);
  assertEquals(entry(text, "window"), ["tumbling, 1m each, offset by 1500ms"]);
  assert(entry(text, "late rows")[0].includes("in JavaScript, row by row, because"));
  assertEquals(entry(text, "aggregate"), [
    '"n" = count(): in the kernel',
    '"average" = mean("value"): in the kernel',
  ]);
  assert(entry(text, "results")[0].includes("tag: utf8, n: i64 as number not null, average: f64"));
  assertEquals(entry(text, "publisher"), ["MemoryPublisher"]);
});

Deno.test("explain() tells which windows there are", () => {
  const told = (window: WindowAssigner) =>
    entry(
      from([{ at: 1 }]).timestamps("at").window(window).aggregate({ n: count() }).explain(),
      "window",
    );
  const sliding = new SlidingWindow({ size: "1h", slide: "5m", offset: 1500 });
  assertEquals(told(sliding), ["sliding, 1h each, one every 5m, offset by 1500ms"]);
  const cumulating = new CumulatingWindow({ size: "1d", step: "1h" });
  assertEquals(told(cumulating), ["cumulating, up to 1d by steps of 1h"]);
});

Deno.test("explain() tells how what an aggregate is of comes about", () => {
  const pipeline = from(sales, { workers: 1 }).timestamps("at")
    .window(new TumblingWindow({ size: "1d" }))
    .aggregate({
      dear: count().where(col("value").gt(9)),
      total: sum(col<number>("price").cast("f64").mul(col("z"))),
      best: argMax("z", col("value").abs()),
    });
  const text = pipeline.explain();
  assertEquals(entry(text, "aggregate"), [
    '"dear" = count().where(col("value").gt(9)): in the kernel',
    'when(col("value").gt(9)).then(true).otherwise(null): in the kernel, a column at a time',
    '"total" = sum(col("price").cast("f64").mul(col("z"))): in the kernel',
    'col("price").cast("f64").mul(col("z")): in the kernel, a column at a time',
    'col("price").cast("f64"): in JavaScript, row by row, because the kernel has no values of ' +
    "decimal",
    '"best" = argMax("z", col("value").abs()): in the kernel',
    'col("value").abs(): in the kernel, a column at a time',
  ]);
  assert(entry(text, "late rows")[0].includes("in JavaScript, row by row, because"));
});

Deno.test("explain() tells who decodes a file, and why not the bees", () => {
  const decoded = (pipeline: { explain(): string }) => entry(pipeline.explain(), "decoded")[0];
  const timed = from(ndjson("a.ndjson"), { workers: 1 }).timestamps("at", { format: "ms" });
  const window = new TumblingWindow({ size: "1m" });
  assertEquals(decoded(timed), "by the bees");
  assertEquals(decoded(timed.window(window).aggregate({ n: count() })), "by the bees");
  const why = (pipeline: { explain(): string }, part: string) => {
    const text = decoded(pipeline);
    assert(text.startsWith("on the main thread, because ") && text.includes(part), text);
  };
  const ordered = timed.window(new SessionWindow({ gap: "1m" })).aggregate({ n: count() });
  why(ordered, "rows go to the owner of their key in order");
  why(from(ndjson("a.ndjson")).map((row) => row), "the columns that a function gives");
  why(from(ndjson("a.ndjson", { maxRecordBytes: 8_000_000 })), "pass larger ringBytes");
  const clocked = from(ndjson("a.ndjson")).processingTime().window(window);
  why(clocked.aggregate({ n: count() }), "watermarks are decided row by row");
});

Deno.test("explain() says what is not known before a run, and knows it after one", async () => {
  const pipeline = from([{ a: 1, b: "x", c: 2 }], { workers: 1 })
    .filter(col("a").gt(0)).select({ double: col<number>("a").mul(2), b: col("b") });
  const before = pipeline.explain();
  assertEquals(entry(before, "reads"), ['"a", "b"']);
  assert(entry(before, "filter")[1].startsWith("where it is computed is known once"));
  assert(before.includes("its columns are known once those of the source are"));
  await pipeline.run();
  const after = pipeline.explain();
  assertEquals(entry(after, "reads"), ['"a", "b", of 3 columns']);
  assertEquals(entry(after, "select").slice(1), [
    '"double" = col("a").mul(2): in the kernel, a column at a time',
    '"b" = col("b"): handed on as it is',
  ]);
  assertEquals(entry(after, "results"), ["in the order of the source: double: f64, b: utf8"]);
});

Deno.test("explain() tells where windows lie", () => {
  const windowText = (window: WindowAssigner) => {
    const pipeline = from([{ at: 0 }], { workers: 1 }).timestamps("at").window(window);
    return entry(pipeline.aggregate({ n: count() }).explain(), "window");
  };
  assertEquals(windowText(new TumblingWindow({ size: "1m", offset: "5s" })), [
    "tumbling, 1m each, offset by 5s",
  ]);
  assertEquals(windowText(new SlidingWindow({ size: "1m", slide: "5s" })), [
    "sliding, 1m each, one every 5s",
  ]);
  assertEquals(windowText(new CumulatingWindow({ size: "1d", step: "1h" })), [
    "cumulating, up to 1d by steps of 1h",
  ]);
});

Deno.test("explain() tells of all columns where none are named", async () => {
  const pipeline = from([{ a: 1, b: "x" }], { workers: 1 });
  assertEquals(entry(pipeline.explain(), "reads"), ["all columns, which are not known yet"]);
  await pipeline.run();
  assertEquals(entry(pipeline.explain(), "reads"), ['all columns, 2: "a", "b"']);
});

Deno.test("explain() tells which promise holds by the options that make it", () => {
  const rows = [{ at: 0 }];
  const lost = (pipeline: { explain(): string }) =>
    entry(pipeline.explain(), "lost bees").join(" ");
  const windowed = from(rows, { workers: 3, maxLostBees: 2, checkpointBatches: 7 })
    .timestamps("at").window(new TumblingWindow({ size: 1 })).aggregate({ n: count() });
  assert(
    lost(windowed).startsWith("exactly once: 3 bees work; one that is lost is replaced, up to 2"),
  );
  assert(lost(windowed).includes("the last checkpoint, one every 7 batches"));
  assert(lost(windowed).includes("costs two bees fails the run"));
  const plain = from(rows, { workers: 1, badRecords: "skip" });
  assert(lost(plain).includes("its unfinished batches are sent again"));
  assert(lost(plain).includes("costs two bees is skipped"));
  assert(lost(plain).includes("all that was in flight is lost"));
  const publisher = { publish: () => {}, flush: () => {} } as unknown as Publisher;
  const published = plain.to(publisher);
  assertEquals(entry(published.explain(), "publisher"), [
    "an object with publish() and flush()",
  ]);
  assert(lost(published).includes("what was published so far stays"));
});

Deno.test("explain() tells how watermarks come about, and when a partition does not hold them", () => {
  const explained = (options: TimestampOptions) => {
    const pipeline = from(sales, { workers: 1 }).timestamps("at", options)
      .window(new TumblingWindow({ size: "1m" })).aggregate({ n: count() });
    return pipeline.explain();
  };
  const watermark = (options: TimestampOptions) => entry(explained(options), "watermark");
  const periodic = new PeriodicWatermarkGenerator({
    interval: "10s",
    maxDisorder: 5,
    everyRecords: 9,
  });
  assertEquals(watermark({ watermarks: periodic }), [
    "the greatest time so far less 5ms, every 10s of event time or 9 rows",
  ]);
  const wall = new PeriodicWatermarkGenerator({ interval: "10s", clock: "wall" });
  assertEquals(watermark({ watermarks: wall, idle: { after: "1m" } }), [
    "the greatest time so far, every 10s of the wall clock",
    "a partition without rows for 1m of event time does not hold it back",
  ]);
  const when = col("tag").eq("mark");
  assertEquals(watermark({ watermarks: new PunctuatedWatermarks({ when, column: "z" }) }), [
    '"z" of the rows with col("tag").eq("mark")',
  ]);
  const create = () => ({ onEvent: () => undefined });
  assertEquals(watermark({ watermarks: new CustomWatermarks({ create, columns: ["z"] }) }), [
    "what a custom generator gives after each row, told of z",
  ]);
  assertEquals(watermark({ maxDisorder: "5s", idle: { after: "1m", clock: "wall" } }), [
    "the greatest time so far less 5s",
    "a partition without rows for 1m of the wall clock does not hold it back",
  ]);
  assertThrows(
    () => explained({ watermarks: new PunctuatedWatermarks({ when, column: "tag" }) }),
    TypeError,
    'Cannot take watermarks from column "tag"',
  );
  const late = entry(explained({ watermarks: periodic }), "late rows")[0];
  assert(late.endsWith("in the kernel, by watermarks that JavaScript decides row by row"));
});

Deno.test("explain() tells what is done to results, in its order", () => {
  const pipeline = from([{ a: 1 }], { workers: 1 }).tap(() => {})
    .batch({ rows: 10, within: "1s" }).batch({ rows: 5 });
  assertEquals(entry(pipeline.explain(), "tap"), [
    "a callback sees every batch, in JavaScript on the main thread",
  ]);
  const labels = pipeline.explain().split("\n").map((line) => line.slice(0, 12).trim());
  assertEquals(labels.filter((label) => ["tap", "batch"].includes(label)), [
    ...["tap", "batch", "batch"],
  ]);
  assertEquals(entry(pipeline.explain(), "batch"), [
    "10 rows a batch, after 1s also fewer, in JavaScript on the main thread",
  ]);
});

Deno.test("explain() tells of partitions, and who tells late rows apart because of them", () => {
  const source: Source<{ at: number }> = {
    name: "parts",
    partitions: 3,
    async *open() {},
  };
  const windowed = (partitions: number) =>
    from({ ...source, partitions } as typeof source, { workers: 1 }).timestamps("at")
      .window(new TumblingWindow({ size: 1 })).aggregate({ n: count() }).explain();
  assert(entry(windowed(3), "source")[0].startsWith("parts, 3 partitions"));
  assert(entry(windowed(3), "late rows")[0].includes("while other partitions hold"));
  assertEquals(entry(windowed(1), "late rows"), [
    "dropped and counted; told apart in the kernel",
  ]);
});

Deno.test("explain() refuses a plan that does not fit the columns, as a run does", () => {
  const wrong = from(sales, { workers: 1 }).filter(col("price").gt("high"));
  assertThrows(() => wrong.explain(), TypeError, "price");
});

Deno.test("spellDuration() writes what milliseconds() reads, in the largest unit that fits", () => {
  const spelled = [0, 1, 1500, 5000, 90_000, 120_000, 7_200_000, 172_800_000].map(spellDuration);
  assertEquals(spelled, ["0ms", "1ms", "1500ms", "5s", "90s", "2m", "2h", "2d"]);
});

Deno.test("explain() tells whose rules windows follow where they are not Flink's", () => {
  const explained = (semantics: PipelineOptions["semantics"]) =>
    from([{ at: 1 }], { ...(semantics && { semantics }) }).timestamps("at")
      .window(new TumblingWindow({ size: "1m" })).aggregate({ n: count() }).explain();
  assert(!explained("flink").includes("semantics"));
  assertStringIncludes(explained("beam"), "semantics   Beam's\n");
  assertStringIncludes(explained({ closing: "passed" }), `Flink's, but for closing: "passed"`);
  const kafka = explained("kafka");
  assertStringIncludes(kafka, "semantics   Kafka Streams'\n");
  assertStringIncludes(kafka, "trigger     results after every row");
});

Deno.test("explain() says what a source that keeps offsets commits, and where that is nothing", () => {
  const source = (settles: "rows" | "windows"): Source<{ at: number }> => ({
    name: "a topic",
    schema: schema({ at: t.timestamp }) as never,
    settles,
    async *open() {},
  });
  const timed = (settles: "rows" | "windows" = "windows") =>
    from(source(settles), { workers: 1 }).timestamps("at");
  const minutes = new TumblingWindow({ size: "1m" });
  const n = { n: count() };
  const kept = "rows before the oldest open window";
  const cases: [{ explain(): string }, string][] = [
    [from(source("rows"), { workers: 1 }), "rows whose results were acknowledged"],
    [timed().window(minutes).aggregate(n), `${kept}, and which windows are delivered: after a`],
    [timed("rows").window(minutes).aggregate(n), `${kept}; after a restart a delivered one may`],
    [timed().window(new SessionWindow({ gap: 5 })).aggregate(n), `${kept}; after a restart`],
    [timed().window(minutes).aggregate(n).window(minutes).aggregate(n), `${kept}; after a restart`],
    [timed().window(new CountWindow({ size: 3 })).aggregate(n), "nothing before the source ends"],
    [timed().window(new GlobalWindow()).aggregate(n), "nothing before the source ends"],
    [
      timed().window(minutes).aggregate(n).window(new CountWindow({ size: 3 })).aggregate(n),
      "nothing before the source ends",
    ],
  ];
  for (const [pipeline, expected] of cases) {
    const text = pipeline.explain();
    assert(entry(text, "commits").join(" ").startsWith(expected), text);
    assertEquals(text.match(/^commits /gm)?.length, 1);
  }
  const both = from(source("windows"), { workers: 1 }).union(from(source("windows")))
    .timestamps("at").window(minutes).aggregate(n);
  assert(entry(both.explain(), "commits").join(" ").startsWith(`${kept}; after a restart`));
  const plain = from([{ at: 1 }]).timestamps("at").window(minutes).aggregate(n).explain();
  assertEquals(entry(plain, "commits"), []);
});
