import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  count,
  from,
  MemoryPublisher,
  type PipelineOptions,
  RecordBatch,
  sum,
  together,
  TumblingWindow,
} from "../mod.ts";
import { schema, types as t } from "../src/batch/mod.ts";
import type { Source, SourceBatch, SourceOptions } from "../src/stream/source.ts";
import { delay } from "../src/stream/delay.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { Random } from "./support/random.ts";

const COLUMNS = schema({ at: t.timestamp, x: t.i32 });
const OPTIONS: PipelineOptions = { workers: 1, settleInterval: 0 };

interface Row {
  readonly at: number;
  readonly x: number;
}

/** One partition of rows 0, 1, 2 …, which begins anew when so many were read, where it is settled. */
class Rereading implements Source<Row> {
  readonly name = "rows that come again";
  readonly schema = COLUMNS as never;
  readonly #times: readonly number[];
  readonly #restartAt: number;
  settled = 0;
  keepsRows: boolean | undefined;

  constructor(times: readonly number[], restartAt: number) {
    this.#times = times;
    this.#restartAt = restartAt;
  }

  async *open({ settlement }: SourceOptions): AsyncGenerator<SourceBatch<Row>> {
    const heard = Promise.withResolvers<void>();
    this.keepsRows = settlement!.keepsRows;
    settlement!.onSettled((positions) => {
      assert(positions.get(0)! > this.settled);
      this.settled = positions.get(0)!;
      heard.resolve();
    });
    yield* this.#rows(0, this.#restartAt);
    if (this.keepsRows) {
      await heard.promise;
      yield { restart: true };
    }
    yield* this.#rows(this.keepsRows ? this.settled : this.#restartAt, this.#times.length);
  }

  *#rows(from: number, to: number): Generator<SourceBatch<Row>> {
    for (let x = from; x < to; x++) {
      const batch: unknown = RecordBatch.fromRows([{ at: this.#times[x], x }], { schema: COLUMNS });
      yield { batch: batch as RecordBatch<Row>, position: x + 1 };
    }
  }
}

const TEN = () => new TumblingWindow({ size: 10 });
const TIMES = [1, 2, 11, 12, 21, 22, 23, 31];

Deno.test("Windows that are open when a source begins anew are made again of what comes again", async () => {
  const source = new Rereading(TIMES, 6);
  const memory = new MemoryPublisher();
  const metrics = await from(source, OPTIONS).timestamps("at").window(TEN())
    .aggregate({ n: count(), total: sum("x") }).to(memory).run();
  const rows = memory.rows() as unknown as { windowStart: number; n: number; total: number }[];
  assertEquals([...new Set(rows.map(({ windowStart, n }) => `${windowStart}: ${n}`))], [
    "0: 2",
    "10: 2",
    "20: 3",
    "30: 1",
  ]);
  assertEquals(metrics.restarts, 1);
  assertEquals(metrics.inFlight, 0);
  assertEquals(metrics.recordsIn, metrics.absorbed);
  assert(metrics.recordsIn < TIMES.length + 6, "what was settled does not come again");
  assertEquals(source.settled, TIMES.length);
});

Deno.test("A pipeline without windows is not asked to begin anew", async () => {
  const source = new Rereading(TIMES, 6);
  const memory = new MemoryPublisher();
  const metrics = await from(source, OPTIONS).to(memory).run();
  assertEquals([memory.rows().length, metrics.restarts], [TIMES.length, 0]);
  assertEquals(source.keepsRows, false);
});

Deno.test("Windows of results begin anew with those before them", async () => {
  const source = new Rereading(TIMES, 6);
  const memory = new MemoryPublisher();
  const metrics = await from(source, OPTIONS).timestamps("at").window(TEN())
    .aggregate({ n: count() }).window(new TumblingWindow({ size: 20 }))
    .aggregate({ total: sum("n") }).to(memory).run();
  const rows = memory.rows() as unknown as { windowStart: number; total: bigint }[];
  const lines = new Set(rows.map(({ windowStart, total }) => `${windowStart}: ${total}`));
  assertEquals([...lines], ["0: 4", "20: 4"]);
  assertEquals(metrics.restarts, 1);
  assertEquals(source.settled, TIMES.length);
});

Deno.test("Pipelines that share a source begin anew together", async () => {
  const source = new Rereading(TIMES, 6);
  const rows = from(source, OPTIONS);
  const windows = rows.timestamps("at").window(TEN()).aggregate({ n: count() });
  const [all, counted, again] = [1, 2, 3].map(() => new MemoryPublisher());
  await together(
    rows.to(all),
    windows.to(counted),
    windows.window(new TumblingWindow({ size: 20 })).aggregate({ total: sum("n") }).to(again),
  ).run();
  const distinct = (memory: MemoryPublisher) =>
    new Set(memory.rows().map((row) => JSON.stringify(row))).size;
  assertEquals([all, counted, again].map(distinct), [TIMES.length, 4, 2]);
  assertEquals(source.settled, TIMES.length);
});

/** Rows of some partitions, which begin anew now and then, or since a source beside them does. */
class Beside implements Source<Row> {
  readonly name = "rows beside others";
  readonly schema = COLUMNS as never;
  readonly partitions: number;
  readonly #times: readonly (readonly number[])[];
  readonly #random: Random;
  readonly #settled: number[];
  #isTold = false;
  restarts = 0;

  constructor(times: readonly (readonly number[])[], random: Random) {
    this.partitions = times.length;
    this.#times = times;
    this.#random = random;
    this.#settled = times.map(() => 0);
  }

  async *open({ settlement, runtime, signal }: SourceOptions): AsyncGenerator<SourceBatch<Row>> {
    settlement!.onRestart?.(() => this.#isTold = true);
    settlement!.onSettled((positions) => {
      for (const [partition, position] of positions) {
        assert(position >= this.#settled[partition], "went back");
        this.#settled[partition] = position;
      }
    });
    const next = [...this.#settled];
    let left = 3;
    while (true) {
      await delay(runtime, this.#random.next() * 2, signal);
      if (this.#isTold || left > 0 && this.#random.chance(0.1)) {
        if (!this.#isTold) left--;
        yield { restart: true };
        this.restarts++;
        this.#isTold = false;
        next.splice(0, Infinity, ...this.#settled);
      }
      const open = [...next.keys()].filter((each) => next[each] < this.#times[each].length);
      if (open.length === 0) {
        left = 0;
        this.isRead = true;
        if (this.isDone()) return;
        continue;
      }
      const partition = this.#random.pick(open);
      const x = next[partition]++;
      const rows = [{ at: this.#times[partition][x], x }];
      const batch: unknown = RecordBatch.fromRows(rows, { schema: COLUMNS });
      yield { batch: batch as RecordBatch<Row>, partition, position: x + 1 };
    }
  }

  /** Whether nobody will begin anew any more: who has ended cannot be read again. */
  isDone = () => true;

  /** Whether all was given: it begins anew no more by itself. */
  isRead = false;
}

Deno.test("Sources side by side begin anew together, and no row is lost or counted twice", async () => {
  let restarts = 0;
  for (let seed = 1; seed <= 20; seed++) {
    const runtime = new SimulatedRuntime({ seed });
    const random = new Random(seed);
    const timesOf = () => {
      let now = 0;
      return Array.from({ length: 60 }, () => now += random.below(4));
    };
    const all = Array.from({ length: 3 }, timesOf);
    const one = new Beside(all.slice(0, 1), random);
    const other = new Beside(all.slice(1), random);
    // who has ended cannot begin anew
    one.isDone = other.isDone = () => one.isRead && other.isRead;
    const memory = new MemoryPublisher();
    const metrics = await runtime.drive(() =>
      from(one, { ...OPTIONS, runtime }).union(from(other)).timestamps("at").window(TEN())
        .aggregate({ n: count() }).to(memory).run()
    );
    const found = new Map<number, number[]>();
    for (const row of memory.rows() as unknown as { windowStart: number; n: number }[]) {
      const { windowStart, n } = row;
      found.set(windowStart, [...found.get(windowStart) ?? [], Number(n)]);
    }
    const expected = Map.groupBy(all.flat(), (at) => at - at % 10);
    for (const [start, rows] of expected) {
      const [first, ...again] = found.get(start) ?? [];
      assertEquals(first, rows.length, `seed ${seed}, window ${start}`);
      for (const n of again) assert(n <= rows.length, `seed ${seed}, window ${start}`);
    }
    assertEquals(found.size, expected.size);
    restarts += metrics.restarts;
    assertEquals([one.restarts, other.restarts], [metrics.restarts, metrics.restarts]);
  }
  assert(restarts > 20, `${restarts}`);
});

Deno.test("Sources side by side cannot begin anew where one of them cannot, and say so", async () => {
  const [one, other] = [new Rereading(TIMES, 6), new Rereading(TIMES, 6)];
  const windows = from(one, OPTIONS).union(from(other)).timestamps("at").window(TEN())
    .aggregate({ n: count() });
  await assertRejects(() => windows.run(), Error, "a pipeline for each source");
});
