import type { Cancel, Runtime } from "../../../runtime/runtime.ts";

/** Rings at a time, which can be put off or brought forward; one timer at most. */
export class Alarm {
  readonly #runtime: Runtime;
  readonly #ring: () => void;
  #set: { readonly atMs: number; readonly cancel: Cancel } | undefined;

  /** Not set yet. */
  constructor(runtime: Runtime, ring: () => void) {
    this.#runtime = runtime;
    this.#ring = ring;
  }

  /**
   * Rings at a time on the runtime's clock, at the latest; `Infinity`: not at all. One that is set for
   * an earlier time is left as it is: whoever hears it sets it again.
   */
  set(atMs: number): void {
    if (this.#set !== undefined && this.#set.atMs <= atMs && atMs !== Infinity) return;
    this.cancel();
    if (atMs === Infinity) return;
    const cancel = this.#runtime.after(Math.max(0, atMs - this.#runtime.monotonicMs()), () => {
      this.#set = undefined;
      this.#ring();
    });
    this.#set = { atMs, cancel };
  }

  /** Does not ring. */
  cancel(): void {
    this.#set?.cancel();
    this.#set = undefined;
  }
}
