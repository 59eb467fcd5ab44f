import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  BoundedDisorder,
  col,
  count,
  CustomWatermarks,
  from,
  MonotonousTimestamps,
  PeriodicWatermarkGenerator,
  type PipelineOptions,
  PunctuatedWatermarks,
  RecordBatch,
  schema,
  type Source,
  sum,
  type TimestampOptions,
  TumblingWindow,
  types as t,
  type WatermarkGenerator,
} from "../mod.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { forSeedsAsync, type Random } from "./support/random.ts";
import { breakBees, randomOptions } from "./support/simulated_case.ts";

interface Row {
  at: number | null;
  value: number;
  /** Whether the row carries a watermark, and which. */
  mark: boolean;
  upTo: number;
}

interface Placed {
  readonly partition: number;
  readonly row: Row;
}

const COLUMNS = schema({ at: t.timestamp, value: t.i64AsNumber, mark: t.bool, upTo: t.f64 });
const PARTITIONS = 3;

/** Rows of several partitions, in batches of random sizes. */
function sourceOf(given: readonly Placed[], random: Random): Source<Row> {
  const most = random.pick([1, 5, 100]);
  return {
    name: "partitions",
    partitions: PARTITIONS,
    async *open() {
      for (let next = 0; next < given.length;) {
        const { partition } = given[next];
        let end = next + 1;
        const least = end + random.below(most);
        while (end < least && given[end]?.partition === partition) end++;
        const rows: object[] = given.slice(next, end).map(({ row }) => row);
        const batch = RecordBatch.fromRows(rows, { schema: COLUMNS }) as unknown;
        yield { partition, batch: batch as RecordBatch<Row> };
        next = end;
      }
    },
  };
}

/** What a strategy gives after the rows of a partition so far, all of which have a time. */
type Plain = (rows: readonly Row[]) => number;

interface Strategy {
  readonly name: string;
  readonly options: TimestampOptions;
  readonly plain: Plain;
}

function greatest(rows: readonly Row[]): number {
  return Math.max(...rows.map(({ at }) => at!));
}

/** The watermark of periods of `interval`, by row after row. */
function periodic(rows: readonly Row[], interval: number, everyRecords: number): number {
  let [last, told, records] = [-Infinity, -Infinity, 0];
  rows.forEach(({ at }, n) => {
    last = Math.max(last, at!);
    records++;
    if (n > 0 && last < told + interval && records < everyRecords) return;
    [told, records] = [last, 0];
  });
  return told;
}

function randomStrategy(random: Random): Strategy {
  const bound = random.below(20);
  const interval = 1 + random.below(30);
  const everyRecords = 1 + random.below(20);
  const strategies: Strategy[] = [
    {
      name: "bounded",
      options: { watermarks: new BoundedDisorder({ maxDisorder: bound }) },
      plain: (rows) => greatest(rows) - bound,
    },
    { name: "shorthand", options: { maxDisorder: bound }, plain: (rows) => greatest(rows) - bound },
    { name: "monotonous", options: { watermarks: new MonotonousTimestamps() }, plain: greatest },
    {
      name: "periodic",
      options: {
        watermarks: new PeriodicWatermarkGenerator({ interval, everyRecords, maxDisorder: bound }),
      },
      plain: (rows) => periodic(rows, interval, everyRecords) - bound,
    },
    {
      name: "punctuated by own time",
      options: { watermarks: new PunctuatedWatermarks({ when: col("mark") }) },
      plain: (rows) => greatest(rows.filter(({ mark }) => mark)),
    },
    {
      name: "punctuated by column",
      options: { watermarks: new PunctuatedWatermarks({ when: col("mark"), column: "upTo" }) },
      plain: (rows) => Math.max(...rows.filter(({ mark }) => mark).map(({ upTo }) => upTo)),
    },
    {
      name: "custom, which goes back",
      options: {
        watermarks: new CustomWatermarks<{ value: number }>({
          create: () => ({ onEvent: (time, { value }) => value % 3 === 0 ? time - 9 : undefined }),
          columns: ["value"],
        }),
      },
      plain: (rows) => greatest(rows.filter(({ value }) => value % 3 === 0)) - 9,
    },
  ];
  return random.pick(strategies);
}

/** Windows, late and filtered rows by the plainest means. */
function oracle(given: readonly Placed[], { size, after, plain, filters }: {
  size: number;
  after: number;
  plain: Plain;
  filters: boolean;
}) {
  const totals = new Map<number, number>();
  const rows: Row[][] = Array.from({ length: PARTITIONS }, () => []);
  const seen: (number | undefined)[] = Array(PARTITIONS).fill(undefined);
  let [clock, watermark, late, filtered, untimed] = [-Infinity, -Infinity, 0, 0, 0];
  let first: number | undefined;
  for (const { partition, row } of given) {
    const { at, value } = row;
    const start = at === null ? NaN : Math.floor(at / size) * size;
    if (filters && value % 2 === 0) filtered++;
    else if (at === null) untimed++;
    else if (start + size <= watermark) late++;
    else totals.set(start, (totals.get(start) ?? 0) + value);
    if (at === null) continue;
    rows[partition].push(row);
    first ??= at;
    seen[partition] = clock = Math.max(clock, at);
    const active = rows.filter((_, other) => clock - (seen[other] ?? first!) < after);
    watermark = Math.max(watermark, Math.min(...active.map(plain)));
  }
  return { totals: [...totals].sort(([a], [b]) => a - b), late, filtered, untimed };
}

function randomRows(random: Random): Placed[] {
  const silent = random.below(PARTITIONS + 1);
  const jitter = random.pick([1, 30, 100]);
  return Array.from({ length: random.below(400) }, (_, n) => {
    let partition = random.below(PARTITIONS);
    // One of them has no rows for a while, or none at all.
    if (partition === silent && n % 300 > 30) partition = (partition + 1) % PARTITIONS;
    const at = random.chance(0.03) ? null : n - random.below(jitter);
    const row = { at, value: n, mark: random.chance(0.2), upTo: n - random.below(40) };
    return { partition, row };
  });
}

async function totalsOf(source: Source<Row>, given: {
  options: PipelineOptions;
  timing: TimestampOptions;
  size: number;
  filters: boolean;
}) {
  const { options, timing, size, filters } = given;
  const timed = from(source, options).timestamps("at", timing);
  const kept = filters ? timed.filter(col<number>("value").mod(2).eq(1)) : timed;
  const pipeline = kept.window(new TumblingWindow({ size })).aggregate({ total: sum("value") });
  const totals: unknown[] = [];
  for await (const { windowStart, total } of pipeline) totals.push([windowStart, total]);
  const { late, filtered, untimed, unaccounted, replayedBatches } = pipeline.metrics();
  return { outcome: { totals, late, filtered, untimed }, unaccounted, replayedBatches };
}

Deno.test("Every strategy equals the oracle, idle partitions or not, whatever bees and cuts", async () => {
  let replayed = 0;
  await forSeedsAsync(120, async (random, seed) => {
    const rows = randomRows(random);
    const { name, options: timing, plain } = randomStrategy(random);
    const size = random.pick([1, 10, 50]);
    const after = random.pick([Infinity, 5, 60]);
    const idle = after < Infinity && { idle: { after } };
    const filters = random.chance(0.5);
    const expected = oracle(rows, { size, after, plain, filters });
    for (const faults of [false, true]) {
      const runtime = new SimulatedRuntime({ seed });
      const options = { ...randomOptions(random), runtime };
      const given = { options, timing: { ...timing, ...idle }, size, filters };
      const run = await runtime.drive(() => {
        if (faults) breakBees(runtime, random);
        return totalsOf(sourceOf(rows, random), given);
      });
      assertEquals(run.outcome, expected, name);
      assertEquals(run.unaccounted, 0);
      replayed += run.replayedBatches;
    }
  });
  assert(replayed > 100, `only ${replayed} batches were sent again`);
});

/** A source of rows that come at times of the clock, each of a partition; it ends long after. */
function liveSource(
  runtime: SimulatedRuntime,
  partitions: number,
  rows: readonly [atMs: number, partition: number, time: number][],
): Source<{ at: number }> {
  const columns = schema({ at: t.timestamp });
  return {
    name: "live",
    partitions,
    async *open() {
      for (const [atMs, partition, at] of [...rows, [100_000, 0, NaN]]) {
        const delayMs = atMs - runtime.monotonicMs();
        await new Promise<void>((resolve) => runtime.after(delayMs, resolve));
        if (Number.isNaN(at)) return;
        const batch = RecordBatch.fromRows([{ at }], { schema: columns }) as unknown;
        yield { partition, batch: batch as RecordBatch<{ at: number }> };
      }
    },
  };
}

/** Windows of a second, each with its count and the second at which it left. */
function leaving(
  timing: TimestampOptions,
  rows: readonly [atMs: number, partition: number, time: number][],
  { partitions = 1, faults = false } = {},
) {
  const runtime = new SimulatedRuntime({ seed: 1 });
  return runtime.drive(async () => {
    if (faults) runtime.after(6_000, () => runtime.crash(runtime.workers[0]));
    const options = { runtime, workers: 2, maxLostBees: 10 };
    const pipeline = from(liveSource(runtime, partitions, rows), options)
      .timestamps("at", timing).window(new TumblingWindow({ size: "1s" })).aggregate({
        n: count(),
      });
    const left: number[][] = [];
    for await (const { windowStart, n } of pipeline) {
      left.push([windowStart, n, Math.round(runtime.monotonicMs() / 1000)]);
    }
    const { late, unaccounted, lostBees } = pipeline.metrics();
    assertEquals(unaccounted, 0);
    return { left, late, lostBees };
  });
}

Deno.test("Watermarks by the wall clock come while the source is silent, once an interval", async () => {
  const watermarks = new PeriodicWatermarkGenerator({ interval: "5s", clock: "wall" });
  for (const faults of [false, true]) {
    const { left, late, lostBees } = await leaving({ watermarks }, [
      [0, 0, 100],
      [1_000, 0, 3_000],
      [2_000, 0, 200],
      [8_000, 0, 300],
    ], { faults });
    assertEquals(left, [[0, 2, 5], [3_000, 1, 100]]);
    assertEquals([late, lostBees], [1, faults ? 1 : 0]);
  }
});

Deno.test("Watermarks by the wall clock also come while the source never makes anybody wait", async () => {
  const runtime = new SimulatedRuntime({ seed: 1 });
  const source: Source<{ at: number }> = {
    name: "busy",
    async *open() {
      for (const at of [3_000, 3_100, 200, 300]) {
        const batch = RecordBatch.fromRows([{ at }], { schema: schema({ at: t.timestamp }) });
        yield { batch: batch as unknown as RecordBatch<{ at: number }> };
        runtime.spend(2_000);
      }
    },
  };
  const watermarks = new PeriodicWatermarkGenerator({ interval: "5s", clock: "wall" });
  const pipeline = from(source, { runtime, workers: 1 }).timestamps("at", { watermarks })
    .window(new TumblingWindow({ size: "1s" })).aggregate({ n: count() });
  const { late } = await runtime.drive(() => pipeline.run());
  assertEquals(late, 1);
});

Deno.test("A partition that is silent by the wall clock no longer holds windows, and may come back", async () => {
  const rows: [number, number, number][] = [
    [0, 0, 100],
    [0, 1, 100],
    [3_000, 0, 2_500],
    [15_000, 1, 200],
    [15_000, 1, 2_600],
    [20_000, 0, 4_500],
  ];
  const run = (timing: TimestampOptions) => leaving(timing, rows, { partitions: 2 });
  const { left, late } = await run({ idle: { after: "10s", clock: "wall" } });
  assertEquals(left, [[0, 2, 10], [2_000, 2, 25], [4_000, 1, 100]]);
  assertEquals(late, 1);
  const held = await run({});
  assertEquals(held.left, [[0, 3, 15], [2_000, 2, 100], [4_000, 1, 100]]);
  assertEquals(held.late, 0);
});

Deno.test("Time in which nobody takes the results makes no partition idle", async () => {
  const runtime = new SimulatedRuntime({ seed: 1 });
  const rows = Array.from(
    { length: 60 },
    (_, n) => ({ partition: n % 2, at: 1_000 * n - n % 2 * 5_000 }),
  );
  const source: Source<{ at: number }> = {
    name: "at once",
    partitions: 2,
    async *open() {
      for (const { partition, at } of rows) {
        const batch = RecordBatch.fromRows([{ at }], { schema: schema({ at: t.timestamp }) });
        yield { partition, batch: batch as unknown as RecordBatch<{ at: number }> };
      }
    },
  };
  const late = await runtime.drive(async () => {
    const pipeline = from(source, { runtime, workers: 1 })
      .timestamps("at", { maxDisorder: "1s", idle: { after: "2s", clock: "wall" } })
      .window(new TumblingWindow({ size: "1s" })).aggregate({ n: count() });
    for await (const _ of pipeline) {
      await new Promise<void>((resolve) => runtime.after(10_000, resolve));
    }
    return pipeline.metrics().late;
  });
  assertEquals(late, 0);
});

Deno.test("A generator that fails fails the run, when a row comes or the clock calls", async () => {
  const failing = (generator: WatermarkGenerator) =>
    leaving(
      { watermarks: new CustomWatermarks({ create: () => generator, interval: "1s" }) },
      [[0, 0, 1]],
    );
  const fault = () => {
    throw new Error("no such thing");
  };
  const none = () => undefined;
  await assertRejects(() => failing({ onEvent: fault, onPeriodic: none }), Error, "no such thing");
  await assertRejects(() => failing({ onEvent: none, onPeriodic: fault }), Error, "no such thing");
  await assertRejects(
    () => failing({ onEvent: () => NaN, onPeriodic: none }),
    TypeError,
    "a finite number of milliseconds or undefined, received NaN",
  );
});

Deno.test("Watermarks in a pipeline without windows cost nothing and change nothing", async () => {
  const watermarks = new CustomWatermarks({
    create: () => {
      throw new Error("not called");
    },
  });
  const rows: unknown[] = [];
  const pipeline = from([{ at: 5 }, { at: 3 }], { workers: 1 }).timestamps("at", { watermarks });
  for await (const row of pipeline) rows.push(row);
  assertEquals(rows, [{ at: 5 }, { at: 3 }]);
});

Deno.test("Timing that contradicts itself or is none is refused", () => {
  const timed = (options: unknown) => () =>
    from([{ at: 1 }], { workers: 1 }).timestamps("at", options as TimestampOptions);
  const watermarks = new MonotonousTimestamps();
  assertThrows(timed({ watermarks, maxDisorder: 0 }), TypeError, "both watermarks and maxDisorder");
  assertThrows(timed({ watermarks: () => 5 }), TypeError, "received a function");
  assertThrows(timed({ maxDisorder: "soon" }), TypeError, "maxDisorder");
  assertThrows(timed({ idle: {} }), TypeError, "idle.after");
  for (const idle of [0, NaN, null, "10s"]) {
    assertThrows(
      timed({ idle }),
      TypeError,
      "partition is idle: the options are an object such as",
    );
  }
  assertThrows(timed({ idle: { after: 0 } }), RangeError, "idle.after");
  assertThrows(timed({ idle: { after: 1, clock: "sun" } }), TypeError, 'received "sun"');
});

Deno.test("A strategy that does not fit the columns is refused before the first row", async () => {
  const watermarks = new PunctuatedWatermarks({ when: col("nope").eq(1) });
  const pipeline = from([{ at: 1 }], { workers: 1 }).timestamps("at", { watermarks })
    .window(new TumblingWindow({ size: 1 })).aggregate({ n: count() });
  await assertRejects(() => pipeline.run(), TypeError, "nope");
});
