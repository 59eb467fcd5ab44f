import { assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  BoundedDisorder,
  CalendarWindow,
  col,
  ConsolePublisher,
  count,
  CsvDecoder,
  CumulatingWindow,
  CustomWatermarks,
  from,
  HiveStream,
  IterableSource,
  MemoryPublisher,
  NdjsonDecoder,
  PeriodicWatermarkGenerator,
  PunctuatedWatermarks,
  SlidingWindow,
  stddev,
  sum,
  TumblingWindow,
  variance,
} from "../mod.ts";
import { knownOptions, nearestName } from "../src/runtime/known_options.ts";

type Loose = Record<string, (...given: unknown[]) => Loose> & AsyncIterable<unknown>;
type AnyClass = new (options?: unknown) => unknown;

function loose(options: unknown = { workers: 1 }): Loose {
  const rows = [{ at: 1, status: 200 }];
  return from(rows, options as { workers: number }) as unknown as Loose;
}

const OPTIONAL: readonly unknown[] = [MemoryPublisher, ConsolePublisher, CsvDecoder, NdjsonDecoder];
const REQUIRED: readonly unknown[] = [
  TumblingWindow,
  SlidingWindow,
  CumulatingWindow,
  CalendarWindow,
  BoundedDisorder,
  PeriodicWatermarkGenerator,
  PunctuatedWatermarks,
  CustomWatermarks,
];

Deno.test("A class that needs options says so when there are none, and shows some", () => {
  for (const each of REQUIRED) {
    for (const [given, what] of [[undefined, "undefined"], [null, "null"], [5, "5"]] as const) {
      const make = () => new (each as AnyClass)(given);
      const error = assertThrows(make, TypeError, `: the options are an object such as { `);
      assertEquals(error.message.endsWith(`, received ${what}`), true, error.message);
    }
  }
});

Deno.test("A class refuses an option that it does not know", () => {
  for (const each of [...REQUIRED, ...OPTIONAL, HiveStream]) {
    const make = () => new (each as AnyClass)({ xyz: 1 });
    assertThrows(make, TypeError, `there is no option "xyz"; the options are `);
  }
  for (const each of [...OPTIONAL, HiveStream]) {
    assertThrows(() => new (each as AnyClass)(null), TypeError, "received null");
  }
  const source = () => new IterableSource([], { batchrows: 5 } as object);
  assertThrows(source, TypeError, 'there is no option "batchrows"; did you mean batchRows?');
});

Deno.test("A pipeline refuses options that it does not know, with those that were meant", async () => {
  const wrong = (build: () => unknown, message: string) =>
    assertThrows(build, TypeError, message, message);
  wrong(
    () => loose({ worker: 2 }),
    'create pipeline: there is no option "worker"; did you mean workers?',
  );
  wrong(() => loose(null), "create pipeline: the options are an object such as { workers: 2 }");
  wrong(
    () => loose().timestamps("at", { disorder: "5s" }),
    'take event times: there is no option "disorder"; did you mean maxDisorder?',
  );
  wrong(() => loose().timestamps("at", 5), "take event times: the options are an object");
  wrong(
    () => loose().timestamps("at", { idle: { afterr: "5s" } }),
    'tell when a partition is idle: there is no option "afterr"; did you mean after?',
  );
  wrong(
    () => loose().batch({ row: 5 }),
    'batch results: there is no option "row"; did you mean rows?',
  );
  await assertRejects(
    async () => await loose().run({ singal: 1 }),
    TypeError,
    'run pipeline: there is no option "singal"; did you mean signal?',
  );
  const publisher = new MemoryPublisher();
  await assertRejects(
    async () => await loose().to(publisher).run(null),
    TypeError,
    "received null",
  );
});

Deno.test("batch() says what it received where its options should be", () => {
  assertThrows(
    () => loose().batch(5),
    TypeError,
    "Cannot batch results: the options are an object such as { rows: 1000 }, received 5",
  );
  assertThrows(() => loose().batch({ rows: "5" }), RangeError, 'received "5"');
});

Deno.test("A condition of where() that is none is named, also behind one that is", async () => {
  const windows = () => loose().timestamps("at").window(new TumblingWindow({ size: "1s" }));
  const told = async (aggregate: unknown, message: string) =>
    await assertRejects(
      async () => await windows().aggregate({ x: aggregate }).run(),
      TypeError,
      message,
    );
  await told(
    count().where(col("status")),
    'Cannot take count of the rows where col("status"): a condition is true or false, this is i32',
  );
  await told(
    sum("status").where(col("status").gt(1)).where(col("status").add(1)),
    'Cannot take sum of the rows where col("status").add(1): a condition is true or false',
  );
});

Deno.test("Aggregates and a stream's start and stop refuse options that they do not know", async () => {
  for (const spread of [variance, stddev]) {
    const message = 'there is no option "populaton"; did you mean population?';
    assertThrows(() => spread("x", { populaton: true } as object), TypeError, message);
  }
  const stream = new HiveStream({ workers: 1 });
  const start = stream.start((x) => x, { contxt: 1 } as object);
  await assertRejects(() => start, TypeError, "did you mean context?");
  const message = 'Cannot stop: there is no option "drian"; did you mean drain?';
  await assertRejects(() => stream.stop({ drian: false } as object), TypeError, message);
  await stream.stop();
});

Deno.test("Options that are known are handed on as they are", () => {
  const options = { size: 5 };
  const rule = { doing: "x", names: { size: true, offset: true } } as const;
  assertStrictEquals(knownOptions<{ size: number; offset?: number }>(options, rule), options);
});

Deno.test("A name with one mistake in it is known again, whatever the mistake", () => {
  const known = ["maxDisorder", "everyRecords", "checkpointBatches", "runtime"];
  const mistakes: readonly ((name: string, at: number) => string)[] = [
    (name, at) => name.slice(0, at) + name.slice(at + 1),
    (name, at) => `${name.slice(0, at)}q${name.slice(at)}`,
    (name, at) => `${name.slice(0, at)}q${name.slice(at + 1)}`,
    (name, at) => name.slice(0, at) + (name[at + 1] ?? "") + name[at] + name.slice(at + 2),
    (name) => name.toUpperCase(),
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...known),
      fc.constantFrom(...mistakes),
      fc.nat(6),
      (name, wrong, at) => {
        assertEquals(nearestName(wrong(name, at), known), name, wrong(name, at));
      },
    ),
    { seed: 20240607 },
  );
});

Deno.test("A name that is like none is not taken for any", () => {
  for (const name of ["", "x", "__proto__", "parallelism", "q".repeat(1000)]) {
    assertEquals(nearestName(name, ["workers", "runtime", "deadLetter"]), undefined, name);
  }
});
