import { assertEquals, assertThrows } from "@std/assert";
import { columnOf, RecordBatch, types as t } from "../mod.ts";
import type { Column } from "../src/batch/column.ts";
import type { DataType } from "../src/batch/schema.ts";
import { greatestTime, judgeRows, timeReader } from "../src/hive/event_times.ts";
import { EventTime, type TimestampFormat } from "../src/hive/event_time.ts";
import { SharedShape } from "../src/kernel/shared_shape.ts";
import { CumulatingWindow } from "../src/windows/cumulating_window.ts";
import { SlidingWindow } from "../src/windows/sliding_window.ts";
import { TumblingWindow } from "../src/windows/tumbling_window.ts";
import { windowsAt } from "./support/window_oracle.ts";
import { forSeeds } from "./support/random.ts";

const RUNS = 2000;

function batchOf(type: DataType, values: unknown[]): RecordBatch {
  return new RecordBatch(
    { fields: [{ name: "at", type }] },
    [columnOf(type, values)],
    values.length,
  );
}

/** The times of a column in a format, `bad` for those that cannot be read. */
function times(type: DataType, values: unknown[], format?: TimestampFormat): unknown[] {
  const batch = batchOf(type, values);
  const { batch: timed, bad } = new EventTime(batch.schema, "at", format).convert(batch);
  const rows: unknown[] = timed.toRows().map(({ at }) => at);
  for (const { row } of bad) rows[row] = "bad";
  return rows;
}

Deno.test("A text that is no event time is refused with one that would be, of each format", () => {
  for (const format of ["iso", "date", "s", "ms", "us"] as const) {
    const batch = batchOf(t.utf8, ["31.1.2026"]);
    const { bad: [{ error }] } = new EventTime(batch.schema, "at", format).convert(batch);
    const told = new RegExp(`of format "${format}", such as "(.+)", received "31.1.2026"$`);
    const [, example] = told.exec(error.message) ?? [];
    const day = format === "date" ? Date.UTC(2026, 0, 31) : Date.UTC(2026, 0, 31, 12);
    assertEquals(times(t.utf8, [example], format), [day], error.message);
  }
});

Deno.test("Event times are read from texts, dates and numbers of every unit", () => {
  const may = Date.UTC(2024, 4, 31);
  assertEquals(times(t.utf8, ["2024-05-31", "2024-05-31T00:00:00.5Z", null, "May"]), [
    may,
    may + 500,
    null,
    "bad",
  ]);
  assertEquals(times(t.dict, ["2024-05-31", "2024-05-31 01:00"], "date"), [may, "bad"]);
  assertEquals(times(t.date, [1, null, -1]), [86_400_000, null, -86_400_000]);
  assertEquals(times(t.utf8, ["12", "-1.5", "x", ""], "s"), [12_000, -1500, "bad", "bad"]);
  assertEquals(times(t.i32, [1, null], "s"), [1000, null]);
  assertEquals(times(t.i64, [1_700_000_000_123_456n, -1n], "us"), [1_700_000_000_123, -1]);
  assertEquals(times(t.f64, [1.0005, NaN, 1e300], "s"), [1000, "bad", "bad"]);
  assertEquals(times(t.timestamp, [5, null]), [5, null]);
  assertEquals(times(t.f64, [5.5, -5.5], "ms"), [5, -6]);
  assertEquals(times(t.f64, [5.5, null]), [5, null]);
});

Deno.test("A number that cannot be a time is a bad one, in every column and unit; null is none", () => {
  const most = 8.64e15;
  const doubles = [most, -most, most + 1, -most - 1, NaN, Infinity, null];
  const expected = [most, -most, "bad", "bad", "bad", "bad", null];
  assertEquals(times(t.f64, doubles), expected);
  const seconds = doubles.map((ms) => ms && ms / 1000);
  assertEquals(times(t.f64, seconds, "s"), expected);
  const whole = [most, -most, null, most + 1, -most - 1, 1].map((ms) => ms && BigInt(ms));
  assertEquals(times(t.i64, whole), [most, -most, null, "bad", "bad", 1]);
  const words = { type: t.timestamp, length: 6, values: columnOf(t.i64, whole).values };
  const validity = new Uint8Array([0b111011]);
  const made = new RecordBatch({ fields: [{ name: "at", type: t.timestamp }] }, [
    { ...words, nullCount: 1, validity },
  ], 6);
  const { bad } = new EventTime(made.schema, "at").convert(made);
  assertEquals(bad.map(({ row }) => row), [3, 4]);
  const micros = whole.map((ms) => ms && ms * 1000n);
  assertEquals(times(t.i64, micros, "us"), [most, -most, null, "bad", "bad", 1]);
});

Deno.test("A column of event times is a timestamp, whatever it was, and says whether it has nulls", () => {
  const types: DataType[] = [t.i32, t.i64, t.f32, t.f64, t.timestamp, {
    kind: "i64",
    as: "number",
  }];
  for (const type of types) {
    for (const nullable of [undefined, true, false]) {
      const given = { name: "at", type, ...(nullable !== undefined && { nullable }) };
      const cell = type.kind === "i64" ? 7n : 7;
      const batch = new RecordBatch({ fields: [given] }, [columnOf(type, [cell])], 1);
      const time = new EventTime(batch.schema, "at");
      const [field] = time.schema.fields;
      assertEquals(field.type, t.timestamp);
      // The others may hold what is no time, which becomes null.
      const isKept = ["i64", "timestamp"].includes(type.kind);
      assertEquals(field.nullable, isKept ? nullable : undefined);
      const { batch: timed } = time.convert(batch);
      assertEquals(timed.schema, time.schema);
      assertEquals(timed.columnAt(0).type, t.timestamp);
      assertEquals(timed.toRows(), [{ at: 7 }]);
    }
  }
});

Deno.test("A format that a column cannot have is refused", () => {
  const cases: [DataType, TimestampFormat][] = [
    [t.bool, "ms"],
    [t.timestamp, "iso"],
    [t.timestamp, "s"],
    [t.i64, "iso"],
    [t.date, "ms"],
    [t.bytes, "iso"],
  ];
  for (const [type, format] of cases) {
    assertThrows(() => new EventTime(batchOf(type, []).schema, "at", format), TypeError, type.kind);
  }
});

Deno.test("Times are read alike from every column that can have them, and the greatest is found", () => {
  forSeeds(RUNS, (random) => {
    const nulls = random.pick([0, 0.2]);
    const values = Array.from(
      { length: random.below(20) },
      () =>
        random.chance(nulls) ? null : Math.floor((random.next() - 0.5) * 10 ** random.below(17)),
    );
    const expected = values.map((value) =>
      value === null || Math.abs(value) > 8.64e15 ? NaN : value
    );
    const columns: Column[] = [
      columnOf(t.f64, values),
      columnOf(t.i64, values.map((value) => value === null ? null : BigInt(value))),
    ];
    for (const column of columns) {
      const timeOf = timeReader(column);
      assertEquals(values.map((_, row) => timeOf(row)), expected);
      const known = expected.filter((time) => !Number.isNaN(time));
      assertEquals(greatestTime(column, values.length), Math.max(...known));
    }
  });
});

Deno.test("Late rows are those whose windows the rows before have closed, and runs tell which of them", () => {
  forSeeds(RUNS, (random) => {
    const size = 1 + random.below(20);
    const window = random.pick([
      new TumblingWindow({ size }),
      new SlidingWindow({ size, slide: 1 + random.below(30), offset: random.below(9) }),
      new CumulatingWindow({ size: 3 * size, step: size, offset: random.below(9) }),
    ]);
    const values = Array.from(
      { length: random.below(40) },
      (_, row) => random.chance(0.1) ? null : row - random.below(60),
    );
    const bound = random.below(30);
    const cap = random.chance(0.5) ? Infinity : random.below(40) - 20;
    const before = random.chance(0.5) ? -Infinity : random.below(20) - 20;
    let watermark = before;
    const open = values.map((time) => {
      const closed = Math.min(cap, watermark);
      if (time !== null) watermark = Math.max(watermark, time - bound);
      const windows = windowsAt(window, time ?? 0);
      return { windows, open: windows.filter(({ end }) => end > closed) };
    });
    const rule = { watermark: before, bound, cap, shape: new SharedShape([window]) };
    const { late, runs } = judgeRows(columnOf(t.timestamp, values), values.length, rule);
    values.forEach((time, row) => {
      const isLate = time !== null && open[row].windows.length > 0 && open[row].open.length === 0;
      assertEquals(late?.[row] ?? 0, isLate ? 1 : 0);
      if (time === null || isLate) return;
      const run = runs.findLast(({ from }) => from <= row)!;
      assertEquals(
        windowsAt(window, time).filter(({ end }) => end > run.watermark),
        open[row].open,
      );
    });
  });
});
