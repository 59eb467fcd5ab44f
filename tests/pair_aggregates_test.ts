import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  argMax,
  argMin,
  col,
  correlation,
  count,
  covariance,
  from,
  IterableSource,
  type PipelineOptions,
  schema,
  SlidingWindow,
  TumblingWindow,
  types as t,
} from "../mod.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { forSeedsAsync, Random } from "./support/random.ts";
import { inSimulation } from "./support/simulated_case.ts";

const RUNS = 60;
const SIZE = 1000;
const TOLERANCE = 1e-9;

const COLUMNS = schema({
  at: t.timestamp,
  key: t.i32,
  x: t.f64,
  y: t.i32,
  big: t.i64,
  text: t.utf8,
  tags: t.list(t.utf8),
});

interface Point {
  at: number;
  key: number;
  x: number | null;
  y: number | null;
  big: bigint | null;
  text: string | null;
  tags?: string[];
}

/** Rows out of order, within `DISORDER`, many of them with equal times and values. */
const DISORDER = 200;

function randomPoints(random: Random, most: number): Point[] {
  const maybe = <T>(value: T) => random.chance(0.15) ? null : value;
  return Array.from({ length: random.below(most) }, (_, n) => ({
    at: 10_000 + n * 5 - random.below(DISORDER / 10) * 10,
    key: random.below(3),
    x: maybe(random.below(30) / 3),
    y: maybe(random.below(6)),
    big: maybe(BigInt(n) * 4_000_000_000n),
    text: maybe("a"),
  }));
}

function keyed(rows: readonly Point[], options: PipelineOptions) {
  return from(new IterableSource(rows, { schema: COLUMNS, batchRows: 13 }), options)
    .timestamps("at", { maxDisorder: DISORDER }).keyBy("key");
}

function windowed(rows: readonly Point[], options: PipelineOptions) {
  return keyed(rows, options).window(new TumblingWindow({ size: SIZE }));
}

async function all<Row>(pipeline: AsyncIterable<Row>): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of pipeline) rows.push(row);
  return rows;
}

/** The rows of each window and key, in the order of results. */
function groupsOf(rows: readonly Point[]): Map<string, Point[]> {
  const groups = Map.groupBy(rows, ({ at, key }) => `${at - at % SIZE} ${key}`);
  const order = (name: string) => name.split(" ").map(Number);
  return new Map(
    [...groups].sort(([a], [b]) => {
      const [[aStart, aKey], [bStart, bKey]] = [order(a), order(b)];
      return aStart - bStart || aKey - bKey;
    }),
  );
}

/** The row of the least rank; among equal ones the earliest, then the first in the source. */
function best<T>(
  rows: readonly Point[],
  of: (row: Point) => T | null,
  rank: (row: Point) => number | null,
): T | null {
  const known = rows.filter((row) => of(row) !== null && rank(row) !== null);
  const inOrder = known.toSorted((a, b) => rank(a)! - rank(b)! || a.at - b.at);
  return inOrder.length === 0 ? null : of(inOrder[0]);
}

Deno.test("argMin() and argMax() give the value of the earliest best row, on any number of bees", async () => {
  await forSeedsAsync(RUNS, async (random, seed) => {
    const rows = randomPoints(random, 500);
    const results = await inSimulation(seed, (options) =>
      all(
        windowed(rows, options).aggregate({
          least: argMin("big", "y"),
          most: argMax("x", "y"),
          when: argMin("at", "x"),
          some: argMax("big", "x").where(col("y").gt(2)),
          computed: argMin(col("y").mul(2), col("x").neg()),
        }),
      ));
    const expected = [...groupsOf(rows).values()].map((rows) => ({
      least: best(rows, ({ big }) => big, ({ y }) => y),
      most: best(rows, ({ x }) => x, ({ y }) => y && -y),
      when: best(rows, ({ at }) => at, ({ x }) => x),
      some: best(rows.filter(({ y }) => (y ?? 0) > 2), ({ big }) => big, ({ x }) => x && -x),
      computed: best(rows, ({ y }) => y && y * 2, ({ x }) => x && -x),
    }));
    const got = results.map(({ least, most, when, some, computed }) => {
      return { least, most, when, some, computed };
    });
    assertEquals(got, expected);
  });
});

Deno.test("Windows that overlap put aggregates of two columns and of some rows together", async () => {
  const slide = 400;
  await forSeedsAsync(RUNS, async (random, seed) => {
    const rows = randomPoints(random, 500);
    const results = await inSimulation(
      seed,
      (options) =>
        all(
          keyed(rows, options).window(new SlidingWindow({ size: SIZE, slide })).aggregate({
            most: argMax("x", "y"),
            covariance: covariance("x", "y"),
            some: count().where(col("text").eq("a")),
          }),
        ),
    );
    const starts = new Set(rows.flatMap(({ at }) => {
      const last = at - at % slide;
      return [last, last - slide, last - 2 * slide].filter((start) => at < start + SIZE);
    }));
    const groups = [...starts].sort((a, b) => a - b).flatMap((start) => {
      const own = rows.filter(({ at }) => at >= start && at < start + SIZE);
      return [0, 1, 2].map((key) => ({ start, rows: own.filter((row) => row.key === key) }));
    }).filter(({ rows }) => rows.length > 0);
    assertEquals(results.map(({ windowStart }) => windowStart), groups.map(({ start }) => start));
    results.forEach((result, index) => {
      const { rows } = groups[index];
      assertEquals(result.most, best(rows, ({ x }) => x, ({ y }) => y && -y));
      assertEquals(result.some, rows.filter(({ text }) => text === "a").length);
      const pairs = rows.flatMap(({ x, y }) => x === null || y === null ? [] : [[x, y] as const]);
      assertNear(result.covariance, direct(pairs).covariance);
    });
  });
});

/** Sample covariance and correlation by their definitions. */
function direct(pairs: readonly (readonly [number, number])[]) {
  const n = pairs.length;
  const xMean = pairs.reduce((sum, [x]) => sum + x, 0) / n;
  const yMean = pairs.reduce((sum, [, y]) => sum + y, 0) / n;
  const products = pairs.reduce((sum, [x, y]) => sum + (x - xMean) * (y - yMean), 0);
  const xSquares = pairs.reduce((sum, [x]) => sum + (x - xMean) ** 2, 0);
  const ySquares = pairs.reduce((sum, [, y]) => sum + (y - yMean) ** 2, 0);
  return {
    covariance: n < 2 ? null : products / (n - 1),
    correlation: n < 2 || xSquares < 1e-20 || ySquares < 1e-20
      ? null
      : products / Math.sqrt(xSquares * ySquares),
  };
}

function assertNear(actual: number | null, expected: number | null): void {
  if (actual === null || expected === null) return assertEquals(actual, expected);
  const tolerance = TOLERANCE * Math.max(1, Math.abs(expected));
  assert(Math.abs(actual - expected) <= tolerance, `${actual} is not near ${expected}`);
}

Deno.test("covariance() and correlation() equal their definitions over rows that have both values", async () => {
  await forSeedsAsync(RUNS, async (random, seed) => {
    const rows = randomPoints(random, 500);
    const results = await inSimulation(
      seed,
      (options) =>
        all(
          windowed(rows, options).aggregate({
            covariance: covariance("x", "y"),
            correlation: correlation("x", "y"),
            some: covariance("x", "y").where(col("text").eq("a")),
          }),
        ),
    );
    const groups = [...groupsOf(rows).values()];
    assertEquals(results.length, groups.length);
    results.forEach((result, index) => {
      const pairsOf = (rows: readonly Point[]) =>
        rows.flatMap(({ x, y }) => x === null || y === null ? [] : [[x, y] as const]);
      const expected = direct(pairsOf(groups[index]));
      assertNear(result.covariance, expected.covariance);
      assertNear(result.correlation, expected.correlation);
      const some = groups[index].filter(({ text }) => text === "a");
      assertNear(result.some, direct(pairsOf(some)).covariance);
    });
  });
});

/** A normal deviate (Box and Muller). */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

Deno.test("correlation() finds the correlation of a sample, however far from 0 its values are", async () => {
  const random = new Random(7);
  const correlated = 0.6;
  for (const offset of [0, 1e9]) {
    const pairs = Array.from({ length: 20_000 }, (): [number, number] => {
      const [a, b] = [normal(random), normal(random)];
      return [offset + a, 3 * (correlated * a + Math.sqrt(1 - correlated ** 2) * b) - offset];
    });
    const rows = pairs.map(([x, y], at) => ({ at, x, y }));
    const expected = direct(pairs.map(([x, y]) => [x - offset, y + offset]));
    for (const workers of [1, 3]) {
      const runtime = new SimulatedRuntime({ seed: workers });
      const [result] = await runtime.drive(() =>
        all(
          from(rows, { workers, epochRows: 1000, runtime }).timestamps("at")
            .window(new TumblingWindow({ size: 100_000 }))
            .aggregate({ r: correlation("x", "y"), cov: covariance("x", "y") }),
        )
      );
      assert(Math.abs(result.r! - correlated) < 0.02, `${result.r}`);
      assert(Math.abs(result.cov! - 3 * correlated) < 0.1, `${result.cov}`);
      assert(Math.abs(result.r! - expected.correlation!) < 1e-6, `${result.r}`);
      assert(Math.abs(result.cov! - expected.covariance!) < 1e-6, `${result.cov}`);
    }
  }
});

Deno.test("Aggregates of two columns skip nulls and follow their rules for NaN and sameness", async () => {
  const given = [[1, 5, 2], [2, NaN, 2], [3, 1, 2], [null, 0, 2], [4, null, 2]] as const;
  const rows = given.map(([x, y, flat], at) => ({ at, x, y, flat }));
  const [result] = await all(
    from(rows, { workers: 1 }).timestamps("at").window(new TumblingWindow({ size: 100 }))
      .aggregate({
        least: argMin("x", "y"),
        most: argMax("x", "y"),
        known: argMin("x", "y").where(col("y").isNaN().not()),
        nan: covariance("x", "y"),
        flat: correlation("x", "flat"),
        zero: covariance("x", "flat"),
        itself: correlation("x", "x"),
        one: covariance("x", "y").where(col("y").eq(1)),
        none: argMax("x", "y").where(col("x").gt(100)),
      }),
  );
  const { windowStart: _, windowEnd: __, ...values } = result;
  assertEquals(values, {
    least: 2,
    most: 2,
    known: 3,
    nan: NaN,
    flat: null,
    zero: 0,
    itself: 1,
    one: null,
    none: null,
  });
});

Deno.test("Aggregates of two columns refuse what does not fit, by name", async () => {
  const cases = [
    [argMax("x", "tags"), 'Cannot take argMax by column "tags": it must be a number, timestamp'],
    [argMax("x", "tags"), "bool, text, bytes or decimal, received list; take it of a part of that"],
    [covariance("x", "text"), 'Cannot take covariance by column "text": it must be a number, rec'],
    [correlation("at", "x"), 'Cannot take correlation of column "at": it must be a number, rec'],
    [argMin("x", "nope" as "y"), 'Cannot take argMin by column "nope": there is none of that name'],
  ] as const;
  for (const [aggregate, text] of cases) {
    const pipeline = windowed([], { workers: 1 }).aggregate({ wrong: aggregate as never });
    const { message } = await assertRejects(() => all(pipeline), TypeError);
    assert(message.includes(text), message);
  }
  // deno-lint-ignore no-explicit-any
  assertThrows(() => (argMin as any)("x"), TypeError, "Cannot take argMin: it is of a column");
});
