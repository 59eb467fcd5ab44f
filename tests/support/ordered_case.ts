import { col, type PipelineMetrics, type PipelineOptions } from "../../mod.ts";
import { schema, types as t } from "../../src/batch/mod.ts";
import { SimulatedRuntime } from "../../src/runtime/simulated_runtime.ts";
import type { LateRow } from "../../src/stream/late_output.ts";
import { pipelineSettings } from "../../src/stream/pipeline_options.ts";
import type { PipelinePlan } from "../../src/stream/pipeline_plan.ts";
import { PipelineRun } from "../../src/stream/pipeline_run.ts";
import type { Source } from "../../src/stream/source.ts";
import { timePlan } from "../../src/stream/time_options.ts";
import { compareKeys, listing } from "./listing_operator.ts";
import { partitionedSource } from "./partitioned_rows.ts";
import type { Random } from "./random.ts";
import { breakBees, randomOptions } from "./simulated_case.ts";

const COLUMNS = schema({ at: t.timestamp, key: t.dict, value: t.i32 });

/** A row of a case, and the partition that it is of. */
interface OrderedRow {
  readonly partition: number;
  readonly at: number | null;
  readonly key: string | null;
  readonly value: number;
}

/** Random rows, and how they are put into windows. */
export interface OrderedCase {
  readonly rows: readonly OrderedRow[];
  readonly partitions: number;
  readonly keyed: boolean;
  readonly size: number;
  readonly every: number;
  readonly bound: number;
  /** Rows whose value is a multiple of this are filtered out. */
  readonly leftOut: number;
  /** Whether watermarks are decided row by row before rows go to the bees. */
  readonly decided: boolean;
}

/** What came of a case. */
export interface OrderedRun {
  readonly lines: readonly string[];
  /** By partition. */
  readonly late: readonly (readonly LateRow[])[];
  readonly metrics: PipelineMetrics;
}

/** A random case. */
export function randomOrderedCase(random: Random): OrderedCase {
  const partitions = random.pick([1, 1, 2, 3]);
  const [step, jitter, keys] = [
    random.pick([0, 1, 5]),
    random.pick([1, 20, 100]),
    random.below(30),
  ];
  const rows = Array.from({ length: random.below(500) }, (_, value): OrderedRow => ({
    partition: random.below(partitions),
    at: random.chance(0.04) ? null : value * step - random.below(jitter),
    key: random.chance(0.05) ? null : `key ${random.below(keys + 1)}`,
    value,
  }));
  return {
    rows,
    partitions,
    keyed: random.chance(0.8),
    size: random.pick([3, 10, 60]),
    every: random.pick([1, 3, 1000]),
    bound: random.pick([0, 5, 30]),
    leftOut: random.pick([2, 3, 10_000]),
    decided: random.chance(0.3),
  };
}

interface OracleWindow {
  readonly start: number;
  readonly key: string | null;
  readonly values: number[];
}

/** Windows that list their rows, by the plainest means, in the order in which they are told of. */
export function orderedOracle(given: OrderedCase) {
  const { rows, partitions, size, every, bound, leftOut, keyed } = given;
  const greatest: number[] = Array(partitions).fill(-Infinity);
  const read: number[] = Array(partitions).fill(0);
  const late: LateRow[][] = Array.from({ length: partitions }, () => []);
  const counts = { absorbed: 0, filtered: 0, late: 0, untimed: 0 };
  const lines: string[] = [];
  let windows: OracleWindow[] = [];
  const tell = ({ start, key, values }: OracleWindow) =>
    lines.push(
      lineOf({ windowStart: start, windowEnd: start + size, key, values: values.join(" ") }),
    );
  const close = (watermark: number) => {
    const closed = windows.filter(({ start }) => start + size <= watermark);
    closed.sort((a, b) => a.start - b.start || compareKeys(a.key, b.key)).forEach(tell);
    windows = windows.filter((each) => !closed.includes(each));
  };
  for (const { partition, at, key, value } of rows) {
    const watermark = Math.min(...greatest) - bound;
    close(watermark);
    const position = read[partition]++;
    greatest[partition] = Math.max(greatest[partition], at ?? -Infinity);
    const start = Math.floor(at! / size) * size;
    if (value % leftOut === 0) counts.filtered++;
    else if (at === null) counts.untimed++;
    else if (start + size <= watermark) {
      counts.late++;
      late[partition].push({ record: { at, key, value }, position, partition });
    } else {
      counts.absorbed++;
      const group = keyed ? key : null;
      let window = windows.find((each) => each.start === start && each.key === group);
      if (!window) windows.push(window = { start, key: group, values: [] });
      window.values.push(value);
      if (window.values.length % every === 0) tell(window);
    }
  }
  close(Infinity);
  return { lines, late, counts };
}

function lineOf({ windowStart, windowEnd, key, values }: Record<string, unknown>): string {
  return `${windowStart}-${windowEnd} ${key}: ${values}`;
}

/** The rows of a case as a source, in batches of random sizes. */
function sourceOf({ rows, partitions }: OrderedCase, random: Random): Source {
  const most = random.pick([1, 7, 100]);
  return partitionedSource(rows, {
    partitions,
    schema: COLUMNS,
    most: () => 1 + random.below(most),
  });
}

function planOf(given: OrderedCase): PipelinePlan {
  const { size, every, bound, leftOut, decided, keyed } = given;
  const idle = decided ? { idle: { after: 1e9 } } : {};
  return {
    time: { column: "at", ...timePlan({ maxDisorder: bound, ...idle }) },
    steps: [{ kind: "filter", node: col<number>("value").mod(leftOut).ne(0).node }],
    keys: keyed ? ["key"] : [],
    ordered: {
      columns: ["value"],
      wholeRows: false,
      computed: [],
      operator: listing({ size, every }),
      text: "lists",
      because: "it lists them",
    },
  };
}

/** Runs a case in a simulation, with bees that hang and crash if `faults` is set. */
export async function simulateOrdered(
  given: OrderedCase,
  random: Random,
  { seed, faults, options }: { seed: number; faults: boolean; options?: PipelineOptions },
): Promise<OrderedRun> {
  const runtime = new SimulatedRuntime({ seed });
  const late: LateRow[][] = Array.from({ length: given.partitions }, () => []);
  const settings = pipelineSettings({
    ...randomOptions(random),
    ...options,
    runtime,
    lateData: "sideOutput",
    lateOutput: (row) => void late[row.partition].push(row),
  });
  const run = new PipelineRun({ source: sourceOf(given, random), plan: planOf(given), settings });
  const lines: string[] = [];
  await runtime.drive(async () => {
    if (faults) breakBees(runtime, random);
    for await (const batch of run.batches()) for (const row of batch) lines.push(lineOf(row));
  });
  return { lines, late, metrics: run.metrics() };
}
