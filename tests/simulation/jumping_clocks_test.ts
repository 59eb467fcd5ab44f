import { assertEquals } from "@std/assert";
import {
  collect,
  CumulatingWindow,
  from,
  MemoryPublisher,
  PeriodicWatermarkGenerator,
  type Pipeline,
  SessionWindow,
  SlidingWindow,
  StreamingGenerator,
  SyntheticGenerator,
  TumblingWindow,
  type WindowAssigner,
} from "@waggle/stream";
import { SimulatedRuntime } from "../../src/runtime/simulated_runtime.ts";
import { forSeedsAsync, type Random } from "../support/random.ts";

const RUNS = 120;
const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;

/** A world that sleeps now and then, for up to years, and whose wall clock is set anew. */
class JumpingRuntime extends SimulatedRuntime {
  #sleptMs = 0;
  #setMs = 0;

  override monotonicMs(): number {
    return super.monotonicMs() + this.#sleptMs;
  }

  override wallClockMs(): number {
    return super.wallClockMs() + this.#sleptMs + this.#setMs;
  }

  /** Jumps a few times within the next second. */
  jumpSoon(random: Random): void {
    for (let left = 1 + random.below(4); left > 0; left--) {
      this.after(random.next() * 800, () => {
        if (random.chance(0.6)) this.#sleptMs += random.pick([50, 1000, HOUR_MS, YEAR_MS]);
        else this.#setMs += random.pick([-YEAR_MS, -HOUR_MS, -1000, 1000, HOUR_MS, YEAR_MS]);
      });
    }
  }
}

type Row = { n: number; at: number; key: string };

async function* pacedRows(runtime: JumpingRuntime, random: Random, count: number) {
  for (let n = 0; n < count; n++) {
    const pauseMs = random.pick([0, 0, 3, 40, 200]);
    if (pauseMs > 0) await new Promise<void>((resolve) => void runtime.after(pauseMs, resolve));
    yield { n, at: n * 10, key: `key ${n % 3}` };
  }
}

/** Windows that each row is in once, in whatever way they go by the clock. */
function byTheClock(rows: Pipeline<Row>, random: Random) {
  const size = 1 + random.below(400);
  const none = { n: collect("n") };
  switch (random.below(4)) {
    case 0: {
      const window = random.chance(0.5)
        ? new TumblingWindow({ size })
        : new SessionWindow({ gap: size });
      return rows.processingTime().keyBy("key").window(window as WindowAssigner).aggregate(none);
    }
    case 1:
      return rows.timestamps("at").keyBy("key").window(new TumblingWindow({ size: 150 }))
        .trigger({ every: random.pick([10, 1000]), clock: "processing", panes: "discarding" })
        .aggregate(none);
    case 2:
      return rows.timestamps("at", {
        watermarks: new PeriodicWatermarkGenerator({ interval: 50, clock: "wall" }),
      }).keyBy("key").window(new TumblingWindow({ size: 150 })).aggregate(none);
    default:
      return rows.timestamps("at", { idle: { after: 100, clock: "wall" } }).keyBy("key")
        .window(new TumblingWindow({ size: 150 })).aggregate(none);
  }
}

function optionsOf(runtime: JumpingRuntime, random: Random) {
  const epochRows = random.pick([1, 10, 1000]);
  return { workers: 1 + random.below(3), epochRows, batchRows: random.pick([1, 5, 100]), runtime };
}

Deno.test("each row is in a window once, however the clocks jump", async () => {
  await forSeedsAsync(RUNS, async (random, seed) => {
    const runtime = new JumpingRuntime({ seed });
    const count = random.below(60);
    const rows = from(pacedRows(runtime, random, count), optionsOf(runtime, random));
    const pipeline = byTheClock(rows, random);
    const results = await runtime.drive(() => {
      runtime.jumpSoon(random);
      return Array.fromAsync(pipeline);
    });
    const seen = results.flatMap(({ n }) => n as number[]).sort((a, b) => a - b);
    assertEquals(seen, Array.from({ length: count }, (_, n) => n));
    assertEquals(pipeline.metrics().late, 0);
  });
});

Deno.test("windows by the clock that overlap hold each row as often as they say, however it jumps", async () => {
  await forSeedsAsync(RUNS / 4, async (random, seed) => {
    const runtime = new JumpingRuntime({ seed });
    const count = random.below(60);
    const size = 30 + random.below(400);
    const window: WindowAssigner = random.chance(0.5)
      ? new SlidingWindow({ size: 3 * size, slide: size })
      : new CumulatingWindow({ size: 3 * size, step: size });
    const pipeline = from(pacedRows(runtime, random, count), optionsOf(runtime, random))
      .processingTime().keyBy("key").window(window).aggregate({ n: collect("n") });
    const results = await runtime.drive(() => {
      runtime.jumpSoon(random);
      return Array.fromAsync(pipeline);
    });
    const seen = new Map<number, number>();
    for (const { n } of results) for (const each of n) seen.set(each, (seen.get(each) ?? 0) + 1);
    assertEquals(seen.size, count);
    const most = Math.max(0, ...seen.values());
    assertEquals(most <= 3, true, `a row was in ${most} windows`);
    if (window instanceof SlidingWindow) {
      assertEquals([...seen.values()].every((n) => n === 3), true);
    }
  });
});

Deno.test("a stream gives each record once or drops it, however the clocks jump", async () => {
  const generator = await SyntheticGenerator.fit([{ x: 1 }, { x: 2 }, { x: 2 }]);
  await forSeedsAsync(RUNS / 2, async (random, seed) => {
    const runtime = new JumpingRuntime({ seed });
    const maxRecords = 50 + random.below(300);
    const onBufferFull = random.pick(["block", "drop"] as const);
    const bufferSize = 100 + random.below(200);
    const stream = new StreamingGenerator(generator, { runtime, bufferSize, onBufferFull });
    const publisher = new MemoryPublisher();
    const metrics = await runtime.drive(() => {
      runtime.jumpSoon(random);
      const rateLimit = random.pick([50, 1000, 100_000]);
      return stream.streamTo(publisher, { batchSize: 1 + random.below(30), maxRecords, rateLimit });
    });
    const given = publisher.batches.reduce((sum, { length }) => sum + length, 0);
    assertEquals(given + metrics.dropped, maxRecords);
    if (onBufferFull === "block") assertEquals(metrics.dropped, 0);
  });
});
