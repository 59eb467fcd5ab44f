import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  col,
  count,
  from,
  MemoryPublisher,
  RecordBatch,
  type Source,
  StreamingError,
  TumblingWindow,
} from "../mod.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";

interface Row {
  n: number;
}

function numbers(length: number): Row[] {
  return Array.from({ length }, (_, n) => ({ n }));
}

/** Rows in batches of the given sizes. */
function cut(sizes: readonly number[]): RecordBatch<Row>[] {
  const rows = numbers(sizes.reduce((sum, size) => sum + size, 0));
  let at = 0;
  return sizes.map((size) => RecordBatch.fromRows(rows.slice(at, at += size)));
}

/** Rows that come after pauses, in milliseconds of a simulation. */
async function* paused(runtime: SimulatedRuntime, pauses: readonly number[]) {
  for (const [n, pause] of pauses.entries()) {
    await new Promise<void>((resolve) => runtime.after(pause, resolve));
    yield { n };
  }
}

/** Gives one row, and then nothing until it is told that nobody wants more. */
function endless(closed: () => void): Source<Row> {
  return {
    name: "endless",
    async *open({ signal }) {
      yield { batch: RecordBatch.fromRows([{ n: 0 }]) };
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      closed();
    },
  };
}

const sizes = fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 20 });

Deno.test("batch() gives the same rows in batches of so many, whatever they came in", async () => {
  await fc.assert(
    fc.asyncProperty(sizes, fc.integer({ min: 1, max: 30 }), async (sizes, rows) => {
      const runtime = new SimulatedRuntime();
      const pipeline = from(cut(sizes), { workers: 1, runtime }).batch({ rows });
      const batches = await runtime.drive(() => Array.fromAsync(pipeline.batches()));
      const total = sizes.reduce((sum, size) => sum + size, 0);
      assertEquals(batches.flatMap((batch) => batch.toRows()), numbers(total));
      const full = Math.floor(total / rows);
      const expected = [...Array(full).fill(rows), ...(total % rows > 0 ? [total % rows] : [])];
      assertEquals(batches.map(({ length }) => length), expected);
    }),
    { numRuns: 100 },
  );
});

Deno.test("batch() with within lets no row wait longer, and fills batches while it may", async () => {
  const pauses = fc.array(fc.constantFrom(0, 1, 5, 20, 100), { minLength: 1, maxLength: 40 });
  const within = fc.constantFrom(0, 3, 25, 150);
  await fc.assert(
    fc.asyncProperty(pauses, fc.integer({ min: 1, max: 8 }), within, async (pauses, rows, ms) => {
      const runtime = new SimulatedRuntime();
      const came: number[] = [];
      let [left, last] = [0, false];
      const pipeline = from(paused(runtime, pauses), { workers: 1, runtime })
        .tap((batch) => void came.push(...Array(batch.length).fill(runtime.monotonicMs())))
        .batch({ rows, within: ms })
        .tap(({ length }) => {
          assert(!last, "only the last batch is short when there was time");
          const waited = runtime.monotonicMs() - came[left];
          assert(waited < ms + 1, `a row waited for ${waited} ms`);
          left += length;
          last = length < rows && waited < ms - 1;
          assert(length <= rows);
        });
      const got = await runtime.drive(() => Array.fromAsync(pipeline));
      assertEquals(got, numbers(pauses.length));
    }),
    { numRuns: 60 },
  );
});

Deno.test("batch() regroups what is published, windows too", async () => {
  const rows = Array.from({ length: 100 }, (_, n) => ({ at: n * 1000, n }));
  const kept = new MemoryPublisher();
  const pipeline = from(rows, { workers: 2 }).timestamps("at")
    .window(new TumblingWindow({ size: "10s" })).aggregate({ n: count() });
  const metrics = await pipeline.batch({ rows: 4 }).to(kept).run();
  assertEquals(kept.batches.map(({ length }) => length), [4, 4, 2]);
  assertEquals(kept.rows(), (await Array.fromAsync(pipeline)) as unknown[]);
  assertEquals([metrics.rowsOut, metrics.unaccounted], [10, 0]);
});

Deno.test("Leaving a batch() that waits for more rows ends the run, and closes the source", async () => {
  let closed = false;
  const pipeline = from(endless(() => void (closed = true)), { workers: 1 })
    .tap(() => {}).batch({ rows: 100, within: 1 }).tap(() => {});
  for await (const batch of pipeline.batches()) {
    assertEquals(batch.toRows(), [{ n: 0 }]);
    break;
  }
  assert(closed);
});

Deno.test("An abort ends a batch() that waits for more rows", async () => {
  for (const options of [{ rows: 100 }, { rows: 100, within: "1h" }]) {
    const abort = new AbortController();
    const pipeline = from(endless(() => {}), { workers: 1 })
      .tap(() => abort.abort(new Error("stop now"))).batch(options);
    await assertRejects(() => pipeline.run({ signal: abort.signal }), Error, "stop now");
  }
});

Deno.test("Draining gives out what batch() holds", async () => {
  const abort = new AbortController();
  const kept = new MemoryPublisher();
  const pipeline = from(endless(() => {}), { workers: 1 })
    .tap(() => abort.abort()).batch({ rows: 100, within: "1h" });
  await pipeline.to(kept).run({ signal: abort.signal, onAbort: "drain" });
  assertEquals(kept.rows(), [{ n: 0 }]);
});

Deno.test("A failure of the source comes through batch() as it is", async () => {
  const failure = new Error("no more");
  async function* failing() {
    yield { n: 1 };
    throw failure;
  }
  for (const options of [{ rows: 10 }, { rows: 10, within: "1h" }]) {
    const pipeline = from(failing(), { workers: 1 }).batch(options);
    assertStrictEquals(await assertRejects(() => pipeline.run(), Error), failure);
  }
});

Deno.test("batch() refuses what is no count of rows, and no duration", () => {
  const pipeline = from(numbers(1), { workers: 1 });
  for (const rows of [0, -1, 1.5, NaN, Infinity, 2 ** 24 + 1, "10" as unknown as number]) {
    assertThrows(() => pipeline.batch({ rows }), RangeError, "Cannot batch results: rows must be");
  }
  assertThrows(() => pipeline.batch(undefined as never), TypeError, "received undefined");
  assertThrows(() => pipeline.batch({ rows: 1, within: -1 }), RangeError, "Cannot use within");
  assertThrows(() => pipeline.batch({ rows: 1, within: "soon" }), TypeError, "Cannot read within");
});

Deno.test("tap() sees every batch once, in order, and what comes out is the same", async () => {
  const seen: RecordBatch[] = [];
  const pipeline = from(numbers(1000), { workers: 2, batchRows: 100 })
    .filter(col<number>("n").mod(2).eq(0));
  const tapped = pipeline.tap((batch) => void seen.push(batch));
  const batches = await Array.fromAsync(tapped.batches());
  assertEquals(batches.length, 10);
  batches.forEach((batch, at) => assertStrictEquals<unknown>(batch, seen[at]));
  assertEquals(seen.flatMap((batch) => batch.toRows()), (await Array.fromAsync(pipeline)) as never);
  seen.length = 0;
  await tapped.run();
  assertEquals(seen.length, 10);
});

Deno.test("tap() is waited for, and several are called in their order", async () => {
  const events: string[] = [];
  const pipeline = from(cut([1, 1]), { workers: 1, batchRows: 1 })
    .tap(async (batch) => {
      events.push(`a${batch.toRows()[0].n}`);
      await new Promise<void>((resolve) => queueMicrotask(resolve));
      events.push(`b${batch.toRows()[0].n}`);
    })
    .tap((batch) => void events.push(`c${batch.toRows()[0].n}`));
  for await (const { n } of pipeline) events.push(`d${n}`);
  assertEquals(events, ["a0", "b0", "c0", "d0", "a1", "b1", "c1", "d1"]);
});

Deno.test("A callback of tap() that fails ends the run, with what it threw as the cause", async () => {
  for (const thrown of [new RangeError("enough"), "enough"]) {
    for (
      const fail of [() => Promise.reject(thrown), () => {
        throw thrown;
      }]
    ) {
      const pipeline = from(numbers(10), { workers: 1 }).tap(fail);
      const error = await assertRejects(
        () => pipeline.run(),
        StreamingError,
        "tap() failed: enough",
      );
      assertStrictEquals(error.cause, thrown);
      await assertRejects(() => pipeline.to(new MemoryPublisher()).run(), StreamingError);
    }
  }
});

Deno.test("A callback of tap() that never ends is not waited for after an abort", async () => {
  const abort = new AbortController();
  const pipeline = from(numbers(10), { workers: 1 }).tap(() => {
    queueMicrotask(() => abort.abort(new Error("stop now")));
    return new Promise<void>(() => {});
  });
  await assertRejects(() => pipeline.run({ signal: abort.signal }), Error, "stop now");
});

Deno.test("tap() refuses what is no function", () => {
  const pipeline = from(numbers(1), { workers: 1 });
  assertThrows(() => pipeline.tap(7 as never), TypeError, "received number");
  assertThrows(() => pipeline.tap(null as never), TypeError, "received null");
});
