import type { RecordBatch } from "../batch/record_batch.ts";
import type { Schema, TypedSchema } from "../batch/schema.ts";
import type { Explained } from "../stream/explained.ts";
import { type LateRow, lateRow } from "../stream/late_output.ts";
import type { PipelineMetrics } from "../stream/pipeline_metrics.ts";
import { PipelineRun } from "../stream/pipeline_run.ts";
import type { Source, SourceBatch } from "../stream/source.ts";
import { STAGE, type Stage, stageOf } from "../stream/stage.ts";
import type { TestRuntime } from "./test_runtime.ts";

/** Options of {@linkcode DrivenStages}. */
export interface DrivenStagesOptions {
  /** The columns of the rows that the first one is given. */
  readonly schema: Schema | undefined;
  readonly runtime: TestRuntime;
  /** Told of each late row, once it is certain that it is. */
  readonly late: (row: LateRow) => void;
}

/** The parts of a pipeline that run apart, the first of them first. */
export function partsInOrder(parts: Explained): readonly Explained[] {
  const before = stageOf(parts.source);
  return before ? [...partsInOrder(before.parts), parts] : [parts];
}

/** Runs that are fed from outside, each with what the one before it gives. */
export class DrivenStages {
  readonly #runtime: TestRuntime;
  readonly #runs: readonly PipelineRun[];
  /** The first one with event times. */
  readonly #timed: PipelineRun | undefined;

  /** Runs of parts that come one after the other. */
  constructor(parts: readonly Explained[], options: DrivenStagesOptions) {
    const { runtime, schema, late } = options;
    const runs: PipelineRun[] = [];
    for (const part of parts) {
      const before = runs.at(-1);
      const source = before ? pipedStage(part.source, before) : pipedSource(part.source, schema);
      runs.push(
        new PipelineRun({
          ...part,
          source,
          settings: drivenSettings(part, runtime),
          onLate: (rows) => {
            for (let row = 0; row < rows.batch.length; row++) late(lateRow(rows, row));
          },
        }),
      );
    }
    this.#runtime = runtime;
    this.#runs = runs;
    this.#timed = runs[parts.findIndex(({ plan }) => plan.time !== undefined)];
  }

  /** Whether there are event times. */
  get isTimed(): boolean {
    return this.#timed !== undefined;
  }

  /** Gives the first one what a source would give. */
  offer(read: SourceBatch): void {
    this.#runs[0].offer(read);
  }

  /** Nothing more will be offered. */
  end(): void {
    this.#runs[0].end();
  }

  /** Raises the watermark of those with event times, ms. */
  advance(watermark: number): void {
    this.#timed!.advance(watermark);
  }

  /** Works until nothing is left to do, and gives what has come out. */
  settle(): RecordBatch[] {
    let reads: readonly SourceBatch[] = [];
    let hasEnded = false;
    for (const [at, run] of this.#runs.entries()) {
      for (const read of reads) run.offer(read);
      if (at > 0 && hasEnded) run.end();
      run.elapse();
      reads = run.settle(() => this.#runtime.step());
      hasEnded = run.isFinished;
    }
    return reads.map(({ batch }) => batch).filter((batch) => batch !== undefined);
  }

  /** What has been done so far. */
  metrics(): PipelineMetrics {
    return this.#runs.at(-1)!.metrics();
  }
}

/** One bee in this thread, and nothing is kept back: it is told at once which rows are late. */
function drivenSettings({ settings }: Explained, runtime: TestRuntime): Explained["settings"] {
  return { ...settings, runtime, workers: 1, checkpointBatches: 1 };
}

/** Stands in for a source: what it would give is offered. */
function pipedSource({ name, partitions = 1 }: Source, schema: Schema | undefined): Source {
  return {
    name,
    partitions,
    ...(schema && { schema: schema as TypedSchema<Record<string, unknown>> }),
    async *open() {},
  };
}

/** Stands in for the results of a run before. */
function pipedStage(given: Source, before: PipelineRun): Source & { readonly [STAGE]: Stage } {
  const source = {
    ...pipedSource(given, given.schema),
    [STAGE]: {
      parts: stageOf(given)!.parts,
      fresh: () => source,
      resolved: () => before.resolved,
      metrics: () => before.metrics(),
      drain: () => {},
    },
  };
  return source;
}
