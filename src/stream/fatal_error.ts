import type { FatalCause } from "../hive/pipeline_task.ts";
import { StreamingError } from "../hive/streaming_error.ts";
import { KernelMemoryError } from "../kernel/kernel.ts";

/** What a bee told for an end of the run. */
interface Told {
  readonly name: string;
  readonly message: string;
  readonly cause?: FatalCause;
}

/** What a function of the user threw, as far as it can cross. */
function causeOf({ name, message, stack }: FatalCause): Error {
  const cause = new Error(message);
  Object.defineProperty(cause, "name", { value: name, configurable: true, writable: true });
  if (stack !== undefined) cause.stack = stack;
  return cause;
}

/** The error with which a bee says that no bee could go on. */
export function fatalError(body: Uint8Array): Error {
  const { name, message, cause }: Told = JSON.parse(new TextDecoder().decode(body.slice()));
  if (name === "KernelMemoryError") return new KernelMemoryError(message);
  if (name === "StreamingError") {
    return new StreamingError(message, cause && { cause: causeOf(cause) });
  }
  return name === "RangeError" ? new RangeError(message) : new TypeError(message);
}
