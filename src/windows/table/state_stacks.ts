import type { SliceStacks } from "../../kernel/window_composer.ts";
import type { Aggregation, States } from "../operator/aggregation.ts";
import type { StateSlice, StateSlices } from "./state_slices.ts";

/** What a key has from a slice on, up to where the front ends. */
interface Node {
  readonly slice: StateSlice;
  readonly states: States;
}

/** The stacks of a key. */
interface Entry {
  /** The earliest last. */
  readonly front: Node[];
  back: States | undefined;
}

/** A window that has closed. */
export interface ClosedWindow {
  readonly end: number;
  /** The states of each key, by its id; they are not to be changed. */
  readonly groups: Map<number, States>;
}

/** The stacks of all keys, of one kind of windows, of states of any aggregates. */
export class StateStacks implements SliceStacks {
  readonly #slices: StateSlices;
  readonly #aggregation: Aggregation;
  readonly #kind: number;
  readonly #entries = new Map<number, Entry>();
  #results: ClosedWindow[] = [];

  /** Stacks of a kind of windows. */
  constructor(slices: StateSlices, aggregation: Aggregation, kind: number) {
    this.#slices = slices;
    this.#aggregation = aggregation;
    this.#kind = kind;
  }

  /** Takes out the windows that have closed since the last call. */
  takeResults(): ClosedWindow[] {
    const results = this.#results;
    this.#results = [];
    return results;
  }

  nextWaiting(from: number): number {
    const slices = this.#slices;
    let at = from;
    while (at < slices.count && slices.slice(at).taken.has(this.#kind)) at++;
    return at;
  }

  clear(): void {
    this.#entries.clear();
  }

  stack(index: number): void {
    const slice = this.#take(index);
    for (const [key, own] of slice.groups) {
      const { front } = this.#entryOf(key);
      let at = front.length;
      while (at > 0 && front[at - 1].slice.start <= slice.start) at--;
      // A slice that comes late is in all that go on from earlier ones.
      for (const node of front.slice(at)) this.#aggregation.merge(node.states, own);
      const after = front.slice(at - 1, at).map(({ states }) => states);
      front.splice(at, 0, { slice, states: this.#aggregation.merged([own, ...after]) });
    }
  }

  add(index: number): void {
    for (const [key, own] of this.#take(index).groups) {
      const entry = this.#entryOf(key);
      if (entry.back) this.#aggregation.merge(entry.back, own);
      else entry.back = this.#aggregation.merged([own]);
    }
  }

  collect(index: number, end: number): number {
    if (this.#results.at(-1)?.end !== end) this.#results.push({ end, groups: new Map() });
    const { groups } = this.#results.at(-1)!;
    for (const [key, own] of this.#slices.slice(index).groups) {
      const before = groups.get(key);
      groups.set(key, before ? this.#aggregation.merged([before, own]) : own);
    }
    return groups.size;
  }

  leave(from: number, to: number): void {
    if (from >= to) return;
    const left = new Set<StateSlice>();
    for (let at = from; at < to; at++) left.add(this.#slices.slice(at));
    for (const { front } of this.#entries.values()) {
      while (front.length > 0 && left.has(front.at(-1)!.slice)) front.pop();
    }
  }

  put(end: number): number {
    const groups = new Map<number, States>();
    for (const [key, { front, back }] of this.#entries) {
      const parts = [front.at(-1)?.states, back].filter((states) => states !== undefined);
      if (parts.length > 0) groups.set(key, this.#aggregation.merged(parts));
    }
    this.#results.push({ end, groups });
    return groups.size;
  }

  #take(index: number): StateSlice {
    const slice = this.#slices.slice(index);
    slice.taken.add(this.#kind);
    return slice;
  }

  #entryOf(key: number): Entry {
    return this.#entries.getOrInsertComputed(key, () => ({ front: [], back: undefined }));
  }
}
