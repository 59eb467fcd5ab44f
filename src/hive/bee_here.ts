import { lateModule } from "../runtime/late_module.ts";
import type { SpawnOptions } from "../runtime/runtime.ts";
import { Bee, type BeeInit } from "./bee.ts";
import type { TaskLoader } from "./task_loader.ts";

let loadTask: TaskLoader | undefined;

/** Makes the tasks of bees in this thread from here on; `tasks.ts` says so when it is loaded. */
export function offerTasks(load: TaskLoader): void {
  loadTask = load;
}

async function loadTasks(): Promise<void> {
  const url = new URL("./tasks.ts", import.meta.url);
  await lateModule<typeof import("./tasks.ts")>(url);
}

/** A bee in the spawner's own thread, as a simulation has them. */
const inProcess: SpawnOptions["inProcess"] = (init, runtime, post) => {
  const presented = (bee: Bee) => {
    post(bee.ready);
    return bee;
  };
  const bee = Bee.born(init as BeeInit, { runtime, loadTask: loadTask! });
  return bee instanceof Promise ? bee.then(presented) : presented(bee);
};

/** How a bee is born in the spawner's own thread: at once where the modules of all tasks are there. */
export function bornHere(): Pick<SpawnOptions, "load" | "inProcess"> {
  return loadTask ? { inProcess } : { load: loadTasks, inProcess };
}
