import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type BadInput,
  BadInputError,
  col,
  count,
  csv,
  from,
  last,
  MemoryPublisher,
  ndjson,
  type PipelineMetrics,
  type Publisher,
  RecordBatch,
  schema,
  type Source,
  sum,
  TumblingWindow,
  types as t,
  UnaccountedRecordsError,
} from "../mod.ts";
import { MessageQueue } from "../src/hive/message_queue.ts";
import { WindowOwner } from "../src/hive/window_owner.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { caseBatches, randomPipelineCase } from "./support/pipeline_case.ts";
import { Random } from "./support/random.ts";
import { assertCase, runCase } from "./support/run_case.ts";
import { replaced } from "./support/replaced.ts";

const SEEDS = [1, 2, 3];

interface Reading {
  at: number;
  sensor: string;
  value: number;
}

/** Readings a second apart, of sensors in turn. */
function readings(length: number, sensors = 3): Reading[] {
  return Array.from(
    { length },
    (_, n) => ({ at: 1000 * n, sensor: `s${n % sensors}`, value: n }),
  );
}

function perMinute(rows: Iterable<Reading>, options: Parameters<typeof from>[1]) {
  return from(rows, options).timestamps("at").keyBy("sensor")
    .window(new TumblingWindow({ size: "1m" }))
    .aggregate({ n: count(), total: sum("value"), last: last("value") });
}

async function rowsOf<Row>(pipeline: AsyncIterable<Row>): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of pipeline) rows.push(row);
  return rows;
}

/** Does the work in a simulation. */
function simulated<T>(work: (runtime: SimulatedRuntime) => Promise<T>, seed = 1): Promise<T> {
  const runtime = new SimulatedRuntime({ seed });
  return runtime.drive(() => work(runtime));
}

Deno.test("the column of event times is a timestamp from timestamps() on, whatever numbers it had", async () => {
  const at = Date.UTC(2024, 4, 31, 22, 30);
  const lines = () => new Response(JSON.stringify({ at }) + "\n");
  async function* live() {
    yield { at };
  }
  const columns = schema({ at: t.i64 });
  const inputs = [
    () => [{ at }],
    () => [{ at: at + 0.5 }],
    live,
    () => ndjson(lines()),
    () => ndjson(lines(), { schema: columns }),
    () => [RecordBatch.fromRows([{ at: BigInt(at) }], { schema: columns })],
  ];
  for (const input of inputs) {
    const timed = () => from(input() as Iterable<{ at: number }>, { workers: 1 }).timestamps("at");
    const hours = timed().withColumn("hour", col("at").extract("hour"))
      .filter(col("at").truncate("hour").lt(col("at")));
    assertEquals<unknown>(await rowsOf(hours), [{ at, hour: 22 }]);
    const ends = timed().window(new TumblingWindow({ size: "1h" })).aggregate({ end: last("at") });
    assertEquals((await rowsOf(ends)).map(({ end }) => end), [at]);
  }
});

Deno.test("A pipeline on real workers equals the oracle, and is the same on 1, 2, 3 and 5", async () => {
  for (const seed of SEEDS) {
    const random = new Random(seed);
    const given = randomPipelineCase(random, 3000);
    const runs = [];
    for (const workers of [1, 2, 3, 5]) {
      const run = await runCase(given, caseBatches(given, random), { workers, epochRows: 500 });
      assertCase(given, run);
      runs.push(run.lines);
    }
    for (const lines of runs) assertEquals(lines, runs[0], `seed ${seed}`);
  }
});

Deno.test("from() takes objects, batches, and asynchronous iterables of either", async () => {
  const rows = readings(130);
  const batches = [RecordBatch.fromRows(rows.slice(0, 50)), RecordBatch.fromRows(rows.slice(50))];
  async function* later() {
    for (const row of rows) {
      if (row.value % 40 === 0) await new Promise((resolve) => setTimeout(resolve));
      yield row;
    }
  }
  const aggregate = (input: Parameters<typeof from<Iterable<Reading>>>[0]) =>
    rowsOf(perMinute(input, { workers: 1 }));
  const expected = await aggregate(rows);
  assertEquals(expected.length, 9);
  assertEquals(expected[0], {
    windowStart: 0,
    windowEnd: 60_000,
    sensor: "s0",
    n: 20,
    total: 570,
    last: 57,
  });
  assertEquals(await aggregate(batches as unknown as Iterable<Reading>), expected);
  assertEquals(await aggregate(later() as unknown as Iterable<Reading>), expected);
});

Deno.test("A pipeline reads CSV and NDJSON from files", async () => {
  const rows = readings(100);
  const text = (lines: string[]) => new TextEncoder().encode(lines.join("\n"));
  const files = new Map([
    ["a.csv", text(["at,sensor,value", ...rows.map((r) => `${r.at},${r.sensor},${r.value}`)])],
    ["a.ndjson", text(rows.map((row) => JSON.stringify(row)))],
  ]);
  const runtime = new SimulatedRuntime({ files });
  const expected = await rowsOf(perMinute(rows, { workers: 1 }));
  for (const source of [csv<Reading>("a.csv"), ndjson<Reading>("a.ndjson")]) {
    const pipeline = from(source, { workers: 2, runtime }).timestamps("at", { format: "ms" })
      .keyBy("sensor").window(new TumblingWindow({ size: "1m" }))
      .aggregate({ n: count(), total: sum("value"), last: last("value") });
    assertEquals(await runtime.drive(() => rowsOf(pipeline)), expected);
  }
});

Deno.test("A pipeline without windows filters and selects in the order of the source", async () => {
  const rows = readings(5000);
  const expected = rows.filter(({ value }) => value % 3 === 1)
    .map(({ value, sensor }) => ({ double: 2 * value, sensor }));
  for (const workers of [1, 3]) {
    const pipeline = from(rows, { workers, batchRows: 100 })
      .filter(col<number>("value").mod(3).eq(1))
      .select({ double: col<number>("value").mul(2), sensor: col<string>("sensor") });
    assertEquals(await rowsOf(pipeline), expected);
    const { recordsIn, absorbed, filtered, rowsOut, unaccounted } = pipeline.metrics();
    assertEquals({ recordsIn, absorbed, filtered, rowsOut, unaccounted }, {
      recordsIn: 5000,
      absorbed: expected.length,
      filtered: 5000 - expected.length,
      rowsOut: expected.length,
      unaccounted: 0,
    });
  }
});

Deno.test("Event time stays with its row when only other columns are selected", async () => {
  const pipeline = from(readings(200), { workers: 1 }).timestamps("at")
    .select({ half: col<number>("value").div(2), sensor: col<string>("sensor") })
    .filter(col<number>("half").lt(70))
    .keyBy("sensor").window(new TumblingWindow({ size: "100s" }))
    .aggregate({ n: count(), total: sum("half") });
  const rows = await rowsOf(pipeline);
  assertEquals(rows.map(({ windowStart, n }) => [windowStart, n]), [
    [0, 34],
    [0, 33],
    [0, 33],
    [100_000, 13],
    [100_000, 14],
    [100_000, 13],
  ]);
});

Deno.test("Rows go to their owners one by one when keys are many, with the same results", async () => {
  let handed = 0;
  const rows = readings(4000, 2500);
  const add = WindowOwner.prototype.add;
  using _ = replaced(WindowOwner.prototype, "add", function (this: WindowOwner, ...args) {
    handed++;
    return add.apply(this, args);
  });
  const run = (epochRows: number) =>
    simulated((runtime) =>
      rowsOf(perMinute(rows, { runtime, workers: 3, batchRows: 100, epochRows }))
    );
  const foraged = await run(1e6);
  assertEquals(handed, 0);
  const routed = await run(200);
  assert(handed > 10);
  assertEquals(routed, foraged);
});

Deno.test("Of several partitions the one that is furthest behind holds the watermark", async () => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = new Random(seed);
    const size = 10;
    const bound = random.below(15);
    const given = Array.from({ length: random.below(300) }, (_, n) => ({
      partition: random.below(3),
      row: { at: n - random.below(40), value: n },
    }));
    const source: Source<{ at: number; value: number }> = {
      name: "partitions",
      partitions: 3,
      async *open() {
        for (const { partition, row } of given) {
          yield { partition, batch: RecordBatch.fromRows([row]) };
        }
      },
    };
    const expected = new Map<number, number>();
    const greatest = [-Infinity, -Infinity, -Infinity];
    let late = 0;
    for (const { partition, row: { at, value } } of given) {
      const start = Math.floor(at / size) * size;
      if (start + size <= Math.min(...greatest) - bound) late++;
      else expected.set(start, (expected.get(start) ?? 0) + value);
      greatest[partition] = Math.max(greatest[partition], at);
    }
    await simulated(async (runtime) => {
      const pipeline = from(source, { runtime, workers: 2 })
        .timestamps("at", { maxDisorder: bound })
        .window(new TumblingWindow({ size })).aggregate({ total: sum("value") });
      const rows = await rowsOf(pipeline);
      const totals = rows.map(({ windowStart, total }) => [windowStart, total]);
      assertEquals(totals, [...expected].sort(([a], [b]) => a - b), `seed ${seed}`);
      assertEquals(pipeline.metrics().late, late, `seed ${seed}`);
    }, seed);
  }
});

Deno.test("An empty source gives no rows, and metrics of nothing", async () => {
  const pipeline = perMinute([], { workers: 1 });
  assertEquals(await rowsOf(pipeline), []);
  assertEquals(pipeline.metrics().recordsIn, 0);
});

Deno.test("A pipeline can be run again, each time from the start", async () => {
  const pipeline = perMinute(readings(100), { workers: 1 });
  assertEquals(pipeline.metrics().recordsIn, 0);
  assertEquals(await rowsOf(pipeline), await rowsOf(pipeline));
  assertEquals(pipeline.metrics().recordsIn, 100);
});

Deno.test("run() publishes everything, flushes, and tells how it goes", async () => {
  const kept = new MemoryPublisher();
  const seen: PipelineMetrics[] = [];
  const pipeline = perMinute(readings(3000), { workers: 2 });
  const metrics = await pipeline.to(kept).run({ onProgress: (metrics) => seen.push(metrics) });
  assertEquals(kept.rows(), await rowsOf(perMinute(readings(3000), { workers: 1 })));
  assertEquals(seen.at(-1)!.recordsIn, 3000);
  assertEquals([metrics.windowsFired, metrics.rowsOut], [50, 150]);
  assertEquals(metrics.bees.length, 2);
  assertEquals(metrics.bees.reduce((sum, { rows }) => sum + rows, 0), 3000);
  assert(metrics.bees.every(({ roles }) => roles.length > 0));
});

Deno.test("A publisher that fails ends the run with its error", async () => {
  const failing: Publisher = {
    publish: () => Promise.reject(new Error("disk full")),
    flush: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const run = perMinute(readings(100), { workers: 1 }).to(failing).run();
  await assertRejects(() => run, Error, "disk full");
});

Deno.test("Times that cannot be read go the way of badRecords; null times are untimed", async () => {
  const rows = [
    { at: "2024-01-01T00:00:00Z", value: 1 },
    { at: "yesterday", value: 2 },
    { at: null, value: 4 },
    { at: "2024-01-01T00:00:30Z", value: 8 },
  ];
  const letters: BadInput[] = [];
  const run = async (options: Parameters<typeof from>[1]) => {
    const pipeline = from(rows, { workers: 1, ...options }).timestamps("at", { format: "iso" })
      .window(new TumblingWindow({ size: "1m" })).aggregate({ total: sum("value") });
    const [{ total }] = await rowsOf(pipeline);
    const { recordsIn, absorbed, untimed, skipped, deadLettered } = pipeline.metrics();
    return { total, counts: [recordsIn, absorbed, untimed, skipped, deadLettered] };
  };
  await assertRejects(() => run({}), Error, 'received "yesterday" (row 1)');
  assertEquals(await run({ badRecords: "skip" }), { total: 9, counts: [4, 2, 1, 1, 0] });
  const deadLetter = (bad: BadInput) => void letters.push(bad);
  const lettered = await run({ badRecords: "deadLetter", deadLetter });
  assertEquals(lettered, { total: 9, counts: [4, 2, 1, 0, 1] });
  assertEquals(letters.map(({ record, position }) => [record, position]), [[rows[1], 1]]);
});

Deno.test("Numbers that cannot be a time go the way of badRecords, each by its row", async () => {
  const times = [1, NaN, null, 1e300, -8.64e15 - 1, 2];
  for (const format of ["ms", "s", "us"] as const) {
    const rows = times.map((at) => ({ at: at && at * { s: 1 / 1000, ms: 1, us: 1000 }[format] }));
    const run = async (options: Parameters<typeof from>[1]) => {
      const pipeline = from(rows, { workers: 1, ...options }).timestamps("at", { format })
        .window(new TumblingWindow({ size: "1m" })).aggregate({ n: count() });
      assertEquals((await rowsOf(pipeline)).map(({ n }) => n), [2]);
      const { absorbed, untimed, skipped, deadLettered } = pipeline.metrics();
      return [absorbed, untimed, skipped, deadLettered];
    };
    const refused = `"${format}" and within 8640000000000000 ms of 1970, received NaN (row 1)`;
    await assertRejects(() => run({}), BadInputError, refused);
    assertEquals(await run({ badRecords: "skip" }), [2, 1, 3, 0]);
    const letters: BadInput[] = [];
    const deadLetter = (bad: BadInput) => void letters.push(bad);
    assertEquals(await run({ badRecords: "deadLetter", deadLetter }), [2, 1, 0, 3]);
    assertEquals(letters.map(({ position, record }) => [position, record]), [
      [1, rows[1]],
      [3, rows[3]],
      [4, rows[4]],
    ]);
  }
});

Deno.test("Rows for which an expression has no value go the way of badRecords", async () => {
  const rows = ["1", "x", "3", "y"].map((text, at) => ({ text, at }));
  const letters: BadInput[] = [];
  const run = async (options: Parameters<typeof from>[1]) => {
    const pipeline = from(rows, { workers: 2, batchRows: 3, ...options })
      .select({ n: col("text").cast("i32") });
    return { rows: await rowsOf(pipeline), metrics: pipeline.metrics() };
  };
  await assertRejects(() => run({}), Error, "(row 1)");
  const { rows: left, metrics } = await run({ badRecords: "skip" });
  assertEquals(left.map(({ n }) => n), [1, 3]);
  assertEquals([metrics.skipped, metrics.unaccounted], [2, 0]);
  await run({ badRecords: "deadLetter", deadLetter: (bad) => void letters.push(bad) });
  assertEquals(letters.map(({ record, position }) => [record, position]), [
    [rows[1], 1],
    [rows[3], 3],
  ]);
});

Deno.test("A row that does not fit goes the way of badRecords", async () => {
  const rows = [...readings(1100), { at: 5, sensor: 7, value: 1 } as unknown as Reading];
  await assertRejects(
    () => rowsOf(perMinute(rows, { workers: 1 })),
    Error,
    'row 1100, column "sensor"',
  );
  const pipeline = perMinute(rows, { workers: 1, badRecords: "skip" });
  await rowsOf(pipeline);
  assertEquals(pipeline.metrics().skipped, 1);
});

Deno.test("A record that is lost within is noticed at the end", async () => {
  const rows = readings(500);
  const fold = WindowOwner.prototype.fold;
  let folds = 0;
  using _ = replaced(WindowOwner.prototype, "fold", function (this: WindowOwner, delta) {
    if (++folds !== 3) fold.call(this, delta);
  });
  await assertRejects(
    () => simulated((runtime) => rowsOf(perMinute(rows, { runtime, workers: 2, batchRows: 50 }))),
    UnaccountedRecordsError,
    "Cannot account for",
  );
});

Deno.test("A row that is lost on its way out is noticed at the end", async () => {
  const sendBatch = MessageQueue.prototype.sendBatch;
  let sent = 0;
  using _ = replaced(MessageQueue.prototype, "sendBatch", function (this: MessageQueue, ...args) {
    const [header, batch] = args;
    sendBatch.call(this, header, ++sent === 2 ? batch.slice(1) : batch);
  });
  const pipeline = (runtime: SimulatedRuntime) =>
    from(readings(500), { runtime, workers: 2, batchRows: 50 }).filter(col("value").ge(0));
  await assertRejects(
    () => simulated((runtime) => rowsOf(pipeline(runtime))),
    UnaccountedRecordsError,
    "Cannot account for 1 of 500 records",
  );
});

Deno.test("A pipeline makes what comes next while results are published, which go one at a time", async () => {
  const times = Array.from({ length: 40_000 }, (_, i) => i < 100 ? i * 10 : 1000 + i / 50);
  const allGiven = Promise.withResolvers<void>();
  async function* rows() {
    for (const [given, at] of times.entries()) {
      yield { at };
      if (given % 100 === 0) await Promise.resolve();
    }
    allGiven.resolve();
  }
  const published: unknown[] = [];
  let underWay = 0;
  const publisher: Publisher = {
    async publish(batch) {
      assertEquals(++underWay, 1);
      // the second window closes at the end of the source
      if (published.length === 0) await allGiven.promise;
      underWay--;
      published.push(...batch.toRows().map(({ windowStart, n }) => [windowStart, n]));
      return { records: batch.length };
    },
    flush: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  await from(rows(), { workers: 1 })
    .timestamps("at").window(new TumblingWindow({ size: "1s" })).aggregate({ n: count() })
    .to(publisher).run();
  assertEquals(published, [[0, 100], [1000, 39_900]]);
});

Deno.test("What results could not be published for ends a run whose source has nothing to say", async () => {
  const stop = new AbortController();
  async function* rows() {
    for (let at = 0; at < 2000; at++) yield { at };
    await new Promise((resolve) => stop.signal.addEventListener("abort", resolve));
  }
  const publisher: Publisher = {
    publish: () => Promise.reject(new Error("the disk is full")),
    flush: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const run = from(rows(), { workers: 1 })
    .timestamps("at").window(new TumblingWindow({ size: "1s" })).aggregate({ n: count() })
    .to(publisher).run().finally(() => stop.abort());
  await assertRejects(() => run, Error, "the disk is full");
});
