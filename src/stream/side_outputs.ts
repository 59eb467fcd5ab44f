import { BadInputs } from "./bad_inputs.ts";
import type { DeadLetterEvents } from "./dead_letter_box.ts";
import { type LateEvents, LateOutput } from "./late_output.ts";
import type { PipelineSettings } from "./pipeline_options.ts";

/** What {@linkcode SideOutputs} are made with. */
export interface SideOutputsOptions {
  /** Kinds of windows, each with late rows of its own. */
  readonly kinds: number;
  readonly events: DeadLetterEvents;
  readonly late?: LateEvents["late"];
}

/** What leaves a run beside its results: records that cannot be used, and late rows. */
export class SideOutputs {
  readonly bad: BadInputs;
  /** Of each kind of windows. */
  readonly late: readonly LateOutput[];

  /** By the policies of a pipeline. */
  constructor(settings: PipelineSettings, { kinds, events, late }: SideOutputsOptions) {
    const { lateOutput } = settings;
    this.bad = new BadInputs(settings, events);
    this.late = Array.from(
      { length: kinds },
      () => new LateOutput(lateOutput, { ...events, late }),
    );
  }

  /** Whether so much waits that no more should be read. */
  get isFull(): boolean {
    return this.bad.isFull || this.late.some(({ isFull }) => isFull);
  }

  /** Dead letters and late rows that were put on their way. */
  get letters(): number {
    return this.late.reduce((sum, { taken }) => sum + taken, this.bad.letters);
  }

  /** Resolves when all are delivered, or given up. */
  async flush(): Promise<void> {
    await this.bad.flush();
    for (const late of this.late) await late.flush();
  }

  /** Gives up those that are not delivered. */
  discard(): void {
    this.bad.discard();
    for (const late of this.late) late.discard();
  }
}
