import type { BeeContext, BeeTask } from "./bee_task.ts";
import { loadOrderedTask } from "./ordered_task.ts";
import { loadRecordTask } from "./record_task.ts";
import type { TaskSpec } from "./task_loader.ts";
import { loadTransformTask } from "./transform_task.ts";
import { loadWindowTask } from "./window_task.ts";

/** Makes the logic for any task, in a thread that has the modules of all. */
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
