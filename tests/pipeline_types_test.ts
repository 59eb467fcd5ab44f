import { assertEquals, assertThrows } from "@std/assert";
import {
  argMin,
  CalendarWindow,
  col,
  correlation,
  count,
  CountWindow,
  csv,
  CustomWindow,
  first,
  from,
  GlobalWindow,
  last,
  max,
  mean,
  min,
  type Pipeline,
  schema,
  SessionWindow,
  sum,
  TumblingWindow,
  types as t,
} from "../mod.ts";

const rows = [{ at: 0, sensor: "a", value: 1.5, big: 1n }];
const minutes = new TumblingWindow({ size: "1m" });

/** Compiles only if `Actual` is exactly `Expected`. */
function exactly<Expected>() {
  return <Actual>(
    _value: Actual,
    ..._proof: [Expected] extends [Actual] ? [Actual] extends [Expected] ? [] : [never] : [never]
  ) => {};
}

Deno.test("Result rows have the types of keys and aggregates", async () => {
  const pipeline = from(rows, { workers: 1 }).timestamps("at").keyBy("sensor").window(minutes)
    .aggregate({ n: count(), avg: mean("value"), most: max("big"), total: sum("value") });
  for await (const row of pipeline) {
    exactly<number>()(row.windowStart);
    exactly<string>()(row.sensor);
    exactly<number>()(row.n);
    exactly<number | null>()(row.avg);
    exactly<bigint | null>()(row.most);
    assertEquals(row.total, 1.5);
    // @ts-expect-error: it is no column of the result
    row.value;
  }
});

Deno.test("where() keeps an aggregate's type, and an expression gives its own", async () => {
  const pipeline = from(rows, { workers: 1 }).timestamps("at").window(minutes)
    .aggregate({
      n: count().where(col("value").gt(1)),
      most: max("big").where(col("value").gt(1)),
      total: sum(col<number>("value").mul(2)),
      least: min(col<bigint>("big").neg()),
      unknown: max(col("value")),
      where: argMin("big", "value"),
      together: correlation("value", "big"),
    });
  for await (const row of pipeline) {
    exactly<number>()(row.n);
    exactly<bigint | null>()(row.most);
    exactly<number | null>()(row.total);
    exactly<bigint | null>()(row.least);
    exactly<number | null>()(row.unknown);
    exactly<bigint | null>()(row.where);
    exactly<number | null>()(row.together);
    assertEquals([row.n, row.most, row.total, row.least, row.unknown], [1, 1n, 3, -1n, 1.5]);
  }
  const windowed = from(rows, { workers: 1 }).timestamps("at").window(minutes);
  // @ts-expect-error: there is no such column
  windowed.aggregate({ total: sum("m").where(col("value").gt(1)) });
  // @ts-expect-error: there is no such column
  windowed.aggregate({ least: argMin("value", "m") });
});

Deno.test("Aggregates that keep a value have the type of the column or expression", async () => {
  const answers: { at: number; user: "a" | "b"; note: string | null; tags: string[] }[] = [
    { at: 0, user: "a", note: null, tags: ["x"] },
  ];
  const pipeline = from(answers, { workers: 1 }).timestamps("at").window(minutes).aggregate({
    user: max("user"),
    note: last("note"),
    tags: first("tags"),
    loud: min(col<string>("user").upper()),
    by: argMin("note", "user"),
  });
  for await (const row of pipeline) {
    exactly<"a" | "b" | null>()(row.user);
    exactly<string | null>()(row.note);
    exactly<string[] | null>()(row.tags);
    exactly<string | null>()(row.loud);
    exactly<string | null>()(row.by);
    assertEquals([row.user, row.note, row.tags, row.loud, row.by], ["a", null, ["x"], "A", null]);
  }
});

Deno.test("What sees the results gets batches of their rows", async () => {
  const pipeline = from(rows, { workers: 1 }).tap((batch) => {
    for (const row of batch) exactly<number>()(row.value);
  }).batch({ rows: 2 });
  for await (const { big } of pipeline) exactly<bigint>()(big);
});

Deno.test("Pipelines of the same rows can be united, those of others cannot", () => {
  const pipeline = from(rows, { workers: 1 });
  exactly<typeof pipeline>()(pipeline.union(from(rows), from(rows)));
  const timed = pipeline.timestamps("at");
  exactly<typeof timed>()(timed.union(from(rows).timestamps("at")));
  const unions = [
    // @ts-expect-error: columns are missing
    () => pipeline.union(from([{ at: 1 }])),
    // @ts-expect-error: the type of a column is another
    () => pipeline.union(from([{ at: 0, sensor: 1, value: 1.5, big: 1n }])),
    // @ts-expect-error: event times are taken before or after, for all
    () => pipeline.union(timed),
    // @ts-expect-error: union() comes before keyBy()
    () => timed.keyBy("sensor").union(timed.keyBy("sensor")),
  ];
  assertEquals(unions.length, 4);
});

Deno.test("Calendar windows are of a unit and a time zone", () => {
  const timed = from(rows, { workers: 1 }).timestamps("at");
  const days = new CalendarWindow({ unit: "day", timeZone: "UTC" });
  const pipeline = timed.keyBy("sensor").window(days).aggregate({ n: count() });
  exactly<() => Promise<{ windowStart: number; sensor: string; n: number } | undefined>>()(
    async () => {
      for await (const { windowStart, sensor, n } of pipeline) return { windowStart, sensor, n };
    },
  );
  const wrong = [
    // @ts-expect-error: a time zone must be named
    () => new CalendarWindow({ unit: "day" }),
    // @ts-expect-error: there are no windows of this unit
    () => new CalendarWindow({ unit: "hour", timeZone: "UTC" }),
    // @ts-expect-error: there is no such day
    () => new CalendarWindow({ unit: "week", timeZone: "UTC", weekStart: "someday" }),
  ];
  assertEquals(wrong.length, 3);
});

Deno.test("A schema gives its rows to the pipeline", () => {
  const source = csv("a.csv", { schema: schema({ at: t.utf8, n: t.required(t.i32) }) });
  const pipeline = from(source);
  exactly<Pipeline<{ at: string | null; n: number }>>()(pipeline);
  const timed = pipeline.timestamps("at", { format: "iso" });
  timed.window(minutes).aggregate({ last: last("n") });
  // @ts-expect-error: there is no such column
  pipeline.timestamps("when");
  // @ts-expect-error: there is no such column
  timed.keyBy("m");
  // @ts-expect-error: there is no such column
  timed.window(minutes).aggregate({ total: sum("m") });
});

Deno.test("A computed column has the type of its expression", async () => {
  const pipeline = from(rows, { workers: 1 })
    .withColumn("twice", col<number>("value").mul(2))
    .withColumn("value", col<string>("sensor"));
  for await (const row of pipeline) {
    exactly<number>()(row.twice);
    exactly<string>()(row.value);
    exactly<bigint>()(row.big);
    assertEquals(row.twice, 3);
    // @ts-expect-error: it is no column
    row.thrice;
  }
  // @ts-expect-error: a column has a value
  assertThrows(() => pipeline.withColumn("thrice"), TypeError);
});

Deno.test("Calls in the wrong order do not compile", () => {
  const pipeline = from(rows, { workers: 1 });
  const timed = pipeline.timestamps("at");
  const order = [
    // @ts-expect-error: timestamps() comes first
    () => pipeline.window(minutes),
    // @ts-expect-error: timestamps() comes first
    () => pipeline.keyBy("sensor").window(minutes),
    // @ts-expect-error: event times are given once
    () => timed.timestamps("at"),
    // @ts-expect-error: window() comes next
    () => timed.keyBy("sensor").aggregate({ n: count() }),
    // @ts-expect-error: filter() comes before keyBy()
    () => timed.keyBy("sensor").filter(col("value").gt(1)),
    // @ts-expect-error: withColumn() comes before keyBy()
    () => timed.keyBy("sensor").withColumn("half", col<number>("value").div(2)),
    // @ts-expect-error: tap() comes after what makes the results
    () => pipeline.tap(() => {}).filter(col("value").gt(1)),
    // @ts-expect-error: batch() comes after what makes the results
    () => pipeline.batch({ rows: 10 }).timestamps("at"),
    // @ts-expect-error: batch() is told of how many rows
    () => pipeline.batch({ within: "1s" }),
    // @ts-expect-error: windows are iterated once aggregated
    () => timed.window(minutes)[Symbol.asyncIterator](),
  ];
  assertEquals(order.length, 10);
});

Deno.test("Functions of steps see the columns there are, and make those that they give", async () => {
  const pipeline = from(rows, { workers: 1 })
    .filter(({ value }) => value > 1)
    .map(({ sensor, value }, { context }) => ({ sensor, more: value + context.by }), {
      context: { by: 1 },
    })
    .flatMap(({ sensor, more }) => [{ sensor, more, text: `${more}` }]);
  for await (const row of pipeline) {
    exactly<{ sensor: string; more: number; text: string }>()(row);
    assertEquals(row.text, "2.5");
  }
  const given = schema({ n: t.i32 });
  const typed = from(rows, { workers: 1 }).map(({ value }) => ({ n: value > 1 ? 1 : 0 }), {
    schema: given,
  });
  for await (const row of typed) exactly<{ n: number | null }>()(row);
  // @ts-expect-error: there is no such column
  from(rows).map(({ nope }) => ({ nope }));
  // @ts-expect-error: a row is an object
  from(rows).map(({ value }) => value);
  const later = from(rows, { workers: 1 }).filter(async ({ value }) => await (value > 1))
    .map(async ({ sensor }) => await Promise.resolve({ sensor }));
  for await (const row of later) exactly<{ sensor: string }>()(row);
});

Deno.test("Rows of windows without bounds have null for them, and panes say what they are", () => {
  const timed = from(rows, { workers: 1 }).timestamps("at").keyBy("sensor");
  const everything = timed.window(new GlobalWindow()).aggregate({ n: count() });
  const counted = from(rows).keyBy("sensor").window(new CountWindow({ size: 2 }))
    .aggregate({ n: count() });
  const panes = timed.window(minutes).trigger({ everyRows: 2 }).aggregate({ n: count() });
  const takenBack = timed.window(minutes).trigger({ everyRows: 2, panes: "retracting" })
    .aggregate({ n: count() });
  type RowOf<P> = P extends AsyncIterable<infer Row> ? Row : never;
  const none = undefined as unknown;
  exactly<null>()((none as RowOf<typeof everything> | undefined)?.windowEnd ?? null);
  exactly<null>()((none as RowOf<typeof counted> | undefined)?.windowStart ?? null);
  exactly<"early" | "onTime" | "late" | undefined>()(
    (none as RowOf<typeof panes> | undefined)?.paneTiming,
  );
  exactly<"insert" | "updateBefore" | "updateAfter" | "delete" | undefined>()(
    (none as RowOf<typeof takenBack> | undefined)?.rowKind,
  );
  // @ts-expect-error: a session goes by event times
  assertThrows(() => from(rows).keyBy("sensor").window(new SessionWindow({ gap: 1 })), TypeError);
  // @ts-expect-error: only where results are taken back
  void ((none as RowOf<typeof panes> | undefined)?.rowKind);
});

Deno.test("The function of custom windows gets rows of the pipeline's type", () => {
  const timed = from(rows, { workers: 1 }).timestamps("at");
  timed.window(
    new CustomWindow({
      assign: (row: { value: number }, { time }) => [{ start: time, end: time + row.value }],
    }),
  );
  // @ts-expect-error: there is no such column
  timed.window(new CustomWindow({ assign: (row: { price: number }) => [row.price, []][1] }));
});
