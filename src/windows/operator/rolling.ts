import type { WindowShape } from "../../kernel/window_shape.ts";
import type { Aggregation, States } from "./aggregation.ts";
import type { Slice, Slices } from "./slices.ts";

/** What is known of a key in the window that closed last. */
interface Roll {
  readonly key: number;
  /** Start of the newest slice that holds the key. */
  newest: number;
  /** The block that is put together from its end; NaN: anew. */
  block: number;
  /** From each slice before the block that holds the key up to the block, the earliest last. */
  suffixes: { readonly start: number; readonly states: States }[];
  /** From the block on. */
  prefix: States | undefined;
  /** Up to where that goes. */
  prefixEnd: number;
}

/**
 * Windows that overlap, put together from slices at their ends. Time is cut into blocks as long as
 * a window, so that a window is the end of one block and the beginning of the next: the ends of a
 * block are put together once, from its last slice back, and the beginning grows slice by slice.
 * That makes three merges a window and key however many slices a window has, needs no inverse, and
 * depends on nothing but the slices (van Herk, Pattern Recognition Letters 13, 1992).
 */
export class Rolling {
  readonly #shape: WindowShape;
  readonly #slices: Slices;
  readonly #aggregation: Aggregation;
  readonly #rolls = new Map<number, Roll>();
  /** Slices that start before are known to the rolls. */
  #entered = -Infinity;

  constructor(shape: WindowShape, slices: Slices, aggregation: Aggregation) {
    this.#shape = shape;
    this.#slices = slices;
    this.#aggregation = aggregation;
  }

  /** End of the window that was put together last. */
  get entered(): number {
    return this.#entered;
  }

  /** Starts over with slices of which those before a time have been in a window. */
  restore(entered: number): void {
    this.#enter(entered);
  }

  /** Forgets all keys. */
  clear(): void {
    this.#rolls.clear();
  }

  /** A row of the key has come into a slice that may have been in a window. */
  touch({ start }: Slice, key: number): void {
    if (start >= this.#entered) return;
    const roll = this.#rollOf(key);
    roll.newest = Math.max(roll.newest, start);
    roll.block = NaN;
  }

  /** The keys in a window and the states of each. */
  *close(start: number, end: number): Generator<{ key: number; states: States }> {
    this.#enter(end);
    const { offset, size } = this.#shape;
    const block = offset + Math.ceil((start - offset) / size) * size;
    for (const roll of this.#rolls.values()) {
      if (roll.newest < start) this.#rolls.delete(roll.key);
      else yield { key: roll.key, states: this.#statesOf(roll, { start, block, end }) };
    }
  }

  /** Takes in the slices up to the end of a window. */
  #enter(end: number): void {
    for (const { start, groups } of this.#slices.between(this.#entered, end)) {
      for (const key of groups.keys()) this.#rollOf(key).newest = start;
    }
    this.#entered = end;
  }

  #rollOf(key: number): Roll {
    let roll = this.#rolls.get(key);
    if (roll === undefined) {
      roll = {
        key,
        newest: -Infinity,
        block: NaN,
        suffixes: [],
        prefix: undefined,
        prefixEnd: NaN,
      };
      this.#rolls.set(key, roll);
    }
    return roll;
  }

  #statesOf(roll: Roll, window: { start: number; block: number; end: number }): States {
    return this.#aggregation.grows ? this.#anew(roll, window) : this.#roll(roll, window);
  }

  #anew({ key }: Roll, { start, end }: { start: number; end: number }): States {
    const groups = this.#slices.between(start, end).map(({ groups }) => groups.get(key));
    const held = groups.filter((group) => group !== undefined);
    return this.#aggregation.merged(held.map(({ states }) => states));
  }

  #roll(roll: Roll, window: { start: number; block: number; end: number }): States {
    const { start, block, end } = window;
    if (roll.block !== block) this.#turn(roll, start, block);
    const { suffixes } = roll;
    while (suffixes.length > 0 && suffixes.at(-1)!.start < start) suffixes.pop();
    for (const { groups } of this.#slices.between(roll.prefixEnd, end)) {
      const group = groups.get(roll.key);
      if (group === undefined) continue;
      roll.prefix ??= this.#aggregation.init();
      this.#aggregation.merge(roll.prefix, group.states);
    }
    roll.prefixEnd = Math.max(end, block);
    const suffix = suffixes.at(-1)?.states;
    if (suffix === undefined || roll.prefix === undefined) return (suffix ?? roll.prefix)!;
    return this.#aggregation.merged([suffix, roll.prefix]);
  }

  /** Puts the end of a block together, and begins with the next. */
  #turn(roll: Roll, start: number, block: number): void {
    roll.block = block;
    roll.prefix = undefined;
    roll.prefixEnd = block;
    roll.suffixes = [];
    let after: States | undefined;
    const slices = this.#slices.between(start, block);
    for (let at = slices.length - 1; at >= 0; at--) {
      const group = slices[at].groups.get(roll.key);
      if (group === undefined) continue;
      const states = after === undefined
        ? this.#aggregation.merged([group.states])
        : this.#aggregation.merged([group.states, after]);
      roll.suffixes.push({ start: slices[at].start, states });
      after = states;
    }
  }
}
