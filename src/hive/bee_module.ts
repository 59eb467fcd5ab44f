import type { Runtime } from "../runtime/runtime.ts";
import type {} from "./bee_worker.ts"; // puts the worker's module into the graph of this one
import type { TaskOutline } from "./task_loader.ts";

/** What the thread of a bee runs. */
export const BEE_MODULE: URL = new URL("./bee_worker.ts", import.meta.url);

/** What the thread of a bee is told that is started before it is known what the bee is to do. */
export interface AheadMessage {
  /** What of that is known. */
  readonly ahead: TaskOutline;
}

/** Starts the threads of bees, which load their modules while others are loaded here. */
export function startAhead(runtime: Runtime, bees: number, ahead: TaskOutline): Disposable {
  const message: AheadMessage = { ahead };
  return runtime.startAhead?.(BEE_MODULE, bees, message) ?? { [Symbol.dispose]: () => {} };
}
