import type { Explained } from "./explained.ts";
import { addStage, type PipelineMetrics } from "./pipeline_metrics.ts";
import type { ResolvedPlan } from "./pipeline_plan.ts";
import type { Source } from "./source.ts";

/** Gives the {@linkcode Stage} of a source; for the name of nothing that users see. */
export const STAGE: unique symbol = Symbol("stage");

/** Steps of a pipeline whose results others go on with, on bees of their own. */
export interface Stage {
  /** What they are made of. */
  readonly parts: Explained;
  /** The same steps, for a run of their own; of another source, if one is given. */
  fresh(source?: Source): Source;
  /** The plan, once the columns of its source are known. */
  resolved(): ResolvedPlan | undefined;
  /** What has been done so far. */
  metrics(): PipelineMetrics;
  /** Reads no further, and finishes what was read. */
  drain(): void;
}

/** The steps that a source runs; `undefined`: it is read as it is. */
export function stageOf(source: Source): Stage | undefined {
  return (source as { readonly [STAGE]?: Stage })[STAGE];
}

/** The metrics of a run, with those of the steps before it. */
export function metricsWith(source: Source, own: PipelineMetrics): PipelineMetrics {
  const stage = stageOf(source);
  if (!stage) return own;
  const { window, ordered } = stage.parts.plan;
  return addStage(stage.metrics(), own, { makesRows: Boolean(window || ordered) });
}
