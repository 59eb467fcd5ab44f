import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  aggregateRows,
  CalendarWindow,
  col,
  count,
  CustomWatermarks,
  from,
  MemoryPublisher,
  PeriodicWatermarkGenerator,
  schema,
  SessionWindow,
  sum,
  TumblingWindow,
  types as t,
} from "../mod.ts";
import { PipelineDriver, TestClock, TestSource } from "../src/testing/mod.ts";
import {
  AGGREGATES,
  groupName,
  type PipelineCase,
  pipelineOracle,
  randomPipelineCase,
  resultLine,
} from "./support/pipeline_case.ts";
import { forSeeds } from "./support/random.ts";

function perSecond() {
  return from([{ at: 0, key: "" }]).timestamps("at", { maxDisorder: 100 }).keyBy("key")
    .window(new TumblingWindow({ size: "1s" })).aggregate({ n: count() });
}

Deno.test("PipelineDriver.pipe() gives what the rows set off before it returns", () => {
  const driver = new PipelineDriver(perSecond());
  driver.pipe([{ at: 100, key: "a" }, { at: 1_050, key: "b" }, { at: 900, key: "a" }]);
  assertEquals(driver.results(), []);
  driver.pipe([{ at: 1_100, key: "a" }]);
  assertEquals(driver.results(), [{ windowStart: 0, windowEnd: 1000, key: "a", n: 2 }]);
  driver.pipe([{ at: 999, key: "a" }, { at: 998, key: "b" }]);
  assertEquals(driver.late().map(({ record }) => record.at), [999, 998]);
  assertEquals(driver.late(), []);
  driver.advanceWatermark(1_500);
  driver.pipe([{ at: 1_200, key: "c" }]);
  driver.advanceWatermark(2_000);
  assertEquals(driver.results(), [
    { windowStart: 1000, windowEnd: 2000, key: "a", n: 1 },
    { windowStart: 1000, windowEnd: 2000, key: "b", n: 1 },
    { windowStart: 1000, windowEnd: 2000, key: "c", n: 1 },
  ]);
  driver.pipe([{ at: 1_900, key: "d" }, { at: 2_000, key: "d" }]);
  assertEquals(driver.late().map(({ record, position }) => [record.at, position]), [[1900, 7]]);
  driver.end();
  assertEquals(driver.results(), [{ windowStart: 2000, windowEnd: 3000, key: "d", n: 1 }]);
  const { recordsIn, absorbed, late, inFlight, unaccounted } = driver.metrics();
  assertEquals({ recordsIn, absorbed, late, inFlight, unaccounted }, {
    ...{ recordsIn: 9, absorbed: 6, late: 3, inFlight: 0, unaccounted: 0 },
  });
});

Deno.test("PipelineDriver.results() of a pipeline without windows are its rows", () => {
  const seen: number[] = [];
  const pipeline = from([{ n: 0 }]).filter(col("n").gt(1)).withColumn("twice", col("n").mul(2))
    .tap(({ length }) => void seen.push(length)).batch({ rows: 7 });
  const driver = new PipelineDriver(pipeline);
  driver.pipe([{ n: 1 }, { n: 2 }, { n: 3 }]);
  assertEquals(driver.results(), [{ n: 2, twice: 4 }, { n: 3, twice: 6 }]);
  assertEquals(driver.results(), []);
  assertEquals(seen, [2]);
  driver.end();
  assertEquals(driver.metrics().filtered, 1);
});

Deno.test("PipelineDriver.advanceTime() moves what goes by the clock, and nothing else does", () => {
  const watermarks = new CustomWatermarks({
    create: () => {
      let greatest = 0;
      return {
        onEvent: (time) => void (greatest = Math.max(greatest, time)),
        onPeriodic: () => greatest,
      };
    },
    interval: "1s",
  });
  const clock = new TestClock({ startMs: 0 });
  const driver = new PipelineDriver(
    from([{ at: 0 }]).timestamps("at", { watermarks })
      .window(new TumblingWindow({ size: 10 })).aggregate({ n: count() }),
    { clock },
  );
  driver.pipe([{ at: 1 }, { at: 50 }]);
  driver.advanceTime(999);
  assertEquals(driver.results(), []);
  driver.advanceTime(1);
  assertEquals(driver.results(), [{ windowStart: 0, windowEnd: 10, n: 1 }]);
  assertEquals([clock.elapsedMs, driver.clock], [1000, clock]);
  driver.advanceTime("1h"); // no bee counts as hung for it
  driver.end();
  assertEquals(driver.metrics().lostBees, 0);
});

Deno.test("PipelineDriver.end() gives all results, however many times the memory of a bee they fill", () => {
  const driver = new PipelineDriver(
    from([] as { at: number }[], { ringBytes: 1 << 14 }).timestamps("at").keyBy("at")
      .window(new TumblingWindow({ size: 100_000 })).aggregate({ n: count() }),
    { schema: schema({ at: t.f64 }) },
  );
  driver.pipe(Array.from({ length: 50_000 }, (_, at) => ({ at })));
  driver.end();
  assertEquals(driver.results().length, 50_000);
  assertEquals(driver.metrics().inFlight, 0);
});

Deno.test("PipelineDriver.pipe() keeps partitions apart, which end and become idle", () => {
  const drive = (idle?: { after: number; clock: "wall" }) => {
    const source = new TestSource<{ at: number }>({ partitions: 2 });
    return new PipelineDriver(
      from(source).timestamps("at", { maxDisorder: 0, ...(idle && { idle }) })
        .window(new TumblingWindow({ size: 10 })).aggregate({ n: count() }),
    );
  };
  const expected = [{ windowStart: 0, windowEnd: 10, n: 2 }];
  for (const driver of [drive(), drive({ after: 100, clock: "wall" })]) {
    driver.pipe([{ at: 5 }, { at: 15 }]);
    driver.pipe([{ at: 3 }], { partition: 1 });
    driver.pipe([{ at: 4 }]);
    assertEquals(driver.results(), []);
    assertEquals(driver.metrics().late, 0);
    assertThrows(() => driver.pipe([{ at: 1 }], { partition: 2 }), RangeError, "2 partitions");
  }
  const ending = drive();
  ending.pipe([{ at: 5 }, { at: 6 }, { at: 15 }]);
  ending.endPartition(1);
  assertEquals(ending.results(), expected);
  const idling = drive({ after: 100, clock: "wall" });
  idling.pipe([{ at: 5 }, { at: 6 }, { at: 15 }]);
  idling.advanceTime(99);
  assertEquals(idling.results(), []);
  idling.advanceTime(1);
  assertEquals(idling.results(), expected);
});

Deno.test("PipelineDriver.advanceWatermark() raises every kind of watermark, and never lowers it", () => {
  const window = new TumblingWindow({ size: 10 });
  const watermarks = new PeriodicWatermarkGenerator({ interval: 1000 });
  for (const options of [{ maxDisorder: 1000 }, { watermarks }]) {
    const driver = new PipelineDriver(
      from([{ at: 0 }]).timestamps("at", options).window(window).aggregate({ n: count() }),
    );
    driver.advanceWatermark(5);
    driver.pipe([{ at: 4 }, { at: 12 }]);
    assertEquals(driver.metrics().late, 0);
    driver.advanceWatermark(10);
    driver.advanceWatermark(7);
    assertEquals(driver.results(), [{ windowStart: 0, windowEnd: 10, n: 1 }]);
    driver.pipe([{ at: 9 }, { at: 11 }]);
    assertEquals(driver.late().map(({ record }) => record), [{ at: 9 }]);
    driver.end();
    assertEquals(driver.results(), [{ windowStart: 10, windowEnd: 20, n: 2 }]);
  }
  const day = new CalendarWindow({ unit: "day", timeZone: "Europe/Berlin" });
  const days = new PipelineDriver(
    from([{ at: 0 }]).timestamps("at").window(day).aggregate({ n: count() }),
  );
  const [start, end] = [Date.UTC(2024, 2, 30, 23), Date.UTC(2024, 2, 31, 22)]; // of 23 hours
  days.pipe([{ at: start }]);
  days.advanceWatermark(end - 1);
  assertEquals(days.results(), []);
  days.advanceWatermark(end);
  assertEquals(days.results(), [{ windowStart: start, windowEnd: end, n: 1 }]);
});

Deno.test("PipelineDriver says what it cannot do", () => {
  const rows = from([{ n: 1 }]);
  assertThrows(() => new PipelineDriver(rows.timestamps("n").keyBy("n") as never), TypeError);
  assertThrows(
    () => new PipelineDriver(rows.to(new MemoryPublisher()) as never),
    TypeError,
    "to()",
  );
  assertThrows(() => new PipelineDriver(null as never), TypeError, "received null");
  const driver = new PipelineDriver(rows);
  assertThrows(() => driver.advanceWatermark(1), TypeError, "call timestamps()");
  assertThrows(() => driver.pipe([]), TypeError, "pass { schema }");
  assertThrows(() => driver.pipe(5 as never), TypeError, "received 5");
  driver.pipe([{ n: 1 }]);
  assertThrows(() => driver.pipe([{ n: "one" }]), TypeError);
  const timed = new PipelineDriver(rows.timestamps("n"));
  assertThrows(() => timed.advanceWatermark(NaN), RangeError, "call end()");
  timed.end();
  assertThrows(() => timed.pipe([{ n: 1 }]), TypeError, "has ended");
});

Deno.test("PipelineDriver fails with its pipeline, and goes on failing", () => {
  const driver = new PipelineDriver(from([{ n: 1 }]).filter(col("n").div(col("d")).gt(0)));
  assertThrows(() => driver.pipe([{ n: 1 }]), TypeError, '"d"');
  assertThrows(() => driver.results(), TypeError, '"d"');
});

Deno.test("PipelineDriver passes over columns that nobody asks for", () => {
  const driver = new PipelineDriver(
    from([{ at: 0, n: 0 }]).timestamps("at").window(new TumblingWindow({ size: 10 }))
      .aggregate({ all: sum("n") }),
  );
  driver.pipe([{ at: 1, n: 2, note: "a" }]);
  driver.pipe([{ at: 2, n: 3.5 }]);
  driver.end();
  assertEquals(driver.results(), [{ windowStart: 0, windowEnd: 10, all: 5.5 }]);
});

/** Drives a case, piece by piece. */
function driveCase({ rows, schema, keys, window, bound, filters }: PipelineCase, most: number) {
  let timed = from([] as Record<string, unknown>[]).timestamps("at", { maxDisorder: bound });
  if (filters) timed = timed.filter(col("keep"));
  const [key, ...more] = keys;
  const windowed = key === undefined
    ? timed.window(window)
    : timed.keyBy(key, ...more).window(window);
  const driver = new PipelineDriver(windowed.aggregate(AGGREGATES), { schema });
  for (let row = 0; row < rows.length; row += most) driver.pipe(rows.slice(row, row + most));
  driver.end();
  return driver;
}

Deno.test("PipelineDriver gives what the plainest code gives, however rows are piped", () => {
  forSeeds(40, (random) => {
    const given = randomPipelineCase(random, random.pick([0, 20, 200]));
    const driver = driveCase(given, random.pick([1, 7, 1000]));
    const { groups, ...counts } = pipelineOracle(given);
    const lines = driver.results().map((row: Record<string, unknown>): [string, string] => {
      const bounds = { start: row.windowStart as number, end: row.windowEnd as number };
      return [groupName(bounds, given.keys.map((key) => row[key])), resultLine(row)];
    });
    assertEquals(new Map(lines), groups);
    assertEquals(lines.length, groups.size);
    const { late, untimed, filtered, absorbed } = driver.metrics();
    assertEquals({ late, untimed, filtered, absorbed }, counts);
    assertEquals(driver.late().length, late);
  });
});

Deno.test("PipelineDriver.ready() waits for functions of the user, and then works at once", async () => {
  const driver = new PipelineDriver(
    from([{ at: 0, n: 0 }]).timestamps("at").window(new TumblingWindow({ size: 10 }))
      .aggregate({
        list: aggregateRows((rows: { n: number }[]) => rows.map(({ n }) => n).join(" ")),
      }),
  );
  driver.pipe([{ at: 1, n: 2 }, { at: 11, n: 3 }]);
  assertEquals(driver.results(), []);
  await driver.ready();
  assertEquals(driver.results(), [{ windowStart: 0, windowEnd: 10, list: "2" }]);
  driver.pipe([{ at: 20, n: 4 }]);
  assertEquals(driver.results(), [{ windowStart: 10, windowEnd: 20, list: "3" }]);
  driver.end();
  assertEquals(driver.results(), [{ windowStart: 20, windowEnd: 30, list: "4" }]);
  const mapped = new PipelineDriver(from([{ n: 0 }]).map(({ n }) => ({ twice: 2 * n })));
  mapped.pipe([{ n: 2 }]);
  await mapped.ready();
  assertEquals(mapped.results(), [{ twice: 4 }]);
});

Deno.test("PipelineDriver.ready() waits for promises of asynchronous functions", async () => {
  const driver = new PipelineDriver(
    from([{ at: 0, n: 0 }]).timestamps("at")
      .map(async ({ n }) => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        return { n };
      })
      .window(new TumblingWindow({ size: 10 })).aggregate({ rows: count() }),
  );
  driver.pipe([{ at: 1, n: 2 }, { at: 11, n: 3 }]);
  await driver.ready();
  assertEquals(driver.results(), [{ windowStart: 0, windowEnd: 10, rows: 1 }]);
  driver.end();
  await driver.ready();
  assertEquals(driver.results(), [{ windowStart: 10, windowEnd: 20, rows: 1 }]);
  assertEquals(driver.metrics().unaccounted, 0);
});

Deno.test("PipelineDriver.results() has early panes, revisions and what is taken back at once", () => {
  const driver = new PipelineDriver(
    from([{ at: 0 }], { lateData: "update", allowedLateness: 10 }).timestamps("at")
      .window(new TumblingWindow({ size: 10 })).trigger({ everyRows: 2, panes: "retracting" })
      .aggregate({ n: count() }),
  );
  const kinds = () =>
    driver.results().map(({ rowKind, paneTiming, n }) => `${rowKind} ${paneTiming} ${n}`);
  driver.pipe([{ at: 1 }]);
  assertEquals(kinds(), []);
  driver.pipe([{ at: 2 }]);
  assertEquals(kinds(), ["insert early 2"]);
  driver.pipe([{ at: 10 }]);
  assertEquals(kinds(), ["updateBefore early 2", "updateAfter onTime 2"]);
  driver.pipe([{ at: 3 }, { at: 20 }, { at: 4 }]);
  assertEquals(kinds().slice(0, 2), ["updateBefore onTime 2", "updateAfter late 3"]);
  assertEquals(driver.late().map(({ record }) => record), [{ at: 4 }]);
});

Deno.test("PipelineDriver drives windows of window results, with the watermark between them", () => {
  const perSecond = from([{ at: 0, key: "", x: 0 }]).timestamps("at").keyBy("key")
    .window(new TumblingWindow({ size: 10 })).aggregate({ n: count() });
  const driver = new PipelineDriver(
    perSecond.window(new TumblingWindow({ size: 20 })).aggregate({ keys: count(), all: sum("n") }),
  );
  driver.pipe([{ at: 1, key: "a", x: 1 }, { at: 2, key: "b", x: 1 }, { at: 11, key: "a", x: 1 }]);
  assertEquals(driver.results(), []);
  driver.advanceWatermark(20);
  assertEquals(driver.results(), [{ windowStart: 0, windowEnd: 20, keys: 3, all: 3 }]);
  driver.pipe([{ at: 19, key: "b", x: 1 }, { at: 25, key: "b", x: 1 }]);
  assertEquals(driver.late().map(({ record }) => record.at), [19]);
  driver.end();
  assertEquals(driver.results(), [{ windowStart: 20, windowEnd: 40, keys: 1, all: 1 }]);
  const { recordsIn, late, unaccounted } = driver.metrics();
  assertEquals({ recordsIn, late, unaccounted }, { recordsIn: 5, late: 1, unaccounted: 0 });
});

Deno.test("PipelineDriver.advanceTime() gives panes that the clock sets off, each at its time", () => {
  const clock = new TestClock({ startMs: 0 });
  const driver = new PipelineDriver(
    from([{ at: 0 }]).timestamps("at").window(new TumblingWindow({ size: 10 }))
      .trigger({ every: "1s", clock: "processing" }).aggregate({ n: count() }),
    { clock },
  );
  const panes = () => driver.results().map(({ paneTiming, n }) => `${paneTiming} ${n}`);
  driver.pipe([{ at: 1 }, { at: 2 }]);
  driver.advanceTime(500);
  assertEquals(panes(), []);
  driver.advanceTime(500);
  assertEquals(panes(), ["early 2"]);
  driver.advanceTime("1h");
  assertEquals(panes(), []);
  driver.pipe([{ at: 3 }]);
  driver.advanceTime("1s");
  assertEquals(panes(), ["early 3"]);
  driver.end();
  assertEquals(panes(), ["onTime 3"]);
});

Deno.test("PipelineDriver.advanceTime() closes windows by the clock", () => {
  const driver = new PipelineDriver(
    from([{ n: 0 }]).processingTime().window(new TumblingWindow({ size: "1s" }))
      .aggregate({ total: sum("n") }),
    { clock: new TestClock({ startMs: 0 }) },
  );
  driver.pipe([{ n: 1 }, { n: 2 }]);
  driver.advanceTime(999);
  driver.pipe([{ n: 3 }]);
  assertEquals(driver.results(), []);
  driver.advanceTime(1);
  assertEquals(driver.results(), [{ windowStart: 0, windowEnd: 1000, total: 6 }]);
  driver.pipe([{ n: 4 }]);
  driver.advanceTime("1m");
  assertEquals(driver.results(), [{ windowStart: 1000, windowEnd: 2000, total: 4 }]);
});

Deno.test("PipelineDriver gives the results of a run on workers", async () => {
  const rows = Array.from({ length: 300 }, (_, n) => ({ at: n * 7 % 1000 + n, key: n % 5, n }));
  const pipelineOf = (given: typeof rows) => {
    const options = { workers: 2, lateData: "update", allowedLateness: 100 } as const;
    return from(given, options).timestamps("at", { maxDisorder: 300 }).keyBy("key")
      .window(new SessionWindow({ gap: 9 })).trigger({ everyRows: 2, panes: "retracting" })
      .aggregate({ n: count(), total: sum("n") });
  };
  const driver = new PipelineDriver(pipelineOf([]), {
    schema: schema({ at: t.i32, key: t.i32, n: t.i32 }),
  });
  driver.pipe(rows);
  driver.end();
  const results: unknown[] = driver.results();
  assertEquals(await Array.fromAsync(pipelineOf(rows)), results as never);
  assert(results.length > 50);
});
