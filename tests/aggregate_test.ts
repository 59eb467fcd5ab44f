import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  col,
  count,
  first,
  from,
  IterableSource,
  last,
  max,
  mean,
  min,
  type PipelineOptions,
  schema,
  stddev,
  sum,
  TumblingWindow,
  types as t,
  variance,
} from "../mod.ts";
import { forSeedsAsync, type Random } from "./support/random.ts";
import { inSimulation } from "./support/simulated_case.ts";

const RUNS = 60;
const SIZE = 1000;

const COLUMNS = schema({
  at: t.timestamp,
  key: t.utf8,
  status: t.i32,
  amount: t.f64,
  big: t.i64,
  text: t.utf8,
  paid: t.bool,
});

interface Sale {
  at: number;
  key: string | null;
  status: number | null;
  amount: number | null;
  big: bigint | null;
  text: string | null;
  paid: boolean | null;
}

/** Rows in order of time, whose fractions sum exactly. */
function randomSales(random: Random, most: number): Sale[] {
  const maybe = <T>(value: T) => random.chance(0.15) ? null : value;
  return Array.from({ length: random.below(most) }, (_, n) => ({
    at: n * 10,
    key: maybe(`key ${random.below(4)}`),
    status: maybe(random.pick([200, 404, 500])),
    amount: maybe(random.below(4000) / 4 - 500),
    big: maybe(BigInt(random.below(100)) * 4_000_000_000n),
    text: maybe(random.pick(["", "a", "bb"])),
    paid: maybe(random.chance(0.6)),
  }));
}

type Wanted = Record<string, unknown>;

/** Of each window and key what `of` makes of its rows. */
function byGroup(rows: readonly Sale[], of: (rows: readonly Sale[]) => Wanted): Wanted[] {
  const groups = Map.groupBy(rows, ({ at, key }) => JSON.stringify([at - at % SIZE, key]));
  return [...groups].map(([name, rows]) => {
    const [windowStart, key] = JSON.parse(name);
    return { windowStart, windowEnd: windowStart + SIZE, key, ...of(rows) };
  });
}

const total = (values: readonly number[]) =>
  values.length === 0 ? null : values.reduce((a, b) => a + b);

/** What is there of the values of those rows for which the condition holds. */
function picked<T>(
  rows: readonly Sale[],
  where: (row: Sale) => boolean | null,
  value: (row: Sale) => T | null,
): T[] {
  return rows.filter((row) => where(row) === true).map(value).filter((each) =>
    each !== null
  ) as T[];
}

/** In an order of its own, since only windows come in the order of their start. */
function inOrder(rows: readonly Wanted[]): Wanted[] {
  const nameOf = ({ windowStart, key }: Wanted) =>
    `${String(windowStart).padStart(9, "0")} ${JSON.stringify(key)}`;
  return rows.toSorted((a, b) => nameOf(a) < nameOf(b) ? -1 : 1);
}

function windowed(rows: readonly Sale[], options: PipelineOptions) {
  return from(new IterableSource(rows, { schema: COLUMNS, batchRows: 13 }), options)
    .timestamps("at").keyBy("key").window(new TumblingWindow({ size: SIZE }));
}

async function all(pipeline: AsyncIterable<object>): Promise<Wanted[]> {
  const rows: Wanted[] = [];
  for await (const row of pipeline) rows.push({ ...row });
  return inOrder(rows);
}

const failed = col("status").eq(500);
const FILTERED = {
  n: count(),
  failures: count().where(failed),
  texts: count("text").where(failed),
  paid: sum("amount").where(col("paid")),
  both: sum("amount").where(col("paid")).where(failed),
  average: mean("status").where(col("text").ne("a")),
  least: min("big").where(col("paid").not()),
  most: max("at").where(failed),
  first: first("amount").where(failed),
  last: last("status").where(col("paid")),
};

function filteredOf(rows: readonly Sale[]): Wanted {
  const isFailed = ({ status }: Sale) => status === 500;
  const paid = picked(rows, (row) => row.paid, (row) => row.amount);
  const both = picked(rows, (row) => row.paid && isFailed(row), (row) => row.amount);
  const texts = (row: Sale) => row.text !== null && row.text !== "a";
  const statuses = picked(rows, texts, (row) => row.status);
  const bigs = picked(rows, (row) => row.paid === null ? null : !row.paid, (row) => row.big);
  const times = picked(rows, isFailed, (row) => row.at);
  return {
    n: rows.length,
    failures: times.length,
    texts: picked(rows, isFailed, (row) => row.text).length,
    paid: total(paid),
    both: total(both),
    average: statuses.length === 0 ? null : total(statuses)! / statuses.length,
    least: bigs.length === 0 ? null : bigs.reduce((a, b) => a < b ? a : b),
    most: times.at(-1) ?? null,
    first: picked(rows, isFailed, (row) => row.amount)[0] ?? null,
    last: picked(rows, (row) => row.paid, (row) => row.status).at(-1) ?? null,
  };
}

Deno.test("where() takes the rows for which its condition is true, on any number of bees", async () => {
  await forSeedsAsync(RUNS, async (random, seed) => {
    const rows = randomSales(random, 400);
    const results = await inSimulation(
      seed,
      (options) => all(windowed(rows, options).aggregate(FILTERED)),
    );
    assertEquals(results, inOrder(byGroup(rows, filteredOf)));
  });
});

Deno.test("Aggregates take expressions where they take columns", async () => {
  const both = col("amount").mul(col("status"));
  await forSeedsAsync(RUNS, async (random, seed) => {
    const rows = randomSales(random, 400);
    const results = await inSimulation(seed, (options) =>
      all(
        windowed(rows, options).aggregate({
          total: sum(both),
          known: count(both),
          paid: sum(both).where(col("paid")),
          long: max(col("text").length()),
        }),
      ));
    const value = ({ amount, status }: Sale) =>
      amount === null || status === null ? null : amount * status;
    const expected = byGroup(rows, (rows) => {
      const values = picked(rows, () => true, value);
      const texts = picked(rows, () => true, ({ text }) => text);
      return {
        total: total(values),
        known: values.length,
        paid: total(picked(rows, ({ paid }) => paid, value)),
        long: texts.length === 0 ? null : Math.max(...texts.map(({ length }) => length)),
      };
    });
    assertEquals(results, inOrder(expected));
  });
});

Deno.test("where() works behind filter() and select(), and counts late rows as without it", async () => {
  const rows = [0, 5, 2500, 100, 2600].map((at) => ({ at, value: at }));
  const pipeline = from(rows, { workers: 2 }).timestamps("at")
    .filter(col("value").ne(5))
    .select({ twice: col<number>("value").mul(2) })
    .window(new TumblingWindow({ size: 1000 }))
    .aggregate({ n: count(), large: sum("twice").where(col("twice").gt(5000)) });
  assertEquals(await all(pipeline), [
    { windowStart: 0, windowEnd: 1000, n: 1, large: null },
    { windowStart: 2000, windowEnd: 3000, n: 2, large: 5200 },
  ]);
  const { late, filtered, absorbed, unaccounted } = pipeline.metrics();
  assertEquals({ late, filtered, absorbed, unaccounted }, {
    late: 1,
    filtered: 1,
    absorbed: 3,
    unaccounted: 0,
  });
});

Deno.test("A row for which an aggregate's expression has no value goes the way of badRecords", async () => {
  const rows = [{ at: 1, text: "1" }, { at: 2, text: "x" }, { at: 3, text: "3" }];
  const options = { workers: 1, badRecords: "skip" } as const;
  const pipeline = from(rows, options).timestamps("at")
    .window(new TumblingWindow({ size: 1000 }))
    .aggregate({ n: count(), total: sum(col("text").cast("f64")) });
  assertEquals(await all(pipeline), [{ windowStart: 0, windowEnd: 1000, n: 2, total: 4 }]);
  assertEquals(pipeline.metrics().skipped, 1);
});

Deno.test("variance() and stddev() are of a sample unless told that it is the population", async () => {
  const rows = [2, 4, 4, 4, 5, 5, 7, 9].map((value, at) => ({ at, value }));
  const lone = col("value").eq(9);
  const [result] = await all(
    from(rows, { workers: 1 }).timestamps("at").window(new TumblingWindow({ size: 100 }))
      .aggregate({
        sample: variance("value"),
        all: variance("value", { population: true }),
        root: stddev("value", { population: true }),
        lone: stddev("value").where(lone),
        loneOfAll: stddev("value", { population: true }).where(lone),
        none: variance("value", { population: true }).where(col("value").gt(9)),
      }),
  );
  const { windowStart: _, windowEnd: __, ...values } = result;
  assertEquals(values, {
    sample: 32 / 7,
    all: 4,
    root: 2,
    lone: null,
    loneOfAll: 0,
    none: null,
  });
});

Deno.test("Results have the same types with where() as without", async () => {
  const sale = { at: 0, key: "a", status: 1, amount: 2, big: 3n, text: "", paid: true };
  const columns = ["at", "status", "amount", "big"] as const;
  const typesOf = async (condition: boolean) => {
    const where = <A extends ReturnType<typeof max>>(spec: A) =>
      condition ? spec.where(col("paid")) : spec;
    const wanted = Object.fromEntries(columns.flatMap((column) => [
      [`count ${column}`, where(count(column) as never)],
      [`max ${column}`, where(max(column) as never)],
      [`last ${column}`, where(last(column) as never)],
      ...(column === "at" ? [] : [
        [`sum ${column}`, where(sum(column) as never)],
        [`mean ${column}`, where(mean(column) as never)],
      ]),
    ]));
    const pipeline = windowed([sale], { workers: 1 }).aggregate(wanted);
    for await (const { schema } of pipeline.batches()) return schema;
  };
  assertEquals(await typesOf(true), await typesOf(false));
});

Deno.test("where() and aggregates of expressions refuse what does not fit, by name", async () => {
  const message = (aggregates: Parameters<ReturnType<typeof windowed>["aggregate"]>[0]) =>
    assertRejects(() => all(windowed([], { workers: 1 }).aggregate(aggregates)), TypeError);
  const cases = [
    [count().where(col("statos").eq(1)), 'col("statos"): there is no such column'],
    [
      sum("amount").where(col("text")),
      'where col("text"): a condition is true or false, this is utf8',
    ],
    [sum("text").where(col("paid")), 'Cannot take sum of column "text": it must be a number'],
    [sum(col("text").upper()), 'Cannot take sum of col("text").upper(): it must be a number'],
    [mean(col("amount").add(col("nope"))), 'col("nope"): there is no such column'],
  ] as const;
  for (const [aggregate, text] of cases) {
    const error = await message({ wrong: aggregate as never });
    assertEquals(error.message.includes(text), true, error.message);
  }
  const misspelt = from([{ at: 1, sensor: "a" }], { workers: 1 }).timestamps("at")
    .keyBy("senor" as "sensor").window(new TumblingWindow({ size: 1 }))
    .aggregate({ n: count().where(col("sensor").eq("a")) });
  const { message: listing } = await assertRejects(() => all(misspelt), TypeError);
  assertEquals(listing.endsWith('the columns are "at", "sensor"'), true, listing);
  // deno-lint-ignore no-explicit-any
  const untyped = { where: count().where.bind(count()) as any, sum: sum as any };
  assertThrows(() => untyped.where("paid"), TypeError, "where() takes an expression");
  assertThrows(() => untyped.sum(), TypeError, "Cannot take sum: it is of a column, by its name");
  assertThrows(() => untyped.sum(3), TypeError, "received number");
});
