import { StreamingError } from "../../hive/streaming_error.ts";
import { milliseconds } from "../../runtime/duration.ts";
import type { OptionRule } from "../../runtime/known_options.ts";
import type { GetResultOptions, StartOptions, StopOptions } from "./hive_stream_types.ts";

/** For how long a call waits for a result, unless it says otherwise, ms. */
export const DEFAULT_RESULT_TIMEOUT_MS = 1000;

/** The options of a start. */
export const START: OptionRule<StartOptions> = {
  doing: "start",
  names: { context: true },
  example: "{ context: { limit: 3 } }",
};

/** The options of a stop. */
export const STOP: OptionRule<StopOptions> = {
  doing: "stop",
  names: { drain: true },
  example: "{ drain: false }",
};

/**
 * For how long a call waits for a result, ms.
 *
 * @throws {TypeError | RangeError} when it is none that one can wait.
 */
export function resultTimeout({ timeout }: GetResultOptions): number {
  if (timeout === undefined) return DEFAULT_RESULT_TIMEOUT_MS;
  return timeout === Infinity ? Infinity : milliseconds(timeout, "timeout", { fractions: true });
}

/** A key as it was given. @throws {TypeError} when it is no string. */
export function checkedKey(key: string): string {
  if (typeof key === "string") return key;
  throw new TypeError(`Cannot submit: the key must be a string, received ${typeof key}`);
}

/** Whether a priority is the high one. @throws {TypeError} when it is none. */
export function isHigh(priority: string): boolean {
  if (priority === "high" || priority === "normal") return priority === "high";
  throw new TypeError(
    `Cannot submit: priority must be "normal" or "high", received ${JSON.stringify(priority)}`,
  );
}

/** What a callback gets that would wait for itself; one that does not wait does not hear of it. */
export function circularStop(): Promise<never> {
  const refused = Promise.reject(
    new StreamingError(
      "Cannot wait for the stop inside of the deadLetter callback: the stop, which has begun, waits " +
        "for this callback; call stop() there without await, or await stop({ drain: false })",
    ),
  );
  refused.catch(() => {});
  return refused;
}
