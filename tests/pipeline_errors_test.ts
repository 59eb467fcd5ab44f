import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type BadInput,
  BadInputError,
  col,
  concat,
  count,
  csv,
  FileSourceError,
  from,
  KernelMemoryError,
  mean,
  ndjson,
  PeriodicWatermarkGenerator,
  RecordBatch,
  sum,
  TumblingWindow,
} from "../mod.ts";
import { ControlBlock } from "../src/hive/control_block.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { replaced } from "./support/replaced.ts";

const ROWS = [{ at: 0, key: "a", value: 1 }, { at: 1, key: "b", value: 2 }];
const minutes = new TumblingWindow({ size: "1m" });

type Loose = Record<string, (...given: unknown[]) => Loose> & AsyncIterable<unknown>;

/** A pipeline without types, as a program that is not type-checked sees it. */
function loose(rows: Iterable<object> = ROWS): Loose {
  return from(rows, { workers: 1 }) as unknown as Loose;
}

async function drain(pipeline: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of pipeline);
}

Deno.test("A missing file is told by its path, with what to do", async () => {
  const missing = drain(from(csv("no/such.csv"), { workers: 1 }));
  const error = await assertRejects(() => missing, FileSourceError, "Cannot read no/such.csv");
  assert(error.message.includes("check that the path is right"));
});

Deno.test("A folder in a file's place is told by its path, with what to do", async () => {
  const folder = drain(from(ndjson("src"), { workers: 1 }));
  const error = await assertRejects(() => folder, FileSourceError, "Cannot read src");
  assert(error.message.includes("that it is a file"));
});

Deno.test("A column that is not there is told with those that are", async () => {
  const columns = 'the columns are "at", "key", "value"';
  const unknown = (build: () => AsyncIterable<unknown>, message: string) =>
    assertRejects(() => drain(build()), TypeError, message);
  await unknown(
    () => loose().timestamps("when").window(minutes).aggregate({ n: count() }),
    `take event times from column "when": there is none of that name; ${columns}`,
  );
  await unknown(
    () => loose().timestamps("at").keyBy("kee").window(minutes).aggregate({ n: count() }),
    `key by column "kee": there is none of that name; ${columns}`,
  );
  await unknown(
    () => loose().timestamps("at").window(minutes).aggregate({ avg: mean("vaule") }),
    `take mean of column "vaule": there is none of that name; ${columns}`,
  );
  await unknown(() => loose().filter(col("vaule").gt(1)), '"vaule"');
});

Deno.test("A type that does not fit its role is told before any bee is born", async () => {
  const wrong = (build: () => AsyncIterable<unknown>, message: string) =>
    assertRejects(() => drain(build()), TypeError, message);
  await wrong(() => loose().timestamps("key", { format: "us" }).filter(col("key").gt("x")), "");
  await wrong(() => loose().filter(col("value").add(1)), "Cannot filter by");
  await wrong(
    () => loose().timestamps("at").window(minutes).aggregate({ x: sum("key") }),
    'Cannot take sum of column "key"',
  );
  await wrong(
    () => loose([{ at: true }]).timestamps("at").window(minutes).aggregate({ n: count() }),
    'a column of bool cannot have the format "ms"',
  );
});

Deno.test("Calls in the wrong order are refused with the right one", () => {
  const order =
    "the order is from(), timestamps(), filter(), split(), map(), flatMap(), select(), " +
    "withColumn(), keyBy(), window()";
  for (
    const wrong of [
      () => loose().keyBy("key").timestamps("at"),
      () => loose().aggregate({ n: count() }),
      () => loose().timestamps("at").timestamps("at"),
      () => loose().timestamps("at").keyBy("key").filter(col("key").eq("a")),
      () => loose().timestamps("at").keyBy("key").keyBy("key"),
      () => loose().timestamps("at").window(minutes).select({}),
      () => loose().timestamps("at").window(minutes).to({}),
    ]
  ) {
    assertThrows(wrong, TypeError, order);
  }
});

Deno.test("Iterating or running a pipeline that is not complete is refused", async () => {
  const windowed = loose().timestamps("at").window(minutes);
  await assertRejects(() => drain(windowed), TypeError, "comes trigger(), aggregate() or reduce()");
});

Deno.test("Arguments that are not what they must be are refused", () => {
  const timed = loose().timestamps("at");
  for (
    const [wrong, message] of [
      [() => from(7 as unknown as []), "takes a source such as csv(path)"],
      [() => loose().filter("x > 1"), 'an expression such as col("x").gt(1)'],
      [() => loose().timestamps("at", { format: "unix" }), '"us", received "unix"'],
      [() => loose().timestamps("at", { maxDisorder: "soon" }), "maxDisorder"],
      [() => timed.keyBy(), "name a column"],
      [() => timed.keyBy(7), "named by a string, received 7"],
      [
        () => timed.window({ size: 1 }),
        "pass a TumblingWindow, SlidingWindow, CumulatingWindow, CalendarWindow, SessionWindow",
      ],
      [() => loose().window(minutes), "a TumblingWindow goes by event times; call timestamps()"],
      [() => loose().keyBy("key").window(minutes), "a TumblingWindow goes by event times"],
      [() => timed.window(minutes).trigger({ clock: "event" }), "clock says what every goes by"],
      [
        () => timed.window(minutes).trigger({ panes: "all" }),
        'panes must be one of "accumulating"',
      ],
      [() => timed.window(minutes).trigger({ rows: 7 }), 'there is no option "rows"'],
      [() => timed.window(minutes).aggregate({}), "such as { n: count() }"],
    ] as const
  ) {
    assertThrows(wrong as () => void, TypeError, message);
  }
  const trigger = (options: object) => () => timed.window(minutes).trigger(options);
  assertThrows(trigger({ every: 0 }), RangeError, "at least 1 ms, received 0");
  assertThrows(trigger({ everyRows: 0 }), RangeError, "everyRows must be a whole number");
});

Deno.test("Options out of range are refused by name", () => {
  const wrong = (options: Parameters<typeof from>[1]) => () => void from(ROWS, options);
  assertThrows(wrong({ workers: 0 }), RangeError, "workers must be a whole number from 1 to 255");
  assertThrows(wrong({ workers: -1 }), RangeError, "received -1");
  assertThrows(wrong({ maxLostBees: 0.5 }), RangeError, "maxLostBees");
  assertThrows(wrong({ ringBytes: 5000 }), RangeError, "ringBytes must be a power of two");
  assertThrows(wrong({ memoryBytes: 1 }), RangeError, "memoryBytes");
  assertThrows(wrong({ badRecords: "drop" as "skip" }), TypeError, "badRecords must be one of");
  assertThrows(wrong({ badRecords: "deadLetter" }), TypeError, "go together");
  assertThrows(wrong({ badRecords: "drop" as "skip" }), TypeError, '"fail", "skip"');
});

Deno.test("A row larger than half a ring is refused with its size and what to do", async () => {
  const rows = [{ text: "x".repeat(5000) }];
  const pipeline = from(rows, { workers: 1, ringBytes: 4096 }).filter(col("text").isNotNull());
  await assertRejects(() => drain(pipeline), RangeError, "pass larger ringBytes");
});

Deno.test("Batches with other columns than the first are refused", async () => {
  const batches = [RecordBatch.fromRows([{ a: 1 }]), RecordBatch.fromRows([{ b: 1 }])];
  const pipeline = from(batches as unknown as Iterable<object>, { workers: 1 });
  await assertRejects(() => drain(pipeline), TypeError, "a batch has the columns b, those before");
});

Deno.test("A source that fails ends the run with its error", async () => {
  async function* rows() {
    yield ROWS[0];
    await Promise.resolve();
    throw new Error("the line went dead");
  }
  await assertRejects(() => drain(from(rows(), { workers: 1 })), Error, "the line went dead");
});

Deno.test("Kernel memory that is used up fails the pipeline, and costs no bee", async () => {
  const rows = Array.from({ length: 50_000 }, (_, n) => ({ at: n, key: `key ${n}`, value: n }));
  const pipeline = from(rows, { workers: 2, memoryBytes: 1 << 20 }).timestamps("at")
    .keyBy("key").window(new TumblingWindow({ size: "1h" })).aggregate({ total: sum("value") });
  const remedy = "raise memoryBytes, use shorter windows";
  await assertRejects(() => drain(pipeline), KernelMemoryError, remedy);
  assertEquals(pipeline.metrics().lostBees, 0);
  const texts = from([{ text: "x".repeat(100_000) }], { workers: 1, memoryBytes: 5 << 16 })
    .select({ twice: concat(col("text"), col("text")) });
  await assertRejects(() => drain(texts), KernelMemoryError, "in use; raise memoryBytes");
});

Deno.test("An integer sum that does not fit is an error of the run, and costs no bee", async () => {
  const rows = [{ at: 0, value: 2n ** 62n }, { at: 0, value: 2n ** 62n }];
  const pipeline = from(rows, { workers: 1 }).timestamps("at").window(minutes)
    .aggregate({ total: sum("value") });
  await assertRejects(() => drain(pipeline), RangeError, "cast the column to f64");
  assertEquals(pipeline.metrics().lostBees, 0);
});

Deno.test("Bad rows may be so many that there is no room for what is wrong with each", async () => {
  const rows = Array.from({ length: 1000 }, (_, n) => ({ at: n, text: "x" }));
  const letters: BadInput[] = [];
  const pipeline = from(rows, {
    ...{ workers: 1, ringBytes: 4096, badRecords: "deadLetter" },
    deadLetter: (letter) => void letters.push(letter),
  }).timestamps("at").withColumn("value", col<string>("text").cast("i32"))
    .window(minutes).aggregate({ total: sum("value") });
  const { deadLettered, unaccounted } = await pipeline.run();
  assertEquals([deadLettered, unaccounted], [1000, 0]);
  assertEquals(letters.map(({ position }) => position), rows.map(({ at }) => at));
  assert(letters[0].error.message.includes("i32"), letters[0].error.message);
  assert(letters.every(({ error }) => error.message.startsWith("Cannot ")));
});

Deno.test("A bad row behind rows whose time cannot be read is told by its own place", async () => {
  const rows = Array.from({ length: 12 }, (_, n) => {
    const at = n % 4 === 1 ? "not a time" : new Date(n).toISOString();
    return { at, text: n % 5 === 3 ? "none" : "1" };
  });
  for (const watermarks of [undefined, new PeriodicWatermarkGenerator({ interval: 3 })]) {
    for (const batchRows of [2, 100]) {
      const letters: number[] = [];
      const pipeline = from(rows, {
        workers: 1,
        batchRows,
        badRecords: "deadLetter",
        deadLetter: ({ position }) => void letters.push(position),
      }).timestamps("at", watermarks ? { watermarks } : {})
        .withColumn("value", col<string>("text").cast("i32"))
        .window(minutes).aggregate({ total: sum("value") });
      await drain(pipeline);
      assertEquals(letters, [1, 5, 9, 3, 8]);
    }
  }
});

Deno.test("A bee that is lost while dead letters are waited for costs nothing any more", async () => {
  const runtime = new SimulatedRuntime({ seed: 5 });
  const rows = [{ at: 1, text: "1" }, { at: 2, text: "none" }];
  const pipeline = from(rows, {
    ...{ workers: 2, runtime, badRecords: "deadLetter" },
    deadLetter: () => new Promise<void>((done) => runtime.after(10_000, done)),
  }).timestamps("at").withColumn("value", col<string>("text").cast("i32"))
    .window(minutes).aggregate({ total: sum("value") });
  const { absorbed, deadLettered } = await runtime.drive(() => {
    runtime.after(5_000, () => runtime.workers.forEach((bee) => runtime.crash(bee)));
    return pipeline.run();
  });
  assertEquals([absorbed, deadLettered], [1, 1]);
});

/** Runs rows of which one breaks every bee that looks at it, and perhaps one has no number. */
async function poisoned(options: Parameters<typeof from>[1], wordless?: number) {
  const [batchRows, poison] = [50, 333];
  const setCursor = ControlBlock.prototype.setCursor;
  let strikes = 0;
  using _ = replaced(
    ControlBlock.prototype,
    "setCursor",
    function (this: ControlBlock, ...given) {
      setCursor.apply(this, given);
      const [batch, low, high] = given;
      const isHit = batch * batchRows + low <= poison && poison < batch * batchRows + high;
      if (isHit && strikes < 2) {
        strikes++;
        throw new Error("poisoned");
      }
    },
  );
  const rows = Array.from({ length: 1000 }, (_, n) => {
    return { at: n, value: n === wordless ? "none" : `${n}` };
  });
  const runtime = new SimulatedRuntime({ seed: 7 });
  const pipeline = from(rows, { workers: 3, batchRows, runtime, ...options }).timestamps("at")
    .withColumn("value", col<string>("value").cast("i32")).window(minutes)
    .aggregate({ n: count(), total: sum("value") });
  const results = await runtime.drive(async () => {
    const results = [];
    for await (const row of pipeline) results.push(row);
    return results;
  });
  return { results, metrics: pipeline.metrics() };
}

Deno.test("A record that costs two bees goes the way of badRecords, and no other does", async () => {
  const { results: [{ n, total }], metrics } = await poisoned({ badRecords: "skip" });
  assertEquals([n, total], [999, 999 * 500 - 333]);
  assertEquals([metrics.skipped, metrics.lostBees, metrics.unaccounted], [1, 2, 0]);
  const letters: unknown[] = [];
  await poisoned({ badRecords: "deadLetter", deadLetter: (bad) => void letters.push(bad) });
  const message = "Cannot process record: 2 bees were lost over it, the last one because: poisoned";
  const record = { at: 333, value: "333" };
  assertEquals(letters, [{ record, error: { name: "LostBeeError", message }, position: 333 }]);
  await assertRejects(() => poisoned({}), BadInputError, "(row 333)");
});

Deno.test("A bad row behind one that cost two bees is told by its own place", async () => {
  const places: number[] = [];
  const deadLetter = ({ position }: BadInput) => void places.push(position);
  await poisoned({ badRecords: "deadLetter", deadLetter }, 340);
  assertEquals(places, [333, 340]);
});
