import { assertRejects, assertThrows } from "@std/assert";
import {
  CalendarWindow,
  col,
  count,
  CountWindow,
  CustomWindow,
  EnhancedStreamProcessor,
  from,
  GlobalWindow,
  MemoryPublisher,
  SessionWindow,
  sum,
  together,
  TumblingWindow,
} from "../mod.ts";
import { PipelineDriver, TestSource } from "../src/testing/mod.ts";

// deno-lint-ignore no-explicit-any -- programs that are not type-checked
type Any = any;

const pipeline = from([{ at: 1, price: 2 }], { workers: 1 }).timestamps("at");

function refused(make: () => unknown, ...parts: readonly string[]): void {
  for (const part of parts) assertThrows(make, TypeError, part);
}

Deno.test("aggregate() refuses what is no aggregate, by the name of its result", () => {
  const windowed = pipeline.window(new TumblingWindow({ size: "1m" })) as Any;
  for (const given of [null, undefined, 5, "count", [count()]]) {
    refused(() => windowed.aggregate(given), "pass aggregates by the names of their results");
  }
  refused(() => windowed.aggregate({}), "Cannot aggregate nothing");
  for (const given of [null, undefined, NaN, "count", {}]) {
    refused(() => windowed.aggregate({ n: count(), x: given }), '"x" must be an aggregate');
  }
  refused(() => windowed.aggregate({ n: count }), "received a function; call it, such as count()");
});

Deno.test("select() refuses what is no object of columns", () => {
  for (const given of [null, undefined, 5, "price", col("price")]) {
    refused(() => (pipeline as Any).select(given), "Cannot select: pass columns by their names");
  }
});

Deno.test("options that are null are refused by name, and not taken for their defaults", () => {
  const untimed = from([{ at: 1 }], { workers: 1 }) as Any;
  refused(() => untimed.timestamps("at", { maxDisorder: null }), "maxDisorder", "received null");
  refused(() => untimed.timestamps("at", { watermarks: null }), "received null");
  refused(() => untimed.timestamps("at", { format: NaN }), "received NaN");
  refused(() => new CalendarWindow({ unit: null as Any, timeZone: "UTC" }), "received null");
  refused(() => new CalendarWindow({ unit: "day", timeZone: null as Any }), "received null");
  refused(() => from([{ at: 1 }], { lateData: NaN as Any }), "received NaN");
});

Deno.test("messages of windows name what else may be given, and the right example", () => {
  refused(() => new SessionWindow({ gap: "timeout" }), 'or an expression such as col("timeout")');
  refused(() => new CustomWindow({ start: col("a") } as Any), "end must be", 'col("to")');
  refused(() => new CustomWindow({ assign: undefined } as Any), "received none of them");
  refused(
    () => new CustomWindow({ assign: (async () => await Promise.resolve([])) as Any }),
    "must not be async",
  );
  const days = '"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"';
  refused(() => new CalendarWindow({ unit: "week", timeZone: "UTC", weekStart: "x" as Any }), days);
});

Deno.test("columns of several types, or of nulls alone, are refused with what helps", async () => {
  const at = (value: unknown) => from([{ at: value }], { workers: 1 }) as Any;
  const nulls = at(null).timestamps("at").window(new TumblingWindow({ size: 9 }));
  await assertRejects(
    () => nulls.aggregate({ n: count() }).run(),
    TypeError,
    "its values are all null, or of several types",
  );
  const mixed = from([{ at: 1, x: 1 }, { at: 2, x: "two" }], { workers: 1 }).timestamps(
    "at",
  ) as Any;
  await assertRejects(
    () => mixed.window(new TumblingWindow({ size: 9 })).aggregate({ x: sum("x") }).run(),
    TypeError,
    "give the source a schema, or cast it",
  );
});

Deno.test("processRecord() and the processor refuse options that are none", async () => {
  const windowAssigner = new TumblingWindow({ size: "1m" });
  const make = (options: object) => () =>
    new EnhancedStreamProcessor({ windowAssigner, ...options });
  for (const schema of [null, 5, {}]) {
    refused(make({ schema: schema as Any }), "schema must be one");
  }
  refused(make({ timestampFormat: "x" as Any }), 'must be one of "iso", "date"');
  await using processor = make({ workers: 1 })();
  const call = (options: unknown) => () =>
    processor.processRecord({ timestamp: 1 }, options as Any) as Promise<unknown>;
  await assertRejects(call(undefined), TypeError, "the options are an object such as");
  await assertRejects(call(() => 1), TypeError, "received a function");
  await assertRejects(call({ agregate: () => 1 }), TypeError, "did you mean aggregate?");
});

Deno.test("union() of sources that are called alike does not say which lacks a column", async () => {
  const both = from([{ at: 1 }], { workers: 1 }) as Any;
  const united = both.union(from([{ at: 1, y: 2 }], { workers: 1 }));
  await assertRejects(() => united.run(), TypeError, 'one of them has no column "y"');
});

Deno.test("runs refuse options that are none that they can be, alone and together", async () => {
  const rows = from([{ at: 1 }], { workers: 1 }) as Any;
  for (
    const runs of [
      rows,
      rows.to(new MemoryPublisher()),
      together(rows, rows.filter(col("at").gt(0))),
    ]
  ) {
    await assertRejects(
      async () => await runs.run({ signal: 5 }),
      TypeError,
      "AbortSignal, received 5",
    );
    await assertRejects(
      async () => await runs.run({ onAbort: "x" }),
      TypeError,
      '"stop" or "drain"',
    );
    await assertRejects(async () => await runs.run({ onProgress: 5 }), TypeError, "a function");
    await assertRejects(async () => await runs.run(null), TypeError, "the options are an object");
  }
});

Deno.test("an incomplete pipeline says what comes next, whatever it is asked for", async () => {
  const keyed = from([{ at: 1 }], { workers: 1 }).keyBy("at") as Any;
  const next = (doing: string) => `Cannot ${doing}: after what was called so far comes window()`;
  await assertRejects(() => Array.fromAsync(keyed), TypeError, next("iterate yet"));
  refused(() => new PipelineDriver(keyed), next("drive pipeline yet"));
  await assertRejects(() => keyed.run(), TypeError, next("call run() here"));
});

Deno.test("tools for tests refuse what is no clock, and no number of partitions", () => {
  const complete = pipeline.window(new TumblingWindow({ size: "1m" })).aggregate({ n: count() });
  refused(() => new PipelineDriver(complete, { clock: 5 as Any }), "clock must be a TestClock");
  assertThrows(() => new TestSource({ partitions: 0 }), RangeError, "partitions must be");
});

Deno.test("explain() tells no fate of late rows where no row can be late", () => {
  const untimed = from([{ at: 1, price: 2 }], { workers: 1 });
  const counted = untimed.window(new CountWindow({ size: 2 })).aggregate({ n: count() });
  const all = pipeline.window(new GlobalWindow()).aggregate({ n: sum("price") });
  for (const text of [counted.explain(), all.explain()]) {
    if (text.includes("late rows")) throw new Error(text);
  }
});

Deno.test("explain() says that allowedLateness alone revises nothing", () => {
  const text = from([{ at: 1 }], { workers: 1, allowedLateness: "5s" }).timestamps("at")
    .window(new TumblingWindow({ size: "1m" })).aggregate({ n: count() }).explain();
  const said = 'allowedLateness changes nothing without lateData: "update"';
  if (!text.includes(said)) throw new Error(text);
});
