import type { BeeContext, BeeTask } from "./bee_task.ts";
import type { OrderedTaskSpec } from "./ordered_task.ts";
import type { RecordTaskSpec } from "./record_task.ts";
import type { TransformTaskSpec } from "./transform_task.ts";
import type { WindowTaskSpec } from "./window_task.ts";

/** What a bee can do, as plain data. */
export type TaskSpec = RecordTaskSpec | TransformTaskSpec | WindowTaskSpec | OrderedTaskSpec;

/** Makes the logic for a task inside the bee: at once where there is nothing to import for it. */
export type TaskLoader = (spec: TaskSpec, context: BeeContext) => BeeTask | Promise<BeeTask>;

/** What makes the tasks of a kind: its modules alone are loaded, which are a part of all. */
export async function taskLoaderOf(kind: TaskSpec["kind"]): Promise<TaskLoader> {
  switch (kind) {
    case "records":
      return (await import("./record_task.ts")).loadRecordTask as TaskLoader;
    case "transform":
      return (await import("./transform_task.ts")).loadTransformTask as TaskLoader;
    case "windows":
      return (await import("./window_task.ts")).loadWindowTask as TaskLoader;
    case "orderedWindows":
      return (await import("./ordered_task.ts")).loadOrderedTask as TaskLoader;
  }
}
