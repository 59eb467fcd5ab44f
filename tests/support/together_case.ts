import {
  type Aggregates,
  count,
  from,
  last,
  max,
  min,
  PeriodicWatermarkGenerator,
  type PipelineOptions,
  PunctuatedWatermarks,
  type Source,
  sum,
  type TimestampOptions,
  together,
} from "../../mod.ts";
import { col } from "../../src/batch/expressions/mod.ts";
import type { RecordBatch } from "../../src/batch/record_batch.ts";
import { SimulatedRuntime } from "../../src/runtime/simulated_runtime.ts";
import {
  AGGREGATES,
  caseBatches,
  groupName,
  type PipelineCase,
  randomPipelineCase,
  randomWindow,
  resultLine,
} from "./pipeline_case.ts";
import { Random } from "./random.ts";
import type { CaseRun } from "./run_case.ts";
import { breakBees, randomOptions } from "./simulated_case.ts";

/** What is done with the same rows, and what that came to. */
export interface TogetherRun {
  readonly cases: readonly PipelineCase[];
  readonly runs: readonly CaseRun[];
  /** How often the source was opened. */
  readonly opened: number;
  /** Whether some of them shared slices. */
  readonly shared: boolean;
  /** Whether some of them ran on the same bees without that. */
  readonly beside: boolean;
}

type Batches = AsyncGenerator<RecordBatch, void, undefined>;
type CasePipeline = {
  batches(): Batches;
  metrics(): CaseRun["metrics"];
  run(): Promise<CaseRun["metrics"]>;
  explain(): string;
};
interface Keyable {
  window(window: unknown): { aggregate(aggregates: Aggregates): CasePipeline };
}
interface Timed extends Keyable {
  filter(condition: unknown): Timed;
  keyBy(...keys: string[]): Keyable;
}

/** The pipeline of a case. */
function pipelineOf(
  timed: Timed,
  { keys, window, filters }: PipelineCase,
  aggregates: Aggregates = AGGREGATES,
): CasePipeline {
  const rows = filters ? timed.filter(col("keep")) : timed;
  const keyed = keys.length > 0 ? rows.keyBy(...keys) : rows;
  return keyed.window(window).aggregate(aggregates);
}

/** The lines of result batches. */
async function linesOf(batches: Batches, keys: readonly string[]): Promise<[string, string][]> {
  const lines: [string, string][] = [];
  for await (const batch of batches) {
    for (const row of batch as unknown as Iterable<Record<string, unknown>>) {
      const bounds = { start: row.windowStart as number, end: row.windowEnd as number };
      lines.push([groupName(bounds, keys.map((key) => row[key])), resultLine(row)]);
    }
  }
  return lines;
}

/** Other things to do with the rows of a case. */
function variantsOf(first: PipelineCase, random: Random): PipelineCase[] {
  return Array.from({ length: 1 + random.below(5) }, () => ({
    ...first,
    keys: random.chance(0.7) ? first.keys : first.keys.slice(0, random.below(3)),
    window: randomWindow(random, first.size * random.pick([1, 1, 2, 3])),
    filters: random.chance(0.7) ? first.filters : random.chance(0.5),
  }));
}

/** Runs random windows of the same rows together in a simulation, whose bees may be lost. */
export async function simulateTogether(
  seed: number,
  { faults, maxRows = 500, ...own }: PipelineOptions & { faults: boolean; maxRows?: number },
): Promise<TogetherRun> {
  const random = new Random(seed);
  const first = randomPipelineCase(random, random.pick([0, 20, 200, maxRows]));
  const cases = [first, ...variantsOf(first, random)];
  const batches = caseBatches(first, random);
  const runtime = new SimulatedRuntime({ seed });
  const options = { ...randomOptions(random), workers: 1 + random.below(3), ...own, runtime };
  let opened = 0;
  const rows = {
    *[Symbol.iterator]() {
      opened++;
      yield* batches;
    },
  };
  const timed = from(rows, options).timestamps("at", { maxDisorder: first.bound });
  const pipelines = cases.map((each) => pipelineOf(timed as unknown as Timed, each));
  const runs = await runtime.drive(async () => {
    if (faults) breakBees(runtime, random);
    const results = together(...pipelines).batches() as unknown as Batches[];
    return await Promise.all(results.map((each, at) => linesOf(each, cases[at].keys)));
  });
  return {
    cases,
    runs: runs.map((lines, at) => ({ lines, metrics: pipelines[at].metrics() })),
    opened,
    shared: together(...pipelines).explain().includes(" share slices of "),
    beside: together(...pipelines).explain().includes(" run on the same bees"),
  };
}

/** What pipelines of the same rows came to: rows and counts of each, and all late rows. */
export interface Comparison {
  readonly results: readonly unknown[];
  readonly late: readonly string[];
  /** Each once, for pipelines that share slices find it together. */
  readonly deadLetters: readonly string[];
}

/** How event times come about, in ways that decide lateness in different places. */
function randomTimes(random: Random, { bound, size }: PipelineCase): TimestampOptions {
  const maxDisorder = bound;
  return random.pick<() => TimestampOptions>([
    () => ({ maxDisorder }),
    () => ({ maxDisorder, idle: { after: Math.max(1, size) } }),
    () => ({ watermarks: new PeriodicWatermarkGenerator({ interval: size, maxDisorder }) }),
    () => ({ watermarks: new PunctuatedWatermarks({ when: col("keep") }) }),
  ])();
}

/** Aggregates of which some have no value for some rows, each window with some of all. */
function randomAggregates(random: Random): Aggregates {
  const value = col<number>("value");
  const all: [string, Aggregates[string]][] = [
    ["n", count()],
    ["known", count("value")],
    ["least", min("value")],
    ["last", last("value")],
    ["high", count().where(value.gt(100))],
    ["sum of high", sum("value").where(value.gt(100))],
    ["steep", max(value.cast("i64").mul(2n ** 54n))],
  ];
  const some = all.filter(([name]) => random.chance(name === "steep" ? 0.3 : 0.6));
  return Object.fromEntries(some.length > 0 ? some : all.slice(0, 1));
}

/** Pipelines, and all they are made with. */
interface ComparedCase {
  readonly seed: number;
  readonly cases: readonly PipelineCase[];
  readonly aggregates: readonly Aggregates[];
  readonly options: PipelineOptions;
  readonly times: TimestampOptions;
  readonly source: object;
  /** Whether late rows go aside. */
  readonly sides: boolean;
}

function comparedCase(seed: number): ComparedCase {
  const random = new Random(seed);
  const first = randomPipelineCase(random, 200);
  const cases = [first, ...variantsOf(first, random)];
  const batches = caseBatches(first, random);
  const partitions = random.pick([1, 1, 2, 3]);
  const source = {
    name: "parts",
    partitions,
    schema: batches[0]?.schema ?? first.schema,
    async *open() {
      for (const [at, batch] of batches.entries()) {
        await Promise.resolve();
        yield { batch, partition: at % partitions };
      }
    },
  };
  const badRecords = random.chance(0.7) ? "deadLetter" : "skip";
  return {
    ...{ seed, cases, source },
    aggregates: cases.map(() => randomAggregates(random)),
    times: randomTimes(random, first),
    options: { ...randomOptions(random), workers: 1 + random.below(3), badRecords },
    sides: random.chance(0.7),
  };
}

/** Runs some of the pipelines together. */
async function runSome(given: ComparedCase, members: readonly number[]): Promise<Comparison> {
  const [late, deadLetters]: [string[], string[]] = [[], []];
  const runtime = new SimulatedRuntime({ seed: given.seed });
  const told = (into: string[]) => (letter: object) => void into.push(spelled(letter));
  const options: PipelineOptions = {
    ...given.options,
    runtime,
    ...(given.options.badRecords === "deadLetter" && { deadLetter: told(deadLetters) }),
    ...(given.sides && { lateData: "sideOutput", lateOutput: told(late) }),
  };
  const timed = from(given.source as Source, options).timestamps("at", given.times);
  const pipelines = members.map((at) =>
    pipelineOf(timed as unknown as Timed, given.cases[at], given.aggregates[at])
  );
  const results = await runtime.drive(() => {
    const all = together(...pipelines).batches() as unknown as Batches[];
    return Promise.all(all.map((each) => Array.fromAsync(each)));
  });
  return {
    results: results.map((batches, at) => ({
      rows: batches.flatMap((batch) => batch.toRows()).map(spelled),
      counts: countsOf(pipelines[at].metrics()),
    })),
    late: late.sort(),
    deadLetters: deadLetters.sort(),
  };
}

/** What of the metrics is the same, whoever runs beside. */
function countsOf(metrics: CaseRun["metrics"]): Partial<CaseRun["metrics"]> {
  const { recordsIn, absorbed, filtered, untimed, skipped, deadLettered, late, lateOut } = metrics;
  const { windowsFired, rowsOut, unaccounted } = metrics;
  return {
    ...{ recordsIn, absorbed, filtered, untimed, skipped, deadLettered, late, lateOut },
    ...{ windowsFired, rowsOut, unaccounted },
  };
}

/** What the same pipelines come to, run together and each alone, in simulations of one seed. */
export async function compareWithAlone(
  seed: number,
): Promise<{ together: Comparison; alone: Comparison }> {
  const given = comparedCase(seed);
  const members = [...given.cases.keys()];
  const alone: Comparison[] = [];
  for (const at of members) alone.push(await runSome(given, [at]));
  const { deadLetters, ...together } = await runSome(given, members);
  return {
    together: { ...together, deadLetters: [...new Set(deadLetters)] },
    alone: {
      results: alone.flatMap(({ results }) => results),
      late: alone.flatMap(({ late }) => late).sort(),
      deadLetters: [...new Set(alone.flatMap(({ deadLetters }) => deadLetters))].sort(),
    },
  };
}

function spelled(value: object): string {
  return JSON.stringify(value, (_, each) => {
    if (each instanceof Uint8Array) return each.toHex();
    return typeof each === "bigint" || Number.isNaN(each) ? String(each) : each;
  });
}
