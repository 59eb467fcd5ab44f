import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import {
  argMax,
  argMin,
  CalendarWindow,
  col,
  count,
  csv,
  EnhancedStreamProcessor,
  first,
  from,
  IterableSource,
  last,
  max,
  min,
  type PipelineOptions,
  type RunnablePipeline,
  schema,
  SlidingWindow,
  sum,
  together,
  TumblingWindow,
  types as t,
} from "../mod.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { oracle, type OracleCase, type OracleWindow } from "./support/oracle.ts";
import { exactly, type OracleAggregate } from "./support/oracle_aggregates.ts";
import { pipelineWindow } from "./support/oracle_windows.ts";

const RUNS = 60;
const DISORDER = 30;
const COLUMNS = schema({ at: t.timestamp, key: t.i32, x: t.f64, name: t.utf8, word: t.dict });

interface Row {
  at: number;
  key: number;
  x: number | null;
  name: string | null;
  word: string | null;
}

/** Of some length, so that they are parts of a batch's text; two orders differ about some. */
const TEXTS = ["", "a", "text of a length", "text of a length and more", "\uffee", "\u{1d4b3}"];

/** Rows out of order within {@linkcode DISORDER}, of few or of many keys. */
const rowsOf: fc.Arbitrary<Row[]> = fc.constantFrom(1, 3, 500).chain((keys) =>
  fc.array(
    fc.record({
      back: fc.nat({ max: DISORDER }),
      key: fc.nat({ max: keys }),
      x: fc.option(fc.constantFrom(NaN, -0, 0, 1, 2.5), { freq: 5 }),
      name: fc.option(fc.constantFrom(...TEXTS), { freq: 5 }),
      word: fc.option(fc.constantFrom(...TEXTS), { freq: 5 }),
    }, { noNullPrototype: true }),
    { maxLength: 200 },
  )
).map((rows) => rows.map(({ back, ...row }, n) => ({ at: 1_000 + 3 * n - back, ...row })));

const AGGREGATES = {
  n: count(),
  total: sum("x"),
  first: first("name"),
  last: last("word"),
  least: min("word"),
  most: max("name"),
  some: max("name").where(col("x").gt(1)),
  nameOf: argMin("name", "x"),
  xBy: argMax("x", "word"),
};

const DEFINITIONS: Record<keyof typeof AGGREGATES, OracleAggregate> = {
  n: exactly.count(),
  total: exactly.sum("x"),
  first: exactly.first("name"),
  last: exactly.last("word"),
  least: exactly.min("word"),
  most: exactly.max("name"),
  some: exactly.where(exactly.max("name"), ({ values: { x } }) => (x as number | null ?? 0) > 1),
  nameOf: exactly.argMin("name", "x"),
  xBy: exactly.argMax("x", "word"),
};

interface Case {
  readonly rows: readonly Row[];
  readonly windows: readonly OracleWindow[];
  readonly workers: number;
  readonly epochRows: number;
  readonly batchRows: number;
  readonly seed: number;
}

const size = fc.integer({ min: 1, max: 40 });
const cases: fc.Arbitrary<Case> = fc.record({
  rows: rowsOf,
  windows: fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant("tumbling" as const), size }),
      fc.record({ kind: fc.constant("sliding" as const), size, slide: size }),
      fc.record({ kind: fc.constant("cumulating" as const), size: size.map((n) => 2 * n) })
        .map((window) => ({ ...window, step: window.size / 2 })),
    ),
    { minLength: 2, maxLength: 3 },
  ),
  workers: fc.integer({ min: 1, max: 3 }),
  epochRows: fc.constantFrom(1, 20, 65_536),
  batchRows: fc.constantFrom(1, 7, 1000),
  seed: fc.nat(),
}, { noNullPrototype: true });

function expectedOf({ rows }: Case, window: OracleWindow) {
  const told: OracleCase = {
    rows: rows.map(({ at, key, ...values }) => ({ time: at, keys: [key], values })),
    window,
    aggregates: DEFINITIONS,
    bound: DISORDER,
  };
  return oracle(told).results.map(({ windowStart, windowEnd, keys: [key], values }) => {
    return { windowStart, windowEnd, key, ...values };
  });
}

/** −0 and 0 may come of one sum in another order. */
function plain(rows: readonly object[]): object[] {
  return rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value === 0 ? 0 : value]))
  );
}

Deno.test("windows of texts share slices, and give what the oracle says on any number of bees", async () => {
  await fc.assert(
    fc.asyncProperty(cases, async (given) => {
      const { rows, windows, seed, ...options } = given;
      const runtime = new SimulatedRuntime({ seed });
      const source = new IterableSource(rows, { schema: COLUMNS, batchRows: options.batchRows });
      const keyed = from(source, { ...options, runtime })
        .timestamps("at", { maxDisorder: DISORDER }).keyBy("key");
      const numbers = keyed.window(new TumblingWindow({ size: 10 })).aggregate({ most: max("x") });
      const pipelines = windows.map((window) =>
        keyed.window(pipelineWindow(window) as TumblingWindow).aggregate(AGGREGATES)
      );
      const each: unknown[] = [...pipelines, numbers];
      const all = together(...each as RunnablePipeline<never>[]);
      const results = await runtime.drive(() =>
        Promise.all(all.batches().map((batches) => Array.fromAsync(batches)))
      );
      windows.forEach((window, at) => {
        const got = results[at].flatMap((batch) => batch.toRows() as object[]);
        assertEquals(plain(got), plain(expectedOf(given, window)));
      });
    }),
    { numRuns: RUNS },
  );
});

const NAMES = Array.from({ length: 600 }, (_, n) => ({
  at: n * 1000,
  key: n % 3,
  name: `name ${n * 7 % 600} of a user`,
}));

function minutesOf(options: PipelineOptions) {
  return from(NAMES, options).timestamps("at").keyBy("key").window(
    new TumblingWindow({ size: "1m" }),
  );
}

Deno.test("windows of windows go on with texts", async () => {
  const runtime = new SimulatedRuntime();
  const perMinute = minutesOf({ workers: 2, runtime }).aggregate({
    most: max("name"),
    latest: last("name"),
  });
  const all = perMinute.window(new TumblingWindow({ size: "1h" }))
    .aggregate({ least: min("most"), latest: argMax("latest", "most") });
  const rows = await runtime.drive(() => Array.fromAsync(all));
  const most = Array.from({ length: 10 }, (_, minute) => {
    const names = NAMES.slice(60 * minute, 60 * minute + 60);
    return [0, 1, 2].map((key) => {
      const own = names.filter((row) => row.key === key).map(({ name }) => name);
      return { most: own.toSorted().at(-1)!, latest: own.at(-1)! };
    });
  }).flat().toSorted((a, b) => a.most < b.most ? -1 : 1);
  assertEquals(rows.map(({ least, latest }) => [least, latest]), [
    [most[0].most, most.at(-1)!.latest],
  ]);
});

Deno.test("bees decode a file and aggregate its texts; explain() says where and why", async () => {
  const path = await Deno.makeTempFile({ suffix: ".csv" });
  try {
    const lines = NAMES.map(({ at, key, name }) => `${at},${key},${name}`);
    await Deno.writeTextFile(path, ["at,key,name", ...lines].join("\n"));
    const pipeline = from(csv(path), { workers: 2 }).timestamps("at", { format: "ms" })
      .window(new TumblingWindow({ size: "5m" }))
      .aggregate({ n: count(), first: first("name"), most: max("name") });
    const unknown =
      '"most" = max("name"): in the kernel, in JavaScript of what is no number or time';
    assert(pipeline.explain().includes(unknown), pipeline.explain());
    const rows = await Array.fromAsync(pipeline);
    assertEquals(rows.map(({ n, first, most }) => [n, first, most]), [
      [300, "name 0 of a user", "name 98 of a user"],
      [300, "name 300 of a user", "name 99 of a user"],
    ]);
    const plan = pipeline.explain();
    for (
      const line of [
        "by the bees",
        '"n" = count(): in JavaScript, beside "first"',
        '"first" = first("name"): in JavaScript, because it keeps values of utf8, and a group in ' +
        "the kernel has a fixed size",
      ]
    ) assert(plan.includes(line), plan);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("calendar windows, and lateness of each partition alone, take texts too", async () => {
  const rows = [
    { at: Date.UTC(2024, 2, 10, 4), name: "b" },
    { at: Date.UTC(2024, 2, 10, 8), name: "c" },
    { at: Date.UTC(2024, 2, 11, 3), name: "a" },
  ];
  const timed = from(rows, { workers: 1 }).timestamps("at", { lateBy: "partition" });
  const days = await Array.fromAsync(
    timed.window(new CalendarWindow({ unit: "day", timeZone: "America/New_York" }))
      .aggregate({ least: min("name"), last: last("name") }),
  );
  assertEquals(days.map(({ least, last }) => [least, last]), [["b", "b"], ["a", "a"]]);
});

Deno.test("EnhancedStreamProcessor aggregates texts", async () => {
  const runtime = new SimulatedRuntime();
  const results = await runtime.drive(async () => {
    const stream = new EnhancedStreamProcessor<{ timestamp: number; key: string; name: string }>({
      windowAssigner: new SlidingWindow({ size: 20, slide: 10 }),
      runtime,
    });
    const record = (timestamp: number, name: string) =>
      stream.processRecord({ timestamp, key: "k", name }, {
        aggregate: { most: max("name"), last: last("name") },
      });
    const given = [await record(10, "b"), await record(12, "a"), await record(30, "c")];
    return [...given, await stream.close()].flatMap((each) => each ?? []);
  });
  const c = { most: "c", last: "c" };
  assertEquals(results.map(({ value }) => value), [
    { most: "b", last: "a" },
    { most: "b", last: "a" },
    c,
    c,
  ]);
});

Deno.test("what has no order is refused by min and max, and kept by first and last", async () => {
  const rows = [{ at: 1, tags: ["b", "a"], some: { n: 1 } }, { at: 2, tags: [], some: { n: 2 } }];
  const windowed = from(rows, { workers: 1 }).timestamps("at")
    .window(new TumblingWindow({ size: 10 }));
  const [row] = await Array.fromAsync(
    windowed.aggregate({ tags: first("tags"), some: last("some"), of: argMax("some", "at") }),
  );
  assertEquals([row.tags, row.some, row.of], [["b", "a"], { n: 2 }, { n: 2 }]);
  await assertRejects(
    () => Array.fromAsync(windowed.aggregate({ tags: max("tags") })),
    TypeError,
    'Cannot take max of column "tags": it must be a number, timestamp, date, time, bool, text, ' +
      "bytes or decimal, received list; take it of a part of that",
  );
});
