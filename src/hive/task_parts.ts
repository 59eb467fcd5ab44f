import type { BlockDecoder } from "../codecs/block_decoder.ts";
import type { BlockDecoderSpec } from "../codecs/block_specs.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { FunctionTables } from "../windows/create_window_table.ts";
import type { StepMaker } from "./row_steps.ts";
import type { StepFunctions } from "./step_function.ts";

/** Makes the decoder that some plain data describe, in a kernel that it has for itself. */
export type DecoderMaker = (spec: BlockDecoderSpec, kernel: Kernel) => BlockDecoder;

/** What tasks with steps need of them. */
export interface StepParts {
  readonly makeStep: StepMaker;
  /** Loads the functions of some steps, where they will run. */
  readonly loadStepFunctions: (
    steps: readonly object[],
    runtime: Runtime,
  ) => Promise<StepFunctions>;
}

/** What only some tasks need, so that a bee need not load the modules of what it has not. */
export interface TaskParts {
  /** Absent where no blocks come, or others decode them. */
  readonly decoderOf?: DecoderMaker | undefined;
  /** Absent where there are no steps. */
  readonly steps?: StepParts | undefined;
  /** Absent where no windows keep text or the like. */
  readonly functionTables?: FunctionTables | undefined;
}
