import type { RecordBatch } from "../../src/batch/record_batch.ts";
import type { AggregateFunction } from "../../src/windows/aggregate_function.ts";
import type { Aggregates } from "../../src/windows/aggregates.ts";
import { functionsOf } from "../../src/windows/functions/functions_of.ts";
import type { Random } from "./random.ts";

/** Adds all rows of a batch to a state, the first of them at a position of its source. */
export function stateOf(
  fn: AggregateFunction,
  batch: RecordBatch,
  { state = fn.init(), position = 0 }: { state?: unknown; position?: number } = {},
): unknown {
  const positions = Float64Array.from({ length: batch.length }, (_, row) => position + row);
  const add = fn.open(batch, { times: positions, partition: 0, positions });
  for (let row = 0; row < batch.length; row++) state = add(state, row);
  return state;
}

/** The results of aggregates over one batch. */
export function resultsOf(aggregates: Aggregates, batch: RecordBatch): Record<string, unknown> {
  const fns = functionsOf(aggregates, batch.schema);
  return Object.fromEntries([...fns].map(([name, fn]) => [name, fn.result(stateOf(fn, batch))]));
}

/** The same of states of parts of it, which go through snapshots and are merged in turn. */
export function mergedResultsOf(
  aggregates: Aggregates,
  batch: RecordBatch,
  random: Random,
): Record<string, unknown> {
  const cuts = Array.from({ length: random.below(4) }, () => random.below(batch.length + 1));
  const edges = [0, ...cuts.sort((a, b) => a - b), batch.length];
  const fns = functionsOf(aggregates, batch.schema);
  return Object.fromEntries([...fns].map(([name, fn]) => {
    const states = edges.slice(1).map((end, at) => {
      return stateOf(fn, batch.slice(edges[at], end), { position: edges[at] });
    });
    const loaded = states.map((state) => fn.load(structuredClone(fn.save(state))));
    return [name, fn.result(loaded.reduce((into, from) => fn.merge(into, from), fn.init()))];
  }));
}
