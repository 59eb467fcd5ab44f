import type { BeeContext, BeeTask } from "./bee_task.ts";
import { loadRecordTask, type RecordTaskSpec } from "./record_task.ts";

/** What a bee can do, as plain data. */
export type TaskSpec = RecordTaskSpec;

/** Makes the logic for a task inside the bee. */
export async function loadTask(spec: TaskSpec, context: BeeContext): Promise<BeeTask> {
  return await loadRecordTask(spec, context);
}
