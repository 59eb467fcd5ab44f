import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  aggregateRows,
  CalendarWindow,
  col,
  count,
  countDistinct,
  CountWindow,
  CustomWindow,
  from,
  GlobalWindow,
  type LateRow,
  type PipelineOptions,
  type RunnablePipeline,
  SessionWindow,
  StreamingError,
  sum,
  TrailingWindow,
  TumblingWindow,
} from "../mod.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { PipelineDriver } from "../src/testing/mod.ts";
import { forSeedsAsync } from "./support/random.ts";
import { breakBees, randomOptions } from "./support/simulated_case.ts";

const DAY_MS = 86_400_000;
const ROWS = Array.from({ length: 60 }, (_, n) => ({ at: n * 10, key: "abc"[n % 3], n }));

/** The rows that a pipeline gives in a simulation, on so many bees. */
async function rowsOf<Row>(
  make: (options: PipelineOptions) => RunnablePipeline<Row>,
  workers = 2,
): Promise<Row[]> {
  const runtime = new SimulatedRuntime({ seed: workers });
  return await runtime.drive(() => Array.fromAsync(make({ workers, runtime, batchRows: 7 })));
}

/** That every number of bees gives the same rows, and what they are. */
async function sameRows<Row>(
  make: (options: PipelineOptions) => RunnablePipeline<Row>,
): Promise<Row[]> {
  const rows = await rowsOf(make, 1);
  for (const workers of [2, 3]) assertEquals(await rowsOf(make, workers), rows, `${workers} bees`);
  return rows;
}

Deno.test("Rows without event times can be counted, and keep their order", async () => {
  await forSeedsAsync(60, async (random, seed) => {
    const size = 1 + random.below(5);
    const given = Array.from({ length: random.below(200) }, (_, n) => ({
      key: `k${random.below(7)}`,
      n,
    }));
    const runtime = new SimulatedRuntime({ seed });
    const counted = from(given, { ...randomOptions(random), runtime }).keyBy("key")
      .window(new CountWindow({ size }))
      .aggregate({
        rows: aggregateRows((rows: { n: number }[]) => rows.map(({ n }) => n).join(" ")),
      });
    const lines: string[] = [];
    await runtime.drive(async () => {
      if (seed % 2 === 0) breakBees(runtime, random);
      for await (const { key, rows, windowStart } of counted) {
        assertEquals(windowStart, null);
        lines.push(`${key}: ${rows}`);
      }
    });
    const open = new Map<string, number[]>();
    const expected = given.flatMap(({ key, n }) => {
      const rows = [...open.get(key) ?? [], n];
      open.set(key, rows.length === size ? [] : rows);
      return rows.length === size ? [`${key}: ${rows.join(" ")}`] : [];
    });
    assertEquals(lines, expected);
  });
});

Deno.test("A late row revises the whole result of its window until allowedLateness is over", async () => {
  const given = [1, 4, 12, 3, 19, 2, 30, 5].map((at) => ({ at }));
  const aside: LateRow[] = [];
  const rows = await rowsOf((options) =>
    from(given, {
      ...options,
      lateData: "update",
      allowedLateness: 10,
      lateOutput: (row) => void aside.push(row),
    }).timestamps("at").window(new TumblingWindow({ size: 10 })).aggregate({ n: count() })
  );
  const shown = rows.map((row) => {
    const { windowStart, n, paneTiming, paneRevision } = row as
      & typeof row
      & Record<string, unknown>;
    return [windowStart, n, paneTiming, paneRevision];
  });
  assertEquals(shown, [
    [0, 2, "onTime", 0],
    [0, 3, "late", 1],
    [0, 4, "late", 2],
    [10, 2, "onTime", 0],
    [30, 1, "onTime", 0],
  ]);
  assertEquals(aside.map(({ record, position }) => [record.at, position]), [[5, 7]]);
});

Deno.test("Calendar days have panes, and late rows revise them", async () => {
  const given = [1, 2, 25, 3, 26].map((hours) => ({ at: hours * DAY_MS / 24, n: hours }));
  const rows = await sameRows((options) =>
    from(given, { ...options, lateData: "update", allowedLateness: "1d" }).timestamps("at")
      .window(new CalendarWindow({ unit: "day", timeZone: "UTC" })).trigger({ everyRows: 2 })
      .aggregate({ total: sum("n") })
  );
  assertEquals(rows.map(({ windowStart, paneTiming, total }) => [windowStart, paneTiming, total]), [
    [0, "early", 3],
    [0, "onTime", 3],
    [0, "late", 6],
    [DAY_MS, "early", 51],
    [DAY_MS, "onTime", 51],
  ]);
});

Deno.test("Steps of all kinds come before windows that see rows in order", async () => {
  const rows = await sameRows((options) =>
    from(ROWS, options).timestamps("at").filter(col<number>("n").mod(2).eq(0))
      .flatMap(({ key, n }) => n % 4 === 0 ? [{ key, n }, { key, n: n + 1000 }] : [{ key, n }])
      .withColumn("twice", col<number>("n").mul(2)).keyBy("key").window(
        new CountWindow({ size: 10 }),
      )
      .aggregate({ rows: aggregateRows((rows: { twice: number }[]) => rows.map((r) => r.twice)) })
  );
  const expected = ["a", "b", "c"].flatMap((key) => {
    const made = ROWS.filter((row) => row.n % 2 === 0 && row.key === key)
      .flatMap(({ n }) => n % 4 === 0 ? [2 * n, 2 * n + 2000] : [2 * n]);
    return made.length < 10 ? [] : [[key, made.slice(0, 10)] as [string, unknown]];
  });
  const byKey = rows.map(({ key, rows }) => [key, rows] as [string, unknown]);
  assertEquals(byKey.sort(([a], [b]) => a < b ? -1 : 1), expected);
});

Deno.test("A session may be of whole rows, or of what the kernel can aggregate, and is the same", async () => {
  const make = (options: PipelineOptions) =>
    from(ROWS, options).timestamps("at").keyBy("key").window(new SessionWindow({ gap: 25 }));
  const numbers = await sameRows((options) => make(options).aggregate({ total: sum("n") }));
  const listed = await sameRows((options) =>
    make(options).aggregate({
      total: aggregateRows((rows: { n: number }[]) => rows.reduce((sum, { n }) => sum + n, 0)),
    })
  );
  assertEquals(listed as unknown, numbers as unknown);
  assertEquals(numbers.length, 60);
});

Deno.test("Results of windows over rows in order go into further windows, and none is late", async () => {
  await forSeedsAsync(40, async (random, seed) => {
    const [gap, size] = [1 + random.below(30), 1 + random.below(100)];
    const given = Array.from({ length: random.below(300) }, (_, n) => ({
      at: 3 * n - random.below(20),
      key: `k${random.below(4)}`,
    }));
    const runtime = new SimulatedRuntime({ seed });
    const perWindow = from(given, { ...randomOptions(random), runtime })
      .timestamps("at", { maxDisorder: 20 }).keyBy("key").window(new SessionWindow({ gap }))
      .aggregate({ n: count() })
      .window(new TumblingWindow({ size })).aggregate({ sessions: count(), rows: sum("n") });
    const counted = new Map<number, [sessions: number, rows: number]>();
    await runtime.drive(async () => {
      if (seed % 2 === 0) breakBees(runtime, random);
      for await (const { windowStart, sessions, rows } of perWindow) {
        counted.set(windowStart, [sessions, rows!]);
      }
    });
    const expected = new Map<number, [number, number]>();
    for (const rows of Map.groupBy(given, ({ key }) => key).values()) {
      const times = rows.map(({ at }) => at).sort((a, b) => a - b);
      let [start, last] = [0, -Infinity];
      times.forEach((time, at) => {
        if (time - last > gap) start = at;
        last = time;
        if (at + 1 < times.length && times[at + 1] - time <= gap) return;
        const window = Math.floor((time + gap - 1) / size) * size;
        const [sessions, rows] = expected.get(window) ?? [0, 0];
        expected.set(window, [sessions + 1, rows + at + 1 - start]);
      });
    }
    assertEquals(counted, new Map([...expected].sort(([a], [b]) => a - b)));
    assertEquals([perWindow.metrics().late, perWindow.metrics().unaccounted], [0, 0]);
  });
});

Deno.test("Results of windows may go into windows that see them in order", async () => {
  const rows = await sameRows((options) =>
    from(ROWS, options).timestamps("at", { maxDisorder: 5 }).keyBy("key")
      .window(new TumblingWindow({ size: 100 })).aggregate({ total: sum("n") })
      .keyBy("key").window(new CountWindow({ size: 2 }))
      .aggregate({ totals: aggregateRows((rows: { total: number }[]) => rows.map((r) => r.total)) })
  );
  const totals = (key: string) =>
    Array.from(
      { length: 6 },
      (_, window) =>
        ROWS.filter((row) => row.key === key && Math.floor(row.at / 100) === window)
          .reduce((sum, { n }) => sum + n, 0),
    );
  const expected = [0, 2, 4].flatMap((at) =>
    ["a", "b", "c"].map((key) => [key, totals(key).slice(at, at + 2)])
  );
  assertEquals(rows.map(({ key, totals }) => [key, totals]) as unknown, expected);
});

Deno.test("Results of windows without bounds have no time for further windows", async () => {
  const counted = (options: PipelineOptions) =>
    from(ROWS, options).keyBy("key").window(new GlobalWindow()).aggregate({ n: count() })
      .window(new TumblingWindow({ size: 10 })).aggregate({ keys: count() });
  const runtime = new SimulatedRuntime();
  const pipeline = counted({ workers: 1, runtime });
  assertEquals(await runtime.drive(() => Array.fromAsync(pipeline)), []);
  assertEquals([pipeline.metrics().untimed, pipeline.metrics().unaccounted], [3, 0]);
});

Deno.test("What a trigger waits for by the clock comes while the source is silent", () => {
  const pipeline = from([] as { at: number; key: string }[], { workers: 1 }).timestamps("at")
    .keyBy("key").window(new GlobalWindow()).trigger({ every: "1s", clock: "processing" })
    .aggregate({ n: count() });
  const driver = new PipelineDriver(pipeline);
  driver.pipe([{ at: 0, key: "b" }, { at: 1, key: "a" }, { at: 2, key: "b" }]);
  driver.advanceTime("999ms");
  assertEquals(driver.results(), []);
  driver.advanceTime("1ms");
  assertEquals(driver.results().map(({ key, n }) => [key, n]), [["a", 1], ["b", 2]]);
  driver.advanceTime("1h");
  assertEquals(driver.results(), []);
  driver.pipe([{ at: 3, key: "b" }]);
  driver.advanceTime("1s");
  assertEquals(driver.results().map(({ key, n }) => [key, n]), [["b", 3]]);
});

Deno.test("A drain gives what was read, and what is left in windows over rows in order", async () => {
  await forSeedsAsync(30, async (random, seed) => {
    const runtime = new SimulatedRuntime({ seed });
    const enough = new AbortController();
    async function* endless() {
      for (let n = 0;; n++) {
        if (n % 50 === 0) await new Promise<void>((done) => void runtime.after(0.1, done));
        yield { at: n, key: `k${n % 5}` };
      }
    }
    const counted = from(endless(), { ...randomOptions(random), runtime }).timestamps("at")
      .keyBy("key").window(new CountWindow({ size: 7, partial: true })).aggregate({ n: count() });
    let rows = 0;
    await runtime.drive(async () => {
      if (seed % 2 === 0) breakBees(runtime, random);
      const run = { signal: enough.signal, onAbort: "drain" as const };
      for await (const batch of counted.batches(run)) {
        for (const { n } of batch) rows += n;
        if (rows > 300) enough.abort();
      }
    });
    const { recordsIn, absorbed, unaccounted, aborted } = counted.metrics();
    assertEquals([rows, absorbed, unaccounted, aborted], [recordsIn, recordsIn, 0, true]);
  });
});

Deno.test("A function of custom windows that fails ends the run, with what it threw", async () => {
  const error = await assertRejects(
    () =>
      rowsOf((options) =>
        from(ROWS, options).timestamps("at").window(
          new CustomWindow({
            assign({ n }: { n: number }) {
              if (n === 42) throw new Error(`no window for ${n}`);
              return [{ start: 0, end: 1000 }];
            },
          }),
        ).aggregate({ n: count() })
      ),
    StreamingError,
    "assign() failed: no window for 42",
  );
  assertEquals((error as { cause?: Error }).cause?.message, "no window for 42");
});

Deno.test("A trigger that windows cannot have is refused", async () => {
  for (
    const [window, message] of [
      [new CountWindow({ size: 3 }), "Cannot trigger count windows"],
      [new TrailingWindow({ duration: 3 }), "Cannot trigger trailing windows early"],
    ] as const
  ) {
    const make = (options: PipelineOptions) =>
      from(ROWS, options).timestamps("at").window(window).trigger({ everyRows: 2 })
        .aggregate({ n: count() });
    await assertRejects(() => rowsOf(make), TypeError, message);
  }
});

Deno.test("explain() says which windows need their rows in order, and why", () => {
  const timed = from(ROWS, { workers: 2 }).timestamps("at").keyBy("key");
  const order = "rows go to the owner of their key in the order of the source, because ";
  const reasons = [
    [
      timed.window(new CountWindow({ size: 3 })),
      "3 rows of a key each",
      "rows of a key are counted",
    ],
    [timed.window(new GlobalWindow()), "global", "the window has no end"],
    [
      timed.window(new TrailingWindow({ duration: "1m" })),
      "trailing, the 1m up to each row",
      "ends",
    ],
    [
      timed.window(new SessionWindow({ gap: "5m" })),
      "over 5m after their last row",
      "a session grows",
    ],
    [
      timed.window(new SessionWindow({ gap: col<number>("n") })),
      'over col("n") ms after their last row',
      "grows",
    ],
    [
      timed.window(new CustomWindow({ start: col("at"), end: col("at").add(5) })),
      'custom, from col("at") to ',
      "a row says itself which window holds it",
    ],
  ] as const;
  for (const [windowed, text, because] of reasons) {
    const explained = windowed.aggregate({ n: count() }).explain();
    assertStringIncludes(explained, text);
    assertStringIncludes(explained, order);
    assertStringIncludes(explained, because);
  }
  const sessions = timed.window(new SessionWindow({ gap: "5m" }));
  const explained = sessions.aggregate({ n: count() }).explain();
  assertStringIncludes(explained, "kept in the kernel");
  assertStringIncludes(explained, '"n" = count(): in the kernel');
  const triggered = sessions.trigger({ everyRows: 5 }).aggregate({ n: count() }).explain();
  assertStringIncludes(triggered, "kept in JavaScript, because a trigger gives results before");
  const users = sessions.aggregate({ users: countDistinct("key") }).explain();
  assertStringIncludes(users, 'kept in JavaScript, because "users" is: it keeps the values');
  const early = timed.window(new TumblingWindow({ size: "1m" }))
    .trigger({ everyRows: 5, every: "10s", clock: "processing", panes: "discarding" })
    .aggregate({ n: count() }).explain();
  assertStringIncludes(
    early,
    "results after every 5 rows, every 10s of the clock, at the end; they hold the rows since the " +
      "one before",
  );
  assertStringIncludes(early, `${order}a trigger gives results by which rows have come so far`);
});
