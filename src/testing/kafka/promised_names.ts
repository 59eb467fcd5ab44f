import type { Cancel, Runtime } from "../../runtime/runtime.ts";

/** Names of members that were told theirs and have not joined with it: KIP-394. */
export class PromisedNames {
  readonly #runtime: Runtime;
  /** With the timer that forgets each. */
  readonly #names = new Map<string, Cancel>();
  #born = 0;

  /** None yet. */
  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** A name for a member that is going to join, which is kept for so long. */
  name(clientId: string, sessionTimeoutMs: number): string {
    const memberId = `${clientId}-${++this.#born}-${Math.floor(this.#runtime.random() * 1e9)}`;
    const forget = () => this.#names.delete(memberId);
    this.#names.set(memberId, this.#runtime.after(sessionTimeoutMs, forget, { background: true }));
    return memberId;
  }

  /** Whether somebody was told a name. */
  has(memberId: string): boolean {
    return this.#names.has(memberId);
  }

  /** Who was told a name has joined, or never will: whether there was one. */
  take(memberId: string): boolean {
    this.#names.get(memberId)?.();
    return this.#names.delete(memberId);
  }

  /** No timers are left. */
  close(): void {
    for (const cancel of this.#names.values()) cancel();
  }
}
