import type { AssignInfo, CustomWindow } from "../windows/custom_window.ts";
import type { OperatorAssign } from "../windows/operator/assigners.ts";
import { StreamingError } from "./streaming_error.ts";
import {
  describeFunction,
  explainReferenceError,
  loadFunction,
  type UserFunctionSpec,
} from "./user_function.ts";

/**
 * Describes the function of custom windows so that a bee can load it.
 *
 * @throws {TypeError} when it cannot cross to the bees.
 */
export function describeAssign(
  { assign, context }: CustomWindow<never, never>,
): UserFunctionSpec | undefined {
  return assign === undefined ? undefined : describeFunction(assign, {
    context,
    usage: "(row, { context })",
  });
}

/**
 * Loads the function of custom windows, where it will run.
 *
 * @throws {TypeError} when its module cannot be imported, or has no such function.
 */
export async function loadAssign(spec: UserFunctionSpec): Promise<OperatorAssign> {
  const fn = await loadFunction(spec);
  const context = "context" in spec ? spec.context : undefined;
  return (row, time) => {
    const info: AssignInfo = { time, context };
    try {
      return fn(row, info);
    } catch (error) {
      throw failed(explainReferenceError(error, spec));
    }
  };
}

function failed(cause: unknown): StreamingError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new StreamingError(`Cannot put row into windows: assign() failed: ${message}`, { cause });
}
