import type { Process } from "../runtime/process.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { elapsed, terminalText } from "./terminal_text.ts";

const CLEAR_LINE = "\r\u001b[2K";
const YELLOW = "\u001b[33m";
const NO_COLOUR = "\u001b[39m";
const REDRAW_MS = 100;
const PLAIN_MS = 5000;
const BAR = 24;
/** What is left is told when so much of it was seen to be done, for before that nobody knows. */
const KNOWN_SHARE = 0.005;

/** How far something is. */
export interface Progress {
  /** What is being done, where that changes: time and share begin anew with each. */
  readonly of?: string;
  /** The share that is done, 0 to 1; absent where it has no known end. */
  readonly share?: number;
  /** What else there is to tell. */
  readonly text: string;
}

/** As much of a list as there is room for, since a part of a number is another number. */
function cut(text: string, columns: number): string {
  if (text.length <= columns) return text;
  const end = text.lastIndexOf(", ", columns);
  return text.slice(0, end > 0 ? end : columns);
}

/**
 * Tells on the standard error how far something is: on a terminal in one line that is written over,
 * elsewhere in a plain line every five seconds, if it is another than the last.
 */
export class ProgressLine {
  readonly #process: Process;
  readonly #runtime: Runtime;
  readonly #isQuiet: boolean;
  #isHeld = false;
  #lastMs: number;
  #startMs: number;
  /** What was done at that time already, of which nobody knows how long it took. */
  #startShare = 0;
  #of: string | undefined;
  #isDrawn = false;
  /** The last plain line, which is not told twice in a row. */
  #plain = "";
  #isEnded = false;

  /** Tells nothing yet, and never if it is quiet. */
  constructor(process: Process, runtime: Runtime, isQuiet: boolean) {
    this.#process = process;
    this.#runtime = runtime;
    this.#isQuiet = isQuiet;
    this.#startMs = runtime.monotonicMs();
    this.#lastMs = process.stderr.isTerminal ? -Infinity : this.#startMs;
  }

  /** Tells how far it is, if it is time to. */
  show(progress: () => Progress): void {
    const { stderr } = this.#process;
    const nowMs = this.#runtime.monotonicMs();
    if (
      this.#isQuiet || this.#isHeld ||
      nowMs - this.#lastMs < (stderr.isTerminal ? REDRAW_MS : PLAIN_MS)
    ) return;
    this.#lastMs = nowMs;
    const now = progress();
    if (now.of !== this.#of) [this.#startMs, this.#startShare] = [nowMs, now.share ?? 0];
    this.#of = now.of;
    const text = terminalText(now.text) + this.#left(now.share, nowMs);
    if (!stderr.isTerminal) return this.#writePlain(`${this.#percent(now.share)}${text}\n`);
    this.#write(CLEAR_LINE + this.#line(now.share, text, stderr.columns - 1));
    this.#isDrawn = true;
  }

  /** Tells no more how far it is, for data go to the same terminal. */
  hold(): void {
    this.clear();
    this.#isHeld = true;
  }

  /** Tells something beside how far it is. */
  say(text: string): void {
    this.clear();
    if (!this.#isQuiet) this.#write(`${terminalText(text)}\n`);
  }

  /** Tells what was done; the last that is told. */
  end(text: string): void {
    this.#isEnded = true;
    this.say(text);
  }

  /** Whether it was told what was done. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Takes away the line that is written over. */
  clear(): void {
    if (this.#isDrawn) this.#write(CLEAR_LINE);
    this.#isDrawn = false;
  }

  #left(share: number | undefined, nowMs: number): string {
    if (share === undefined || share > 1) return "";
    const done = share - this.#startShare;
    return done < KNOWN_SHARE
      ? ""
      : `, ${elapsed(((nowMs - this.#startMs) * (1 - share)) / done)} left`;
  }

  #percent(share: number | undefined): string {
    return share === undefined ? "" : `${Math.floor(Math.min(1, share) * 100)} %  `;
  }

  /** A bar where there is room for it and for the text, else the text alone. */
  #line(share: number | undefined, text: string, columns: number): string {
    if (share === undefined) return cut(text, columns);
    const percent = this.#percent(share);
    if (BAR + 1 + percent.length + text.length > columns) return cut(percent + text, columns);
    const filled = Math.round(Math.min(1, Math.max(0, share)) * BAR);
    const done = "█".repeat(filled);
    const bar = this.#process.isPlain ? done : `${YELLOW}${done}${NO_COLOUR}`;
    return `${bar}${"░".repeat(BAR - filled)} ${percent}${text}`;
  }

  #writePlain(line: string): void {
    if (line !== this.#plain) this.#write(line);
    this.#plain = line;
  }

  #write(text: string): void {
    this.#process.stderr.write(new TextEncoder().encode(text));
  }
}
