import type { LateRows } from "./late_output.ts";
import type { PipelineSettings } from "./pipeline_options.ts";
import type { PipelinePlan } from "./pipeline_plan.ts";
import type { Source, SourceBatch } from "./source.ts";

/** What a run is made of. */
export interface RunSpec {
  readonly source: Source;
  readonly plan: PipelinePlan;
  readonly settings: PipelineSettings;
  /** Whether who goes on with the results keeps rows of them. */
  readonly keepsRows?: boolean;
  /** Told of late rows when it is certain that they are. */
  readonly onLate?: (rows: LateRows) => void;
  /**
   * Told of rows, of all that were read so far, when all results that they have set off have been
   * handed out, apart from those that later rows have; only windows that see rows in order tell.
   */
  readonly onSettled?: (rows: number) => void;
}

/** Results of one of the kinds of windows that share slices. */
export interface KindRead extends SourceBatch {
  /** Which, in the order of the plan; 0 where there is one kind, or no windows. */
  readonly kind: number;
}

/** The same where there are some. */
export type KindBatch = KindRead & Required<Pick<KindRead, "batch">>;
