import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import {
  argMax,
  argMin,
  col,
  collect,
  concat,
  count,
  CustomWindow,
  first,
  from,
  last,
  max,
  min,
  type PipelineMetrics,
  type PipelineOptions,
  PunctuatedWatermarks,
  type SemanticsOptions,
  SessionWindow,
  sum,
  type TriggerOptions,
} from "../mod.ts";
import { type RecordBatch, schema, types as t } from "../src/batch/mod.ts";
import { PipelineDriver, TestSource } from "../src/testing/mod.ts";
import {
  oracle,
  type OracleCase,
  type OracleResult,
  type OracleRow,
  type OracleWindow,
} from "./support/oracle.ts";
import { exactly, type OracleAggregate } from "./support/oracle_aggregates.ts";
import { pipelineWindow } from "./support/oracle_windows.ts";
import { partitionedBatches } from "./support/partitioned_rows.ts";
import { runSimulated, simulatedRuns } from "./support/simulated_runs.ts";

const RUNS = 600;
const SIMULATED_RUNS = 200;
const COLUMNS = schema({
  at: t.timestamp,
  key: t.utf8,
  group: t.i32,
  x: t.i32,
  gap: t.i32,
  start: t.timestamp,
  end: t.timestamp,
  mark: t.timestamp,
  word: t.utf8,
  name: t.dict,
  flag: t.bool,
  bytes: t.bytes,
  price: t.decimal(9, 2),
  tags: t.list(t.utf8),
});

interface Row {
  readonly at: number | null;
  readonly key: string | null;
  readonly group: number;
  readonly x: number;
  readonly gap: number | null;
  readonly start: number;
  readonly end: number;
  /** A watermark that the row carries. */
  readonly mark: number | null;
  readonly word: string | null;
  readonly name: string | null;
  readonly flag: boolean | null;
  readonly bytes: Uint8Array | null;
  readonly price: string | null;
  readonly tags: readonly string[] | null;
  readonly partition: number;
}

interface Case {
  readonly rows: readonly Row[];
  readonly keys: readonly ("key" | "group")[];
  readonly partitions: number;
  /** Whether partitions end with their last rows, those without any at once. */
  readonly ends: boolean;
  /** `undefined`: watermarks are those that rows carry. */
  readonly bound: number | undefined;
  /** How long windows are revised; 0: not. */
  readonly lateness: number;
  readonly window: OracleWindow;
  readonly trigger: TriggerOptions | undefined;
  readonly semantics: SemanticsOptions;
  /** What there is beside numbers of fixed size: nothing, texts and the like, or a list of rows. */
  readonly beside: "nothing" | "texts" | "list";
  /** Rows that are piped at once, at most. */
  readonly most: number;
}

const size = fc.integer({ min: 1, max: 20 });

const windows: fc.Arbitrary<OracleWindow> = fc.oneof(
  fc.record({ kind: fc.constant("tumbling" as const), size, offset: fc.nat({ max: 40 }) }),
  fc.record({ kind: fc.constant("sliding" as const), size, slide: size }),
  fc.record({ step: size, steps: fc.integer({ min: 1, max: 4 }) })
    .map(({ step, steps }) => ({ kind: "cumulating" as const, size: step * steps, step })),
  fc.record({ kind: fc.constant("session" as const), gap: size }),
  fc.constant({
    kind: "session" as const,
    gap: ({ values: { gap } }: OracleRow) => gap === null ? NaN : gap as number,
  }),
  fc.record({ kind: fc.constant("trailing" as const), duration: fc.nat({ max: 20 }) }),
  fc.record({
    kind: fc.constant("count" as const),
    size: fc.integer({ min: 1, max: 6 }),
    slide: fc.integer({ min: 1, max: 6 }),
    partial: fc.boolean(),
  }),
  fc.constant({ kind: "global" as const }),
  fc.constant({
    kind: "custom" as const,
    assign: ({ values }: OracleRow) => {
      const [start, end] = [values.start as number, values.end as number];
      return start < end ? [{ start, end }] : [];
    },
  }),
);

const triggers: fc.Arbitrary<TriggerOptions> = fc.record({
  everyRows: fc.integer({ min: 1, max: 4 }),
  every: fc.integer({ min: 1, max: 10 }),
  onTime: fc.constantFrom("always" as const, "ifChanged" as const, "never" as const),
  panes: fc.constantFrom("accumulating" as const, "discarding" as const, "retracting" as const),
}, { requiredKeys: [], noNullPrototype: true });

const switches: fc.Arbitrary<SemanticsOptions> = fc.record({
  sessionsTouch: fc.boolean(),
  sessionLateBy: fc.constantFrom("joined" as const, "alone" as const),
  sessionEnd: fc.constantFrom("gap" as const, "last" as const),
  negativeStarts: fc.boolean(),
  closing: fc.constantFrom("reached" as const, "passed" as const),
  emptyOnTime: fc.boolean(),
}, { requiredKeys: [], noNullPrototype: true });

/** Some that UTF-16 and code points put in different orders, and some whose order length decides. */
const texts = fc.constantFrom(
  "",
  "a",
  "aa",
  "b",
  "\u00e9",
  "\uffee",
  "\u{1d4b3}",
  "a\u{10ffff}",
  null,
);

/** Values of all types that have no place in the kernel. */
const kept = {
  word: texts,
  name: texts,
  flag: fc.constantFrom(true, false, null),
  bytes: fc.constantFrom(...["", "00", "0001", "ff", "80"].map(Uint8Array.fromHex), null),
  price: fc.constantFrom("0.00", "-1.50", "9.00", "10.25", null),
  tags: fc.constantFrom([], ["a"], ["b", "\u00e9"], null),
};

/** Times that go on from below 0, some far behind, many more than once, a few of them missing. */
function rowsOf(partitions: number): fc.Arbitrary<Row[]> {
  const row = fc.record({
    step: fc.constantFrom(0, 0, 1, 2, 5, 15),
    back: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat({ max: 30 })),
    isTimed: fc.integer({ min: 0, max: 19 }),
    key: fc.constantFrom("", "a", "b", "é", null),
    group: fc.nat({ max: 1 }),
    gap: fc.option(fc.integer({ min: -1, max: 15 }), { freq: 10 }),
    ahead: fc.option(fc.integer({ min: -30, max: 5 }), { freq: 2 }),
    span: fc.tuple(fc.integer({ min: -5, max: 5 }), fc.integer({ min: -1, max: 15 })),
    partition: fc.nat({ max: partitions - 1 }),
    ...kept,
  }, { noNullPrototype: true });
  return fc.array(row, { maxLength: 50 }).map((rows) => {
    let now = -30;
    return rows.map(({ step, back, isTimed, ahead, span: [from, length], ...rest }, x): Row => {
      now += step;
      const at = isTimed === 0 ? null : now - back;
      const start = 4 * Math.floor((now - back + from) / 4);
      const mark = ahead === null ? null : now + ahead;
      return { at, x, start, end: start + length, mark, ...rest };
    });
  });
}

/** A trigger that windows of a kind can have. */
function triggerFor({ kind }: OracleWindow, trigger: TriggerOptions | undefined) {
  if (kind === "count" || !trigger) return undefined;
  if (kind !== "trailing") return trigger;
  return trigger.panes ? { panes: trigger.panes } : {};
}

const cases: fc.Arbitrary<Case> = fc.integer({ min: 1, max: 3 }).chain((partitions) =>
  fc.record({
    rows: rowsOf(partitions),
    keys: fc.constantFrom<Case["keys"]>([], ["key"], ["key", "group"]),
    partitions: fc.constant(partitions),
    ends: fc.boolean(),
    bound: fc.constantFrom(0, 3, 10, 40, undefined),
    lateness: fc.constantFrom(0, 0, 1, 7, 25),
    window: windows,
    trigger: fc.option(triggers, { nil: undefined }),
    semantics: fc.oneof(fc.constant({}), switches),
    beside: fc.constantFrom("nothing" as const, "texts" as const, "list" as const),
    most: fc.constantFrom(1, 4, 100),
  }, { noNullPrototype: true })
).map(({ lateness, trigger, ...given }) => ({
  ...given,
  // No row is late for rows that are counted.
  lateness: given.window.kind === "count" ? 0 : lateness,
  trigger: triggerFor(given.window, trigger),
}));

const IN_KERNEL = {
  n: count(),
  total: sum("x"),
  most: max("x"),
  earliest: first("x"),
  latest: last("x"),
  best: argMax("x", "group"),
};

const OF_TEXTS = {
  first: first("word"),
  last: last("name"),
  least: min("name"),
  greatest: max("word"),
  among: max("word").where(col("x").mod(2).eq(0)),
  loud: min(concat(col("word"), col("name"))),
  wordOf: argMin("word", "x"),
  nameBy: argMax("x", "name"),
  byWord: argMin("name", "word"),
  any: max("flag"),
  all: min("flag"),
  bytes: min("bytes"),
  cheapest: argMin("word", "price"),
  dearest: max("price"),
  tags: last("tags"),
};

/** Behind the numbers that every case has. */
function besideOf({ beside }: Case) {
  return beside === "list" ? { list: collect("x") } : beside === "texts" ? OF_TEXTS : {};
}

type Line = Readonly<Record<string, unknown>>;

function lineOf({ windowStart, windowEnd, list, ...rest }: Line, keys: unknown[]) {
  const shown = (value: unknown) => value instanceof Uint8Array ? value.toHex() : value;
  const { paneIndex = 0, paneTiming = "onTime", rowKind = "insert" } = rest;
  const takesBack = rowKind === "updateBefore" || rowKind === "delete";
  const pane = `${takesBack ? "takes back " : ""}${paneTiming} ${paneIndex}`;
  const bounds = `${windowStart ?? "-"}..${windowEnd ?? "-"}`;
  const results = Object.keys(IN_KERNEL).map((name) => rest[name]).join(" ");
  const texts = Object.keys(OF_TEXTS).filter((name) => name in rest)
    .map((name) => JSON.stringify(shown(rest[name])));
  return `${bounds} ${JSON.stringify(keys)} ${pane}: ${results} [${list}] ${texts}`;
}

function expectedLine({ windowStart, windowEnd, keys, values, ...pane }: OracleResult): string {
  const finite = (bound: number) => Number.isFinite(bound) ? bound : null;
  const bounds = { windowStart: finite(windowStart), windowEnd: finite(windowEnd) };
  const { index: paneIndex, timing: paneTiming, retracts } = pane;
  const rowKind = retracts ? "delete" : "insert";
  return lineOf({ ...bounds, ...values, paneIndex, paneTiming, rowKind }, [...keys]);
}

/** The watermark before each row: the least of those of the partitions that have not ended. */
function watermarksBefore({ rows, partitions, bound, ends }: Case): number[] {
  const marks = new Array<number>(partitions).fill(-Infinity);
  return rows.map(({ at, mark: carried, partition }, place) => {
    const open = marks.filter((_, each) => !ends || lastRowOf(rows, each) >= place);
    const mark = bound === undefined ? carried : at !== null ? at - bound : null;
    if (at !== null && mark !== null) marks[partition] = Math.max(marks[partition], mark);
    return Math.min(...open);
  });
}

function lastRowOf(rows: readonly Row[], partition: number): number {
  return rows.findLastIndex((row) => row.partition === partition);
}

function concatenated({ word, name }: Pick<Row, "word" | "name">) {
  return { both: word === null || name === null ? null : word + name };
}

/** What {@linkcode OF_TEXTS} come to by definition. */
function textsOf(): Record<keyof typeof OF_TEXTS, OracleAggregate> {
  return {
    first: exactly.first("word"),
    last: exactly.last("name"),
    least: exactly.min("name"),
    greatest: exactly.max("word"),
    among: exactly.where(exactly.max("word"), ({ values: { x } }) => (x as number) % 2 === 0),
    loud: exactly.min("both"),
    wordOf: exactly.argMin("word", "x"),
    nameBy: exactly.argMax("x", "name"),
    byWord: exactly.argMin("name", "word"),
    any: exactly.max("flag"),
    all: exactly.min("flag"),
    bytes: exactly.min("bytes"),
    cheapest: exactly.argMin("word", "cents"),
    dearest: exactly.argMax("price", "cents"),
    tags: exactly.last("tags"),
  };
}

function expectedOf(given: Case) {
  const { rows, keys, lateness, trigger, window, partitions, semantics } = given;
  const { panes, every, everyRows, onTime } = trigger ?? {};
  const watermarks = watermarksBefore(given);
  const told: OracleCase = {
    rows: rows.map(({ at, partition, ...row }, place) => ({
      time: at,
      partition,
      keys: keys.map((key) => row[key]),
      values: { ...row, cents: row.price && Number(row.price) * 100, ...concatenated(row) },
      watermark: watermarks[place],
    })),
    window,
    partitions,
    semantics,
    aggregates: {
      n: exactly.count(),
      total: exactly.sum("x"),
      most: exactly.max("x"),
      earliest: exactly.first("x"),
      latest: exactly.last("x"),
      best: exactly.argMax("x", "group"),
      ...(given.beside === "list" && { list: exactly.collect("x") }),
      ...(given.beside === "texts" && textsOf()),
    },
    ...(lateness > 0 && { lateData: "update", allowedLateness: lateness }),
    trigger: {
      ...(everyRows !== undefined && { everyRows }),
      ...(every !== undefined && { everyTime: every as number }),
      ...(onTime && { onTime }),
      ...(panes && { mode: panes }),
    },
  };
  return oracle(told);
}

function windowOf(window: OracleWindow) {
  if (window.kind === "custom") return new CustomWindow({ start: col("start"), end: col("end") });
  if (window.kind === "session" && typeof window.gap === "function") {
    return new SessionWindow({ gap: col<number>("gap") });
  }
  return pipelineWindow(window);
}

const CARRIED = new PunctuatedWatermarks({ when: col("mark").isNotNull(), column: "mark" });

function pipelineOf(given: Case, source: TestSource, how: PipelineOptions = {}) {
  const { keys, bound, lateness, trigger, semantics } = given;
  const options: PipelineOptions = {
    ...how,
    semantics,
    ...(lateness > 0 && { lateData: "update", allowedLateness: lateness }),
  };
  const timed = from(source as TestSource<Omit<Row, "partition">>, options)
    .timestamps("at", bound === undefined ? { watermarks: CARRIED } : { maxDisorder: bound });
  const [key, ...more] = keys;
  const window = windowOf(given.window);
  const windowed = key === undefined
    ? timed.window(window)
    : timed.keyBy(key, ...more).window(window);
  const aggregates: typeof IN_KERNEL = { ...IN_KERNEL, ...besideOf(given) };
  return trigger ? windowed.trigger(trigger).aggregate(aggregates) : windowed.aggregate(aggregates);
}

function sourceOf({ partitions }: Case): TestSource {
  return new TestSource({ partitions, schema: COLUMNS as never });
}

/** What takes the rows of a case: a driver, or the source of a run. */
interface Taker {
  rows(batch: RecordBatch, partition: number): void;
  endPartition(partition: number): void;
}

/** Ends the partitions whose last row is this one, but for the last of all. */
function endThose(taker: Taker, given: Case, place: number): void {
  const { rows, partitions, ends } = given;
  if (!ends || place === rows.length - 1) return;
  for (let partition = 0; partition < partitions; partition++) {
    if (lastRowOf(rows, partition) === place) taker.endPartition(partition);
  }
}

/** Gives rows that follow each other and are of one partition at once. */
function giveAll(taker: Taker, given: Case): void {
  const { rows, most } = given;
  const cutting = { schema: COLUMNS, most: () => most };
  endThose(taker, given, -1);
  for (const { batch, partition, end } of partitionedBatches(rows, cutting)) {
    taker.rows(batch, partition);
    endThose(taker, given, end - 1);
  }
}

function linesOf(results: readonly object[], { keys }: Case): string[] {
  return (results as Line[]).map((row) => lineOf(row, keys.map((key) => row[key])));
}

type Expected = ReturnType<typeof expectedOf>;

function assertCounts(metrics: PipelineMetrics, expected: Expected): void {
  const { absorbed, filtered, untimed, late, unaccounted } = metrics;
  assertEquals({ absorbed, filtered, untimed, late, unaccounted }, {
    absorbed: expected.absorbed,
    filtered: expected.outside,
    untimed: expected.untimed,
    late: expected.late.length,
    unaccounted: 0,
  });
}

Deno.test("Pipelines give what the oracle says: windows, triggers, lateness and semantics of all kinds", () => {
  fc.assert(
    fc.property(cases, (given) => {
      const expected = expectedOf(given);
      const driver = new PipelineDriver<object>(pipelineOf(given, sourceOf(given)));
      giveAll({
        rows: (batch, partition) => driver.pipe(batch, { partition }),
        endPartition: (partition) => driver.endPartition(partition),
      }, given);
      driver.end();
      assertEquals(linesOf(driver.results(), given), expected.results.map(expectedLine));
      assertCounts(driver.metrics(), expected);
      const places = driver.late().map(({ record }) => record.x);
      assertEquals(places.sort(), expected.late.map(({ values }) => values.x).sort());
    }),
    { numRuns: RUNS },
  );
});

Deno.test("So do runs on any number of bees, of which some are lost", async () => {
  let lost = 0;
  await fc.assert(
    fc.asyncProperty(cases, simulatedRuns(3), async (given, run) => {
      const expected = expectedOf(given);
      const source = sourceOf(given);
      giveAll({
        rows: (batch, partition) => source.push(batch as never, { partition }),
        endPartition: (partition) => source.endPartition(partition),
      }, given);
      source.end();
      const { results, metrics } = await runSimulated(
        run,
        (options) => pipelineOf(given, source, options),
      );
      assertEquals(linesOf(results, given), expected.results.map(expectedLine));
      assertCounts(metrics, expected);
      lost += metrics.lostBees;
    }),
    { numRuns: SIMULATED_RUNS },
  );
  assert(lost > SIMULATED_RUNS / 10, `only ${lost} bees were lost`);
});
