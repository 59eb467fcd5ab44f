import { StreamingError } from "../../hive/streaming_error.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { RecordEngine } from "./record_engine.ts";

const POLL_MS = 0.1;
const MAX_BUSY_MS = 10;
const SUBMITS_PER_CLOCK = 256;

/** A promise that is kept already. */
export const AT_ONCE: Promise<void> = Promise.resolve();

/** Who has a {@linkcode RecordDriver} drive. */
export interface DriverEvents {
  /** Something may have left: others may enter. */
  moved(): void;
  /** Whether what is unfinished will not be finished any more. */
  isOver(): boolean;
  /** It cannot go on. */
  failed(error: Error): void;
}

/** Gives an engine its turns, for as long as anything is unfinished, and the event loop its own. */
export class RecordDriver {
  readonly #runtime: Runtime;
  readonly #events: DriverEvents;
  #driving: Promise<void> | undefined;
  #flushing = false;
  #turnMs = 0;
  #sinceTurn = 0;

  /** A driver with nothing to drive. */
  constructor(runtime: Runtime, events: DriverEvents) {
    this.#runtime = runtime;
    this.#events = events;
  }

  /** Begins now, ms. */
  begin(): number {
    return this.#turnMs = this.#runtime.monotonicMs();
  }

  /** The engine has accepted a record. */
  accepted(engine: RecordEngine): void {
    if (!this.#flushing && engine.hasOpenBatches) this.#flushSoon(engine);
    this.drive(engine);
  }

  /** A partly filled batch leaves at the end of this turn of the event loop. */
  #flushSoon(engine: RecordEngine): void {
    this.#flushing = true;
    this.#runtime.soon(() => {
      this.#flushing = false;
      this.guard(() => engine.flush());
    });
  }

  /** {@linkcode AT_ONCE}, but now and then the event loop gets its turn first. */
  pause(): Promise<void> {
    if (++this.#sinceTurn < SUBMITS_PER_CLOCK) return AT_ONCE;
    this.#sinceTurn = 0;
    const busyMs = this.#runtime.monotonicMs() - this.#turnMs;
    return busyMs < MAX_BUSY_MS ? AT_ONCE : this.#turn();
  }

  /** Ends with this turn of the event loop. */
  #turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#runtime.soon(() => {
        this.begin();
        resolve();
      });
    });
  }

  /** Resolves when nothing is unfinished, or it is over. */
  drive(engine: RecordEngine): Promise<void> {
    return this.#driving ??= this.guard(() => this.#drive(engine));
  }

  /** What cannot be: a fault of ours, or damaged memory. It fails the stream and not the process. */
  async guard(work: () => void | Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      this.#events.failed(new StreamingError(`Cannot go on: ${reason}`, { cause }));
    }
  }

  /** Takes results in and sends work out for as long as anything is unfinished. */
  async #drive(engine: RecordEngine): Promise<void> {
    let progressMs = this.#runtime.monotonicMs();
    try {
      do {
        await this.#turn();
        if (engine.pump()) progressMs = this.#turnMs;
        else if (this.#turnMs - progressMs > POLL_MS) await engine.hive.idle();
        this.#events.moved();
      } while (engine.unfinished > 0 && !this.#events.isOver());
    } finally {
      // At once: what is accepted a microtask later must be driven anew.
      this.#driving = undefined;
    }
  }
}
