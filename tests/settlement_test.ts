import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type Aggregate,
  aggregateRows,
  col,
  count,
  CustomWindow,
  from,
  MemoryPublisher,
  type PipelineOptions,
  type Publisher,
  RecordBatch,
  SessionWindow,
  SlidingWindow,
  sum,
  together,
  TumblingWindow,
} from "../mod.ts";
import { schema, types as t } from "../src/batch/mod.ts";
import type { Source, SourceBatch, SourceOptions } from "../src/stream/source.ts";

const COLUMNS = schema({ at: t.timestamp, x: t.i32 });
const OPTIONS: PipelineOptions = { workers: 1, settleInterval: 0 };

interface Row {
  readonly at: number;
  readonly x: number;
}

/** What a source does next: gives rows of a partition, or waits until so much is settled. */
type Step =
  | { readonly rows: readonly number[]; readonly position: number; readonly partition?: number }
  | { readonly until: readonly number[] };

/** A source that goes on when it has heard what it waits for. */
class SteppedSource implements Source<Row> {
  readonly name = "steps";
  readonly partitions: number;
  readonly schema = COLUMNS as never;
  /** Everything that was told, by partitions. */
  readonly told: number[][] = [];
  readonly #steps: readonly Step[];
  readonly #settled: number[];
  #heard: (() => void) | undefined;
  isClosed = false;

  constructor(steps: readonly Step[], partitions = 1) {
    this.partitions = partitions;
    this.#steps = steps;
    this.#settled = Array(partitions).fill(0);
  }

  async *open({ settlement, signal }: SourceOptions): AsyncGenerator<SourceBatch<Row>> {
    signal.addEventListener("abort", () => {
      this.isClosed = true;
      this.#heard?.();
    });
    settlement!.onSettled(async (positions) => {
      // What was told at the end is waited for too.
      await Promise.resolve();
      assert(!this.isClosed, "told a source that was closed");
      for (const [partition, position] of positions) {
        assert(position >= this.#settled[partition], "went back");
        this.#settled[partition] = position;
      }
      this.told.push([...this.#settled]);
      this.#heard?.();
    });
    let x = 0;
    for (const step of this.#steps) {
      if ("until" in step) await this.#until(step.until);
      else {
        const rows = step.rows.map((at) => ({ at, x: x++ }));
        const batch: unknown = rows.length > 0
          ? RecordBatch.fromRows(rows, { schema: COLUMNS })
          : undefined;
        const { rows: _, ...place } = step;
        yield { ...place, ...(batch ? { batch: batch as RecordBatch<Row> } : {}) };
      }
    }
  }

  async #until(wanted: readonly number[]): Promise<void> {
    while (!this.isClosed && wanted.some((position, each) => this.#settled[each] < position)) {
      await new Promise<void>((resolve) => this.#heard = resolve);
    }
    if (!this.isClosed) assertEquals(this.#settled, [...wanted]);
  }
}

Deno.test("Rows of a pipeline without windows are settled when the publisher has flushed what is left of them", async () => {
  const source = new SteppedSource([
    { rows: [1, 2], position: 20 },
    { rows: [3], position: 30 },
    { until: [30] },
    { rows: [4], position: 40 },
  ]);
  const memory = new MemoryPublisher();
  let flushed = 0;
  const publisher: Publisher = {
    publish: (batch) => memory.publish(batch),
    flush: async () => {
      await memory.flush();
      flushed++;
    },
    [Symbol.asyncDispose]: () => memory[Symbol.asyncDispose](),
  };
  await from(source, OPTIONS).filter(col<number>("x").ne(2)).to(publisher).run();
  assertEquals(memory.rows().length, 3);
  assert(flushed >= 2);
  assertEquals(source.told.at(-1), [40]);
});

Deno.test("Rows are held back by the oldest window that is open", async () => {
  const source = new SteppedSource([
    { rows: [0, 5], position: 2 },
    { rows: [12, 8], position: 4 },
    { rows: [19], position: 5 },
    // [0, 10) has closed: its last row came with the first of [10, 20).
    { until: [2] },
    { rows: [24], position: 6 },
    { until: [5] },
  ]);
  const memory = new MemoryPublisher();
  const { late } = await from(source, OPTIONS).timestamps("at", { maxDisorder: 4 })
    .window(new TumblingWindow({ size: 10 })).aggregate({ n: count() }).to(memory).run();
  assertEquals(late, 0);
  assertEquals(source.told.at(-1), [6]);
});

const LONG_OPEN = {
  "sessions in the kernel": [new SessionWindow({ gap: 10 }), { n: count() }],
  "sessions in JavaScript": [new SessionWindow({ gap: 10 }), {
    n: aggregateRows((rows: Row[]) => rows.length),
  }],
  "custom windows": [
    new CustomWindow({
      assign: (_row: Row, { time }) => {
        const start = time > 90 ? 100 : time > 40 ? 50 : 0;
        return [{ start, end: start + 40 }];
      },
    }),
    { n: count() },
  ],
} as const;

for (const [what, [window, aggregates]] of Object.entries(LONG_OPEN)) {
  Deno.test(`Rows are settled when no open window has any as old: ${what}`, async () => {
    const source = new SteppedSource([
      { rows: [0, 9], position: 2 },
      { rows: [18, 27], position: 4 },
      { rows: [50], position: 5 },
      // All before are in windows that have ended.
      { until: [4] },
      { rows: [51], position: 6 },
      { rows: [95], position: 7 },
      { until: [6] },
    ]);
    const memory = new MemoryPublisher();
    await from(source, OPTIONS).timestamps("at").window(window as SessionWindow)
      .aggregate(aggregates as { n: Aggregate<"count", "x"> }).to(memory).run();
    assertEquals(memory.rows().map(({ n }) => Number(n)), [4, 2, 1]);
    assertEquals(source.told.at(-1), [7]);
  });
}

Deno.test("Who iterates settles rows by asking for the next result", async () => {
  const source = new SteppedSource([
    { rows: [1, 2], position: 2 },
    { until: [2] },
    { rows: [3], position: 3 },
  ]);
  const seen: unknown[] = [];
  for await (const { x } of from(source, OPTIONS)) {
    assertEquals(source.told.length, seen.length < 2 ? 0 : 1);
    seen.push(x);
  }
  assertEquals(seen, [0, 1, 2]);
  assertEquals(source.told.at(-1), [3]);
});

Deno.test("Rows that were filtered, skipped or late are settled without results", async () => {
  const source = new SteppedSource([
    { rows: [1, 2], position: 2 },
    { until: [2] },
    { rows: [], position: 5 },
    { until: [5] },
  ]);
  await from(source, OPTIONS).filter(col<number>("x").lt(0)).to(new MemoryPublisher()).run();
});

Deno.test("Rows that go to dead letters or late rows are settled when those have taken them", async () => {
  const steps: Step[] = [
    { rows: [5, 20, 3], position: 3 },
    { rows: [40], position: 4 },
    { rows: [41], position: 5 },
  ];
  const letters = Promise.withResolvers<void>();
  const source = new SteppedSource([...steps, { until: [3] }]);
  let late = 0;
  const running = from(source, {
    ...OPTIONS,
    lateData: "sideOutput",
    lateOutput: async () => {
      await letters.promise;
      late++;
    },
  }).timestamps("at").window(new TumblingWindow({ size: 10 })).aggregate({ n: count() })
    .tap(() => {
      if (late === 0) assertEquals(source.told, []);
      letters.resolve();
    }).to(new MemoryPublisher()).run();
  await running;
  assertEquals(late, 1);
});

Deno.test("What of a window's results goes on is held back by the windows behind", async () => {
  const source = new SteppedSource([
    { rows: [1, 11], position: 2 },
    { rows: [21, 25], position: 4 },
    { rows: [31], position: 5 },
    { until: [4] },
    { rows: [61], position: 6 },
    { until: [5] },
    { rows: [81], position: 7 },
  ]);
  const memory = new MemoryPublisher();
  await from(source, OPTIONS).timestamps("at")
    .window(new TumblingWindow({ size: 10 })).aggregate({ n: count() })
    .window(new TumblingWindow({ size: 30 })).aggregate({ total: sum("n") })
    .to(memory).run();
  assertEquals(memory.rows().length, 3);
  assertEquals(source.told.at(-1), [7]);
});

Deno.test("Sources side by side each hear of their own partitions", async () => {
  const [one, other] = [
    new SteppedSource([{ rows: [1], position: 10 }, { rows: [2], position: 20 }]),
    new SteppedSource([
      { rows: [3], position: 1, partition: 1 },
      { rows: [4], position: 7, partition: 0 },
    ], 2),
  ];
  await from(one, OPTIONS).union(from(other)).to(new MemoryPublisher()).run();
  assertEquals([one.told.at(-1), other.told.at(-1)], [[20], [7, 1]]);
});

Deno.test("What several pipelines read is settled when all of them have settled it", async () => {
  const source = new SteppedSource([
    { rows: [1, 2], position: 2 },
    { rows: [12], position: 3 },
    { until: [2] },
    { rows: [35], position: 4 },
    { until: [3] },
  ]);
  const rows = from(source, OPTIONS);
  const timed = rows.timestamps("at");
  const byTen = timed.window(new TumblingWindow({ size: 10 })).aggregate({ n: count() });
  const sliding = timed.window(new SlidingWindow({ size: 10, slide: 5 })).aggregate({ n: count() });
  const memories = Array.from({ length: 4 }, () => new MemoryPublisher());
  await together(
    rows.filter(col<number>("x").gt(0)).to(memories[0]),
    byTen.to(memories[1]),
    sliding.to(memories[2]),
    byTen.filter(col<number>("n").gt(0)).to(memories[3]),
  ).run();
  assertEquals(memories.map((memory) => memory.rows().length), [3, 3, 6, 3]);
  assertEquals(source.told.at(-1), [4]);
});

Deno.test("A run that is drained settles what it has read before it lets go of its source", async () => {
  const abort = new AbortController();
  const source = new SteppedSource([
    { rows: [1, 2], position: 2 },
    { rows: [15], position: 3 },
    { until: [2] },
    { until: [9] },
  ]);
  const results = from(source, OPTIONS).timestamps("at")
    .window(new TumblingWindow({ size: 10 })).aggregate({ n: count() })
    .batches({ signal: abort.signal, onAbort: "drain" });
  let rows = 0;
  for await (const batch of results) {
    rows += batch.length;
    abort.abort();
  }
  assertEquals(rows, 2);
  assertEquals(source.told.at(-1), [3]);
});

Deno.test("A run fails when its source cannot take note of what is settled", async () => {
  const given = new SteppedSource([{ rows: [1], position: 1 }]);
  const source: Source<Row> = {
    name: given.name,
    schema: given.schema,
    async *open(options) {
      options.settlement!.onSettled(() => Promise.reject(new Error("no commit")));
      yield* given.open(options);
    },
  };
  await assertRejects(
    () => from(source, OPTIONS).to(new MemoryPublisher()).run(),
    Error,
    "no commit",
  );
});

Deno.test("Nothing is settled that a publisher has failed to take", async () => {
  const source = new SteppedSource([{ rows: [1], position: 1 }, { rows: [2], position: 2 }]);
  const publisher: Publisher = {
    publish: (batch) => Promise.resolve({ records: batch.length }),
    flush: () => Promise.reject(new Error("no disk")),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  await assertRejects(() => from(source, OPTIONS).to(publisher).run(), Error, "no disk");
  assertEquals(source.told, []);
});
