import type { RecordBatch } from "../batch/record_batch.ts";
import type { Schema } from "../batch/schema.ts";
import { create, type Kernel, type KernelOptions } from "../kernel/kernel.ts";
import { BeeOutputs } from "./bee_outputs.ts";
import { BlockInbox } from "./block_inbox.ts";
import type { IntakeSpec } from "./block_intake.ts";
import type { BeeContext, BeeTask } from "./bee_task.ts";
import { message, type MessageHeader, MessageKind } from "./pipeline_frames.ts";
import { type PipelineLogic, PipelineTask, type Taken } from "./pipeline_task.ts";
import type { Sleeper } from "./ring_buffer.ts";
import { RowSteps, type StepSpec, withSchemas } from "./row_steps.ts";
import type { StepFunctions } from "./step_function.ts";
import type { TaskParts } from "./task_parts.ts";

/** What tasks that begin with steps have in common. */
export interface SteppedTaskSpec {
  /** Of the batches that come. */
  readonly schema: Schema;
  readonly steps: readonly StepSpec[];
  /** What the kernel of a bee is made with. */
  readonly kernel: KernelOptions;
  /** How blocks of bytes become such batches. Default: there are none. */
  readonly intake?: IntakeSpec;
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
  readonly parts: TaskParts;
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
    ? logic.parts.steps!.loadStepFunctions(spec.steps, context.runtime).then(make)
    : make(new Map());
}

function steppedTask(
  spec: SteppedTaskSpec,
  context: BeeContext,
  { parts: { decoderOf, steps: stepParts }, logicOf, watermarkAfter, functions }:
    & SteppedLogic
    & { functions: StepFunctions },
): BeeTask {
  const outputs = new BeeOutputs(context);
  const kernel = create(spec.kernel);
  const advance = () => context.control.advance();
  const stepsOf = (schemas: readonly (Schema | undefined)[] = []) => {
    const steps = withSchemas(spec.steps, schemas);
    const own = new Map(steps.map((step, at) => [step, functions.get(spec.steps[at])!]));
    const { makeStep } = stepParts ?? {};
    return new RowSteps(steps, spec.schema, { makeStep, kernel, functions: own, advance });
  };
  const make = (steps: RowSteps) => logicOf({ steps, kernel, outputs });
  const hasFunctions = functions.size > 0;
  const parts = { steps: stepsOf(), stepsOf, make, watermarkAfter, outputs };
  const logic = hasFunctions ? new FunctionLogic(parts) : make(parts.steps);
  const { intake } = spec;
  // In a kernel of its own: what the decoder gives are views of it, which nobody else may move.
  const blocks = intake &&
    new BlockInbox(intake, { kernel: create(spec.kernel), decoderOf: decoderOf! }, context);
  return new PipelineTask(context, { outputs, logic, blocks });
}

interface FunctionParts {
  readonly steps: RowSteps;
  readonly stepsOf: (schemas?: readonly (Schema | undefined)[]) => RowSteps;
  readonly make: (steps: RowSteps) => PipelineLogic;
  readonly watermarkAfter: SteppedLogic["watermarkAfter"];
  readonly outputs: BeeOutputs;
}

/**
 * Stands before a logic whose steps have functions: it waits for promises, and until the columns are
 * known that functions give, by the first row that one of them does. One bee is given batches until
 * then, tells the pipeline, and all go on.
 */
class FunctionLogic implements PipelineLogic {
  readonly #parts: FunctionParts;
  #steps: RowSteps;
  /** Whether the pipeline has yet to answer what was learned. */
  #isWaiting = false;
  #pending: Promise<void> | undefined;
  #logic: PipelineLogic | undefined;

  constructor(parts: FunctionParts) {
    this.#parts = parts;
    this.#steps = parts.steps;
    if (this.#steps.isReady) this.#logic = parts.make(this.#steps);
  }

  get mayTake(): boolean {
    return !this.#isWaiting && !this.#pending && (this.#logic?.mayTake ?? true);
  }

  get pending(): Promise<void> | undefined {
    return this.#pending;
  }

  take(batch: RecordBatch, header: MessageHeader): Taken | undefined {
    const begun = this.#steps.begin(batch);
    if (begun instanceof Promise) return this.#await(begun);
    if (this.#logic) return this.#logic.take(batch, header);
    if (this.#steps.isReady) return this.#tell(header);
    const { bad, added } = this.#steps.run(batch);
    const filtered = batch.length + added - bad.length;
    const counts = { absorbed: 0, filtered, late: 0, untimed: 0, bad: bad.length, added };
    return { counts, bad, late: [], watermarkAfter: this.#parts.watermarkAfter(batch, header) };
  }

  #await(begun: Promise<unknown>): undefined {
    const settled = begun.then(() => {}, () => {}).then(() => {
      if (this.#pending === settled) this.#pending = undefined;
    });
    this.#pending = settled;
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
    this.#isWaiting = false;
    if (this.#logic) this.#forget();
    else if (columns) this.#learned(columns);
    else {
      this.#forget();
      this.#steps = this.#parts.stepsOf();
    }
    this.#logic?.reset(message);
  }

  /** Who has learned the columns goes on with what it has done. */
  #learned(columns: readonly (Schema | undefined)[]): void {
    if (!this.#steps.isReady) {
      this.#forget();
      this.#steps = this.#parts.stepsOf(columns);
    }
    this.#logic = this.#parts.make(this.#steps);
  }

  #forget(): void {
    this.#steps.cancel();
    this.#pending = undefined;
  }

  waitsFor(): Sleeper[] {
    return this.#logic?.waitsFor() ?? [];
  }
}
