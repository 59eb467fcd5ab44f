import { assertEquals, assertThrows } from "@std/assert";
import {
  col,
  collect,
  count,
  CountWindow,
  CumulatingWindow,
  CustomWatermarks,
  CustomWindow,
  from,
  type PipelineOptions,
  schema,
  SessionWindow,
  SlidingWindow,
  sum,
  TrailingWindow,
  TumblingWindow,
  types as t,
} from "../mod.ts";
import { PipelineDriver } from "../src/testing/mod.ts";

const COLUMNS = schema({ at: t.timestamp, key: t.utf8, x: t.f64, gap: t.i32 });
const tumbling = new TumblingWindow({ size: 10 });

interface Row {
  readonly at: number | null;
  readonly key?: string | null;
  readonly x?: number | null;
  readonly gap?: number | null;
}

function rowsOf(rows: readonly Row[]) {
  return rows.map(({ key = "a", x = 1, gap = 5, ...row }) => ({ key, x, gap, ...row }));
}

/** What became of rows in windows. */
function fateOf(
  rows: readonly Row[],
  window: TumblingWindow | SlidingWindow | SessionWindow | CustomWindow | TrailingWindow,
  options: PipelineOptions = {},
) {
  const driver = new PipelineDriver(
    from([] as { at: number; key: string; x: number; gap: number }[], options)
      .timestamps("at", { maxDisorder: 1000 }).keyBy("key").window(window)
      .aggregate({ n: count() }),
    { schema: COLUMNS },
  );
  driver.pipe(rowsOf(rows));
  driver.end();
  const { absorbed, filtered, untimed, late, unaccounted } = driver.metrics();
  const results = driver.results().map(({ windowStart, n }) => [windowStart, n]);
  return { results, absorbed, filtered, untimed, late, unaccounted };
}

const NONE = { absorbed: 0, filtered: 0, untimed: 0, late: 0, unaccounted: 0 };

Deno.test("Rows without a time are counted as that, be it all of them", () => {
  const rows = [{ at: null }, { at: 3 }, { at: null }];
  for (const window of [tumbling, new SessionWindow({ gap: 5 })]) {
    const fate = fateOf(rows, window);
    assertEquals([fate.absorbed, fate.untimed, fate.results.length], [1, 2, 1]);
  }
  assertEquals(fateOf([{ at: null }, { at: null }], tumbling), {
    ...NONE,
    untimed: 2,
    results: [],
  });
});

Deno.test("Times before 1970 are in windows like all others", () => {
  assertEquals(fateOf([{ at: -1 }, { at: -10 }, { at: -11 }], tumbling).results, [[-20, 1], [
    -10,
    2,
  ]]);
});

Deno.test("A time that is none is a bad record, and fails the run unless it is told otherwise", () => {
  const rows = [{ at: 1 }, { at: NaN }, { at: Infinity }, { at: 9e15 }];
  const driver = (options: PipelineOptions) =>
    new PipelineDriver(
      from(rows, options).timestamps("at").window(tumbling).aggregate({ n: count() }),
      { schema: schema({ at: t.f64 }) },
    );
  assertThrows(() => driver({}).pipe(rows), Error, "row 1");
  const skipping = driver({ badRecords: "skip" });
  skipping.pipe(rows);
  const { recordsIn, skipped, absorbed, unaccounted } = skipping.metrics();
  assertEquals({ recordsIn, skipped, absorbed, unaccounted }, {
    ...{ recordsIn: 4, skipped: 3, absorbed: 1, unaccounted: 0 },
  });
});

Deno.test("A time column that is missing, or holds no times, is an error that names it", () => {
  const timed = (column: string) => () =>
    new PipelineDriver(
      from([{ at: 1, flag: true }]).timestamps(column as "at").window(tumbling)
        .aggregate({ n: count() }),
    ).pipe([{ at: 1, flag: true }]);
  assertThrows(timed("when"), TypeError, '"when"');
  assertThrows(timed("flag"), TypeError, '"flag"');
});

Deno.test("Windows of no size are refused, and so are slides and gaps of nothing", () => {
  assertThrows(() => new TumblingWindow({ size: 0 }), RangeError);
  assertThrows(() => new SlidingWindow({ size: 0, slide: 1 }), RangeError);
  assertThrows(() => new SlidingWindow({ size: 1, slide: 0 }), RangeError);
  assertThrows(() => new CumulatingWindow({ size: 10, step: 0 }), RangeError);
  assertThrows(() => new CumulatingWindow({ size: 10, step: 3 }), RangeError);
  assertThrows(() => new SessionWindow({ gap: 0 }), RangeError);
  assertThrows(() => new CountWindow({ size: 0 }), RangeError);
  assertThrows(() => new TrailingWindow({ duration: -1 }), RangeError);
  assertThrows(() => new TumblingWindow({ size: NaN }), RangeError);
});

Deno.test("A slide larger than the size leaves gaps, and rows in them are counted as filtered", () => {
  const fate = fateOf(
    [{ at: 1 }, { at: 5 }, { at: 11 }],
    new SlidingWindow({ size: 3, slide: 10 }),
  );
  assertEquals(fate, { ...NONE, absorbed: 2, filtered: 1, results: [[0, 1], [10, 1]] });
});

Deno.test("A row whose gap is nothing, or whose window ends before it starts, is filtered", () => {
  const rows = [{ at: 1, gap: null }, { at: 2, gap: 0 }, { at: 3, gap: -5 }, { at: 4, gap: 2 }];
  const sessions = new SessionWindow({ gap: col<number>("gap") });
  assertEquals(fateOf(rows, sessions), { ...NONE, absorbed: 1, filtered: 3, results: [[4, 1]] });
  const custom = new CustomWindow({ start: col("at"), end: col("at").add(col("gap")) });
  assertEquals(fateOf(rows, custom).filtered, 3);
});

Deno.test("A watermark that goes back changes nothing, one that is no number fails the run", () => {
  const driverOf = (onEvent: (time: number) => number | undefined) =>
    new PipelineDriver(
      from([{ at: 0 }]).timestamps("at", {
        watermarks: new CustomWatermarks({ create: () => ({ onEvent }) }),
      }).window(tumbling).aggregate({ n: count() }),
    );
  const back = driverOf((time) => time === 25 ? 20 : time === 12 ? 3 : undefined);
  back.pipe([{ at: 5 }, { at: 25 }, { at: 12 }, { at: 8 }]);
  assertEquals(back.results(), [{ windowStart: 0, windowEnd: 10, n: 1 }]);
  assertEquals(back.late().map(({ record }) => record.at), [12, 8]);
  for (const mark of [NaN, Infinity]) {
    assertThrows(() => driverOf(() => mark).pipe([{ at: 5 }]), TypeError, `received ${mark}`);
  }
});

Deno.test("An aggregate of a column that it cannot be of is an error that says what it can be of", () => {
  const summing = (column: string) => () =>
    new PipelineDriver(
      from([{ at: 1, text: "" }]).timestamps("at").window(tumbling)
        .aggregate({ total: sum(column as "at") }),
    ).pipe([{ at: 1, text: "one" }]);
  assertThrows(summing("text"), TypeError, '"text": it must be a number');
  assertThrows(summing("nowhere"), TypeError, '"nowhere"');
});

Deno.test("More open windows than may be, or more values than a list may have, fail the run", () => {
  const driverOf = (options: PipelineOptions) =>
    new PipelineDriver(
      from([] as { at: number; key: string; x: number }[], options).timestamps("at").keyBy("key")
        .window(tumbling).aggregate({ list: collect("x", { limit: 2 }) }),
      { schema: COLUMNS },
    );
  const rows = [{ at: 1, key: "a" }, { at: 1, key: "b" }, { at: 1, key: "c" }];
  const most = driverOf({ maxOpenWindows: 2 });
  assertThrows(() => most.pipe(rowsOf(rows)), RangeError, "at most 2");
  const long = driverOf({});
  assertThrows(() => long.pipe(rowsOf([{ at: 1 }, { at: 2 }, { at: 3 }])), Error, "2");
});

Deno.test("Windows that reach beyond all times give their bounds, whichever way they are computed", () => {
  const most = 8.64e15;
  const rows = [{ at: -most }, { at: 5 }, { at: most }].map((row) => ({ ...row, key: "a" }));
  const columns = schema({ at: t.timestamp, key: t.utf8 });
  const boundsOf = (window: TumblingWindow | SessionWindow | TrailingWindow, lists: boolean) => {
    const windowed = from([] as typeof rows).timestamps("at", { maxDisorder: 2 ** 53 - 1 })
      .window(window);
    const driver = new PipelineDriver(
      windowed.aggregate({ n: count(), ...(lists && { all: collect("key") }) }),
      { schema: columns },
    );
    driver.pipe(rows);
    driver.end();
    return driver.results().map(({ windowStart, windowEnd, n }) => [windowStart, windowEnd, n]);
  };
  for (const lists of [false, true]) {
    assertEquals(boundsOf(new TumblingWindow({ size: most }), lists), [
      [-most, 0, 1],
      [0, most, 1],
      [most, 2 * most, 1],
    ]);
    assertEquals(boundsOf(new SessionWindow({ gap: most }), lists), [
      [-most, 0, 1],
      [5, 2 * most, 2],
    ]);
    assertEquals(boundsOf(new TrailingWindow({ duration: most }), lists), [
      [-2 * most, 1 - most, 1],
      [5 - most, 6, 1],
      [0, most + 1, 2],
    ]);
  }
});

Deno.test("Gaps without end are as long as all time, and those below 1 ms none, with lists too", () => {
  const gaps = [2.9, 0.5, -5, NaN, null, Infinity, 1e300, 2 ** 53, 8.64e15];
  const columns = schema({ at: t.timestamp, gap: t.f64 });
  for (const lists of [false, true]) {
    const driver = new PipelineDriver(
      from([] as { at: number; gap: number }[]).timestamps("at").keyBy("gap")
        .window(new SessionWindow({ gap: col<number>("gap") }))
        .aggregate({ n: count(), ...(lists && { all: collect("at") }) }),
      { schema: columns },
    );
    driver.pipe(gaps.map((gap, at) => ({ at, gap })));
    driver.end();
    const ends = driver.results().map(({ gap, windowEnd }) => [gap, windowEnd]);
    const most = 8.64e15;
    assertEquals(ends, [[2.9, 2], [1e300, most + 6], [2 ** 53, most + 7], [most, most + 8]]);
    assertEquals([driver.metrics().absorbed, driver.metrics().filtered], [4, 5]);
  }
});
