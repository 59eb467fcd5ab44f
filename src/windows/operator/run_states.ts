import type { Aggregation, States } from "./aggregation.ts";

/** Finds the states of a key, which rows are added to. */
export type StatesOfKey = (key: number) => States;

/**
 * Adds runs of rows that are all of one slice: the states of their keys are laid side by side by
 * key, each run adds column after column with nothing to decide for a row, and then the states go
 * back to where they belong.
 */
export class RunStates {
  readonly #aggregation: Aggregation;
  /** Of each aggregate, the states by key. */
  readonly #columns: unknown[][];
  /** The run for which the states of a key were laid out last. */
  #runs: Int32Array = new Int32Array();
  #run = 0;
  #groups: States[] = [];
  #keys: number[] = [];

  constructor(aggregation: Aggregation) {
    this.#aggregation = aggregation;
    this.#columns = Array.from({ length: aggregation.width }, () => []);
  }

  /** Adds rows whose keys are `ids`, from one up to another; gives how many keys they have. */
  add(ids: Int32Array, { from, to }: { from: number; to: number }, statesOf: StatesOfKey): number {
    try {
      this.#lay(ids, { from, to }, statesOf);
      this.#columns.forEach((states, at) => {
        this.#aggregation.addRun(at, states, { ids, from, to });
      });
      return this.#keys.length;
    } finally {
      // Where a user's function fails, the rows before count as they would one by one.
      this.#giveBack();
    }
  }

  /** Lays out the states of the keys of a run. */
  #lay(ids: Int32Array, { from, to }: { from: number; to: number }, statesOf: StatesOfKey): void {
    const run = this.#nextRun();
    for (let row = from; row < to; row++) {
      const key = ids[row];
      if (this.#runs[key] !== run) this.#layOne(key, run, statesOf(key));
    }
  }

  #nextRun(): number {
    if (this.#run === 2 ** 31 - 1) {
      this.#runs.fill(0);
      this.#run = 0;
    }
    return ++this.#run;
  }

  #layOne(key: number, run: number, states: States): void {
    if (key >= this.#runs.length) this.#widen(key + 1);
    this.#runs[key] = run;
    this.#keys.push(key);
    this.#groups.push(states);
    for (let at = 0; at < states.length; at++) this.#columns[at][key] = states[at];
  }

  #widen(keys: number): void {
    const wider = new Int32Array(Math.max(keys, 2 * this.#runs.length));
    wider.set(this.#runs);
    this.#runs = wider;
    for (const states of this.#columns) while (states.length < wider.length) states.push(undefined);
  }

  #giveBack(): void {
    for (let index = 0; index < this.#keys.length; index++) {
      const key = this.#keys[index];
      const states = this.#groups[index];
      for (let at = 0; at < states.length; at++) {
        states[at] = this.#columns[at][key];
        // Kept here they would be kept for as long as the operator lives.
        this.#columns[at][key] = undefined;
      }
    }
    this.#keys = [];
    this.#groups = [];
  }
}
