import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  BoundedDisorder,
  col,
  columnOf,
  CustomWatermarks,
  MonotonousTimestamps,
  PeriodicWatermarkGenerator,
  PunctuatedWatermarks,
  RecordBatch,
  schema,
  types as t,
  type WatermarkStrategy,
} from "../mod.ts";
import type { DataType } from "../src/batch/schema.ts";

const times = fc.array(fc.integer({ min: -100, max: 100 }), { maxLength: 50 });

/** What a strategy gives after each of these times. */
function given(strategy: WatermarkStrategy, times: readonly number[]) {
  const generator = strategy.create();
  return times.map((time) => generator.onEvent(time, undefined));
}

Deno.test("Bounded disorder gives the bound behind each row, monotonous timestamps none", () => {
  assertEquals(given(new BoundedDisorder({ maxDisorder: 5 }), [10, 3]), [5, -2]);
  assertEquals(given(new MonotonousTimestamps(), [10, 12]), [10, 12]);
  assertThrows(() => new BoundedDisorder({ maxDisorder: -1 }), RangeError, "maxDisorder");
});

Deno.test("Periodic watermarks equal the plain definition by event time and number of rows", () => {
  const some = fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined });
  fc.assert(fc.property(times, some, some, fc.nat(20), (times, interval, every, maxDisorder) => {
    fc.pre(interval !== undefined || every !== undefined);
    const options = {
      ...(interval !== undefined && { interval }),
      ...(every !== undefined && { everyRecords: every }),
      maxDisorder,
    };
    let last: { at: number; greatest: number } | undefined;
    const expected = times.map((_, at) => {
      const greatest = Math.max(...times.slice(0, at + 1));
      const isFar = interval !== undefined && (!last || greatest >= last.greatest + interval);
      const isLong = every !== undefined && at - (last?.at ?? -1) >= every;
      if (!isFar && !isLong) return undefined;
      last = { at, greatest };
      return greatest - maxDisorder;
    });
    assertEquals(given(new PeriodicWatermarkGenerator(options), times), expected);
  }));
});

Deno.test("Periodic watermarks by the wall clock come when asked for, not with rows", () => {
  const strategy = new PeriodicWatermarkGenerator({
    interval: "1s",
    clock: "wall",
    maxDisorder: 3,
  });
  assertEquals(strategy.interval, 1000);
  const generator = strategy.create();
  assertEquals([10, 90, 20].map((time) => generator.onEvent(time, undefined)), [
    undefined,
    undefined,
    undefined,
  ]);
  assertEquals(generator.onPeriodic!(), 87);
});

Deno.test("Periodic watermarks without a period, or with one that is none, are refused", () => {
  const make = (options: unknown) => () =>
    new PeriodicWatermarkGenerator(options as { interval: number });
  assertThrows(make({}), TypeError, "give interval, everyRecords, or both");
  assertThrows(make({ clock: "wall", everyRecords: 5 }), TypeError, "interval is missing");
  assertThrows(make({ interval: 0 }), RangeError, "watermark interval");
  assertThrows(make({ interval: "soon" }), TypeError, "watermark interval");
  assertThrows(make({ everyRecords: 0 }), RangeError, "everyRecords must be a whole number from 1");
  assertThrows(make({ everyRecords: 1.5 }), RangeError, "received 1.5");
  assertThrows(make({ interval: 1, clock: "sun" }), TypeError, 'received "sun"');
});

/** What a strategy gives after each row of a batch. */
function ofRows(strategy: WatermarkStrategy, batch: RecordBatch): (number | undefined)[] {
  const tell = strategy.teller(batch.schema)(batch);
  const generator = strategy.create();
  return Array.from({ length: batch.length }, (_, row) => generator.onEvent(row, tell(row)));
}

Deno.test("Punctuated watermarks are those of the rows for which the condition holds", () => {
  const marks = RecordBatch.fromRows([
    { kind: "data", upTo: 5 },
    { kind: "mark", upTo: 7 },
    { kind: null, upTo: 8 },
    { kind: "mark", upTo: null },
    { kind: "mark", upTo: 3 },
  ], { schema: schema({ kind: t.utf8, upTo: t.f64 }) });
  const when = col("kind").eq("mark");
  const batch = marks as unknown as RecordBatch;
  assertEquals(ofRows(new PunctuatedWatermarks({ when }), batch), [
    undefined,
    1,
    undefined,
    3,
    4,
  ]);
  const strategy = new PunctuatedWatermarks({ when, column: "upTo" });
  assertEquals(new Set(strategy.columns), new Set(["kind", "upTo"]));
  assertEquals(ofRows(strategy, batch), [undefined, 7, undefined, undefined, 3]);
});

Deno.test("A punctuated watermark is read from every type of time, and one that is none is none", () => {
  const strategy = new PunctuatedWatermarks({ when: col("upTo").isNotNull(), column: "upTo" });
  const ofColumn = (type: DataType, values: unknown[]) => {
    const column = columnOf(type, values);
    const fields = [{ name: "upTo", type }];
    return ofRows(strategy, new RecordBatch({ fields }, [column], values.length));
  };
  for (const type of [t.i32, t.f64, t.timestamp, t.i64AsNumber]) {
    assertEquals(ofColumn(type, [5, null, -3]), [5, undefined, -3], type.kind);
  }
  assertEquals(ofColumn(t.i64, [5n, 8_640_000_000_000_001n]), [5, undefined]);
  assertEquals(ofColumn(t.f64, [NaN, Infinity, -1e300, 1.5]), [
    undefined,
    undefined,
    undefined,
    1.5,
  ]);
});

Deno.test("Punctuated watermarks need a condition, and a column of times", () => {
  const { schema: columns } = RecordBatch.fromRows([{ kind: "data", n: 1, at: 1n }]);
  const when = col("kind").eq("mark");
  const of = (options: ConstructorParameters<typeof PunctuatedWatermarks>[0]) => () =>
    new PunctuatedWatermarks(options).teller(columns);
  assertThrows(of({ when: true as never }), TypeError, "when must be an expression");
  assertThrows(of({ when, column: 5 as never }), TypeError, "column must be a name");
  assertThrows(of({ when, column: "upTo" }), TypeError, 'the columns are "kind", "n", "at"');
  assertThrows(of({ when, column: "kind" }), TypeError, "it must be a timestamp");
  assertThrows(of({ when: col("nope").eq(1) }), TypeError, "nope");
  assertThrows(of({ when: col<number>("n").add(1) as never }), TypeError, "condition");
});

Deno.test("Custom generators are told of the columns that they ask for", () => {
  const strategy = new CustomWatermarks<{ a: number }>({
    create: () => ({
      onEvent: (_, row) => {
        assertEquals(Object.keys(row), ["a"]);
        return row.a;
      },
    }),
    columns: ["a"],
  });
  assertEquals(ofRows(strategy, RecordBatch.fromRows([{ a: 5, b: 1 }, { a: 2, b: 1 }])), [5, 2]);
  assertThrows(
    () => strategy.teller(RecordBatch.fromRows([{ b: 1 }]).schema),
    TypeError,
    'column "a": there is none',
  );
});

Deno.test("Custom watermarks that lack a function are refused", () => {
  const make = (options: unknown) => () =>
    new CustomWatermarks(options as ConstructorParameters<typeof CustomWatermarks>[0]).create();
  assertThrows(make({}), TypeError, "create must be a function");
  assertThrows(make({ create: () => null }), TypeError, "received null");
  const create = () => ({ onEvent: () => undefined });
  assertThrows(make({ create, interval: "1s" }), TypeError, "has no onPeriodic()");
  assertThrows(make({ create, interval: 0 }), RangeError, "watermark interval");
});
