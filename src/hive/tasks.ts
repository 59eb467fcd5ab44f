import { createBlockDecoder } from "../codecs/create_block_decoder.ts";
import { functionTables } from "../windows/table/function_window_table.ts";
import { offerTasks } from "./bee_here.ts";
import type { BeeContext, BeeTask } from "./bee_task.ts";
import { makeStep } from "./make_step.ts";
import { loadOrderedTask } from "./ordered_task.ts";
import { loadRecordTask } from "./record_task.ts";
import { loadStepFunctions } from "./step_function.ts";
import type { TaskSpec } from "./task_loader.ts";
import type { TaskParts } from "./task_parts.ts";
import { loadTransformTask } from "./transform_task.ts";
import { loadWindowTask } from "./window_task.ts";

const PARTS: TaskParts = {
  decoderOf: createBlockDecoder,
  steps: { makeStep, loadStepFunctions },
  functionTables,
};

/** Makes the logic for any task, in a thread that has the modules of all. */
export function loadTask(spec: TaskSpec, context: BeeContext): BeeTask | Promise<BeeTask> {
  switch (spec.kind) {
    case "records":
      return loadRecordTask(spec, context);
    case "transform":
      return loadTransformTask(spec, context, PARTS);
    case "windows":
      return loadWindowTask(spec, context, PARTS);
    case "orderedWindows":
      return loadOrderedTask(spec, context, PARTS);
  }
}

offerTasks(loadTask);
