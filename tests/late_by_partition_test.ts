import { assert, assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import {
  count,
  countDistinct,
  CumulatingWindow,
  CustomWatermarks,
  from,
  type LateRow,
  type PipelineOptions,
  schema,
  SessionWindow,
  SlidingWindow,
  type Source,
  sum,
  type TimestampOptions,
  TumblingWindow,
  types as t,
} from "../mod.ts";
import { partitionedSource } from "./support/partitioned_rows.ts";
import { runSimulated, simulatedRuns } from "./support/simulated_runs.ts";
import { windowsAt } from "./support/window_oracle.ts";

const RUNS = 200;
const COLUMNS = schema({ at: t.timestamp, key: t.utf8, x: t.i32 });

interface Row {
  readonly partition: number;
  readonly at: number | null;
  readonly key: string;
  readonly x: number;
}

type AlignedWindow = TumblingWindow | SlidingWindow | CumulatingWindow;

interface Case {
  /** Of each partition, in its order. */
  readonly partitions: readonly (readonly Row[])[];
  readonly bound: number;
  readonly window: AlignedWindow;
  /** Whether watermarks are worked out row by row before rows go to the bees. */
  readonly decided: boolean;
  /** Whether a filter stands before the windows. */
  readonly filtered: boolean;
  readonly most: number;
}

const size = fc.integer({ min: 1, max: 20 });
const windows: fc.Arbitrary<AlignedWindow> = fc.oneof(
  size.map((size) => new TumblingWindow({ size })),
  fc.record({ size, slide: size }).map((given) => new SlidingWindow(given)),
  fc.record({ step: size, steps: fc.integer({ min: 1, max: 4 }) })
    .map(({ step, steps }) => new CumulatingWindow({ size: step * steps, step })),
);

function rowsOf(partition: number): fc.Arbitrary<Row[]> {
  const row = fc.record({
    step: fc.constantFrom(0, 1, 2, 9),
    back: fc.oneof(fc.constant(0), fc.nat({ max: 30 })),
    timed: fc.integer({ min: 0, max: 19 }),
    key: fc.constantFrom("a", "b", "c"),
  });
  return fc.array(row, { maxLength: 40 }).map((rows) => {
    let now = -20 + 10 * partition;
    return rows.map(({ step, back, timed, key }, at) => {
      now += step;
      return { partition, at: timed === 0 ? null : now - back, key, x: 100 * partition + at };
    });
  });
}

const cases: fc.Arbitrary<Case> = fc.record({
  partitions: fc.integer({ min: 1, max: 4 })
    .chain((length) => fc.tuple(...Array.from({ length }, (_, at) => rowsOf(at)))),
  bound: fc.constantFrom(0, 3, 15),
  window: windows,
  decided: fc.boolean(),
  filtered: fc.boolean(),
  most: fc.constantFrom(1, 5, 100),
});

/** Rows of all partitions, which take turns as the numbers say. */
function takingTurns(partitions: Case["partitions"], turns: readonly number[]): Row[] {
  const left = partitions.map((rows) => [...rows]);
  const rows: Row[] = [];
  for (let turn = 0; left.some(({ length }) => length > 0); turn++) {
    const some = left.filter(({ length }) => length > 0);
    rows.push(some[(turns[turn % turns.length] ?? 0) % some.length].shift()!);
  }
  return rows;
}

const isKept = (row: Row) => row.x % 5 !== 0;

/** Each partition by itself decides what its rows are late for; then all are put together. */
function expectedOf({ partitions, bound, window, filtered }: Case) {
  const groups = new Map<string, { n: number; total: number }>();
  const late: number[] = [];
  for (const rows of partitions) {
    let mark = -Infinity;
    for (const row of rows) {
      if (row.at === null) continue;
      const all = filtered && !isKept(row) ? [] : windowsAt(window, row.at);
      const open = all.filter(({ end }) => end > mark);
      if (all.length > 0 && open.length === 0) late.push(row.x);
      for (const { start, end } of open) {
        const name = `${start}..${end} ${row.key}`;
        const { n, total } = groups.get(name) ?? { n: 0, total: 0 };
        groups.set(name, { n: n + 1, total: total + row.x });
      }
      mark = Math.max(mark, row.at - bound);
    }
  }
  const lines = [...groups].map(([name, { n, total }]) => `${name}: ${n} ${total}`);
  return { lines: lines.sort(), late: late.sort((a, b) => a - b) };
}

function timesOf({ bound, decided }: Case): TimestampOptions {
  if (!decided) return { maxDisorder: bound, lateBy: "partition" };
  const create = () => ({ onEvent: (time: number) => time - bound });
  return { watermarks: new CustomWatermarks({ create }), lateBy: "partition" };
}

function pipelineOf(given: Case, rows: readonly Row[], options: PipelineOptions) {
  const source = partitionedSource(rows, {
    partitions: given.partitions.length,
    schema: COLUMNS,
    most: () => given.most,
  });
  const timed = from(source as Source<Omit<Row, "partition">>, options)
    .timestamps("at", timesOf(given));
  const kept = given.filtered ? timed.filter(({ x }) => x % 5 !== 0) : timed;
  return kept.keyBy("key").window(given.window as TumblingWindow)
    .aggregate({ n: count(), total: sum("x") });
}

Deno.test('lateBy: "partition" gives the same however partitions take turns, on any bees', async () => {
  const turns = fc.array(fc.nat({ max: 10 }), { minLength: 1, maxLength: 30 });
  let lost = 0;
  await fc.assert(
    fc.asyncProperty(cases, turns, simulatedRuns(3), async (given, turns, run) => {
      const expected = expectedOf(given);
      const late = new Set<number>();
      const { results, metrics } = await runSimulated(
        run,
        (options) =>
          pipelineOf(given, takingTurns(given.partitions, turns), {
            ...options,
            lateData: "sideOutput",
            lateOutput: ({ record }: LateRow) => void late.add(record.x as number),
          }),
      );
      const lines = (results as Record<string, unknown>[]).map((row) =>
        `${row.windowStart}..${row.windowEnd} ${row.key}: ${row.n} ${row.total}`
      );
      assertEquals(new Set(lines).size, lines.length);
      assertEquals(lines.sort(), expected.lines);
      assertEquals([...late].sort((a, b) => a - b), expected.late);
      assertEquals([metrics.late, metrics.unaccounted], [expected.late.length, 0]);
      lost += metrics.lostBees;
    }),
    { numRuns: RUNS },
  );
  assert(lost > 0, "no bee was lost");
});

Deno.test('With lateBy: "window", the default, it depends on the turns which rows are late', async () => {
  const first = [0, 100, 5].map((at, x): Row => ({ partition: 0, at, key: "a", x }));
  const second = [0, 100].map((at, x): Row => ({ partition: 1, at, key: "a", x }));
  const lateOf = async (turns: number[], lateBy: "window" | "partition") => {
    const source = partitionedSource(takingTurns([first, second], turns), {
      partitions: 2,
      schema: COLUMNS,
      most: () => 1,
    });
    const pipeline = from(source as Source<Omit<Row, "partition">>, { workers: 1 })
      .timestamps("at", { lateBy }).keyBy("key").window(new TumblingWindow({ size: 10 }))
      .aggregate({ n: count() });
    return (await pipeline.run()).late;
  };
  assertEquals(await lateOf([0], "window"), 0);
  assertEquals(await lateOf([1], "window"), 1);
  assertEquals(await lateOf([0], "partition"), 1);
  assertEquals(await lateOf([1], "partition"), 1);
});

Deno.test('lateBy: "partition" is refused where the order of all rows counts, and with idle', () => {
  const timed = (options: TimestampOptions) =>
    from([{ at: 1, key: "a" }], { workers: 1 }).timestamps("at", options).keyBy("key");
  const alone = { lateBy: "partition" } as const;
  assertThrows(
    () => timed(alone).window(new SessionWindow({ gap: 5 })).aggregate({ n: count() }),
    TypeError,
    "because a session grows",
  );
  const tumbling = timed(alone).window(new TumblingWindow({ size: 5 }));
  assertThrows(
    () => tumbling.aggregate({ n: countDistinct("key") }),
    TypeError,
    "leave lateBy out",
  );
  assertThrows(
    () => timed({ ...alone, idle: { after: "1s" } }),
    TypeError,
    "leave out idle or lateBy",
  );
  assertThrows(
    () => timed({ lateBy: "row" as "window" }),
    TypeError,
    'lateBy must be "window" or "partition", received "row"',
  );
  const text = tumbling.aggregate({ n: count() }).explain();
  assert(text.includes("by the watermark of their own partition"), text);
});
