import type { Process } from "../runtime/process.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type Flag, toggle } from "./command_spec.ts";
import { ProgressLine } from "./progress_line.ts";

/** What a command runs with. */
export interface CommandContext {
  readonly process: Process;
  readonly runtime: Runtime;
  /** Aborted by Ctrl-C, with an {@linkcode Interrupted}, or by `end`. */
  readonly signal: AbortSignal;
  /** Ends the command for a reason. */
  readonly end: (reason: Error) => void;
}

/** Ctrl-C was pressed. */
export class Interrupted extends Error {
  override readonly name: string = "Interrupted";

  constructor() {
    super("interrupted");
  }
}

/** Options of all commands that tell how far they are. */
export interface QuietOption {
  /** Whether nothing is told. */
  readonly quiet?: boolean;
}

/** The flag of {@linkcode QuietOption}. */
export const QUIET: Flag = toggle("-q, --quiet", "tell nothing");

/**
 * Takes the line away when a command has failed, so that the error stands in one of its own, and tells
 * that it was interrupted where that is all that there is to tell.
 */
export function untilTold(progress: ProgressLine, signal: AbortSignal): Disposable {
  const dispose = () => {
    if (progress.isEnded) return;
    if (signal.reason instanceof Interrupted) progress.end("interrupted; nothing was written");
    else progress.clear();
  };
  return { [Symbol.dispose]: dispose };
}

/** The line that a command tells with how far it is. */
export function progressOf(context: CommandContext, { quiet = false }: QuietOption): ProgressLine {
  return new ProgressLine(context.process, context.runtime, quiet);
}
