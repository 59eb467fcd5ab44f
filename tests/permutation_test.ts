import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import {
  argMax,
  count,
  countDistinct,
  from,
  IterableSource,
  max,
  mean,
  min,
  type PipelineOptions,
  quantile,
  schema,
  sum,
  type TriggerOptions,
  types as t,
} from "../mod.ts";
import { PipelineDriver } from "../src/testing/mod.ts";
import { oracle, type OracleRow, type OracleWindow } from "./support/oracle.ts";
import { exactly } from "./support/oracle_aggregates.ts";
import { pipelineWindow } from "./support/oracle_windows.ts";
import { runSimulated, simulatedRuns } from "./support/simulated_runs.ts";

const RUNS = 150;
const SIMULATED_RUNS = 100;
const COLUMNS = schema({ at: t.timestamp, key: t.utf8, x: t.i32 });

interface Row {
  readonly at: number;
  readonly key: string | null;
  readonly x: number;
}

/** Rows in two orders, neither of which has a row further behind than the bound. */
interface Orders {
  readonly bound: number;
  readonly one: readonly Row[];
  readonly other: readonly Row[];
}

const size = fc.integer({ min: 1, max: 30 });

/** Windows that times alone decide, however rows come. */
const windows: fc.Arbitrary<OracleWindow> = fc.oneof(
  fc.record({ kind: fc.constant("tumbling" as const), size, offset: fc.nat({ max: 40 }) }),
  fc.record({ kind: fc.constant("sliding" as const), size, slide: size }),
  fc.record({ step: size, steps: fc.integer({ min: 1, max: 4 }) })
    .map(({ step, steps }) => ({ kind: "cumulating" as const, size: step * steps, step })),
  fc.record({ kind: fc.constant("session" as const), gap: size }),
  fc.record({ kind: fc.constant("trailing" as const), duration: fc.nat({ max: 30 }) }),
  fc.constant({ kind: "global" as const }),
);

/** Times from below 0 on, many of them more than once, of few keys, one of them empty. */
const orders: fc.Arbitrary<Orders> = fc.record({
  bound: fc.nat({ max: 40 }),
  rows: fc.array(
    fc.record({
      step: fc.constantFrom(0, 0, 1, 3, 20),
      key: fc.constantFrom("", "a", "b", "é", null),
      delays: fc.tuple(fc.double({ min: 0, max: 1 }), fc.double({ min: 0, max: 1 })),
    }, { noNullPrototype: true }),
    { maxLength: 60 },
  ),
}).map(({ bound, rows }) => {
  let now = -100;
  const timed = rows.map(({ step, key, delays }, x) => {
    now += step;
    return { row: { at: now, key, x }, delays };
  });
  const arrived = (which: 0 | 1) =>
    timed.toSorted((a, b) =>
      a.row.at + a.delays[which] * bound - (b.row.at + b.delays[which] * bound)
    ).map(({ row }) => row);
  return { bound, one: arrived(0), other: arrived(1) };
});

/** What the kernel computes; which of two rows of one time is first is up to the source. */
const IN_KERNEL = {
  n: count(),
  total: sum("x"),
  average: mean("x"),
  least: min("x"),
  most: max("x"),
  last: argMax("at", "x"),
};

const IN_JAVASCRIPT = { ...IN_KERNEL, distinct: countDistinct("x"), median: quantile("x", 0.5) };

interface Given {
  readonly window: OracleWindow;
  readonly bound: number;
  /** Whether an aggregate has the rows of a key go to its owner in order. */
  readonly inOrder: boolean;
  readonly trigger?: TriggerOptions;
}

/** Rows exactly a gap apart are of one session, or of two, whichever comes first. */
function rulesOf({ window: { kind }, inOrder }: Given) {
  const isSession = kind === "session";
  // In the kernel sessions close when the watermark has reached their end.
  const closing = isSession && inOrder ? "passed" as const : "reached" as const;
  return { semantics: { sessionsTouch: !isSession || inOrder, closing } };
}

function pipelineOf(rows: readonly Row[], given: Given, options: PipelineOptions) {
  const { window, bound, inOrder, trigger } = given;
  const windowed = from(new IterableSource<Row>(rows, { schema: COLUMNS as never }), options)
    .timestamps("at", { maxDisorder: bound }).keyBy("key").window(pipelineWindow(window));
  const aggregates = inOrder ? IN_JAVASCRIPT : IN_KERNEL;
  return trigger ? windowed.trigger(trigger).aggregate(aggregates) : windowed.aggregate(aggregates);
}

function driven(
  rows: readonly Row[],
  given: Given,
  options: PipelineOptions = rulesOf(given),
) {
  const driver = new PipelineDriver(pipelineOf([], given, options));
  for (const row of rows) driver.pipe([row]);
  driver.end();
  assertEquals(driver.late(), []);
  return driver.results();
}

/** The last result of each window, without what tells which it is. */
function finalOnes(results: readonly object[]) {
  return (results as Record<string, unknown>[]).filter(({ paneTiming }) => paneTiming === "onTime")
    .map(({ paneIndex: _index, paneRevision: _revision, ...row }) => row);
}

Deno.test("Any order within the bound gives the same windows, and those of the oracle", () => {
  fc.assert(
    fc.property(orders, windows, fc.boolean(), ({ bound, one, other }, window, inOrder) => {
      const given = { window, bound, inOrder };
      const results = driven(one, given);
      assertEquals(driven(other, given), results);
      const expected = oracle({
        rows: one.map(({ at, key, x }): OracleRow => ({ time: at, keys: [key], values: { x } })),
        window,
        bound,
        aggregates: { n: exactly.count(), total: exactly.sum("x"), most: exactly.max("x") },
        ...rulesOf(given),
      });
      assertEquals(
        results.map(({ windowStart, windowEnd, key, n, total, most }) => {
          return { windowStart, windowEnd, key, n, total, most };
        }),
        expected.results.map(({ windowStart, windowEnd, keys: [key], values }) => ({
          windowStart: Number.isFinite(windowStart) ? windowStart : null,
          windowEnd: Number.isFinite(windowEnd) ? windowEnd : null,
          key,
          ...values,
        })) as unknown as [],
      );
    }),
    { numRuns: RUNS },
  );
});

Deno.test("Any order within the bound, on any number of bees that may be lost, gives the same windows", async () => {
  let lost = 0;
  await fc.assert(
    fc.asyncProperty(
      orders,
      windows,
      fc.boolean(),
      simulatedRuns(4),
      async ({ bound, one, other }, window, inOrder, run) => {
        const given = { window, bound, inOrder };
        const { results, metrics } = await runSimulated(
          run,
          (options) => pipelineOf(other, given, { ...rulesOf(given), ...options }),
        );
        assertEquals(results, driven(one, given));
        assertEquals(metrics.late, 0);
        lost += metrics.lostBees;
      },
    ),
    { numRuns: SIMULATED_RUNS },
  );
  assert(lost > SIMULATED_RUNS / 10, `only ${lost} bees were lost`);
});

Deno.test("Early panes depend on the order of rows, the last one of each window does not", () => {
  const triggers = fc.record({
    everyRows: fc.integer({ min: 1, max: 4 }),
    every: fc.integer({ min: 1, max: 10 }),
  }, { requiredKeys: [], noNullPrototype: true });
  const triggered = windows.filter(({ kind }) => kind !== "trailing");
  fc.assert(
    fc.property(orders, triggered, triggers, ({ bound, one, other }, window, trigger) => {
      const given = { window, bound, inOrder: true, trigger };
      assertEquals(finalOnes(driven(other, given)), finalOnes(driven(one, given)));
    }),
    { numRuns: RUNS },
  );
});

Deno.test("Of rows a gap apart, one may close what the other would join, unless it is passed", () => {
  const [a, b, c] = [{ at: 0, key: "a", x: 1 }, { at: 10, key: "a", x: 2 }, {
    at: 10,
    key: "b",
    x: 3,
  }];
  const given = { window: { kind: "session", gap: 10 }, bound: 0, inOrder: true } as const;
  const sessions = (rows: readonly Row[], semantics: PipelineOptions["semantics"]) =>
    driven(rows, given, { semantics: semantics! })
      .map(({ key, windowStart, n }) => `${key} ${windowStart}: ${n}`);
  assertEquals(sessions([a, b, c], "flink"), ["a 0: 2", "b 10: 1"]);
  assertEquals(sessions([a, c, b], "flink"), ["a 0: 1", "a 10: 1", "b 10: 1"]);
  for (const semantics of ["beam", { closing: "passed" }] as const) {
    assertEquals(sessions([a, b, c], semantics), sessions([a, c, b], semantics));
  }
});
