import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import {
  count,
  from,
  max,
  type PipelineOptions,
  schema,
  SessionWindow,
  sum,
  TumblingWindow,
  types as t,
} from "../mod.ts";
import { PipelineDriver, TestSource } from "../src/testing/mod.ts";
import { oracle, type OracleResult, type OracleRow, type OracleWindow } from "./support/oracle.ts";
import { exactly } from "./support/oracle_aggregates.ts";
import { pipelineWindow } from "./support/oracle_windows.ts";

const RUNS = 300;
const COLUMNS = schema({ at: t.timestamp, key: t.utf8, x: t.i32 });

interface Row {
  readonly at: number;
  readonly key: string;
  readonly x: number;
}

const size = fc.integer({ min: 1, max: 25 });

const windows: fc.Arbitrary<OracleWindow> = fc.oneof(
  fc.record({ kind: fc.constant("tumbling" as const), size, offset: fc.nat({ max: 40 }) }),
  fc.record({ kind: fc.constant("sliding" as const), size, slide: size }),
  fc.record({ step: size, steps: fc.integer({ min: 1, max: 4 }) })
    .map(({ step, steps }) => ({ kind: "cumulating" as const, size: step * steps, step })),
  fc.record({ kind: fc.constant("session" as const), gap: size }),
  fc.record({ kind: fc.constant("trailing" as const), duration: fc.nat({ max: 20 }) }),
);

const rows: fc.Arbitrary<Row[]> = fc.array(
  fc.record({
    step: fc.constantFrom(0, 1, 2, 7, 30),
    back: fc.nat({ max: 20 }),
    key: fc.constantFrom("", "a", "b"),
  }, { noNullPrototype: true }),
  { maxLength: 60 },
).map((rows) => {
  let now = -50;
  return rows.map(({ step, back, key }, x) => {
    now += step;
    return { at: now - back, key, x };
  });
});

interface Given {
  readonly rows: readonly Row[];
  readonly bound: number;
  readonly first: OracleWindow;
  readonly second: OracleWindow;
  /** Rows that are piped at once. */
  readonly most: number;
  /** Whether results exactly a gap apart are of one session. */
  readonly sessionsTouch: boolean;
}

/** What one level comes to. */
function level(
  rows: readonly OracleRow[],
  window: OracleWindow,
  { bound, sessionsTouch }: Pick<Given, "bound" | "sessionsTouch">,
) {
  const aggregates = { n: exactly.count(), total: exactly.sum("x"), most: exactly.max("x") };
  return oracle({ rows, window, bound, aggregates, semantics: { sessionsTouch } });
}

/** The results of a level as rows of the next: none is late there. */
function asRows(results: readonly OracleResult[]): OracleRow[] {
  return results.map(({ windowEnd, keys, values }) => {
    return { time: windowEnd - 1, keys, values: { x: values.total }, watermark: -Infinity };
  });
}

function expectedOf({ rows, bound, first, second, sessionsTouch }: Given) {
  const given = rows.map(({ at, key, x }) => ({ time: at, keys: [key], values: { x } }));
  const below = level(given, first, { bound, sessionsTouch });
  const { results } = level(asRows(below.results), second, { bound: 0, sessionsTouch });
  return {
    late: below.late.length,
    results: results.map(({ windowStart, windowEnd, keys: [key], values }) => {
      return { windowStart, windowEnd, key, ...values };
    }),
  };
}

Deno.test("Windows of window results are the oracle's of the oracle's, and none of them is late", () => {
  const given = fc.record({
    rows,
    bound: fc.nat({ max: 25 }),
    first: windows,
    second: windows,
    most: fc.constantFrom(1, 5, 100),
    sessionsTouch: fc.boolean(),
  }, { noNullPrototype: true });
  fc.assert(
    fc.property(given, (given) => {
      const { rows, bound, first, second, most, sessionsTouch } = given;
      const options: PipelineOptions = { semantics: { sessionsTouch } };
      const source = new TestSource({ schema: COLUMNS as never });
      const driver = new PipelineDriver(
        from(source, options).timestamps("at", { maxDisorder: bound }).keyBy("key")
          .window(pipelineWindow(first)).aggregate({ total: sum("x") })
          .keyBy("key").window(pipelineWindow(second))
          .aggregate({ n: count(), total: sum("total"), most: max("total") }),
      );
      for (let row = 0; row < rows.length; row += most) driver.pipe(rows.slice(row, row + most));
      driver.end();
      const expected = expectedOf(given);
      assertEquals(driver.results() as unknown, expected.results);
      assertEquals(driver.metrics().late, expected.late);
    }),
    { numRuns: RUNS },
  );
});

Deno.test("Results exactly a gap apart are of one session, however few rows come at a time", () => {
  const rows = [7, 60_007, 119_999, 120_007, 179_999, 300_007, 1e9].map((at) => ({ at, x: 1 }));
  for (const most of [1, 2, 100]) {
    const source = new TestSource({ schema: schema({ at: t.timestamp, x: t.i32 }) });
    const driver = new PipelineDriver(
      from(source).timestamps("at")
        .window(new TumblingWindow({ size: "1m" })).aggregate({ total: sum("x") })
        .window(new SessionWindow({ gap: "1m" })).aggregate({ n: count() }),
    );
    for (let row = 0; row < rows.length; row += most) driver.pipe(rows.slice(row, row + most));
    const results = driver.results().map(({ windowStart, n }) => [windowStart, n]);
    assertEquals(results, [[59_999, 3], [359_999, 1]], `${most} at a time`);
  }
});
