import type { RecordBatch } from "../batch/record_batch.ts";
import type { Schema } from "../batch/schema.ts";
import { create, type KernelOptions } from "../kernel/kernel.ts";
import { BeeOutputs } from "./bee_outputs.ts";
import type { BeeContext, BeeTask } from "./bee_task.ts";
import { message, type MessageHeader, MessageKind } from "./pipeline_frames.ts";
import { type PipelineLogic, PipelineTask, type Taken } from "./pipeline_task.ts";
import type { Sleeper } from "./ring_buffer.ts";
import { RowSteps, type StepSpec } from "./row_steps.ts";

/** A task that filters and selects rows, each batch by itself. */
export interface TransformTaskSpec {
  readonly kind: "transform";
  /** Of the batches that come. */
  readonly schema: Schema;
  readonly steps: readonly StepSpec[];
  /** What the kernel of a bee is made with. */
  readonly kernel: KernelOptions;
}

/** Makes the task inside the bee. */
export function loadTransformTask(spec: TransformTaskSpec, context: BeeContext): BeeTask {
  const outputs = new BeeOutputs(context);
  return new PipelineTask(context, { outputs, logic: new TransformLogic(spec, outputs) });
}

/** Keeps nothing: what became of a batch leaves at once, under its number. */
class TransformLogic implements PipelineLogic {
  readonly mayTake = true;
  readonly #steps: RowSteps;
  readonly #outputs: BeeOutputs;

  constructor({ steps, schema, kernel }: TransformTaskSpec, outputs: BeeOutputs) {
    this.#steps = new RowSteps(steps, schema, create(kernel));
    this.#outputs = outputs;
  }

  take(batch: RecordBatch, header: MessageHeader): Taken {
    const { batch: left, bad } = this.#steps.run(batch);
    const { generation, sequence } = header;
    if (left.length > 0) {
      const result = message({ kind: MessageKind.result, generation, sequence });
      this.#outputs.main.sendBatch(result, left);
    }
    const filtered = batch.length - left.length - bad.length;
    const counts = { absorbed: left.length, filtered, late: 0, untimed: 0, bad: bad.length };
    return { counts, bad, late: [], watermarkAfter: header.watermark };
  }

  finish(): void {}

  barrier(): void {}

  end({ generation }: MessageHeader): void {
    this.#outputs.main.send(message({ kind: MessageKind.done, generation }));
  }

  drain(): boolean {
    return false;
  }

  rest(): boolean {
    return false;
  }

  reset(): void {}

  waitsFor(): Sleeper[] {
    return [];
  }
}
