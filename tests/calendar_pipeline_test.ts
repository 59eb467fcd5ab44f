import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import {
  type BadInput,
  CalendarWindow,
  col,
  count,
  first,
  from,
  IterableSource,
  last,
  max,
  PeriodicWatermarkGenerator,
  type PipelineOptions,
  RecordBatch,
  schema,
  sum,
  types as t,
} from "../mod.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";

const HOUR_MS = 3_600_000;
/** When clocks went forward, a day was skipped, 1970 began, and a day was had twice. */
const ORIGINS = [
  Date.UTC(2024, 2, 10, 7),
  Date.UTC(2011, 11, 30, 10),
  0,
  Date.UTC(1892, 6, 4, 12),
];
const [CHANGE] = ORIGINS;

interface Row {
  at: number | null;
  key: string;
  v: number;
}

const columns = schema({ at: t.timestamp, key: t.required(t.utf8), v: t.required(t.i32) });

const cases = fc.record({
  unit: fc.constantFrom("day" as const, "week" as const, "month" as const, "year" as const),
  timeZone: fc.constantFrom("America/New_York", "Pacific/Apia", "Australia/Lord_Howe"),
  bound: fc.constantFrom(0, 1, 30 * HOUR_MS),
  filters: fc.boolean(),
  cuts: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
  rows: fc.tuple(
    fc.constantFrom(...ORIGINS),
    fc.array(
      fc.record({
        hours: fc.integer({ min: 0, max: 20 }),
        back: fc.constantFrom(0, 0, 1, 20, 70, 300),
        key: fc.constantFrom("a", "b"),
        v: fc.nat(9),
        isTimed: fc.integer({ min: 0, max: 12 }).map((n) => n > 0),
      }),
      { maxLength: 60 },
    ),
  ).map(([origin, rows]) => {
    let time = origin - 100 * HOUR_MS;
    return rows.map(({ hours, back, key, v, isTimed }): Row => {
      time += hours * HOUR_MS;
      return { at: isTimed ? time - back * HOUR_MS + v : null, key, v };
    });
  }),
});
type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

/** What a case comes to, row after row. */
function oracle({ rows, unit, timeZone, bound, filters }: Case) {
  const window = new CalendarWindow({ unit, timeZone });
  const groups = new Map<string, { at: number; key: string; v: number }[]>();
  let [watermark, late, untimed, filtered] = [-Infinity, 0, 0, 0];
  for (const { at, key, v } of rows) {
    const before = watermark;
    if (at !== null) watermark = Math.max(watermark, at - bound);
    if (filters && v % 3 === 0) filtered++;
    else if (at === null) untimed++;
    else if (window.endOf(at) <= before) late++;
    else {
      const name = JSON.stringify([window.startOf(at), window.endOf(at), key]);
      groups.set(name, [...groups.get(name) ?? [], { at, key, v }]);
    }
  }
  const results = [...groups].map(([name, rows]) => {
    const [windowStart, windowEnd, key] = JSON.parse(name);
    const inTime = rows.toSorted((a, b) => a.at - b.at);
    const total = rows.reduce((sum, { v }) => sum + v, 0);
    const [least, most] = [inTime[0], inTime.at(-1)!];
    return {
      windowStart,
      windowEnd,
      key,
      n: rows.length,
      total,
      least: least.v,
      most: most.v,
      at: most.at,
    };
  });
  return {
    results: results.toSorted((a, b) => a.windowStart - b.windowStart || (a.key < b.key ? -1 : 1)),
    counts: { late, untimed, filtered, unaccounted: 0 },
  };
}

function batchesOf({ rows, cuts }: Case): RecordBatch<Row>[] {
  const batches: RecordBatch<Row>[] = [];
  for (let at = 0, cut = 0; at < rows.length; cut++) {
    const end = at + cuts[cut % cuts.length];
    batches.push(RecordBatch.fromRows(rows.slice(at, end), { schema: columns }));
    at = end;
  }
  return batches;
}

function pipelineOf(given: Case, options: PipelineOptions) {
  const { unit, timeZone, bound, filters } = given;
  let timed = from(new IterableSource<Row, Row>(batchesOf(given), { schema: columns }), options)
    .timestamps("at", { maxDisorder: bound });
  if (filters) timed = timed.filter(col<number>("v").mod(3).ne(0));
  return timed.keyBy("key").window(new CalendarWindow({ unit, timeZone })).aggregate({
    n: count(),
    total: sum("v"),
    least: first("v"),
    most: last("v"),
    at: max("at"),
  });
}

async function check(given: Case, options: PipelineOptions & { runtime: SimulatedRuntime }) {
  const pipeline = pipelineOf(given, options);
  const got = await options.runtime.drive(() => Array.fromAsync(pipeline));
  const { results, counts } = oracle(given);
  assertEquals(got as unknown[], results);
  const { late, untimed, filtered, unaccounted, lostBees } = pipeline.metrics();
  assertEquals({ late, untimed, filtered, unaccounted }, counts);
  return lostBees;
}

Deno.test("Calendar windows equal the oracle whatever the bees, batches and disorder", async () => {
  let late = 0;
  await fc.assert(
    fc.asyncProperty(cases, fc.integer({ min: 1, max: 3 }), fc.nat(), async (...given) => {
      const [each, workers, seed] = given;
      await check(each, { workers, runtime: new SimulatedRuntime({ seed }), epochRows: 7 });
      late += oracle(each).counts.late;
    }),
    { numRuns: 500 },
  );
  assert(late > 50, `only ${late} rows were late`);
});

Deno.test("Calendar windows equal the oracle when bees are lost", async () => {
  let lost = 0;
  await fc.assert(
    fc.asyncProperty(
      cases,
      fc.array(fc.nat(3), { minLength: 1, maxLength: 3 }),
      async (...given) => {
        const [each, strikes] = given;
        const runtime = new SimulatedRuntime();
        for (const delay of strikes) {
          runtime.after(delay / 10, () => runtime.workers[0] && runtime.crash(runtime.workers[0]));
        }
        const options = { workers: 2, checkpointBatches: 2, maxLostBees: 9, recordTimeout: 50 };
        lost += await check(each, { ...options, runtime });
      },
    ),
    { numRuns: 60 },
  );
  assert(lost > 0);
});

Deno.test("A pipeline on real workers counts the rows of days of 23, 24 and 25 hours", async () => {
  const hourly = (from: number) =>
    Array.from({ length: 72 }, (_, n) => ({ at: from + n * HOUR_MS }));
  const perDay = async (start: number) => {
    const pipeline = from(hourly(start), { workers: 2 }).timestamps("at", { format: "ms" })
      .window(new CalendarWindow({ unit: "day", timeZone: "America/New_York" }))
      .aggregate({ n: count() });
    return (await Array.fromAsync(pipeline)).map(({ n }) => n);
  };
  assertEquals(await perDay(Date.UTC(2024, 2, 9, 5)), [24, 23, 24, 1]);
  assertEquals(await perDay(Date.UTC(2024, 10, 2, 4)), [24, 25, 23]);
});

Deno.test("Watermarks of any strategy and of a union close calendar windows, and metrics tell them", async () => {
  const day = 24 * HOUR_MS;
  const rows = [0, 1, 2, 3].map((n) => ({ at: n * day + 5 }));
  const watermarks = new PeriodicWatermarkGenerator({ interval: "1h" });
  const pipeline = from(rows, { workers: 1 }).union(from(rows)).timestamps("at", { watermarks })
    .window(new CalendarWindow({ unit: "day", timeZone: "Asia/Tokyo" }))
    .aggregate({ n: count() });
  const seen: number[] = [];
  for await (const { windowStart, windowEnd, n } of pipeline) {
    assertEquals([windowEnd - windowStart, n], [day, 2]);
    assertEquals(windowStart, seen.length * day - 9 * HOUR_MS);
    seen.push(pipeline.metrics().watermark);
  }
  assertEquals(seen.length, 4);
  assertEquals(pipeline.metrics().watermark, Infinity);
});

Deno.test("The watermark that metrics tell is a time, not how calendar windows are counted", async () => {
  const runtime = new SimulatedRuntime();
  const at = [0, 30, 60].map((hours) => CHANGE + hours * HOUR_MS);
  async function* live() {
    for (const time of at) {
      yield { at: time };
      await new Promise<void>((resolve) => runtime.after(100, resolve));
    }
  }
  const pipeline = from(live(), { workers: 1, runtime }).timestamps("at", { format: "ms" })
    .window(new CalendarWindow({ unit: "day", timeZone: "America/New_York" }))
    .aggregate({ n: count() });
  await runtime.drive(async () => {
    for await (const _ of pipeline) {
      const { watermark } = pipeline.metrics();
      if (watermark < Infinity) assert(at.includes(watermark), String(watermark));
    }
  });
});

Deno.test("What is beyond all calendar windows, or has no value, is a bad record as it came", async () => {
  const bad: BadInput[] = [];
  const rows = [{ at: 3e15, text: "1" }, { at: 0, text: "none" }, { at: 1, text: "2" }];
  const options = { workers: 1, deadLetter: (each: BadInput) => void bad.push(each) };
  const pipeline = from(rows, { ...options, badRecords: "deadLetter" }).timestamps("at", {
    format: "ms",
  })
    .withColumn("n", col("text").cast("i32"))
    .window(new CalendarWindow({ unit: "year", timeZone: "UTC" })).aggregate({ total: sum("n") });
  const got = await Array.fromAsync(pipeline);
  assertEquals(got, [{ windowStart: 0, windowEnd: Date.UTC(1971), total: 2 }] as unknown);
  assertEquals(bad.map(({ record, position }) => ({ record, position })), [
    { record: { at: 3e15, text: "1" }, position: 0 },
    { record: { at: 0, text: "none" }, position: 1 },
  ]);
  assert(bad[0].error.message.includes("Cannot put row into a calendar window"));
});

Deno.test("Messages and explain() tell the columns of the user alone", async () => {
  const year = new CalendarWindow({ unit: "year", timeZone: "UTC" });
  const timed = from([{ at: 0, v: 1 }], { workers: 1 }).timestamps("at");
  const unknown = async (pipeline: { run(): Promise<unknown> }) => {
    const error = await assertRejects(() => pipeline.run(), TypeError, '"at", "v"');
    assert(!error.message.includes("even time"), error.message);
  };
  await unknown(timed.window(year).aggregate({ n: sum("w" as "v") }));
  await unknown(timed.filter(col("w").gt(1)).window(year).aggregate({ n: count() }));
  const weeks = new CalendarWindow({
    unit: "week",
    timeZone: "Europe/Berlin",
    weekStart: "sunday",
  });
  const pipeline = timed.window(weeks).aggregate({ n: sum("v") });
  await pipeline.run();
  const text = pipeline.explain();
  assert(text.includes("window      each week from sunday in Europe/Berlin; found in JavaScript"));
  assert(text.includes('reads       "v", "at", of 2 columns'), text);
  assert(!text.includes("even time"));
});
