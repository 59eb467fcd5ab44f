import * as fc from "fast-check";
import type { PipelineMetrics, PipelineOptions } from "../../mod.ts";
import { SimulatedRuntime } from "../../src/runtime/simulated_runtime.ts";
import { Random } from "./random.ts";
import { breakBees } from "./simulated_case.ts";

/** How a pipeline is run. */
export interface SimulatedRun
  extends Pick<PipelineOptions, "workers" | "batchRows" | "epochRows" | "checkpointBatches"> {
  readonly seed: number;
  /** Whether bees hang and crash. */
  readonly faults: boolean;
}

/** Runs on so many bees at most, with batches, epochs and checkpoints of all lengths. */
export function simulatedRuns(mostWorkers: number): fc.Arbitrary<SimulatedRun> {
  return fc.record({
    seed: fc.nat(),
    workers: fc.integer({ min: 1, max: mostWorkers }),
    batchRows: fc.constantFrom(1, 5, 1000),
    epochRows: fc.constantFrom(1, 20, 65_536),
    checkpointBatches: fc.constantFrom(1, 4, 1000),
    faults: fc.boolean(),
  });
}

/** Runs a pipeline in a simulation. */
export async function runSimulated(
  { seed, faults, ...how }: SimulatedRun,
  pipelineOf: (options: PipelineOptions) => AsyncIterable<unknown> & { metrics(): PipelineMetrics },
): Promise<{ results: object[]; metrics: PipelineMetrics }> {
  const runtime = new SimulatedRuntime({ seed });
  const pipeline = pipelineOf({ ...how, maxLostBees: 1000, recordTimeout: 50, runtime });
  const results = await runtime.drive(() => {
    if (faults) breakBees(runtime, new Random(seed));
    return Array.fromAsync(pipeline as AsyncIterable<object>);
  });
  return { results, metrics: pipeline.metrics() };
}
