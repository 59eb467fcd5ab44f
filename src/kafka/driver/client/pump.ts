import type { Runtime } from "../../../runtime/runtime.ts";
import { Alarm } from "./alarm.ts";

/** Work that is done when it is called for: once at the end of a turn, or when a time has come. */
export class Pump {
  readonly #runtime: Runtime;
  readonly #work: () => void;
  readonly #alarm: Alarm;
  #isCalled = false;
  #isClosed = false;

  /** Not called for yet. */
  constructor(runtime: Runtime, work: () => void) {
    this.#runtime = runtime;
    this.#work = work;
    this.#alarm = new Alarm(runtime, () => this.call());
  }

  /** Whether it works no more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Works at the end of this turn, once however often that is called for in it. */
  call(): void {
    if (this.#isCalled || this.#isClosed) return;
    this.#isCalled = true;
    this.#runtime.soon(() => {
      this.#isCalled = false;
      if (!this.#isClosed) this.#work();
    });
  }

  /** Works at a time on the runtime's clock, at the latest; `Infinity`: not before it is called. */
  callAt(atMs: number): void {
    this.#alarm.set(atMs);
  }

  /** Works no more. */
  close(): void {
    this.#isClosed = true;
    this.#alarm.cancel();
  }
}
