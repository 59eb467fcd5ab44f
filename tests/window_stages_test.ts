import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  CalendarWindow,
  col,
  count,
  from,
  max,
  MemoryPublisher,
  SlidingWindow,
  sum,
  together,
  TumblingWindow,
  type WindowAssigner,
} from "../mod.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { assertAccounted } from "./support/accounts.ts";
import { breakBees, inSimulation, randomOptions } from "./support/simulated_case.ts";
import { forSeedsAsync, Random } from "./support/random.ts";
import { windowsAt } from "./support/window_oracle.ts";

interface Reading {
  readonly at: number;
  readonly key: string;
  readonly n: number;
}

/** Rows of each window and key, by the definition. */
function grouped<Row extends { key: string }>(
  rows: readonly Row[],
  window: WindowAssigner,
  timeOf: (row: Row) => number,
): { start: number; end: number; key: string; rows: Row[] }[] {
  const groups = new Map<string, { start: number; end: number; key: string; rows: Row[] }>();
  for (const row of rows) {
    for (const { start, end } of windowsAt(window, timeOf(row))) {
      const name = `${start} ${end} ${row.key}`;
      groups.getOrInsertComputed(name, () => ({ start, end, key: row.key, rows: [] })).rows
        .push(row);
    }
  }
  return [...groups.values()];
}

function randomWindow(random: Random): WindowAssigner {
  const size = 1 + random.below(300);
  return random.chance(0.5)
    ? new TumblingWindow({ size, offset: random.below(50) })
    : new SlidingWindow({ size, slide: 1 + random.below(100) });
}

/** What windows of window results come to, though bees hang and crash, and by the definition. */
async function simulateStages(seed: number) {
  const random = new Random(seed);
  const rows = Array.from({ length: random.below(500) }, (_, n): Reading => {
    return { at: 5 * n - random.below(40), key: `k${random.below(4)}`, n };
  });
  const [inner, outer] = [randomWindow(random), randomWindow(random)];
  const runtime = new SimulatedRuntime({ seed });
  const options = { ...randomOptions(random), badRecords: "skip" as const, runtime };
  const pipeline = from(rows, options).timestamps("at", { maxDisorder: 40 })
    .keyBy("key").window(inner).aggregate({ rows: count(), total: sum("n") })
    .filter(col("rows").gt(1))
    .withColumn("twice", col<number>("total").mul(2))
    .keyBy("key").window(outer).aggregate({ windows: count(), total: sum("twice") });
  const out: string[] = [];
  await runtime.drive(async () => {
    breakBees(runtime, random);
    for await (const { windowStart, windowEnd, key, windows, total } of pipeline) {
      out.push([windowStart, windowEnd, key, windows, total].join(" "));
    }
  });
  const first = grouped(rows, inner, ({ at }) => at).filter(({ rows }) => rows.length > 1)
    .map(({ end, key, rows }) => ({
      end,
      key,
      twice: 2 * rows.reduce((sum, { n }) => sum + n, 0),
    }));
  const expected = grouped(first, outer, ({ end }) => end - 1).map(({ start, end, key, rows }) =>
    [start, end, key, rows.length, rows.reduce((sum, { twice }) => sum + twice, 0)].join(" ")
  );
  return { out, expected, metrics: pipeline.metrics() };
}

Deno.test("Windows of window results are what the definition says, though bees hang and crash", async () => {
  let compared = 0;
  await forSeedsAsync(60, async (_, seed) => {
    const { out, expected, metrics } = await simulateStages(seed).catch((error) => {
      // A bee that is killed before it is ready is taken for one that cannot work.
      if (error.name === "UnfitBeeError") return { out: [], expected: [], metrics: undefined };
      throw error;
    });
    if (!metrics || metrics.skipped > 0) return;
    assertEquals(out.toSorted(), expected.toSorted(), `seed ${seed}`);
    assertEquals(metrics.late, 0);
    assertAccounted(metrics);
    compared++;
  });
  assert(compared > 30, `${compared} seeds were compared`);
});

Deno.test("Windows of window results are the same on one, two and three bees", async () => {
  const rows = Array.from({ length: 400 }, (_, n) => ({ at: 7 * n, key: `k${n % 3}`, n }));
  const results = [0, 1, 2].map((seed) =>
    inSimulation(seed, (options) =>
      Array.fromAsync(
        from(rows, options).timestamps("at").keyBy("key").window(new TumblingWindow({ size: 100 }))
          .aggregate({ total: sum("n") })
          .map(({ key, total }) => ({ key: key === "k1" ? "one" : "other", total: total! / 2 }))
          .keyBy("key").window(new SlidingWindow({ size: 450, slide: 150 }))
          .aggregate({ n: count(), most: max("total") }),
      ))
  );
  const [one, two, three] = await Promise.all(results);
  assert(one.length > 20);
  assertEquals(two, one);
  assertEquals(three, one);
});

Deno.test("A result of windows has the last millisecond of its window as its time", async () => {
  const pipeline = from([{ at: 0 }, { at: 999 }, { at: 1_000 }], { workers: 1 }).timestamps("at")
    .window(new TumblingWindow({ size: 1_000 })).aggregate({ n: count() })
    .window(new TumblingWindow({ size: 1_000 })).aggregate({ results: count(), rows: sum("n") });
  assertEquals(await Array.fromAsync(pipeline), [
    { windowStart: 0, windowEnd: 1_000, results: 1, rows: 2 },
    { windowStart: 1_000, windowEnd: 2_000, results: 1, rows: 1 },
  ]);
});

/** Rows that come when they are sent, until it is ended. */
function faucet<Row>() {
  const waiting: Row[] = [];
  let [wake, ended] = [() => {}, false];
  return {
    send: (...rows: Row[]) => {
      waiting.push(...rows);
      wake();
    },
    end: () => {
      ended = true;
      wake();
    },
    async *[Symbol.asyncIterator](): AsyncGenerator<Row> {
      while (!ended || waiting.length > 0) {
        if (waiting.length > 0) yield waiting.shift()!;
        else await new Promise<void>((resolve) => wake = resolve);
      }
    },
  };
}

Deno.test("A window of results leaves as soon as the first watermark allows, between ends of theirs", async () => {
  for (const workers of [1, 2]) {
    const rows = faucet<{ at: number }>();
    const results = from(rows, { workers }).timestamps("at")
      .window(new TumblingWindow({ size: 10 })).aggregate({ n: count() })
      .window(new TumblingWindow({ size: 15 })).aggregate({ rows: sum("n") }).batches();
    rows.send({ at: 1 }, { at: 4 }, { at: 15 });
    // The window from 10 to 20 of the first ones is open, and the source is silent.
    const { value } = await results.next();
    assertEquals(value!.toRows(), [{ windowStart: 0, windowEnd: 15, rows: 2 }]);
    rows.end();
    const rest = await Array.fromAsync(results);
    assertEquals(rest.flatMap((batch) => batch.toRows()), [
      { windowStart: 15, windowEnd: 30, rows: 1 },
    ]);
  }
});

Deno.test("Results go on without windows, and calendars take them too", async () => {
  const rows = Array.from({ length: 50 }, (_, hour) => ({ at: hour * 3_600_000 }));
  const hours = from(rows, { workers: 2 }).timestamps("at")
    .window(new TumblingWindow({ size: "6h" })).aggregate({ n: count() });
  const busy = hours.filter(col("n").lt(6)).select({ end: col<number>("windowEnd") });
  assertEquals(await Array.fromAsync(busy), [{ end: 54 * 3_600_000 }]);
  const days = hours.window(new CalendarWindow({ unit: "day", timeZone: "UTC" }))
    .aggregate({ rows: sum("n") });
  assertEquals((await Array.fromAsync(days)).map(({ rows }) => rows), [24, 24, 2]);
  const weeks = from(rows, { workers: 1 }).timestamps("at")
    .window(new CalendarWindow({ unit: "day", timeZone: "America/New_York" }))
    .aggregate({ n: count() })
    .window(new TumblingWindow({ size: "1d", offset: "5h" })).aggregate({ rows: sum("n") });
  assertEquals((await Array.fromAsync(weeks)).map(({ rows }) => rows), [5, 24, 21]);
});

Deno.test("Three levels of windows run on three times as many bees, and account for every row", async () => {
  const rows = Array.from({ length: 1000 }, (_, n) => ({ at: n, key: n % 4 }));
  const pipeline = from(rows, { workers: 1 }).timestamps("at")
    .keyBy("key").window(new TumblingWindow({ size: 10 })).aggregate({ n: count() })
    .keyBy("key").window(new TumblingWindow({ size: 100 })).aggregate({ n: sum("n") })
    .window(new TumblingWindow({ size: 1000 })).aggregate({ groups: count(), n: sum("n") });
  assertEquals(await Array.fromAsync(pipeline), [
    { windowStart: 0, windowEnd: 1000, groups: 40, n: 1000 },
  ]);
  const { recordsIn, added, absorbed, bees, windowsFired } = pipeline.metrics();
  assertEquals({ recordsIn, added, absorbed, bees: bees.length, windowsFired }, {
    recordsIn: 1000,
    added: 440,
    absorbed: 1440,
    bees: 3,
    windowsFired: 111,
  });
  assertAccounted(pipeline.metrics());
});

Deno.test("Event times may be of a column that steps have made", async () => {
  const rows = Array.from({ length: 100 }, (_, n) => ({ second: n, n }));
  const windows = new TumblingWindow({ size: "10s", offset: 0 });
  const totals = async (pipeline: AsyncIterable<{ total: number | null }>) =>
    (await Array.fromAsync(pipeline)).map(({ total }) => total);
  for (const workers of [1, 3]) {
    const given = from(rows, { workers });
    const mapped = given.map(({ second, n }) => ({ at: 1000 * second, n })).timestamps("at");
    const computed = given.withColumn("at", col<number>("second").mul(1000)).timestamps("at");
    const selected = given.select({ at: col<number>("second").mul(1000), n: col<number>("n") })
      .timestamps("at");
    for (const timed of [mapped, computed, selected]) {
      const pipeline = timed.filter(col("n").lt(20)).window(windows).aggregate({ total: sum("n") });
      assertEquals(await totals(pipeline), [45, 145]);
      assertAccounted(pipeline.metrics());
      assertEquals(pipeline.metrics().filtered, 80);
      assertEquals(pipeline.metrics().recordsIn, 100);
    }
  }
});

Deno.test("A stop, a drain and who leaves early end the steps before as well", async () => {
  const live = () => {
    const rows = faucet<{ at: number }>();
    const pipeline = from(rows, { workers: 1 }).timestamps("at")
      .window(new TumblingWindow({ size: 10 })).aggregate({ n: count() })
      .window(new TumblingWindow({ size: 20 })).aggregate({ n: sum("n") });
    rows.send({ at: 1 }, { at: 25 });
    return { rows, pipeline };
  };
  for (const onAbort of ["stop", "drain"] as const) {
    const { pipeline } = live();
    const controller = new AbortController();
    const rows: unknown[] = [];
    const reading = (async () => {
      for await (const batch of pipeline.batches({ signal: controller.signal, onAbort })) {
        rows.push(...batch.toRows());
        controller.abort(new Error("enough"));
      }
    })();
    if (onAbort === "stop") await assertRejects(() => reading, Error, "enough");
    else {
      await reading;
      assertEquals(rows, [
        { windowStart: 0, windowEnd: 20, n: 1 },
        { windowStart: 20, windowEnd: 40, n: 1 },
      ]);
      assertAccounted(pipeline.metrics());
      assertEquals(pipeline.metrics().aborted, true);
    }
  }
  for await (const { n } of live().pipeline) {
    assertEquals(n, 1);
    break;
  }
});

Deno.test("What fails in the steps before fails the run", async () => {
  const pipeline = from([{ at: 1, n: 1 }, { at: 2, n: 2 }], { workers: 2 }).timestamps("at")
    .map(({ n }) => {
      if (n === 2) throw new Error("two");
      return { n };
    })
    .window(new TumblingWindow({ size: 10 })).aggregate({ n: sum("n") })
    .window(new TumblingWindow({ size: 20 })).aggregate({ n: sum("n") });
  await assertRejects(() => pipeline.run(), Error, "threw Error: two");
  const wrong = from([{ at: 1, n: 1 }], { workers: 1 }).timestamps("at")
    .window(new TumblingWindow({ size: 10 })).aggregate({ n: sum("n") })
    .keyBy("m" as "n").window(new TumblingWindow({ size: 20 })).aggregate({ n: count() });
  await assertRejects(
    () => wrong.run(),
    TypeError,
    'the columns are "windowStart", "windowEnd", "n"',
  );
});

Deno.test("Pipelines of the same window results run together, and read them once", async () => {
  const rows = Array.from({ length: 300 }, (_, n) => ({ at: n, n }));
  const tens = from(rows, { workers: 1 }).timestamps("at").window(new TumblingWindow({ size: 10 }))
    .aggregate({ n: sum("n") });
  const [high, low] = tens.split(col("n").ge(1000));
  const [a, b] = [new MemoryPublisher(), new MemoryPublisher()];
  const metrics = await together(
    high.window(new TumblingWindow({ size: 1000 })).aggregate({ k: count(), n: sum("n") }).to(a),
    low.to(b),
  ).run();
  assertEquals(a.rows(), [{ windowStart: 0, windowEnd: 1000, k: 20, n: 39_900 }]);
  assertEquals(b.rows().map(({ n }) => n), [45, 145, 245, 345, 445, 545, 645, 745, 845, 945]);
  metrics.forEach(assertAccounted);
});

Deno.test("What cannot go on with results is refused at once", () => {
  const timed = () => from([{ at: 1 }], { workers: 1 }).timestamps("at");
  const results = timed().window(new TumblingWindow({ size: 10 })).aggregate({ n: count() });
  const loose = (pipeline: unknown) => pipeline as Record<string, (...given: unknown[]) => unknown>;
  assertThrows(() => loose(results.tap(() => {})).filter(col("n").gt(1)), TypeError, "here");
  assertThrows(() => loose(results).timestamps("windowEnd"), TypeError, "here");
  const mapped = from([{ n: 1 }], { workers: 1 }).map(({ n }) => ({ at: n })).timestamps("at");
  assertThrows(() => mapped.union(timed()), TypeError, "has steps before its event times");
  const two = from([{ at: 1 }], { workers: 1 }).union(from([{ at: 1 }])).map(({ at }) => ({
    t: at,
  }));
  assertThrows(() => two.timestamps("t"), TypeError, "has 2 partitions, whose order is lost");
});

Deno.test("explain() tells the levels one after the other", () => {
  const text = from([{ at: 1 }], { workers: 2 }).timestamps("at")
    .window(new TumblingWindow({ size: 10 })).aggregate({ n: count() })
    .window(new TumblingWindow({ size: 20 })).aggregate({ n: sum("n") }).explain();
  const [first, second] = text.split("\n\nand of these results, on bees of their own:\n");
  assert(first.startsWith("source      iterable\n"), text);
  assert(second.startsWith("source      results of iterable\n"), text);
  assert(second.includes("the last millisecond of the window that a result is of"), text);
  assert(second.includes("that of the steps above, handed on"), text);
});
