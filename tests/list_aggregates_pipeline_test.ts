import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  aggregateOf,
  aggregateRows,
  approxCountDistinct,
  col,
  collect,
  count,
  countDistinct,
  first,
  from,
  highest,
  histogram,
  IterableSource,
  lowest,
  mean,
  type PipelineOptions,
  quantile,
  quantiles,
  reduce,
  schema,
  SlidingWindow,
  StreamingError,
  struct,
  sum,
  topK,
  TumblingWindow,
  types as t,
} from "../mod.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import type { OracleRow } from "./support/oracle.ts";
import { exactly } from "./support/oracle_aggregates.ts";
import { forSeedsAsync, Random } from "./support/random.ts";
import { breakBees, inSimulation, randomOptions } from "./support/simulated_case.ts";

const RUNS = 60;
const [SIZE, SLIDE, DISORDER] = [1000, 250, 200];

const COLUMNS = schema({ at: t.timestamp, key: t.dict, user: t.utf8, price: t.f64, n: t.i64 });

type Sale = {
  at: number;
  key: string;
  user: string | null;
  price: number | null;
  n: bigint;
};

/** Rows out of order, as far as that is allowed. */
function randomSales(random: Random, most: number): Sale[] {
  return Array.from({ length: random.below(most) }, (_, n) => ({
    at: 10_000 + n * 5 - random.below(DISORDER / 10) * 10,
    key: random.pick(["a", "b", "c"]),
    user: random.chance(0.1) ? null : `user ${random.below(8)}`,
    price: random.chance(0.1) ? null : random.below(4000) / 4 - 300,
    n: BigInt(n),
  }));
}

function windowed(rows: readonly Sale[], options: PipelineOptions, slide = SLIDE) {
  return from(new IterableSource(rows, { schema: COLUMNS, batchRows: 13 }), options)
    .timestamps("at", { maxDisorder: DISORDER }).keyBy("key")
    .window(new SlidingWindow({ size: SIZE, slide }));
}

const bounds = [-100, 0, 100, 500];
const cheap = col("price").lt(0);

function aggregated(rows: readonly Sale[], options: PipelineOptions, slide?: number) {
  return windowed(rows, options, slide).aggregate({
    all: count(),
    total: sum("price"),
    whole: sum("n"),
    earliest: first("n"),
    users: countDistinct("user"),
    about: approxCountDistinct("user"),
    median: quantile("price", 0.5),
    edges: quantiles("price", [0, 1]),
    top: topK("user", 2),
    bins: histogram("price", { bounds }),
    dearest: highest("user", "price", { n: 3 }),
    first: lowest(struct({ n: col<bigint>("n"), user: col<string>("user") }), "at", { n: 2 }),
    list: collect("n"),
    cheap: collect("n").where(cheap),
    rows: collect().where(cheap),
    latest: reduce((a: Sale, b: Sale) => a.at > b.at ? a : b),
    spent: aggregateOf({
      init: () => ({ sum: 0 }),
      add(state: { sum: number }, price: number) {
        state.sum += price;
        return state;
      },
      merge: (a, b) => ({ sum: a.sum + b.sum }),
      result: ({ sum }) => sum,
    }, { of: "price", type: t.f64 }),
    path: aggregateRows((rows: Sale[]) => rows.map(({ n }) => String(n)).join(), { type: t.utf8 }),
  });
}

type Results = Record<string, unknown>;

/** The same by definition, of the rows of each window and key in the order of the source. */
function expectedOf(rows: readonly Sale[], slide = SLIDE): Results[] {
  const groups = new Map<string, { start: number; key: string; rows: Sale[] }>();
  for (const row of rows) {
    const last = Math.floor(row.at / slide) * slide;
    for (let start = last; start > row.at - SIZE; start -= slide) {
      const name = `${start} ${row.key}`;
      const group = groups.get(name) ?? { start, key: row.key, rows: [] };
      groups.set(name, group);
      group.rows.push(row);
    }
  }
  return [...groups.values()].map(({ start, key, rows }) => {
    return { windowStart: start, windowEnd: start + SIZE, key, ...definedOf(rows) };
  }).sort((a, b) => a.windowStart - b.windowStart || (a.key < b.key ? -1 : 1));
}

function definedOf(rows: readonly Sale[]): Results {
  const given = rows.map((values): OracleRow => ({ time: values.at, keys: [], values }));
  const of = (aggregate: (rows: readonly OracleRow[]) => unknown) => aggregate(given);
  const some = rows.filter(({ price }) => price !== null && price < 0);
  const prices = rows.map(({ price }) => price).filter((price) => price !== null);
  const counts = [...of(exactly.counts("user")) as Map<string, number>];
  const latest = rows.reduce((a, b) => a.at > b.at ? a : b);
  return {
    all: rows.length,
    whole: of(exactly.sum("n")),
    earliest: of(exactly.first("n")),
    users: of(exactly.countDistinct("user")),
    about: of(exactly.countDistinct("user")),
    edges: prices.length === 0 ? null : [Math.min(...prices), Math.max(...prices)],
    top: counts.toSorted((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, 2)
      .map(([value, count]) => ({ value, count, error: 0 })),
    bins: {
      bins: (of(exactly.histogram("price", bounds)) as number[]).map((count, at) => {
        return { from: bounds[at], to: bounds[at + 1], count };
      }),
      below: prices.filter((price) => price < bounds[0]).length,
      above: prices.filter((price) => price >= bounds[3]).length,
      nan: 0,
    },
    dearest: of(exactly.highest("user", "price", 3)),
    first: rows.toSorted((a, b) => a.at - b.at).slice(0, 2).map(({ n, user }) => ({ n, user })),
    list: rows.map(({ n }) => n),
    cheap: some.map(({ n }) => n),
    rows: some,
    latest,
    path: rows.map(({ n }) => n).join(),
    total: of(exactly.sum("price")),
    spent: prices.reduce((a, b) => a + b, 0),
    median: of(exactly.quantile("price", 0.5)),
  };
}

/** Quantiles are within a hundredth; all else is the same, prices being quarters. */
function assertResults(got: readonly Results[], expected: readonly Results[]): void {
  const close = got.map((row, at) => {
    const [median, real] = [row.median, expected[at]?.median] as [number, number];
    return { ...row, median: Math.abs(median - real) <= 0.01 * Math.abs(real) ? real : median };
  });
  assertEquals(close, expected as typeof close);
}

Deno.test("lists, sketches and functions give what they are defined as, on any number of bees", async () => {
  await forSeedsAsync(RUNS, async (random, seed) => {
    const rows = randomSales(random, 400);
    const slide = random.pick([SLIDE, SIZE, 400]);
    const got = await inSimulation(
      seed,
      (options) => Array.fromAsync<Results>(aggregated(rows, options, slide)),
    );
    assertResults(got, expectedOf(rows, slide));
  });
});

Deno.test("lists, sketches and functions survive the loss of bees", async () => {
  let lost = 0;
  await forSeedsAsync(RUNS, async (random, seed) => {
    const rows = randomSales(random, 400);
    const runtime = new SimulatedRuntime({ seed });
    const pipeline = aggregated(rows, { ...randomOptions(random), runtime });
    breakBees(runtime, new Random(seed));
    const got = await runtime.drive(() => Array.fromAsync<Results>(pipeline));
    assertResults(got, expectedOf(rows));
    lost += pipeline.metrics().lostBees;
  });
  assert(lost > RUNS / 4, `only ${lost} bees were lost`);
});

Deno.test("lists, sketches and functions run in worker threads, and have their types", async () => {
  const rows = randomSales(new Random(1), 300);
  const got: Results[] = [];
  for await (const row of aggregated(rows, { workers: 2 })) {
    const typed: {
      users: number;
      median: number | null;
      edges: number[] | null;
      top: { value: string; count: number; error: number }[];
      list: bigint[];
      latest: Sale | null;
      spent: number;
      path: string;
    } = row;
    // @ts-expect-error: counts are numbers
    const wrong: string = row.users;
    assertEquals(wrong as unknown, typed.users);
    assertEquals(row.bins.bins.length, bounds.length - 1);
    got.push(row);
  }
  assertResults(got, expectedOf(rows));
});

Deno.test("one aggregate in JavaScript beside others gives the same of those", async () => {
  const rows = randomSales(new Random(3), 300);
  const kernel = { n: count(), whole: sum("n"), average: mean("price") };
  const of = (more: { list?: ReturnType<typeof collect> }) =>
    Array.fromAsync<Results>(
      windowed(rows, { workers: 1 }, SIZE).aggregate({ ...kernel, ...more } as typeof kernel),
    );
  const beside = await of({ list: collect() });
  assertEquals(beside.map(({ list: _, ...row }) => row), await of({}));
});

Deno.test("a function that fails in a bee fails the run, named, with what it threw as cause", async () => {
  const failing = windowed([{ at: 1, key: "a", user: "b", price: 1, n: 1n }], { workers: 2 })
    .aggregate({
      worst: aggregateRows((rows: Sale[]) => {
        throw new RangeError(`no ${rows[0].user}`);
      }),
    });
  const error = await assertRejects(
    () => failing.run(),
    StreamingError,
    `Cannot compute "worst": the function of aggregateRows() failed: no b`,
  );
  const { name, message } = error.cause as Error;
  assertEquals([name, message], ["RangeError", "no b"]);
  assertEquals(failing.metrics().lostBees, 0);
});

Deno.test("results that do not fit the type that was told fail the run, and cost no bee", async () => {
  const text = aggregateRows((rows: Sale[]) => `${rows.length}`, { type: t.f64 as never });
  const odd = windowed([{ at: 1, key: "a", user: "b", price: 1, n: 1n }], { workers: 1 })
    .aggregate({ text });
  await assertRejects(() => odd.run(), TypeError, `Cannot give results: column "text" cannot hold`);
  assertEquals(odd.metrics().lostBees, 0);
});

Deno.test("a limit that is passed fails the run, and costs no bee", async () => {
  const rows = randomSales(new Random(2), 300);
  const few = windowed(rows, { workers: 2 }).aggregate({ few: collect(undefined, { limit: 3 }) });
  await assertRejects(() => few.run(), RangeError, `Cannot compute "few": collect keeps at most 3`);
  assertEquals(few.metrics().lostBees, 0);
});

Deno.test("a module that cannot be loaded fails the run with what it lacks", async () => {
  const module = new URL("./support/aggregate_exports.ts", import.meta.url);
  const none = windowed(randomSales(new Random(2), 30), { workers: 1 })
    .aggregate({ none: aggregateOf({ module, export: "nothing" }) });
  const error = await assertRejects(() => none.run(), Error);
  assert(`${error.message} ${error.cause}`.includes("the module has no such export"), `${error}`);
  const total = windowed(randomSales(new Random(2), 30), { workers: 1 })
    .aggregate({ total: aggregateOf({ module, export: "total" }, { of: "price" }), n: count() });
  for await (const { total: spent, n } of total) assert(typeof spent === "number" && n > 0);
});

Deno.test("explain() says which aggregate brings rows in order, and why", () => {
  const text = windowed([], { workers: 1 })
    .aggregate({ n: count(), users: countDistinct("user") }).explain();
  assert(text.includes(`because "users" is computed in JavaScript: it keeps the values`), text);
  assert(text.includes(`"n" = count(): in JavaScript`), text);
  const many = windowed([], { workers: 1 }).aggregate({
    q: quantile("price", 0.5),
    qs: quantiles("price", [0.5, 0.9]),
    top: topK("user", 3),
    bins: histogram("price", { bounds }),
    best: highest("user", "price", { n: 5 }).where(cheap),
    rows: collect(),
    some: collect().where(cheap),
  }).explain();
  for (
    const line of [
      `"q" = quantile("price", 0.5)`,
      `"qs" = quantiles("price", [0.5, 0.9])`,
      `"top" = topK("user", 3)`,
      `"bins" = histogram("price", 3 bins)`,
      `"best" = highest("user", "price", 5).where(col("price").lt(0))`,
      `"rows" = collect(whole rows)`,
      `"some" = collect(whole rows).where(col("price").lt(0))`,
    ]
  ) assert(many.includes(`${line}: in JavaScript`), many);
  const kernel = windowed([], { workers: 1 }).aggregate({ n: count() }).explain();
  assert(!kernel.includes("in order"), kernel);
});

Deno.test("windows without rows for a condition have empty lists, and counts of 0", async () => {
  const rows = [{ at: 1, key: "a", user: null, price: null, n: 1n }];
  const none = from(new IterableSource(rows, { schema: COLUMNS }), { workers: 1 })
    .timestamps("at").window(new TumblingWindow({ size: 10 }))
    .aggregate({
      list: collect().where(cheap),
      users: countDistinct("user"),
      top: topK("user", 1),
      q: quantile("price", 0.5),
      own: aggregateRows((rows: Sale[]) => rows.length).where(cheap),
      last: reduce((a: Sale, _b: Sale) => a).where(cheap),
    });
  const results = await Array.fromAsync(none);
  const empty = { list: [], users: 0, top: [], q: null, own: 0, last: null };
  assertEquals(results, [{ windowStart: 0, windowEnd: 10, ...empty }]);
});
