import * as fc from "fast-check";
import {
  aggregateRows,
  col,
  count,
  CountWindow,
  CumulatingWindow,
  CustomWindow,
  from,
  GlobalWindow,
  max,
  type PipelineMetrics,
  type PipelineOptions,
  SessionWindow,
  SlidingWindow,
  type Source,
  sum,
  TrailingWindow,
  type TriggerOptions,
  TumblingWindow,
} from "../../mod.ts";
import { schema, types as t } from "../../src/batch/mod.ts";
import type { Aggregates } from "../../src/windows/aggregates.ts";
import { SimulatedRuntime } from "../../src/runtime/simulated_runtime.ts";
import type { LateRow } from "../../src/stream/late_output.ts";
import type { AnyWindow } from "../../src/stream/window_plan.ts";
import {
  oracle,
  type OracleCase,
  type OracleResult,
  type OracleRow,
  type OracleWindow,
} from "./oracle.ts";
import { exactly } from "./oracle_aggregates.ts";
import { partitionedSource } from "./partitioned_rows.ts";
import { Random } from "./random.ts";
import { breakBees } from "./simulated_case.ts";

/** The columns of the rows of cases. */
export const COLUMNS = schema({ at: t.timestamp, key: t.dict, x: t.i32 });
/** The lateness that cases allow, ms. */
export const ALLOWED = 7;

/** A row of a case. */
export interface WindowedRow {
  readonly at: number | null;
  readonly key: string | null;
  readonly x: number;
  readonly partition: number;
}

/** What a pipeline is to compute, as it and as the oracle are told. */
export interface WindowedCase {
  readonly rows: readonly WindowedRow[];
  readonly partitions: number;
  readonly bound: number;
  readonly lateData: "drop" | "sideOutput" | "update";
  readonly window: { readonly told: OracleWindow; readonly make: () => AnyWindow };
  readonly trigger: TriggerOptions | undefined;
  /** Rows of a batch, at most. */
  readonly most: number;
  /** Whether the kernel could compute all aggregates. */
  readonly plain: boolean;
}

/** How a case is run. */
export interface WindowedRun {
  readonly seed: number;
  readonly workers: number;
  readonly faults: boolean;
}

/** What came of it. */
export interface WindowedOutcome {
  readonly lines: readonly string[];
  readonly late: readonly LateRow[];
  readonly metrics: PipelineMetrics;
}

const size = fc.integer({ min: 1, max: 20 });

const alignedWindows: fc.Arbitrary<WindowedCase["window"]> = fc.oneof(
  fc.record({ size, offset: fc.integer({ min: 0, max: 30 }) }).map((given) => ({
    told: { kind: "tumbling" as const, ...given },
    make: () => new TumblingWindow(given),
  })),
  fc.record({ size, slide: size }).map((given) => ({
    told: { kind: "sliding" as const, ...given },
    make: () => new SlidingWindow(given),
  })),
  fc.record({ step: size, steps: fc.integer({ min: 1, max: 4 }) }).map(({ step, steps }) => ({
    told: { kind: "cumulating" as const, size: step * steps, step },
    make: () => new CumulatingWindow({ size: step * steps, step }),
  })),
);

/** Windows that last for as long as a row says; none for some rows. */
function spansOf({ x }: { x: number }, { time }: { time: number }) {
  const size = 5 + 4 * (x % 3);
  const start = Math.floor(time / size) * size;
  return x % 7 === 0 ? [] : [{ start, end: start + size }, { start: start - 3, end: start + size }];
}

const sessions: fc.Arbitrary<WindowedCase["window"]> = fc.oneof(
  size.map((gap) => ({
    told: { kind: "session" as const, gap },
    make: () => new SessionWindow({ gap }),
  })),
  fc.integer({ min: 1, max: 9 }).map((most) => ({
    told: {
      kind: "session" as const,
      gap: (row: OracleRow) => (row.values.x as number) % most + 1,
    },
    make: () => new SessionWindow({ gap: col<number>("x").mod(most).add(1) }),
  })),
);

const unbounded: fc.Arbitrary<WindowedCase["window"]> = fc.constantFrom(
  { told: { kind: "global" as const }, make: () => new GlobalWindow() },
  {
    told: {
      kind: "custom" as const,
      assign: ({ time, values }: OracleRow) => spansOf(values as { x: number }, { time: time! }),
    },
    make: () => new CustomWindow({ assign: spansOf, columns: ["x"] }),
  },
);

const counts: fc.Arbitrary<WindowedCase["window"]> = fc.record({
  size: fc.integer({ min: 1, max: 6 }),
  slide: fc.integer({ min: 1, max: 6 }),
  partial: fc.boolean(),
}).map((given) => ({
  told: { kind: "count" as const, ...given },
  make: () => new CountWindow(given),
}));

const trailing: fc.Arbitrary<WindowedCase["window"]> = fc.integer({ min: 0, max: 20 }).map((
  duration,
) => ({
  told: { kind: "trailing" as const, duration },
  make: () => new TrailingWindow({ duration }),
}));

const triggers: fc.Arbitrary<TriggerOptions | undefined> = fc.option(
  fc.record({
    everyRows: fc.integer({ min: 1, max: 4 }),
    every: fc.integer({ min: 1, max: 10 }),
    onTime: fc.constantFrom("always" as const, "ifChanged" as const),
    panes: fc.constantFrom("accumulating" as const, "discarding" as const, "retracting" as const),
  }, { requiredKeys: [] }),
  { nil: undefined },
);

const jitter = fc.integer({ min: 0, max: 30 });

function rowsOf(partitions: number): fc.Arbitrary<WindowedRow[]> {
  const row = fc.record({
    back: fc.option(jitter, { freq: 20 }),
    step: fc.integer({ min: 0, max: 3 }),
    key: fc.option(fc.constantFrom("", "a", "b", "c", "d", "é", "f"), { freq: 10 }),
    partition: fc.nat({ max: partitions - 1 }),
  });
  return fc.array(row, { maxLength: 120 }).map((rows) => {
    let now = -20;
    return rows.map(({ back, step, key, partition }, x) => {
      now += step;
      return { at: back === null ? null : now - back, key, x, partition };
    });
  });
}

/** What windows of a kind cannot have is left out. */
function possible(given: WindowedCase): WindowedCase {
  const { kind } = given.window.told;
  const { trigger } = given;
  if (kind === "count") {
    const lateData = given.lateData === "update" ? "drop" : given.lateData;
    return { ...given, trigger: undefined, lateData };
  }
  if (kind !== "trailing" || !trigger) return given;
  const { panes } = trigger;
  return { ...given, trigger: panes ? { panes } : {} };
}

/** Random cases of windows of all kinds. */
export function windowedCases(): fc.Arbitrary<WindowedCase> {
  const windows = fc.oneof(alignedWindows, sessions, unbounded, counts, trailing);
  return fc.integer({ min: 1, max: 3 }).chain((partitions) =>
    fc.record({
      rows: rowsOf(partitions),
      partitions: fc.constant(partitions),
      bound: fc.integer({ min: 0, max: 25 }),
      lateData: fc.constantFrom("drop" as const, "sideOutput" as const, "update" as const),
      window: windows,
      trigger: triggers,
      most: fc.constantFrom(1, 5, 40),
      plain: fc.boolean(),
    }).map(possible)
  );
}

/** Random cases of sessions that the kernel keeps. */
export function plainSessionCases(): fc.Arbitrary<WindowedCase> {
  const lateData = fc.constantFrom("drop" as const, "sideOutput" as const);
  return fc.tuple(windowedCases(), sessions, lateData).map(([given, window, lateData]) => {
    return { ...given, window, lateData, trigger: undefined, plain: true };
  });
}

/** What the kernel could compute of a case. */
export const PLAIN = { n: count(), total: sum("x"), most: max("x") };
const AGGREGATES = {
  ...PLAIN,
  rows: aggregateRows((rows: { x: number }[]) => rows.map(({ x }) => x).join(" ")),
};

/** A result row as a text. */
export function lineOf(row: Readonly<Record<string, unknown>>): string {
  const { windowStart, windowEnd, key, n, total, most, rows } = row;
  const { paneIndex = 0, paneTiming = "onTime", rowKind = "insert" } = row;
  const takesBack = rowKind === "updateBefore" || rowKind === "delete";
  const pane = `${takesBack ? "takes back" : paneTiming} ${paneIndex}`;
  return `${windowStart}-${windowEnd} ${
    JSON.stringify(key)
  } ${pane}: ${n} ${total} ${most} [${rows}]`;
}

/** What a case comes to by the oracle, a line for each result. */
export function expectedOf(given: WindowedCase) {
  const { rows, partitions, bound, lateData, window, trigger } = given;
  const { panes, every, ...rest } = trigger ?? {};
  const told: OracleCase = {
    rows: rows.map(({ at, key, x, partition }) => ({
      time: at,
      keys: [key],
      values: { x },
      partition,
    })),
    window: window.told,
    partitions,
    bound,
    aggregates: {
      n: exactly.count(),
      total: exactly.sum("x"),
      most: exactly.max("x"),
      rows: exactly.collect("x"),
    },
    lateData,
    ...(lateData === "update" && { allowedLateness: ALLOWED }),
    ...(trigger && {
      trigger: {
        ...(rest as { everyRows?: number; onTime?: "always" | "ifChanged" }),
        ...(every !== undefined && { everyTime: every as number }),
        ...(panes && { mode: panes }),
      },
    }),
  };
  const outcome = oracle(told);
  return { ...outcome, lines: outcome.results.map((result) => oracleLine(result, given)) };
}

function bound(time: number): number | null {
  return Number.isFinite(time) ? time : null;
}

function oracleLine(
  { windowStart, windowEnd, keys, values, ...pane }: OracleResult,
  { plain }: WindowedCase,
): string {
  const rows = plain ? undefined : (values.rows as readonly unknown[]).join(" ");
  return lineOf({
    windowStart: bound(windowStart),
    windowEnd: bound(windowEnd),
    key: keys[0],
    ...values,
    rows,
    paneIndex: pane.index,
    paneTiming: pane.timing,
    rowKind: pane.retracts ? "delete" : "insert",
  });
}

function sourceOf({ rows, partitions, most }: WindowedCase, random: Random): Source {
  return partitionedSource(rows, {
    partitions,
    schema: COLUMNS,
    most: () => 1 + random.below(most),
  });
}

/** The pipeline of a case over a source of its rows. */
export function windowedPipeline(
  given: Omit<WindowedCase, "rows" | "partitions" | "most">,
  source: Source,
  options: PipelineOptions,
) {
  const windowed = from(source as Source<{ at: number; key: string; x: number }>, options)
    .timestamps("at", { maxDisorder: given.bound }).keyBy("key").window(given.window.make());
  const aggregates: Aggregates = given.plain ? PLAIN : AGGREGATES;
  return given.trigger
    ? windowed.trigger(given.trigger).aggregate(aggregates as typeof AGGREGATES)
    : windowed.aggregate(aggregates as typeof AGGREGATES);
}

/** Runs a case in a simulation. */
export async function simulateWindowed(
  given: WindowedCase,
  { seed, workers, faults }: WindowedRun,
): Promise<WindowedOutcome> {
  const random = new Random(seed);
  const runtime = new SimulatedRuntime({ seed });
  const late: LateRow[] = [];
  const options: PipelineOptions = {
    workers,
    runtime,
    batchRows: random.pick([2, 10, 1000]),
    checkpointBatches: random.pick([1, 4, 1000]),
    ringBytes: random.pick([1 << 14, 1 << 20]),
    maxLostBees: 1000,
    recordTimeout: 50,
    lateData: given.lateData,
    ...(given.lateData === "update" && { allowedLateness: ALLOWED }),
    ...(given.lateData !== "drop" && { lateOutput: (row: LateRow) => void late.push(row) }),
  };
  const pipeline = windowedPipeline(given, sourceOf(given, random), options);
  const lines: string[] = [];
  await runtime.drive(async () => {
    if (faults) breakBees(runtime, random);
    for await (const batch of pipeline.batches()) for (const row of batch) lines.push(lineOf(row));
  });
  return { lines, late, metrics: pipeline.metrics() };
}
