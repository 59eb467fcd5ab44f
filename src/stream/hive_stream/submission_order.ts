import type { KeyedResult } from "./result_queue.ts";

/** In place of the result of a record that gives none. */
const NOTHING: unique symbol = Symbol("nothing");

/** Holds results back until all that were submitted before have theirs. */
export class SubmissionOrder<Out> {
  readonly #waiting = new Map<number, KeyedResult<Out> | typeof NOTHING>();
  readonly #give: (result: KeyedResult<Out>) => void;
  #next = 0;

  /** Gives results to `give`, in order. */
  constructor(give: (result: KeyedResult<Out>) => void) {
    this.#give = give;
  }

  /** Results that wait for an earlier one. */
  get length(): number {
    return this.#waiting.size;
  }

  /** Notes the outcome of a record, `undefined` for none, and gives out all that may leave now. */
  settle(sequence: number, outcome: KeyedResult<Out> | undefined): void {
    this.#waiting.set(sequence, outcome ?? NOTHING);
    while (true) {
      const next = this.#waiting.get(this.#next);
      if (next === undefined) return;
      this.#waiting.delete(this.#next++);
      if (next !== NOTHING) this.#give(next);
    }
  }

  /** Gives out all that waits, in order: what it waited for will not come. */
  release(): void {
    for (const [sequence, outcome] of [...this.#waiting].sort(([a], [b]) => a - b)) {
      this.#waiting.delete(sequence);
      if (outcome !== NOTHING) this.#give(outcome);
    }
  }
}
