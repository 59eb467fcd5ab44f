import type { RecordBatch } from "../batch/record_batch.ts";
import type { Schema } from "../batch/schema.ts";
import { create, type Kernel, type KernelOptions } from "../kernel/kernel.ts";
import { BeeOutputs } from "./bee_outputs.ts";
import type { BeeContext, BeeTask } from "./bee_task.ts";
import { message, type MessageHeader, MessageKind } from "./pipeline_frames.ts";
import { type PipelineLogic, PipelineTask, type Taken } from "./pipeline_task.ts";
import type { Sleeper } from "./ring_buffer.ts";
import { RowSteps, type StepSpec, withSchemas } from "./row_steps.ts";
import { loadStepFunctions, type StepFunctions } from "./step_function.ts";

/** What tasks that begin with steps have in common. */
export interface SteppedTaskSpec {
  /** Of the batches that come. */
  readonly schema: Schema;
  readonly steps: readonly StepSpec[];
  /** What the kernel of a bee is made with. */
  readonly kernel: KernelOptions;
}

/** What a logic is made with. */
export interface LogicParts {
  /** The steps, all columns of which are known. */
  readonly steps: RowSteps;
  readonly kernel: Kernel;
  readonly outputs: BeeOutputs;
}

/** What a task does behind its steps. */
export interface SteppedLogic {
  readonly logicOf: (parts: LogicParts) => PipelineLogic;
  /** Watermark after the rows of a batch of which none was left, ms. */
  readonly watermarkAfter: (batch: RecordBatch, header: MessageHeader) => number;
}

/** What all bees are told when one of them has learned which columns functions give. */
export interface ColumnsMessage {
  /** Of each step, where they were learned; absent: nobody has learned them yet. */
  readonly columns?: readonly (Schema | undefined)[];
}

/** Makes a task inside the bee: at once where it has no functions to import. */
export function loadSteppedTask(
  spec: SteppedTaskSpec,
  context: BeeContext,
  logic: SteppedLogic,
): BeeTask | Promise<BeeTask> {
  const make = (functions: StepFunctions) => steppedTask(spec, context, { ...logic, functions });
  return spec.steps.some((step) => "fn" in step)
    ? loadStepFunctions(spec.steps, context.runtime).then(make)
    : make(new Map());
}

function steppedTask(
  spec: SteppedTaskSpec,
  context: BeeContext,
  { logicOf, watermarkAfter, functions }: SteppedLogic & { functions: StepFunctions },
): BeeTask {
  const outputs = new BeeOutputs(context);
  const kernel = create(spec.kernel);
  const advance = () => context.control.advance();
  const stepsOf = (schemas: readonly (Schema | undefined)[] = []) => {
    const steps = withSchemas(spec.steps, schemas);
    const own = new Map(steps.map((step, at) => [step, functions.get(spec.steps[at])!]));
    return new RowSteps(steps, spec.schema, { kernel, functions: own, advance });
  };
  const make = (steps: RowSteps) => logicOf({ steps, kernel, outputs });
  const steps = stepsOf();
  const logic = steps.isReady
    ? make(steps)
    : new LearningLogic({ steps, stepsOf, make, watermarkAfter, outputs });
  return new PipelineTask(context, { outputs, logic });
}

interface LearningParts {
  readonly steps: RowSteps;
  readonly stepsOf: (schemas?: readonly (Schema | undefined)[]) => RowSteps;
  readonly make: (steps: RowSteps) => PipelineLogic;
  readonly watermarkAfter: SteppedLogic["watermarkAfter"];
  readonly outputs: BeeOutputs;
}

/**
 * Stands in for a logic until the columns are known that functions give: by the first row that one
 * of them does. One bee is given batches until then, tells the pipeline, and all go on.
 */
class LearningLogic implements PipelineLogic {
  readonly #parts: LearningParts;
  #steps: RowSteps;
  #isWaiting = false;
  #logic: PipelineLogic | undefined;

  constructor(parts: LearningParts) {
    this.#parts = parts;
    this.#steps = parts.steps;
  }

  get mayTake(): boolean {
    return this.#logic?.mayTake ?? !this.#isWaiting;
  }

  take(batch: RecordBatch, header: MessageHeader): Taken | undefined {
    if (this.#logic) return this.#logic.take(batch, header);
    const { bad, added } = this.#steps.run(batch);
    if (this.#steps.isReady) return this.#tell(header);
    const filtered = batch.length + added - bad.length;
    const counts = { absorbed: 0, filtered, late: 0, untimed: 0, bad: bad.length, added };
    return { counts, bad, late: [], watermarkAfter: this.#parts.watermarkAfter(batch, header) };
  }

  #tell({ generation, sequence }: MessageHeader): undefined {
    this.#isWaiting = true;
    const body = new TextEncoder().encode(JSON.stringify(this.#steps.schemas));
    this.#parts.outputs.main.send(
      message({ kind: MessageKind.learned, generation, sequence }),
      body,
    );
  }

  finish(header: MessageHeader, nowMs: number): void {
    this.#logic?.finish(header, nowMs);
  }

  barrier(header: MessageHeader): void {
    this.#logic?.barrier(header);
  }

  end(header: MessageHeader): void {
    this.#logic?.end(header);
  }

  drain(generation: number): boolean {
    return this.#logic?.drain(generation) ?? false;
  }

  rest(generation: number): boolean {
    return this.#logic?.rest(generation) ?? false;
  }

  reset(message: unknown): void {
    const { columns } = message as ColumnsMessage;
    if (columns) {
      // Who has learned them goes on with what it has done.
      const steps = this.#steps.isReady ? this.#steps : this.#parts.stepsOf(columns);
      this.#logic ??= this.#parts.make(steps);
      this.#logic.reset(message);
      return;
    }
    this.#steps = this.#parts.stepsOf();
    this.#isWaiting = false;
  }

  waitsFor(): Sleeper[] {
    return this.#logic?.waitsFor() ?? [];
  }
}
