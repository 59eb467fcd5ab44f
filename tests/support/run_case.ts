import { assert, assertEquals } from "@std/assert";
import {
  from,
  type PipelineMetrics,
  type PipelineOptions,
  type RunOptions,
  type Source,
} from "../../mod.ts";
import { col } from "../../src/batch/expressions/mod.ts";
import type { RecordBatch } from "../../src/batch/record_batch.ts";
import {
  AGGREGATES,
  groupName,
  type PipelineCase,
  pipelineOracle,
  resultLine,
} from "./pipeline_case.ts";

/** What came out of a run: a line for each row in its order, and the metrics. */
export interface CaseRun {
  readonly lines: readonly (readonly [name: string, results: string])[];
  readonly metrics: PipelineMetrics;
}

/** Runs a case through a pipeline; `inOrder`: by the owner of each key, in the order of the rows. */
export async function runCase(
  given: PipelineCase,
  batches: readonly RecordBatch[],
  options: PipelineOptions & { run?: RunOptions; inOrder?: boolean },
): Promise<CaseRun> {
  return await runSource(given, batches, options);
}

/** The same of any source of its rows. */
export async function runSource(
  given: PipelineCase,
  source: Source | readonly RecordBatch[],
  options: PipelineOptions & { run?: RunOptions; inOrder?: boolean },
): Promise<CaseRun> {
  const { keys, window, bound, filters } = given;
  const { run, inOrder = false, ...rest } = options;
  let timed = from(source as Source, rest).timestamps("at", { maxDisorder: bound });
  if (filters) timed = timed.filter(col("keep"));
  const [key, ...more] = keys;
  const windowed = key === undefined
    ? timed.window(window)
    : timed.keyBy(key, ...more).window(window);
  const pipeline = inOrder
    ? windowed.trigger({}).aggregate(AGGREGATES)
    : windowed.aggregate(AGGREGATES);
  const lines: [string, string][] = [];
  for await (const batch of pipeline.batches(run)) {
    for (const row of batch as unknown as Iterable<Record<string, unknown>>) {
      const bounds = { start: row.windowStart as number, end: row.windowEnd as number };
      const name = groupName(bounds, keys.map((key) => row[key]));
      lines.push([name, resultLine(row)]);
    }
  }
  return { lines, metrics: pipeline.metrics() };
}

/** Holds a run equal to the oracle: nothing lost, nothing doubled, every count the same. */
export function assertCase(given: PipelineCase, { lines, metrics }: CaseRun): void {
  const expected = pipelineOracle(given);
  assertEquals(new Map(lines), expected.groups);
  assertEquals(lines.length, expected.groups.size, "a window and key came twice");
  const ends = lines.map(([name]) => Number(name.split(" ")[0]));
  assertEquals(ends, ends.toSorted((a, b) => a - b));
  const { late, untimed, filtered, absorbed } = metrics;
  const { groups: _, ...counts } = expected;
  assertEquals({ late, untimed, filtered, absorbed }, counts);
  assertEquals(metrics.recordsIn, given.rows.length);
  assertEquals(metrics.inFlight, 0);
  assert(metrics.unaccounted === 0);
  assertEquals(metrics.rowsOut, lines.length);
}
