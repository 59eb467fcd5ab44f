import { col, from, type PipelineMetrics, type PipelineOptions } from "../../mod.ts";
import { SimulatedRuntime } from "../../src/runtime/simulated_runtime.ts";
import { caseBatches, type PipelineCase, randomPipelineCase } from "./pipeline_case.ts";
import { Random } from "./random.ts";
import { type CaseRun, runCase } from "./run_case.ts";

/** Lets bees hang and crash at random moments of a simulation. */
export function breakBees(runtime: SimulatedRuntime, random: Random): void {
  const spread = random.pick([0.05, 0.2, 1, 5]);
  let left = 1 + random.below(6);
  const strike = () => {
    const name = random.pick(runtime.workers);
    if (name !== undefined) {
      if (random.chance(0.5)) runtime.crash(name);
      else runtime.hang(name);
    }
    if (--left > 0) runtime.after(random.next() * spread, strike);
  };
  runtime.after(random.next() * spread, strike);
}

/** Options under which little happens at a time, so that much happens between. */
export function randomOptions(random: Random): PipelineOptions {
  return {
    workers: random.pick([1, 2, 3, 5]),
    epochRows: random.pick([1, 10, 100, 65_536]),
    checkpointBatches: random.pick([1, 3, 20, 1000]),
    ringBytes: random.pick([1 << 15, 1 << 16, 1 << 20]),
    batchRows: random.pick([3, 100, 10_000]),
    maxLostBees: 1000,
    recordTimeout: 50,
  };
}

/** Runs a pipeline in a simulation, with other bees and epochs for each seed. */
export async function inSimulation<T>(
  seed: number,
  work: (options: PipelineOptions) => Promise<T>,
): Promise<T> {
  const runtime = new SimulatedRuntime({ seed });
  const options = { workers: 1 + seed % 3, epochRows: 1 + seed * 7 % 50, batchRows: 20, runtime };
  return await runtime.drive(() => work(options));
}

/** What a filter and a selection gave in a simulation, and what they should have given. */
export interface SimulatedTransform {
  readonly rows: readonly unknown[];
  readonly expected: readonly unknown[];
  readonly metrics: PipelineMetrics;
}

/** Runs a pipeline without windows in a simulation with bees that hang and crash. */
export async function simulateTransform(seed: number): Promise<SimulatedTransform> {
  const random = new Random(seed);
  const given = Array.from({ length: random.below(2000) }, (_, n) => ({ n, text: `row ${n}` }));
  const part = 1 + random.below(5);
  const runtime = new SimulatedRuntime({ seed });
  const options = { ...randomOptions(random), batchRows: random.pick([1, 10, 100]), runtime };
  const pipeline = from(given, options).filter(col<number>("n").mod(part).eq(0))
    .withColumn("twice", col<number>("n").mul(2))
    .select({ text: col<string>("text"), twice: col<number>("twice") });
  const rows: unknown[] = [];
  await runtime.drive(async () => {
    breakBees(runtime, random);
    for await (const row of pipeline) rows.push(row);
  });
  const expected = given.filter(({ n }) => n % part === 0)
    .map(({ n, text }) => ({ text, twice: 2 * n }));
  return { rows, expected, metrics: pipeline.metrics() };
}

/** What a seed came to. */
export interface SimulatedCase {
  readonly given: PipelineCase;
  readonly run: CaseRun;
  /** One line for each step of a bee. */
  readonly trace: readonly string[];
}

/**
 * Runs the case of a seed in a simulation, with bees that hang and crash if `faults` is set;
 * `given` options take the place of those of the seed.
 */
export async function simulateCase(
  seed: number,
  { faults, maxRows = 1000, given: own, inOrder = false }: {
    faults: boolean;
    maxRows?: number;
    given?: PipelineOptions;
    inOrder?: boolean;
  },
): Promise<SimulatedCase> {
  const random = new Random(seed);
  const given = randomPipelineCase(random, random.pick([0, 20, 300, maxRows]));
  const batches = caseBatches(given, random);
  const options = { ...randomOptions(random), ...own };
  const runtime = new SimulatedRuntime({ seed });
  const run = await runtime.drive(() => {
    if (faults) breakBees(runtime, random);
    return runCase(given, batches, { ...options, runtime, inOrder });
  });
  return { given, run, trace: runtime.trace };
}
