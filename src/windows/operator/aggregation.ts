import type { AddRow, AggregateFunction, RowPlaces } from "../aggregate_function.ts";
import type { ColumnBatch } from "../window_table.ts";

/** The states of all aggregates of one group of rows, in their order. */
export type States = unknown[];

const MERGED_AT_ONCE = 4;

/** Several aggregates as one. */
export class Aggregation {
  readonly #functions: readonly AggregateFunction[];
  #adders: readonly AddRow<unknown>[] = [];
  /** The only adder, if there is one: most often there is. */
  #adder: AddRow<unknown> | undefined;

  /** Whether states of windows that overlap are put together anew each time. */
  readonly grows: boolean;

  constructor(functions: readonly AggregateFunction[]) {
    this.#functions = functions;
    this.grows = functions.some(({ grows }) => grows === true);
  }

  /** Readies a batch. */
  open(batch: ColumnBatch, places: RowPlaces): void {
    this.#adders = this.#functions.map((each) => each.open(batch, places));
    this.#adder = this.#adders.length === 1 ? this.#adders[0] : undefined;
  }

  /** Lets go of the batch. */
  close(): void {
    this.#adders = [];
    this.#adder = undefined;
  }

  /** The states of no rows. */
  init(): States {
    return this.#functions.map((each) => each.init());
  }

  /** Adds a row of the batch. */
  add(states: States, row: number): void {
    if (this.#adder !== undefined) {
      states[0] = this.#adder(states[0], row);
      return;
    }
    const adders = this.#adders;
    for (let at = 0; at < adders.length; at++) states[at] = adders[at](states[at], row);
  }

  /** How many aggregates there are. */
  get width(): number {
    return this.#functions.length;
  }

  /** Adds rows to the states of one of the aggregates, which lie by key. */
  addRun(
    at: number,
    states: unknown[],
    { ids, from, to }: { ids: Int32Array; from: number; to: number },
  ): void {
    const add = this.#adders[at];
    for (let row = from; row < to; row++) {
      const key = ids[row];
      const state = states[key];
      const next = add(state, row);
      // Most states are changed in place, and storing an object costs more than asking.
      if (next !== state) states[key] = next;
    }
  }

  /** The states of one row. */
  of(row: number): States {
    const states = this.init();
    this.add(states, row);
    return states;
  }

  /** Adds the rows of other states, which stay as they are. */
  merge(into: States, from: States): void {
    const functions = this.#functions;
    for (let at = 0; at < functions.length; at++) {
      into[at] = functions[at].merge(into[at], from[at]);
    }
  }

  /** Whether all aggregates can take rows out again. */
  get canRetract(): boolean {
    return this.#functions.every(({ retract }) => retract !== undefined);
  }

  /** Takes the rows of other states, which stay as they are, out of those that have them. */
  retract(into: States, from: States): void {
    const functions = this.#functions;
    for (let at = 0; at < functions.length; at++) {
      into[at] = functions[at].retract!(into[at], from[at]);
    }
  }

  /** The states of the rows of several others, which stay as they are. */
  merged(all: readonly States[]): States {
    if (this.grows && all.length > MERGED_AT_ONCE) return this.#mergedByHalves(all);
    const states = this.init();
    for (const each of all) this.merge(states, each);
    return states;
  }

  /** Many states that grow: one after the other would go over the first of them again and again. */
  #mergedByHalves(all: readonly States[]): States {
    const half = all.length >> 1;
    const states = this.merged(all.slice(0, half));
    this.merge(states, this.merged(all.slice(half)));
    return states;
  }

  /** The results as they stand in a row. */
  results(states: States): unknown[] {
    return this.#functions.map((each, at) => each.result(states[at]));
  }

  /** Puts the results at the ends of columns, from one of these on. */
  write(states: States, columns: readonly unknown[][], at: number): void {
    const functions = this.#functions;
    for (let index = 0; index < functions.length; index++) {
      columns[at + index].push(functions[index].result(states[index]));
    }
  }

  /** States as values for a snapshot. */
  save(states: States): unknown[] {
    return this.#functions.map((each, at) => each.save(states[at]));
  }

  /** The states of a snapshot's values. */
  load(saved: readonly unknown[]): States {
    if (saved.length !== this.#functions.length) {
      throw new RangeError(`it holds ${saved.length} aggregates, not ${this.#functions.length}`);
    }
    return this.#functions.map((each, at) => each.load(saved[at]));
  }
}
