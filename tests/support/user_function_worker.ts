/** Loads a described function and calls it once, as a bee does; answers with what came of it. */
import {
  explainReferenceError,
  loadFunction,
  type UserFunctionSpec,
} from "../../src/hive/user_function.ts";

/** What the worker is sent. */
export interface Job {
  spec: UserFunctionSpec;
  value: unknown;
}

/** What the worker answers. */
export type Answer = { result: unknown } | { error: string };

interface WorkerScope {
  onmessage: ((event: MessageEvent<Job>) => void) | null;
  postMessage(answer: Answer): void;
}

const scope = self as unknown as WorkerScope;

async function call({ spec, value }: Job): Promise<Answer> {
  const context = spec.kind === "expression" ? undefined : spec.context;
  try {
    const fn = await loadFunction(spec);
    return { result: await fn(value, { key: "k", context }) };
  } catch (error) {
    return { error: String(explainReferenceError(error, spec)) };
  }
}

scope.onmessage = async (event) => scope.postMessage(await call(event.data));
