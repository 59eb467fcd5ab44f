import type { RecordBatch } from "../batch/record_batch.ts";
import type { Schema } from "../batch/schema.ts";
import type { KernelOptions } from "../kernel/kernel.ts";
import type { BeeOutputs } from "./bee_outputs.ts";
import type { BeeContext, BeeTask } from "./bee_task.ts";
import type { IntakeSpec } from "./block_intake.ts";
import { message, type MessageHeader, MessageKind } from "./pipeline_frames.ts";
import type { PipelineLogic, Taken } from "./pipeline_task.ts";
import type { Sleeper } from "./ring_buffer.ts";
import type { RowSteps, StepSpec } from "./row_steps.ts";
import { loadSteppedTask } from "./stepped_task.ts";
import type { TaskParts } from "./task_parts.ts";

/** A task that filters and selects rows, each batch by itself. */
export interface TransformTaskSpec {
  readonly kind: "transform";
  /** Of the batches that come. */
  readonly schema: Schema;
  readonly steps: readonly StepSpec[];
  /** What the kernel of a bee is made with. */
  readonly kernel: KernelOptions;
  /** How blocks of bytes become batches, where the bees decode them. */
  readonly intake?: IntakeSpec;
}

/** Makes the task inside the bee. */
export function loadTransformTask(
  spec: TransformTaskSpec,
  context: BeeContext,
  parts: TaskParts,
): BeeTask | Promise<BeeTask> {
  return loadSteppedTask(spec, context, {
    parts,
    logicOf: ({ steps, outputs }) => new TransformLogic(steps, outputs),
    watermarkAfter: (_, { watermark }) => watermark,
  });
}

/** Keeps nothing: what became of a batch leaves at once, under its number. */
class TransformLogic implements PipelineLogic {
  readonly mayTake = true;
  readonly #steps: RowSteps;
  readonly #outputs: BeeOutputs;

  constructor(steps: RowSteps, outputs: BeeOutputs) {
    this.#steps = steps;
    this.#outputs = outputs;
  }

  take(batch: RecordBatch, header: MessageHeader): Taken {
    const { batch: left, bad, added } = this.#steps.run(batch);
    const { generation, sequence } = header;
    if (left.length > 0) {
      const result = message({ kind: MessageKind.result, generation, sequence });
      this.#outputs.main.sendBatch(result, left);
    }
    const filtered = batch.length + added - left.length - bad.length;
    const absorbed = left.length;
    const counts = { absorbed, filtered, late: 0, untimed: 0, bad: bad.length, added };
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
