import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  CalendarWindow,
  count,
  CumulatingWindow,
  from,
  type PipelineOptions,
  SessionWindow,
  SlidingWindow,
  sum,
  TumblingWindow,
  type WindowAssigner,
} from "../mod.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { breakBees, randomOptions } from "./support/simulated_case.ts";
import { forSeedsAsync } from "./support/random.ts";
import { windowsAt } from "./support/window_oracle.ts";

/** A row is taken in a moment after it was read, and may be in the window that begins then. */
const TAKEN_MS = 5;

/** Rows that come so many milliseconds after each other, with the clock when they did. */
function paced(runtime: SimulatedRuntime, pauses: readonly number[]) {
  const readAt: number[] = [];
  async function* rows() {
    for (const [n, pauseMs] of pauses.entries()) {
      if (pauseMs > 0) await new Promise<void>((resolve) => runtime.after(pauseMs, resolve));
      readAt.push(runtime.wallClockMs());
      yield { n, at: 0 };
    }
  }
  return { rows: rows(), readAt };
}

Deno.test("A window by the clock leaves when the clock reaches its end, though the source is silent", async () => {
  const runtime = new SimulatedRuntime({ seed: 1 });
  const left: { end: number; n: number; at: number }[] = [];
  await runtime.drive(async () => {
    const start = runtime.wallClockMs();
    const { rows } = paced(runtime, [0, 100, 100, 60_000]);
    const pipeline = from(rows, { workers: 2, runtime }).processingTime()
      .window(new TumblingWindow({ size: "1s" })).aggregate({ n: count() });
    for await (const { windowEnd, n } of pipeline) {
      left.push({ end: windowEnd, n, at: runtime.wallClockMs() });
    }
    assert(left[0].end > start);
  });
  assertEquals(left.map(({ n }) => n), [3, 1]);
  const [{ end, at }] = left;
  assert(at >= end && at < end + 100, `the window up to ${end} left at ${at}`);
});

Deno.test("What is in which window goes by the clock when rows were read, and nothing is late", async () => {
  await forSeedsAsync(40, async (random, seed) => {
    const runtime = new SimulatedRuntime({ seed });
    const size = 1 + random.below(400);
    const window: WindowAssigner = random.pick([
      () => new TumblingWindow({ size }),
      () => new SlidingWindow({ size, slide: Math.ceil(size / 3) }),
      () => new CumulatingWindow({ size: 4 * size, step: size }),
    ])();
    const pauses = Array.from({ length: random.below(60) }, () => random.pick([0, 0, 3, 40, 700]));
    const { rows, readAt } = paced(runtime, pauses);
    const options: PipelineOptions = { ...randomOptions(random), badRecords: "skip", runtime };
    const pipeline = from(rows, options).processingTime().window(window)
      .aggregate({ n: count(), total: sum("n") });
    const out: { start: number; end: number; n: number }[] = [];
    await runtime.drive(async () => {
      if (seed % 2 === 0) runtime.after(5, () => breakBees(runtime, random));
      for await (const { windowStart: start, windowEnd: end, n } of pipeline) {
        out.push({ start, end, n });
      }
    });
    const { late, filtered, unaccounted, skipped, recordsIn } = pipeline.metrics();
    assertEquals({ late, filtered, unaccounted }, { late: 0, filtered: 0, unaccounted: 0 });
    assertEquals(recordsIn, pauses.length);
    if (skipped > 0) return;
    for (const { start, end, n } of out) {
      const sure = readAt.filter((at) => at >= start && at < end - TAKEN_MS).length;
      const possible = readAt.filter((at) => at >= start - TAKEN_MS && at < end).length;
      assert(n >= sure && n <= possible, `seed ${seed}: ${n} rows from ${start} to ${end}`);
    }
    const windows = readAt.flatMap((at) => windowsAt(window, Math.floor(at)));
    if (window instanceof TumblingWindow) {
      assertEquals(out.reduce((sum, { n }) => sum + n, 0), windows.length, `seed ${seed}`);
    }
  });
});

Deno.test("Calendars, steps and windows of window results go by the clock as well", async () => {
  const runtime = new SimulatedRuntime({ seed: 4 });
  await runtime.drive(async () => {
    const days = from(paced(runtime, [0, 1000]).rows, { workers: 1, runtime }).processingTime()
      .window(new CalendarWindow({ unit: "day", timeZone: "Europe/Berlin" }))
      .aggregate({ n: count() });
    const [{ windowStart, windowEnd, n }] = await Array.fromAsync(days);
    assert(windowStart <= runtime.wallClockMs() && windowEnd > windowStart);
    assertEquals(n, 2);
    const levels = from(paced(runtime, [0, 5, 5, 5]).rows, { workers: 1, runtime }).processingTime()
      .map(({ n }) => ({ even: n % 2 }))
      .keyBy("even").window(new TumblingWindow({ size: 1 })).aggregate({ n: count() })
      .window(new TumblingWindow({ size: "1d" })).aggregate({ n: sum("n") });
    const totals = (await Array.fromAsync(levels)).map(({ n }) => n ?? 0);
    assertEquals(totals.reduce((a, b) => a + b, 0), 4);
  });
});

Deno.test("A session by the clock ends when nothing came for its gap, though the source is silent", async () => {
  const runtime = new SimulatedRuntime({ seed: 8 });
  const left: { n: number; at: number }[] = [];
  await runtime.drive(async () => {
    const { rows } = paced(runtime, [0, 50, 50, 30_000, 20]);
    const pipeline = from(rows, { workers: 2, runtime }).processingTime()
      .window(new SessionWindow({ gap: "1s" })).aggregate({ n: count() });
    for await (const { n } of pipeline) left.push({ n, at: runtime.monotonicMs() });
  });
  assertEquals(left.map(({ n }) => n), [3, 2]);
  assert(left[0].at < 2_000, `it left at ${left[0].at}`);
});

Deno.test("Without windows processing time does nothing, and it is told in the plan", async () => {
  const rows = from([{ n: 1 }], { workers: 1 }).processingTime();
  assertEquals(await Array.fromAsync(rows), [{ n: 1 }]);
  const text = rows.window(new TumblingWindow({ size: 5 })).aggregate({ n: count() }).explain();
  assert(text.includes("event time  the time of the clock when a row is read"), text);
  assert(text.includes("watermark   the clock, which goes on while the source is silent"), text);
  const loose = rows as unknown as Record<string, () => unknown>;
  assertThrows(() => loose.processingTime(), TypeError, "Cannot call processingTime() here");
});
