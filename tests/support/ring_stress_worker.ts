import { RingReader, RingWriter } from "../../src/hive/ring_buffer.ts";
import { denoRuntime } from "../../src/runtime/mod.ts";
import { runSide, type StressReport, type StressTask } from "./ring_stress.ts";

interface Scope {
  onmessage: ((event: MessageEvent<StressTask>) => void) | null;
  postMessage(report: StressReport): void;
  close(): void;
}

const scope = self as unknown as Scope;

scope.onmessage = async ({ data: task }) => {
  const options = { waiter: denoRuntime };
  const ends = task.role === "write"
    ? { writer: new RingWriter(task.memory, options) }
    : { reader: new RingReader(task.memory, options) };
  scope.postMessage(await runSide(task, ends));
  scope.close();
};
