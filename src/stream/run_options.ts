import { knownOptions, type OptionRule, received } from "../runtime/known_options.ts";
import type { PipelineMetrics } from "./pipeline_metrics.ts";

/** Options of a run. */
export interface RunOptions {
  /** Ends the run when aborted. */
  signal?: AbortSignal;
  /**
   * What an abort does: `"stop"` (default) rejects with the signal's reason and drops what is under
   * way; `"drain"` reads no further, finishes what was read, closes all windows, and resolves.
   */
  onAbort?: "stop" | "drain";
  /** Called with the metrics some ten times a second, and at the end. */
  onProgress?: (metrics: PipelineMetrics) => void;
}

/** What options of runs have in common. */
interface AnyRunOptions {
  readonly signal?: unknown;
  readonly onAbort?: unknown;
  readonly onProgress?: unknown;
}

const OPTIONS: OptionRule<AnyRunOptions> = {
  doing: "run pipeline",
  names: { signal: true, onAbort: true, onProgress: true },
  example: "{ signal }",
};

/**
 * Checks the options of a run, for those whose program is not type-checked.
 *
 * @throws {TypeError} naming the option that is none that it can be, or is not known.
 */
export function checkRunOptions(given: object): void {
  const { signal, onAbort, onProgress } = knownOptions(given as AnyRunOptions, OPTIONS);
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw unfit("signal must be an AbortSignal", signal);
  }
  if (onAbort !== undefined && onAbort !== "stop" && onAbort !== "drain") {
    throw unfit('onAbort must be "stop" or "drain"', onAbort);
  }
  if (onProgress !== undefined && typeof onProgress !== "function") {
    throw unfit("onProgress must be a function", onProgress);
  }
}

function unfit(wanted: string, value: unknown): TypeError {
  return new TypeError(`Cannot run pipeline: ${wanted}, received ${received(value)}`);
}
