import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  count,
  from,
  MonotonousTimestamps,
  type Pipeline,
  RecordBatch,
  type Runtime,
  type Source,
  type SourceBatch,
  type SourceOptions,
  type TimestampOptions,
  together,
  TumblingWindow,
} from "../mod.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { forSeedsAsync } from "./support/random.ts";

interface Row {
  readonly at: number;
}

function after(runtime: Runtime, ms: number): Promise<void> {
  return new Promise((resolve) => runtime.after(ms, resolve));
}

/** Where the sources of a test stand, and by how much one was ahead of another at most. */
class Course {
  readonly #at: number[];
  readonly #running: Set<number>;
  drift = 0;

  constructor(sources: number) {
    this.#at = Array(sources).fill(-Infinity);
    this.#running = new Set(this.#at.keys());
  }

  note(source: number, at: number): void {
    this.#at[source] = at;
    const others = this.#running.values().filter((each) => each !== source).map((each) =>
      this.#at[each]
    );
    const least = Math.min(...others);
    if (Number.isFinite(least)) this.drift = Math.max(this.drift, at - least);
  }

  end(source: number): void {
    this.#running.delete(source);
  }
}

/** A source of a row a batch, each so long after the one before by the clock. */
function pacedSource(
  number: number,
  { times, pauseMs, course }: { times: readonly number[]; pauseMs: number; course: Course },
): Source<Row> {
  return {
    name: `source ${number}`,
    async *open({ runtime, signal }: SourceOptions): AsyncGenerator<SourceBatch<Row>> {
      for (const at of times) {
        if (pauseMs > 0) await after(runtime, pauseMs);
        if (signal.aborted) return;
        course.note(number, at);
        yield { batch: RecordBatch.fromRows([{ at }]) };
      }
      course.end(number);
    },
  };
}

function united(sources: readonly Source<Row>[], runtime: Runtime): Pipeline<Row> {
  const [first, ...others] = sources.map((source, at) =>
    from(source, at === 0 ? { workers: 2, runtime } : {}) as Pipeline<Row>
  );
  return first.union(...others);
}

const times = (length: number, step: number) => Array.from({ length }, (_, n) => n * step);
const tens = new TumblingWindow({ size: 10 });

Deno.test("A source waits where it is too far ahead of another, and all rows come all the same", async () => {
  for (
    const options of [{}, { watermarks: new MonotonousTimestamps() }, {
      idle: { after: "1h", clock: "wall" },
    }] as TimestampOptions[]
  ) {
    for (const aligned of [false, true]) {
      const course = new Course(2);
      const runtime = new SimulatedRuntime({ seed: 5 });
      const sources = [
        pacedSource(0, { times: times(300, 1), pauseMs: 0, course }),
        pacedSource(1, { times: times(300, 1), pauseMs: 1, course }),
      ];
      const pipeline = united(sources, runtime)
        .timestamps("at", { ...options, ...(aligned && { alignment: { maxDrift: 20 } }) })
        .window(tens).aggregate({ n: count() });
      const rows = await runtime.drive(() => Array.fromAsync(pipeline));
      assertEquals(rows.map(({ n }) => n), Array(30).fill(20));
      assertEquals(pipeline.metrics().late, 0);
      // What is read when it is within the bound may be ahead of it by a batch, and one under way.
      if (aligned) assert(course.drift <= 23, `ahead by ${course.drift}`);
      else assert(course.drift > 100, `ahead by ${course.drift}`);
    }
  }
});

Deno.test("However many sources, however fast and long, aligned ones never wait in a circle", async () => {
  await forSeedsAsync(40, async (random, seed) => {
    const runtime = new SimulatedRuntime({ seed });
    const count1 = 2 + random.below(4);
    const course = new Course(count1);
    const maxDrift = 1 + random.below(60);
    const all = Array.from({ length: count1 }, () => {
      const step = 1 + random.below(10);
      return times(random.below(80), step).map((at) => at - random.below(3));
    });
    const pauses = all.map(() => random.pick([0, 0, 1, 7]));
    const sources = all.map((times, at) => pacedSource(at, { times, pauseMs: pauses[at], course }));
    const pipeline = united(sources, runtime)
      .timestamps("at", { maxDisorder: 5, alignment: { maxDrift } })
      .window(tens).aggregate({ n: count() });
    const rows = await runtime.drive(() => Array.fromAsync(pipeline));
    const total = rows.reduce((sum, { n }) => sum + n, 0);
    assertEquals(total, all.flat().length, `seed ${seed}`);
    assertEquals(pipeline.metrics().late, 0);
  });
});

Deno.test("Nobody waits for a partition that has ended, nor for an idle one", async () => {
  for (const silent of ["ended", "idle"] as const) {
    const runtime = new SimulatedRuntime({ seed: 2 });
    const course = new Course(2);
    let isRead = false;
    const slow: Source<Row> = {
      name: "slow",
      async *open({ runtime, signal }: SourceOptions): AsyncGenerator<SourceBatch<Row>> {
        yield { batch: RecordBatch.fromRows([{ at: 0 }]) };
        while (silent === "idle" && !isRead && !signal.aborted) await after(runtime, 1_000);
      },
    };
    const fast = pacedSource(1, { times: times(200, 10), pauseMs: 0, course });
    const idle = { after: "5s", clock: "wall" } as const;
    const pipeline = united([slow, fast], runtime)
      .timestamps("at", { idle, alignment: { maxDrift: 50 } })
      .window(tens).aggregate({ n: count() });
    const rows: number[] = [];
    await runtime.drive(async () => {
      for await (const { windowStart, n } of pipeline) {
        rows.push(n);
        isRead ||= windowStart >= 1_900;
      }
    });
    assertEquals(rows.reduce((a, b) => a + b, 0), 201);
    assertEquals(pipeline.metrics().late, 0);
    if (silent === "idle") assert(runtime.monotonicMs() >= 5_000);
  }
});

/** A source of several partitions, which heeds the alignment or does not say so. */
function partitioned(all: readonly (readonly number[])[], aligns?: boolean) {
  const told: (readonly boolean[])[] = [];
  const source: Source<Row> = {
    name: "partitioned",
    partitions: all.length,
    ...(aligns && { aligns }),
    async *open({ alignment }: SourceOptions): AsyncGenerator<SourceBatch<Row>> {
      const next = all.map(() => 0);
      while (next.some((row, partition) => row < all[partition].length)) {
        told.push(all.map((_, partition) => alignment?.isAhead(partition) ?? false));
        const open = [...all.keys()].filter((each) => next[each] < all[each].length);
        // The first that may be read is: without alignment one after the other.
        const partition = open.find((each) => !alignment?.isAhead(each));
        if (partition === undefined) {
          await alignment!.changed();
          continue;
        }
        const at = all[partition][next[partition]++];
        const ended = next[partition] === all[partition].length;
        yield { batch: RecordBatch.fromRows([{ at }]), partition, ended };
      }
    },
  };
  return { source, told };
}

Deno.test("A source of several partitions is told which are ahead, and holds them back", async () => {
  const all = [times(100, 1), times(100, 1), times(50, 2)];
  const aligned = partitioned(all, true);
  const pipeline = from(aligned.source, { workers: 1 })
    .timestamps("at", { alignment: { maxDrift: 10 } }).window(tens).aggregate({ n: count() });
  assertEquals((await Array.fromAsync(pipeline)).map(({ n }) => n), Array(10).fill(25));
  assert(aligned.told.some((ahead) => ahead.some(Boolean)));
  assert(aligned.told.every((ahead) => !ahead.every(Boolean)));
  const free = partitioned(all, true);
  await from(free.source, { workers: 1 }).timestamps("at").window(tens).aggregate({ n: count() })
    .run();
  assert(free.told.every((ahead) => !ahead.some(Boolean)));
});

Deno.test("A union holds back a source that cannot, and lets one that can do it by itself", async () => {
  const runtime = new SimulatedRuntime({ seed: 9 });
  const course = new Course(2);
  const own = partitioned([times(80, 5), times(80, 5)], true);
  const others = [
    pacedSource(0, { times: times(100, 4), pauseMs: 2, course }),
    pacedSource(1, { times: times(400, 1), pauseMs: 0, course }),
  ];
  const pipeline = united([own.source, ...others], runtime)
    .timestamps("at", { alignment: { maxDrift: 30 } }).window(tens).aggregate({ n: count() });
  const rows = await runtime.drive(() => Array.fromAsync(pipeline));
  assertEquals(rows.reduce((sum, { n }) => sum + n, 0), 660);
  assert(own.told.some((ahead) => ahead.some(Boolean)));
  assert(course.drift <= 40, `ahead by ${course.drift}`);
});

Deno.test("Pipelines that run together hold back what is ahead for all of them", async () => {
  const { source, told } = partitioned([times(100, 1), times(100, 1)], true);
  const rows = from(source, { workers: 1 });
  const near = rows.timestamps("at", { alignment: { maxDrift: 5 } });
  const far = rows.timestamps("at", { alignment: { maxDrift: 40 } });
  await together(
    near.window(tens).aggregate({ n: count() }),
    far.window(tens).aggregate({ n: count() }),
  ).run();
  assert(told.some((ahead) => ahead.some(Boolean)));
  assert(told.every((ahead) => !ahead.every(Boolean)));
});

Deno.test("An alignment that cannot be kept, or would never end, is refused", async () => {
  const timed = (options: object) => () => from([{ at: 1 }]).timestamps("at", options);
  assertThrows(timed({ alignment: {} }), TypeError, "alignment.maxDrift");
  assertThrows(
    timed({ alignment: "1s" }),
    TypeError,
    "the options are an object such as { maxDrift",
  );
  assertThrows(timed({ alignment: { maxDrift: 0 } }), RangeError, "alignment.maxDrift");
  assertThrows(
    timed({ alignment: { maxDrift: 1, drift: 2 } }),
    TypeError,
    "did you mean maxDrift?",
  );
  const stream = { alignment: { maxDrift: "1s" }, idle: { after: "5s" } };
  assertThrows(timed(stream), TypeError, 'give idle: { after, clock: "wall" }');
  const { source } = partitioned([[1], [2]]);
  const pipeline = from(source, { workers: 1 }).timestamps("at", { alignment: { maxDrift: 5 } })
    .window(tens).aggregate({ n: count() });
  const message = "Cannot align partitioned: it has 2 partitions, and does not say that it heeds";
  await assertRejects(() => pipeline.run(), TypeError, message);
  assert(pipeline.explain().includes("its partitions cannot be aligned, so that a run is refused"));
  const one = from([{ at: 1 }]).timestamps("at", { alignment: { maxDrift: 1 } });
  const other = from([{ at: 1 }]).timestamps("at", { alignment: { maxDrift: 2 } });
  assertThrows(() => one.union(other), TypeError, "do not take event times the same way");
});

Deno.test("explain() tells how far ahead a partition may be", () => {
  const options = { alignment: { maxDrift: "90s" } };
  const alone = from([{ at: 1 }], { workers: 1 }).timestamps("at", options);
  const text = alone.window(tens).aggregate({ n: count() }).explain();
  assert(text.includes("there is one partition, which waits for no other"), text);
  const both = alone.union(from([{ at: 1 }]).timestamps("at", options)).window(tens)
    .aggregate({ n: count() }).explain();
  assert(both.includes("a partition more than 90s ahead of another is not read meanwhile"), both);
});
