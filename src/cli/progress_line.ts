import type { Process } from "../runtime/process.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { terminalText } from "./terminal_text.ts";

const CLEAR_LINE = "\r\u001b[2K";
const REDRAW_MS = 100;
const PLAIN_MS = 5000;
const BAR = 24;

/** How far something is. */
export interface Progress {
  /** The share that is done, 0 to 1; absent where it has no known end. */
  readonly share?: number;
  /** What else there is to tell. */
  readonly text: string;
}

function bar(share: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * BAR);
  return `${"█".repeat(filled)}${"░".repeat(BAR - filled)} ${Math.floor(share * 100)} %  `;
}

/**
 * Tells on the standard error how far something is: on a terminal in one line that is written over,
 * elsewhere in a plain line every five seconds.
 */
export class ProgressLine {
  readonly #process: Process;
  readonly #runtime: Runtime;
  readonly #isQuiet: boolean;
  #lastMs: number;
  #isDrawn = false;

  /** Tells nothing yet, and never if it is quiet. */
  constructor(process: Process, runtime: Runtime, isQuiet: boolean) {
    this.#process = process;
    this.#runtime = runtime;
    this.#isQuiet = isQuiet;
    this.#lastMs = process.stderr.isTerminal ? -Infinity : runtime.monotonicMs();
  }

  /** Tells how far it is, if it is time to. */
  show(progress: () => Progress): void {
    const { stderr } = this.#process;
    const nowMs = this.#runtime.monotonicMs();
    if (this.#isQuiet || nowMs - this.#lastMs < (stderr.isTerminal ? REDRAW_MS : PLAIN_MS)) return;
    this.#lastMs = nowMs;
    const { share, text } = progress();
    const line = terminalText((share === undefined ? "" : bar(share)) + text);
    if (!stderr.isTerminal) return this.#write(`${line}\n`);
    this.#write(CLEAR_LINE + line.slice(0, stderr.columns - 1));
    this.#isDrawn = true;
  }

  /** Tells what was done; the last that is told. */
  end(text: string): void {
    this.clear();
    if (!this.#isQuiet) this.#write(`${terminalText(text)}\n`);
  }

  /** Takes away the line that is written over. */
  clear(): void {
    if (this.#isDrawn) this.#write(CLEAR_LINE);
    this.#isDrawn = false;
  }

  #write(text: string): void {
    this.#process.stderr.write(new TextEncoder().encode(text));
  }
}
