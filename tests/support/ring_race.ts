import { allocateRing } from "../../src/hive/ring_buffer.ts";
import type { StressReport, StressTask } from "./ring_stress.ts";

const WORKER = new URL("./ring_stress_worker.ts", import.meta.url);

/** What to run between two threads. */
export type RacePlan = Omit<StressTask, "role" | "memory"> & {
  readonly capacityBytes: number;
  /** Where the cursors begin. */
  readonly start?: number;
  /** Called once both threads run. */
  readonly during?: (memory: SharedArrayBuffer) => void | Promise<void>;
};

function runWorker(task: StressTask): Promise<StressReport> {
  const worker = new Worker(WORKER, { type: "module", name: `ring ${task.role}` });
  const { promise, resolve, reject } = Promise.withResolvers<StressReport>();
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Error(`Cannot run the ring's ${task.role} side: ${event.message}`));
  };
  worker.postMessage(task);
  return promise.finally(() => worker.terminate());
}

/** Runs both sides of a ring, each in a worker of its own, and gives what they report. */
export async function race(
  { capacityBytes, start, during, ...plan }: RacePlan,
): Promise<{ writer: StressReport; reader: StressReport }> {
  const memory = allocateRing(capacityBytes, { start });
  const [writer, reader] = await Promise.all([
    runWorker({ ...plan, memory, role: "write" }),
    runWorker({ ...plan, memory, role: "read" }),
    during?.(memory),
  ]);
  return { writer, reader };
}
