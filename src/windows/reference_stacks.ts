import type { OpenSlices, SliceStacks } from "../kernel/window_composer.ts";
import type { StateLayout } from "../kernel/window_layout.ts";
import { emptyGroup, mergeGroup, type ReferenceGroup } from "./reference_group.ts";

/** A slice of open windows. */
export interface ReferenceSlice {
  readonly start: number;
  readonly skipped: number;
  readonly groups: Map<string, ReferenceGroup>;
  /** Of which kinds of windows it is in a stack. */
  readonly taken: Set<number>;
}

/** A slice of a key and all later ones of the front. */
interface Node {
  readonly slice: ReferenceSlice;
  readonly group: ReferenceGroup;
}

/** The stacks of a key. */
interface Entry {
  front: Node[];
  readonly back: ReferenceGroup;
}

/** A window that has closed. */
export interface ReferenceWindow {
  readonly end: number;
  readonly groups: ReferenceGroup[];
}

/** Slices that are kept in order. */
export class ReferenceSlices implements OpenSlices {
  readonly #slices: ReferenceSlice[];

  /** Of a list, which changes. */
  constructor(slices: ReferenceSlice[]) {
    this.#slices = slices;
  }

  get count(): number {
    return this.#slices.length;
  }

  get hasBelated(): boolean {
    return this.#slices.some(({ skipped }) => skipped > 0);
  }

  start(index: number): number {
    return this.#slices[index].start;
  }

  skipped(index: number): number {
    return this.#slices[index].skipped;
  }

  rank(start: number): number {
    const index = this.#slices.findIndex((slice) => slice.start >= start);
    return index < 0 ? this.count : index;
  }

  drop(count: number): void {
    this.#slices.splice(0, count);
  }
}

/** The kernel's stacks with objects: the same merges in the same order. */
export class ReferenceStacks implements SliceStacks {
  /** Windows that have closed. */
  readonly results: ReferenceWindow[] = [];
  readonly #slices: readonly ReferenceSlice[];
  readonly #layout: StateLayout;
  readonly #kind: number;
  readonly #entries = new Map<string, Entry>();
  /** Groups of the window that slices were collected for last, by key. */
  readonly #collected = new Map<string, ReferenceGroup>();

  /** Stacks of a kind of windows. */
  constructor(slices: readonly ReferenceSlice[], layout: StateLayout, kind: number) {
    this.#slices = slices;
    this.#layout = layout;
    this.#kind = kind;
  }

  nextWaiting(from: number): number {
    const index = this.#slices.findIndex(({ taken }, at) => at >= from && !taken.has(this.#kind));
    return index < 0 ? this.#slices.length : index;
  }

  clear(): void {
    this.#entries.clear();
  }

  stack(index: number): void {
    const slice = this.#slices[index];
    slice.taken.add(this.#kind);
    for (const [name, own] of slice.groups) {
      const { front } = this.#entry(name, own);
      const group = this.#empty(own);
      mergeGroup(group, own);
      const after = front.findIndex((node) => node.slice.start > slice.start);
      const at = after < 0 ? front.length : after;
      for (const node of front.slice(0, at)) mergeGroup(node.group, own);
      if (at < front.length) mergeGroup(group, front[at].group);
      front.splice(at, 0, { slice, group });
    }
  }

  add(index: number): void {
    const slice = this.#slices[index];
    slice.taken.add(this.#kind);
    for (const [name, own] of slice.groups) mergeGroup(this.#entry(name, own).back, own);
  }

  collect(index: number, end: number): number {
    if (this.results.at(-1)?.end !== end) {
      this.results.push({ end, groups: [] });
      this.#collected.clear();
    }
    const { groups } = this.results.at(-1)!;
    for (const [name, own] of this.#slices[index].groups) {
      const group = this.#collected.get(name) ?? this.#empty(own);
      mergeGroup(group, own);
      if (this.#collected.has(name)) continue;
      this.#collected.set(name, group);
      groups.push(group);
    }
    return groups.length;
  }

  leave(from: number, to: number): void {
    const dropped = new Set(this.#slices.slice(from, to));
    for (const entry of this.#entries.values()) {
      entry.front = entry.front.filter(({ slice }) => !dropped.has(slice));
    }
  }

  put(end: number): number {
    const groups: ReferenceGroup[] = [];
    for (const { front, back } of this.#entries.values()) {
      if (front.length === 0 && back.rows === 0n) continue;
      const group = this.#empty(back);
      if (front.length > 0) mergeGroup(group, front[0].group);
      if (back.rows > 0n) mergeGroup(group, back);
      groups.push(group);
    }
    this.results.push({ end, groups });
    return groups.length;
  }

  #entry(name: string, like: ReferenceGroup): Entry {
    const entry = this.#entries.get(name) ?? { front: [], back: this.#empty(like) };
    this.#entries.set(name, entry);
    return entry;
  }

  #empty(like: ReferenceGroup): ReferenceGroup {
    return emptyGroup(this.#layout, like);
  }
}
