import type { Aggregation, States } from "./aggregation.ts";

/** Something that is put in at one end and taken out at the other. */
export interface Entry {
  /** Where it stands: entries are put in in the order of their positions. */
  readonly at: number;
  /** Of this entry; of one that has been turned over, of it and all after it up to the turn. */
  readonly states: States;
}

/** An entry in a snapshot. */
export type SavedEntry = readonly [at: number, states: unknown[]];

/**
 * A queue that knows the states of all that is in it. What leaves is subtracted where all aggregates
 * can do that; states that grow are put together anew when they are asked for; then there is nothing
 * in front. Else any aggregate will do, at three merges an entry (two stacks; Tangwongsan, Hirzel and
 * Schneider, "Low-Latency Sliding-Window Aggregation in Worst-Case Constant Time", DEBS 2017,
 * section 2).
 */
export class TwoStacks {
  readonly #aggregation: Aggregation;
  readonly #subtracts: boolean;
  /** Whether states are put together anew each time, as those that grow are. */
  readonly #isAnew: boolean;
  /** The earliest last. */
  #front: Entry[] = [];
  #back: Entry[] = [];
  #backStates: States | undefined;

  constructor(aggregation: Aggregation) {
    this.#aggregation = aggregation;
    this.#subtracts = aggregation.canRetract;
    this.#isAnew = aggregation.grows && !this.#subtracts;
  }

  /** How many entries there are. */
  get length(): number {
    return this.#front.length + this.#back.length;
  }

  /** The two stacks, for a snapshot. */
  save(): [front: SavedEntry[], back: SavedEntry[]] {
    const saved = ({ at, states }: Entry): SavedEntry => [at, this.#aggregation.save(states)];
    return [this.#front.map(saved), this.#back.map(saved)];
  }

  /** Puts what was saved in the place of what there is. */
  load(front: readonly SavedEntry[], back: readonly SavedEntry[]): void {
    const loaded = ([at, saved]: SavedEntry): Entry => {
      return { at, states: this.#aggregation.load(saved) };
    };
    this.#front = front.map(loaded);
    this.#back = [];
    this.#backStates = undefined;
    for (const entry of back) this.push(loaded(entry));
  }

  /** Puts an entry in, whose states must not change any more. */
  push(entry: Entry): void {
    const back = this.#back;
    back.push(entry);
    if (this.#isAnew) return;
    if (this.#subtracts) {
      this.#backStates ??= this.#aggregation.init();
      this.#aggregation.merge(this.#backStates, entry.states);
    } else if (back.length === 1) this.#backStates = entry.states;
    else if (back.length > 2) this.#aggregation.merge(this.#backStates!, entry.states);
    else this.#backStates = this.#aggregation.merged([back[0].states, entry.states]);
  }

  /** Takes out the entries before a position. */
  evict(before: number): void {
    if (this.#subtracts || this.#isAnew) return this.#cut(before);
    while (true) {
      if (this.#front.length === 0) {
        if (this.#back.length === 0 || this.#back[0].at >= before) return;
        this.#turn(before);
      }
      while (this.#front.length > 0 && this.#front.at(-1)!.at < before) this.#front.pop();
      if (this.#front.length > 0) return;
    }
  }

  /** Takes entries out behind which nothing was turned over. */
  #cut(before: number): void {
    const back = this.#back;
    let gone = 0;
    for (; gone < back.length && back[gone].at < before; gone++) {
      if (this.#subtracts) this.#aggregation.retract(this.#backStates!, back[gone].states);
    }
    back.splice(0, gone);
    if (back.length === 0) this.#backStates = undefined;
  }

  #turn(before: number): void {
    let after: States | undefined;
    for (let at = this.#back.length - 1; at >= 0 && this.#back[at].at >= before; at--) {
      const entry = this.#back[at];
      const states: States = after === undefined
        ? this.#aggregation.merged([entry.states])
        : this.#aggregation.merged([entry.states, after]);
      this.#front.push({ at: entry.at, states });
      after = states;
    }
    this.#back = [];
    this.#backStates = undefined;
  }

  /** The states of all entries, which are not to be changed; there must be one. */
  states(): States {
    if (this.#isAnew) return this.#aggregation.merged(this.#back.map(({ states }) => states));
    const front = this.#front.at(-1)?.states;
    if (front === undefined || this.#backStates === undefined) return (front ?? this.#backStates)!;
    return this.#aggregation.merged([front, this.#backStates]);
  }
}
