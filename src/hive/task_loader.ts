import { lateModule } from "../runtime/late_module.ts";
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
  return await LOADERS[kind]() as TaskLoader;
}

const LOADERS: Readonly<Record<TaskSpec["kind"], () => Promise<unknown>>> = {
  records: async () => {
    const url = new URL("./record_task.ts", import.meta.url);
    return (await lateModule<typeof import("./record_task.ts")>(url)).loadRecordTask;
  },
  transform: async () => {
    const url = new URL("./transform_task.ts", import.meta.url);
    return (await lateModule<typeof import("./transform_task.ts")>(url)).loadTransformTask;
  },
  windows: async () => {
    const url = new URL("./window_task.ts", import.meta.url);
    return (await lateModule<typeof import("./window_task.ts")>(url)).loadWindowTask;
  },
  orderedWindows: async () => {
    const url = new URL("./ordered_task.ts", import.meta.url);
    return (await lateModule<typeof import("./ordered_task.ts")>(url)).loadOrderedTask;
  },
};
