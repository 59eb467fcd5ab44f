import { type Aggregates, from, type PipelineOptions, together } from "../../mod.ts";
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
function pipelineOf(timed: Timed, { keys, window, filters }: PipelineCase): CasePipeline {
  const rows = filters ? timed.filter(col("keep")) : timed;
  const keyed = keys.length > 0 ? rows.keyBy(...keys) : rows;
  return keyed.window(window).aggregate(AGGREGATES);
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
  };
}
