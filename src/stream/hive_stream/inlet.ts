import type { Cancel, Runtime } from "../../runtime/runtime.ts";
import { Fifo } from "../fifo.ts";
import { ResultsFullError } from "./results_full_error.ts";

const FULL_MS = 1_000;
const LOOK_MS = 250;

/** A record on its way in. */
export interface Submission<In> {
  readonly key: string;
  readonly value: In;
  readonly priority: boolean;
}

interface Waiting<In> extends Submission<In> {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** What an {@linkcode Inlet} asks and tells the stream. */
export interface InletOptions<In> {
  readonly runtime: Runtime;
  /** Finished and unread results, at most. */
  readonly resultBuffer: number;
  /** Finished and unread results now. */
  readonly unread: () => number;
  /** Whether there is room for one more record. */
  readonly hasRoom: () => boolean;
  /** Takes a record in; throws when it cannot cross. */
  readonly accept: (submission: Submission<In>) => void;
}

/** The entering side of a stream: whoever finds no room waits here, in order. */
export class Inlet<In> {
  readonly #options: InletOptions<In>;
  readonly #waiting = new Fifo<Waiting<In>>();
  #watch: Cancel | undefined;
  #fullSinceMs = Infinity;
  #readAtMs = -Infinity;

  /** An inlet where nobody waits. */
  constructor(options: InletOptions<In>) {
    this.#options = options;
  }

  /** Whether a record may enter now: there is room, and nobody waits before it. */
  get isOpen(): boolean {
    return this.#waiting.length === 0 && this.#options.hasRoom();
  }

  /** Lets a record in as soon as there is room for it. */
  enter(submission: Submission<In>): Promise<void> {
    if (this.#waiting.length === 0) this.#fullSinceMs = Infinity; // nobody has looked since
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...submission, resolve, reject });
      this.#watchFull();
    });
  }

  /** Lets in who waits, as far as there is room. */
  admit(): void {
    while (this.#waiting.length > 0 && this.#options.hasRoom()) {
      const next = this.#waiting.shift()!;
      try {
        this.#options.accept(next);
        next.resolve();
      } catch (error) {
        next.reject(error);
      }
    }
  }

  /** Somebody reads results: whoever waits for room has hope. */
  noteRead(): void {
    if (this.#waiting.length === 0) return;
    this.#readAtMs = this.#options.runtime.monotonicMs();
    this.admit();
  }

  /** Turns everybody away. */
  close(error: Error): void {
    this.#watch?.();
    for (const { reject } of this.#waiting.drain()) reject(error);
  }

  /** Looks now and then whether those who wait do so in vain, because nobody reads results. */
  #watchFull(): void {
    const { runtime } = this.#options;
    this.#watch ??= runtime.after(LOOK_MS, () => {
      this.#watch = undefined;
      if (this.#waiting.length === 0) return;
      const nowMs = runtime.monotonicMs();
      const isFull = this.#options.unread() >= this.#options.resultBuffer;
      this.#fullSinceMs = isFull ? Math.min(this.#fullSinceMs, nowMs) : Infinity;
      if (nowMs - Math.max(this.#fullSinceMs, this.#readAtMs) >= FULL_MS) this.#rejectAll();
      else this.#watchFull();
    });
  }

  #rejectAll(): void {
    const { resultBuffer, unread } = this.#options;
    this.close(
      new ResultsFullError(
        `Cannot submit: ${unread()} results are finished and unread (resultBuffer ` +
          `${resultBuffer}), and nobody has read one for a second; read with getResult() or ` +
          `for await, or raise resultBuffer`,
        { retriable: true },
      ),
    );
  }
}
