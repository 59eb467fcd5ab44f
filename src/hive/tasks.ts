import type { BeeContext, BeeTask } from "./bee_task.ts";
import { loadOrderedTask, type OrderedTaskSpec } from "./ordered_task.ts";
import { loadRecordTask, type RecordTaskSpec } from "./record_task.ts";
import { loadTransformTask, type TransformTaskSpec } from "./transform_task.ts";
import { loadWindowTask, type WindowTaskSpec } from "./window_task.ts";

/** What a bee can do, as plain data. */
export type TaskSpec = RecordTaskSpec | TransformTaskSpec | WindowTaskSpec | OrderedTaskSpec;

/** Makes the logic for a task inside the bee: at once where there is nothing to import for it. */
export function loadTask(spec: TaskSpec, context: BeeContext): BeeTask | Promise<BeeTask> {
  switch (spec.kind) {
    case "records":
      return loadRecordTask(spec, context);
    case "transform":
      return loadTransformTask(spec, context);
    case "windows":
      return loadWindowTask(spec, context);
    case "orderedWindows":
      return loadOrderedTask(spec, context);
  }
}
