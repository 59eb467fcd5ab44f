import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import {
  col,
  from,
  MemoryPublisher,
  poisson,
  type Publisher,
  ramp,
  type RecordBatch,
  RetryPolicy,
  square,
  StreamingError,
  StreamingGenerator,
  type StreamingGeneratorOptions,
  StreamingMetrics,
  type StreamOptions,
  SyntheticGenerator,
  types,
  varying,
} from "../mod.ts";
import { Random } from "./support/random.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";

/** Rows whose key is their number, from 1. */
const numbered = await SyntheticGenerator.fit(
  Array.from({ length: 50 }, (_, i) => ({ id: i + 1, x: i % 7 })),
  { primaryKey: "id" },
);

function ids(batches: readonly RecordBatch[]): number[] {
  return batches.flatMap((batch) => batch.toRows().map(({ id }) => (id as number) - 1));
}

/** Numbers from one to before another. */
function numbers(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, i) => start + i);
}

/** A publisher that takes time, fails and stalls as a test says. */
class SlowPublisher implements Publisher {
  readonly batches: RecordBatch[] = [];
  /** When each batch was handed over, ms. */
  readonly times: number[] = [];
  readonly #runtime: SimulatedRuntime;
  readonly #costMs: (call: number) => number | Error;
  #calls = 0;

  constructor(runtime: SimulatedRuntime, costMs: (call: number) => number | Error) {
    this.#runtime = runtime;
    this.#costMs = costMs;
  }

  async publish(batch: RecordBatch) {
    this.times.push(this.#runtime.monotonicMs());
    const cost = this.#costMs(this.#calls++);
    if (cost instanceof Error) throw cost;
    await new Promise<void>((resolve) => this.#runtime.after(cost, resolve));
    this.batches.push(batch);
    return { records: batch.length };
  }

  flush() {
    return Promise.resolve();
  }

  [Symbol.asyncDispose]() {
    return Promise.resolve();
  }
}

interface Case {
  readonly streamer?: StreamingGeneratorOptions;
  readonly stream?: StreamOptions;
  readonly costMs?: (call: number) => number | Error;
}

/** Streams into a slow publisher in virtual time. */
async function simulated({ streamer = {}, stream = {}, costMs = () => 0 }: Case) {
  const runtime = new SimulatedRuntime({ seed: 1 });
  const publisher = new SlowPublisher(runtime, costMs);
  const metrics = new StreamingMetrics({ runtime });
  const generator = new StreamingGenerator(numbered, { runtime, ...streamer });
  const outcome = await runtime.drive(async () => {
    const ended = () => ({
      endMs: runtime.monotonicMs(),
      sent: ids(publisher.batches),
    });
    try {
      const report = await generator.streamTo(publisher, { metrics, ...stream });
      return { report, ...ended() };
    } catch (error) {
      return { error, ...ended() };
    }
  });
  return { report: undefined, error: undefined, ...outcome, publisher, metrics };
}

Deno.test("stream() gives batches of batchSize until maxRecords, in both loops", async () => {
  const streamer = new StreamingGenerator(numbered);
  const stream = streamer.stream({ batchSize: 30, maxRecords: 100 });
  const once = Array.from(stream);
  assertEquals(once.map(({ length }) => length), [30, 30, 30, 10]);
  assertEquals(ids(once as RecordBatch[]), numbers(0, 100));
  assertEquals(ids(await Array.fromAsync(stream) as RecordBatch[]), numbers(0, 100));
});

Deno.test("a stream goes on at any record of the same seed, byte for byte", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        seed: fc.nat(),
        start: fc.nat(9000),
        batchSize: fc.integer({ min: 1, max: 5000 }),
        maxRecords: fc.integer({ min: 1, max: 9000 }),
      }),
      async ({ seed, start, batchSize, maxRecords }) => {
        const kept = new MemoryPublisher();
        const streamer = new StreamingGenerator(numbered, { seed });
        const { next } = await streamer.streamTo(kept, { start, batchSize, maxRecords });
        assertEquals(next, start + maxRecords);
        const rows = numbered.sample(maxRecords, { seed, start }).toRows();
        assertEquals(kept.rows(), rows as Record<string, unknown>[]);
      },
    ),
    { numRuns: 40 },
  );
});

Deno.test("withSeed() streams as a streamer of that seed, and stands still with the one it comes from", async () => {
  const streamer = new StreamingGenerator(numbered, { seed: 1 });
  const other = streamer.withSeed(-7n);
  const rows = Array.from(other.stream({ maxRecords: 50 }), (batch) => batch.toRows());
  assertEquals(rows.flat(), numbered.sample(50, { seed: -7n }).toRows());
  streamer.pause();
  assertEquals(other.isPaused, true);
  const streaming = other.streamTo(new MemoryPublisher(), { maxRecords: 5 });
  streamer.resume();
  assertEquals((await streaming).records, 5);
  assertThrows(() => streamer.withSeed(1.5), TypeError, "Cannot use seed");
});

Deno.test("an interval makes a batch due every so often, the first at once", async () => {
  const { publisher } = await simulated({
    stream: { batchSize: 10, interval: "50ms", maxBatches: 4 },
  });
  assertEquals(publisher.times.map((ms) => Math.round(ms)), [0, 50, 100, 150]);
});

Deno.test("an interval of 0 is none: batches come as they are asked for, and none is lost", async () => {
  for (const onBufferFull of ["block", "drop", "error"] as const) {
    const { report, sent, endMs } = await simulated({
      streamer: { onBufferFull, bufferSize: 20 },
      stream: { batchSize: 10, interval: 0, maxRecords: 100 },
      costMs: () => 7,
    });
    assertEquals([sent, report?.dropped, endMs], [numbers(0, 100), 0, 70]);
  }
  const { report } = await simulated({
    streamer: { onBufferFull: "drop" },
    stream: { interval: "0s", maxBatches: 3 },
  });
  assertEquals(report?.records, 300);
});

Deno.test("a slow sink does not slow an interval as long as the buffer has room", async () => {
  const { publisher } = await simulated({
    stream: { batchSize: 10, interval: "50ms", maxBatches: 5 },
    costMs: (call) => call === 0 ? 160 : 1,
  });
  const [first, ...rest] = publisher.times.map((ms) => Math.round(ms));
  assertEquals([first, rest[3]], [0, 200]);
  assertEquals(rest.slice(0, 3).map((ms) => Math.round((ms - 160) / 5)), [0, 0, 0]);
});

for (const rate of [0.5, 1, 7, 50, 1000, 12_345]) {
  Deno.test(`a rate limit of ${rate}/s never lets more leave than it has earned`, async () => {
    const seconds = rate < 1 ? 20 : 5;
    const { publisher, endMs } = await simulated({
      stream: { rateLimit: rate, batchSize: 64, maxRecords: rate * seconds },
    });
    let records = 0;
    publisher.batches.forEach((batch, at) => {
      records += batch.length;
      const earned = (publisher.times[at] * rate) / 1000;
      assert(records <= earned + 1e-6, `${records} records at ${publisher.times[at]} ms`);
      assert(earned - records < Math.max(1.2, rate * 0.01 + 1), `${records} of ${earned}`);
    });
    assertEquals(records, rate * seconds);
    assert(Math.abs(endMs - seconds * 1000) < 10, `${endMs}`);
  });
}

Deno.test("a sink that stalls for 5 s at 1,000/s loses what does not fit: the newest", async () => {
  const { sent, report, metrics } = await simulated({
    streamer: { bufferSize: 1000, onBufferFull: "drop" },
    stream: { rateLimit: 1000, batchSize: 100, maxRecords: 8000 },
    costMs: (call) => call === 2 ? 5000 : 0,
  });
  // at 300 ms batch 2 begins to stall, and until 5,300 ms 5,000 more records become due
  assertEquals(sent, [...numbers(0, 1300), ...numbers(5300, 8000)]);
  assertEquals(report?.dropped, 4000);
  assertEquals([metrics.dropped, metrics.totalRecords], [4000, 4000]);
});

Deno.test("with dropOldest it loses the oldest", async () => {
  const { sent, report } = await simulated({
    streamer: { bufferSize: 1000, onBufferFull: "drop", dropOldest: true },
    stream: { rateLimit: 1000, batchSize: 100, maxRecords: 8000 },
    costMs: (call) => call === 2 ? 5000 : 0,
  });
  assertEquals(sent, [...numbers(0, 300), ...numbers(4300, 8000)]);
  assertEquals(report?.dropped, 4000);
});

Deno.test("a blocked schedule waits, and does not catch up faster than its rate", async () => {
  const { sent, endMs } = await simulated({
    streamer: { bufferSize: 200, onBufferFull: "block" },
    stream: { rateLimit: 1000, batchSize: 100, maxRecords: 2000 },
    costMs: (call) => call === 2 ? 5000 : 0,
  });
  assertEquals(sent, numbers(0, 2000));
  // 300 ms until the stall; then the buffer's 200 leave at once, and 1,500 by the rate
  assert(Math.abs(endMs - 6700) < 120, `${endMs}`);
});

Deno.test("a full buffer that is an error ends the stream when it is full, not later", async () => {
  const { sent, error, endMs } = await simulated({
    streamer: { bufferSize: 1000, onBufferFull: "error" },
    stream: { rateLimit: 1000, batchSize: 100 },
    costMs: (call) => call === 2 ? 60_000 : 0,
  });
  assert(error instanceof StreamingError);
  assertEquals(
    error.message,
    "Cannot stream: 100 more records are due, and the buffer holds 1000 of 1000, for the sink is " +
      'slower than the schedule; make bufferSize larger, or say what to do by onBufferFull: "block" ' +
      'or "drop"; records 200 to 299 were being published and may arrive, records from 300 on were ' +
      "not sent",
  );
  assertEquals(sent, numbers(0, 200));
  assert(Math.abs(endMs - 1400) < 10, `${endMs}`);
});

Deno.test("retries wait as the policy says, and deliver everything once", async () => {
  const { publisher, sent, metrics } = await simulated({
    streamer: {
      onError: "retry",
      retryPolicy: new RetryPolicy({ jitter: "none", maxBackoff: "300ms", maxRetries: 4 }),
    },
    stream: { batchSize: 10, maxBatches: 3 },
    costMs: (call) => call >= 1 && call <= 4 ? new Error("connection lost") : 0,
  });
  assertEquals(sent, numbers(0, 30));
  const [, first, ...again] = publisher.times;
  const waits = again.slice(0, 4).map((ms, at) => Math.round(ms - [first, ...again][at]));
  assertEquals(waits, [100, 200, 300, 300]);
  assertEquals([metrics.errors, metrics.retries, metrics.batchesSent], [4, 4, 3]);
});

Deno.test("full jitter waits a random part of the formula", () => {
  const policy = new RetryPolicy({ initialBackoff: "1s", backoffFactor: 3, maxBackoff: "10s" });
  assertEquals([1, 2, 3, 4].map((retry) => policy.delayMs(retry)), [1000, 3000, 9000, 10_000]);
  assertEquals(policy.delayMs(3, () => 0.25), 2250);
  const atOnce = new RetryPolicy({ maxRetries: 5_000, initialBackoff: 0 });
  assertEquals(atOnce.delayMs(5_000), 0);
});

Deno.test("a batch that cannot be published ends the stream with batch, attempt and cause", async () => {
  const cause = new Error("disk full");
  const { error, publisher } = await simulated({
    streamer: { onError: "retry", retryPolicy: new RetryPolicy({ maxRetries: 2 }) },
    stream: { batchSize: 10 },
    costMs: (call) => call >= 3 ? cause : 0,
  });
  assert(error instanceof StreamingError);
  assertEquals([error.batch, error.attempt, error.cause], [3, 3, cause]);
  assertEquals(
    error.message,
    "Cannot publish batch 3, records 30 to 39: disk full; it was tried 3 times, and nothing behind " +
      "it was; to go on with it, stream with start: 30",
  );
  assertEquals(publisher.batches.length, 3);
});

Deno.test("a publisher that resolves with no receipt fails the stream, and is asked once", async () => {
  for (const receipt of [undefined, null, 42, {}, { records: "10" }]) {
    let calls = 0;
    const publish = () => {
      calls++;
      return receipt as never;
    };
    const streamer = new StreamingGenerator(numbered, { onError: "retry" });
    await assertRejects(
      () =>
        streamer.streamTo(Object.assign(new MemoryPublisher(), { publish }), { maxRecords: 200 }),
      StreamingError,
      "publish() must resolve with a receipt such as { records: batch.length }",
    );
    assertEquals(calls, 1);
  }
});

Deno.test("a stream that ends needs no more keys than it has records", async () => {
  const coded = SyntheticGenerator.fromSchema({ columns: { code: { pattern: "K-##" } } });
  for (const workers of [0, 1]) {
    const streamer = new StreamingGenerator(coded, { workers });
    const batches = await Array.fromAsync(streamer.stream({ start: 3, maxRecords: 90 }));
    assertEquals(
      new Set(batches.flatMap((batch) => batch.toRows()).map(({ code }) => code)).size,
      90,
    );
    assertThrows(() => streamer.stream({ maxRecords: 101 }), RangeError, '"code" has only 100');
  }
});

Deno.test("what says that it is not retriable is not tried again", async () => {
  const { error } = await simulated({
    streamer: { onError: "retry" },
    costMs: () => new StreamingError("no such table", { retriable: false }),
  });
  assert(error instanceof StreamingError);
  assertEquals(error.attempt, 1);
});

Deno.test("with onError skip failed batches are counted and go to the dead letters", async () => {
  const deadLetter = new MemoryPublisher();
  const { publisher, report, metrics } = await simulated({
    streamer: { onError: "skip", deadLetter },
    stream: { batchSize: 10, maxBatches: 6 },
    costMs: (call) => call % 3 === 1 ? new Error("no") : 0,
  });
  assertEquals(ids(deadLetter.batches as RecordBatch[]), [...numbers(10, 20), ...numbers(40, 50)]);
  assertEquals(publisher.batches.length, 4);
  assertEquals(report, { records: 40, batches: 4, dropped: 0, skipped: 20, next: 60 });
  assertEquals([metrics.errors, metrics.skipped], [2, 20]);
});

Deno.test("a paused stream stands still with its schedule, and goes on where it was", async () => {
  const runtime = new SimulatedRuntime({ seed: 1 });
  const publisher = new SlowPublisher(runtime, () => 0);
  const streamer = new StreamingGenerator(numbered, { runtime });
  await runtime.drive(() => {
    runtime.after(120, () => streamer.pause());
    runtime.after(1120, () => streamer.resume());
    return streamer.streamTo(publisher, { batchSize: 10, interval: 50, maxBatches: 5 });
  });
  assertEquals(publisher.times.map((ms) => Math.round(ms / 10)), [0, 5, 10, 115, 120]);
  assertEquals(ids(publisher.batches), numbers(0, 50));
});

Deno.test("an abort ends a stream with its reason, whatever it waits for", async () => {
  for (
    const [stream, costMs] of [
      [{ interval: "1h" }, 0],
      [{ rateLimit: 0.001 }, 0],
      [{}, 3_600_000],
    ] as const
  ) {
    const runtime = new SimulatedRuntime({ seed: 1 });
    const publisher = new SlowPublisher(runtime, () => costMs);
    const streamer = new StreamingGenerator(numbered, { runtime });
    const stop = new AbortController();
    const reason = new Error("enough");
    const endMs = await runtime.drive(async () => {
      runtime.after(500, () => stop.abort(reason));
      await assertRejects(
        () => streamer.streamTo(publisher, { ...stream, signal: stop.signal }),
        Error,
        "enough",
      );
      return runtime.monotonicMs();
    });
    assert(endMs < 501, `${endMs}`);
  }
});

Deno.test("breaking out of either loop ends the stream, and leaves no timer", async () => {
  const streamer = new StreamingGenerator(numbered);
  let batches = 0;
  for (const _ of streamer.stream({ interval: "1ms" })) if (++batches === 3) break;
  for await (const _ of streamer.stream({ interval: "1ms" })) if (++batches === 6) break;
  assertEquals(batches, 6);
});

Deno.test("bees make the same records, and end with the loop", async () => {
  const streamer = new StreamingGenerator(numbered, { workers: 2, seed: 3 });
  const rows: unknown[] = [];
  for await (const batch of streamer.stream({ batchSize: 3000, start: 100 })) {
    rows.push(...batch);
    if (rows.length >= 20_000) break;
  }
  assertEquals(rows, numbered.sample(rows.length, { seed: 3, start: 100 }).toRows());
  assertThrows(() => Array.from(streamer.stream({ maxRecords: 1 })), TypeError, "for await");
  const kept = new MemoryPublisher();
  await streamer.streamTo(kept, { maxRecords: 5000, batchSize: 700 });
  assertEquals(kept.rows(), numbered.sample(5000, { seed: 3 }).toRows() as object[]);
});

Deno.test("conditions hold for every record of a stream, and are checked at once", async () => {
  const streamer = new StreamingGenerator(numbered);
  const kept = new MemoryPublisher();
  await streamer.streamTo(kept, { conditions: { x: [">=", 5] }, maxRecords: 300 });
  assertEquals(kept.length, 300);
  assert(kept.rows().every(({ x }) => Number(x) >= 5));
  assertThrows(() => streamer.stream({ conditions: { y: 1 } }), TypeError, '"y"');
  assertThrows(() => streamer.stream({ conditions: { x: 99 } }), RangeError, '"x"');
});

Deno.test("a stream is the source of a pipeline, and so is a streamer", async () => {
  const streamer = new StreamingGenerator(numbered);
  const kept = new MemoryPublisher();
  await from(streamer.stream({ maxRecords: 1000 }), { workers: 1 }).filter(col("x").gt(2)).to(kept)
    .run();
  const some = numbered.sample(1000).toRows().filter(({ x }) => x > 2);
  assertEquals(kept.rows().length, some.length);
  let rows = 0;
  for await (const _ of from(streamer, { workers: 1 })) if (++rows === 500) break;
  assertEquals(rows, 500);
});

Deno.test("StreamingMetrics tells rates, latencies and the buffer while a stream runs", async () => {
  const runtime = new SimulatedRuntime({ seed: 1 });
  const metrics = new StreamingMetrics({ runtime });
  const publisher = new SlowPublisher(runtime, () => 20);
  const streamer = new StreamingGenerator(numbered, { runtime, bufferSize: 1000 });
  const seen: number[] = [];
  await runtime.drive(() => {
    runtime.after(10_050, () => seen.push(metrics.recordsPerSecond, metrics.averageRate));
    return streamer.streamTo(publisher, { rateLimit: 500, maxRecords: 6000, metrics });
  });
  assert(seen.every((rate) => Math.abs(rate - 500) < 15), `${seen}`);
  assert(Math.abs(metrics.latencyMs.p99 - 20) < 0.5);
  assertEquals(metrics.toJSON().totalRecords, 6000);
});

for (
  const [name, rateLimit, per10s] of [
    ["a text", "600/m", 100],
    ["a square", square({ low: "10/s", high: "90/s", period: "2s" }), 500],
    ["a ramp", ramp({ from: "10/s", to: "100/s", over: "10s" }), 550],
    ["a Poisson process", poisson("50/s"), 500],
    ["a function", varying((ms) => ms < 5000 ? 20 : 80, { over: "10s" }), 500],
  ] as const
) {
  Deno.test(`records leave by ${name} of a rate`, async () => {
    const { publisher } = await simulated({
      stream: { rateLimit, batchSize: 5, maxRecords: per10s },
    });
    const endMs = publisher.times.at(-1)!;
    assert(Math.abs(endMs / 10_000 - 1) < 0.15, `${endMs}`);
    const records = publisher.batches.reduce((sum, { length }) => sum + length, 0);
    assertEquals(records, per10s);
  });
}

Deno.test("speed lets a twin come as its records arrive, so many times faster", async () => {
  const random = new Random(5);
  let time = Date.UTC(2024, 0, 1);
  const rows = Array.from({ length: 3000 }, () => ({
    ts: new Date(time += -Math.log(1 - random.next()) * 1000),
    x: random.below(5),
  }));
  const twin = await SyntheticGenerator.fit(rows, {
    time: "ts",
    columns: { ts: { type: types.timestamp } },
  });
  const runtime = new SimulatedRuntime({ seed: 1 });
  const publisher = new SlowPublisher(runtime, () => 0);
  const streamer = new StreamingGenerator(twin, { runtime, seed: 4 });
  await runtime.drive(() =>
    streamer.streamTo(publisher, { speed: 60, maxRecords: 600, start: 100 })
  );
  const sent = publisher.batches.flatMap((batch) => batch.toRows());
  const first = Number(sent[0].ts);
  let at = 0;
  publisher.batches.forEach((batch, number) => {
    at += batch.length;
    const arrival = Math.max(...sent.slice(0, at).map(({ ts }) => Number(ts)));
    const dueMs = (arrival - first) / 60;
    assert(Math.abs(publisher.times[number] - dueMs) < 2, `${publisher.times[number]} ${dueMs}`);
  });
  assertThrows(
    () => new StreamingGenerator(numbered).stream({ speed: 1 }),
    TypeError,
    "event times",
  );
});

Deno.test("what cannot be streamed is refused with what to do", async () => {
  const make = (options: object) => () => new StreamingGenerator(numbered, options);
  assertThrows(make({ bufferSize: 0 }), RangeError, "bufferSize must be a whole number from 1");
  assertThrows(make({ onBufferFull: "wait" }), TypeError, '"block", "drop", "error"');
  assertThrows(make({ dropOldest: true }), TypeError, 'onBufferFull is "block"');
  assertThrows(make({ deadLetter: new MemoryPublisher() }), TypeError, 'onError is "stop"');
  assertThrows(make({ buferSize: 1 }), TypeError, "did you mean bufferSize?");
  assertThrows(
    () => new StreamingGenerator({} as never),
    TypeError,
    "SyntheticGenerator.load(path)",
  );
  const streamer = new StreamingGenerator(numbered, { bufferSize: 50 });
  assertThrows(() => streamer.stream({ rateLimit: 0 }), RangeError, "above 0");
  assertThrows(() => streamer.stream({ rateLimit: 10 }), RangeError, "a batch of 100 records");
  assertThrows(() => streamer.stream({ batchSize: 0 }), RangeError, "batchSize");
  assertThrows(() => streamer.stream({ interval: "1 sec" }), TypeError, "interval");
  await assertRejects(() => streamer.streamTo({} as never), TypeError, "publisher");
  assertThrows(() => new RetryPolicy({ backoffFactor: 0.5 }), RangeError, "from 1");
  assertThrows(() => new RetryPolicy({ maxRetries: -1 }), RangeError, "from 0");
});

/** A sink that delivers so many records a second, one after the other, and may change that. */
class CapacityPublisher implements Publisher {
  readonly latencies: { ms: number; latencyMs: number; records: number }[] = [];
  readonly #runtime: SimulatedRuntime;
  readonly #perSecond: (ms: number) => number;
  readonly #networkMs: number;
  #freeMs = 0;

  constructor(runtime: SimulatedRuntime, perSecond: (ms: number) => number, networkMs: number) {
    this.#runtime = runtime;
    this.#perSecond = perSecond;
    this.#networkMs = networkMs;
  }

  async publish(batch: RecordBatch) {
    const startMs = this.#runtime.monotonicMs();
    const beginMs = Math.max(startMs, this.#freeMs);
    this.#freeMs = beginMs + (batch.length * 1000) / this.#perSecond(beginMs);
    const waitMs = this.#freeMs - startMs + this.#networkMs;
    await new Promise<void>((resolve) => this.#runtime.after(waitMs, resolve));
    const ms = this.#runtime.monotonicMs();
    this.latencies.push({ ms, latencyMs: ms - startMs, records: batch.length });
    return { records: batch.length };
  }

  flush() {
    return Promise.resolve();
  }

  [Symbol.asyncDispose]() {
    return Promise.resolve();
  }

  /** The 95th percentile of latencies, and records delivered, between two times. */
  between(fromMs: number, toMs: number) {
    const some = this.latencies.filter(({ ms }) => ms >= fromMs && ms < toMs);
    const sorted = some.map(({ latencyMs }) => latencyMs).sort((a, b) => a - b);
    const records = some.reduce((sum, each) => sum + each.records, 0);
    return { p95: sorted[Math.floor(sorted.length * 0.95)], records };
  }
}

for (const networkMs of [0, 40]) {
  Deno.test(`adaptiveRate finds a sink's capacity again when it is halved, ${networkMs} ms away`, async () => {
    const runtime = new SimulatedRuntime({ seed: 1 });
    const perSecond = (ms: number) => ms < 10_000 ? 20_000 : 10_000;
    const publisher = new CapacityPublisher(runtime, perSecond, networkMs);
    const streamer = new StreamingGenerator(numbered, { runtime });
    await runtime.drive(async () => {
      await assertRejects(() => {
        const stop = new AbortController();
        runtime.after(20_000, () => stop.abort(new Error("enough")));
        const how = { adaptiveRate: true, targetLatency: "100ms", signal: stop.signal };
        return streamer.streamTo(publisher, { ...how, batchSize: 50 });
      });
    });
    const before = publisher.between(5_000, 10_000);
    const after = publisher.between(15_000, 20_000);
    assert(before.p95 < 100 && after.p95 < 100, `${before.p95} ${after.p95}`);
    assert(before.records >= 0.85 * 100_000, `${before.records}`);
    assert(after.records >= 0.85 * 50_000, `${after.records}`);
  });
}

Deno.test("a failure of one of several batches on their way ends the stream with it", async () => {
  const { error, sent, publisher } = await simulated({
    stream: { adaptiveRate: "aimd", targetLatency: "1s", batchSize: 5 },
    costMs: (call) => call === 20 ? new Error("gone") : 10,
  });
  assert(error instanceof StreamingError);
  assertEquals(error.batch, 20);
  assert(error.message.includes("some of those behind it may have been delivered"));
  // all that had left was waited for
  assertEquals(sent.length, (publisher.times.length - 1) * 5);
});
