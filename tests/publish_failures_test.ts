import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  MemoryPublisher,
  type Publisher,
  RecordBatch,
  retrying,
  RetryPolicy,
  StreamingError,
  StreamingGenerator,
  StreamingMetrics,
  SyntheticGenerator,
  tee,
} from "../mod.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { testPublisher } from "./support/publisher_suite.ts";

const generator = await SyntheticGenerator.fit([{ x: 1 }, { x: 2 }, { x: 2 }]);
const noJitter = new RetryPolicy({ jitter: "none" });

function batchOf(start: number, count = 2): RecordBatch {
  return RecordBatch.fromRows(
    Array.from({ length: count }, (_, i) => ({ id: start + i })),
  ) as RecordBatch;
}

/** Keeps what it gets, unless it is told to fail. */
class Fallible extends MemoryPublisher {
  readonly errors: unknown[] = [];
  calls = 0;
  isEnded = false;

  override publish(...given: Parameters<MemoryPublisher["publish"]>) {
    this.calls++;
    return this.errors.length > 0 ? Promise.reject(this.errors.shift()) : super.publish(...given);
  }

  override flush(): Promise<void> {
    return this.errors.length > 0 ? Promise.reject(this.errors.shift()) : super.flush();
  }

  override [Symbol.asyncDispose](): Promise<void> {
    this.isEnded = true;
    return super[Symbol.asyncDispose]();
  }
}

function fallibleCase(publisher: (inner: Fallible) => Publisher) {
  return () => {
    const inner = new Fallible();
    return Promise.resolve({
      publisher: publisher(inner),
      arrived: () => Promise.resolve(inner.rows()),
      failNext: (n: number) => {
        inner.errors.length = 0;
        inner.errors.push(...Array.from({ length: n }, (_, i) => new Error(`no ${i}`)));
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  };
}

testPublisher("tee()", fallibleCase((inner) => tee(new MemoryPublisher(), inner)), {
  cannot: ["stall", "break"],
  forgets: true,
});

testPublisher(
  "retrying()",
  fallibleCase((inner) =>
    retrying(inner, { retryPolicy: new RetryPolicy({ initialBackoff: 1, maxBackoff: 5 }) })
  ),
  { cannot: ["stall", "break"], forgets: true, retries: true },
);

Deno.test("tee() gives what one refused to that one alone when it is tried again", async () => {
  const [a, b, c] = [new Fallible(), new Fallible(), new Fallible()];
  b.errors.push(new StreamingError("b is full", { retriable: true, retryAfterMs: 70 }));
  c.errors.push(new Error("c is gone"));
  const all = tee(a, b, c);
  const batch = batchOf(0);
  const error = await assertRejects(() => all.publish(batch), StreamingError);
  assertEquals(error.message, "Cannot publish to 2 of 3 publishers: b is full; c is gone");
  assertEquals([error.retriable, error.retryAfterMs], [true, 70]);
  c.errors.push(new Error("c is gone still"));
  const one = await assertRejects(() => all.publish(batch), Error);
  assertEquals(one.message, "c is gone still");
  assertEquals(await all.publish(batch), { records: 2 });
  assertEquals([a.calls, b.calls, c.calls], [1, 2, 3]);
  await all.publish(batch); // once more on purpose
  assertEquals([a.length, b.length, c.length], [4, 4, 4]);
  await all[Symbol.asyncDispose]();
  assert(a.isEnded && b.isEnded && c.isEnded);
});

Deno.test("tee() is not to be tried again when one of them is not", async () => {
  const [a, b] = [new Fallible(), new Fallible()];
  a.errors.push(new StreamingError("no such table", { retriable: false }));
  b.errors.push(new Error("later"));
  const error = await assertRejects(() => tee(a, b).publish(batchOf(0)), StreamingError);
  assertEquals(error.retriable, false);
});

Deno.test("tee() delivers a stream to each publisher once, though each of them fails", async () => {
  const all = [new Fallible(), new Fallible(), new Fallible()];
  for (const [i, { errors }] of all.entries()) {
    errors.push(...Array.from({ length: i }, () => new Error("not now")));
  }
  const streamer = new StreamingGenerator(generator, {
    retryPolicy: new RetryPolicy({ initialBackoff: 1 }),
  });
  await streamer.streamTo(tee(...all), { batchSize: 10, maxRecords: 50 });
  assertEquals(all.map(({ length }) => length), [50, 50, 50]);
  assertEquals(all[1].rows(), all[0].rows());
  assertEquals(all[2].rows(), all[0].rows());
});

Deno.test("tee() and retrying() refuse what is no publisher", () => {
  assertThrows(() => tee(), TypeError, "received none");
  assertThrows(() => tee(7 as never), TypeError, "received 7");
  const one = new MemoryPublisher();
  assertThrows(() => tee(one, one), TypeError, "the same publisher twice");
  assertThrows(() => retrying({} as never), TypeError, "received an object");
  assertThrows(() => retrying(one, { retryPolicy: {} as never }), TypeError, "a RetryPolicy");
  assertThrows(() => retrying(one, { retries: 3 } as never), TypeError, 'no option "retries"');
});

Deno.test("retrying() waits as the policy says, and as long as it was asked to", async () => {
  const runtime = new SimulatedRuntime({ seed: 1 });
  const inner = new Fallible();
  const asked = new StreamingError("busy", { retriable: true, retryAfterMs: 5000 });
  inner.errors.push(new Error("no"), asked, new Error("no"));
  const publisher = retrying(inner, { retryPolicy: noJitter, runtime });
  const endMs = await runtime.drive(async () => {
    const startMs = runtime.monotonicMs();
    await Promise.all([publisher.publish(batchOf(0)), publisher.publish(batchOf(2))]);
    return runtime.monotonicMs() - startMs;
  });
  assert(Math.abs(endMs - (100 + 5000 + 400)) < 10, `${endMs}`);
  assertEquals(inner.rows().map(({ id }) => id), [0, 1, 2, 3]);
});

Deno.test("retrying() gives up after its retries, at once where none can help, and at its end", async () => {
  const runtime = new SimulatedRuntime({ seed: 1 });
  const inner = new Fallible();
  const publisher = retrying(inner, { retryPolicy: noJitter, runtime });
  await runtime.drive(async () => {
    inner.errors.push(...Array.from({ length: 4 }, () => new Error("no")));
    const error = await assertRejects(() => publisher.publish(batchOf(0)), StreamingError);
    assertEquals([error.message, error.attempt], ["no; it was tried 4 times", 4]);
    const final = new StreamingError("no such table", { retriable: false });
    inner.errors.push(final);
    assertEquals(await publisher.publish(batchOf(0)).catch((thrown) => thrown), final);
    inner.errors.push(
      new StreamingError("busy", { retriable: true, retryAfterMs: 1e9 }),
      new Error("no"),
    );
    const startMs = runtime.monotonicMs();
    const publishing = assertRejects(
      () => publisher.publish(batchOf(0)),
      StreamingError,
      "2 times",
    );
    await new Promise<void>((resolve) => runtime.after(50, resolve));
    await publisher[Symbol.asyncDispose]();
    await publishing;
    assert(runtime.monotonicMs() - startMs < 100);
    assert(inner.isEnded);
  });
});

Deno.test("a stream waits as long as a publisher was asked to", async () => {
  const runtime = new SimulatedRuntime({ seed: 1 });
  const inner = new Fallible();
  inner.errors.push(new StreamingError("busy", { retriable: true, retryAfterMs: 7000 }));
  const streamer = new StreamingGenerator(generator, { runtime, onError: "retry" });
  const endMs = await runtime.drive(async () => {
    await streamer.streamTo(inner, { maxRecords: 100 });
    return runtime.monotonicMs();
  });
  assert(Math.abs(endMs - 7000) < 10, `${endMs}`);
});

Deno.test("a batch that its publisher never takes fails by publishTimeout, and hears of it", async () => {
  const runtime = new SimulatedRuntime({ seed: 1 });
  const heard: unknown[] = [];
  const publish: Publisher["publish"] = (_, { signal } = {}) => {
    signal!.addEventListener("abort", () => heard.push(signal!.reason));
    return new Promise(() => {});
  };
  const deaf = Object.assign(new MemoryPublisher(), { publish });
  const retryPolicy = new RetryPolicy({ maxRetries: 1, initialBackoff: "1s", jitter: "none" });
  const streamer = new StreamingGenerator(generator, {
    ...{ runtime, retryPolicy },
    publishTimeout: "5s",
  });
  const metrics = new StreamingMetrics({ runtime });
  const endMs = await runtime.drive(async () => {
    const error = await assertRejects(
      () => streamer.streamTo(deaf, { maxRecords: 100, metrics }),
      StreamingError,
      "records 0 to 99: it was not taken within publishTimeout (5s); it was tried 2 times",
    );
    assertEquals(heard.at(-1), error.cause);
    return runtime.monotonicMs();
  });
  assert(Math.abs(endMs - 11_000) < 10, `${endMs}`);
  assertEquals([heard.length, metrics.errors], [2, 2]);
  assertThrows(() => new StreamingGenerator(generator, { publishTimeout: 0 }), RangeError);
});
