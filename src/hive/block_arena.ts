import type { Runtime } from "../runtime/runtime.ts";

/** Blocks that there is room for, at most: those of a log, and those on their way. */
const MOST_SLOTS = 48;
/** Memory that they take together, at most: of large blocks there are fewer, or none. */
const MOST_BYTES = 256 * 1024 * 1024;
const ALIGNMENT = 8;

/** Where a block lies in the memory that all bees share. */
export interface BlockPlace {
  readonly offset: number;
  readonly length: number;
}

/** Bytes of a {@linkcode BlockPlace} in a message. */
export const PLACE_BYTES = 16;

/** Writes a place to the start of a message's body, or behind the rows that are left out. */
export function writePlace(target: Uint8Array, { offset, length }: BlockPlace): void {
  new Float64Array(target.buffer, target.byteOffset, 2).set([offset, length]);
}

/** The bytes of a block whose place is told. */
export function bytesAt(memory: SharedArrayBuffer, body: Uint8Array): Uint8Array {
  const [offset, length] = new Float64Array(body.buffer, body.byteOffset, 2);
  return new Uint8Array(memory, offset, length);
}

/**
 * Memory into which blocks are read, and out of which all bees decode them: a block then crosses
 * to a bee, and crosses again after a loss, as a place of two numbers. It is given back when the
 * log lets go of the block; until then nobody writes to it.
 */
export class BlockArena {
  readonly #runtime: Pick<Runtime, "sharedMemory">;
  #memory: SharedArrayBuffer | undefined;
  #slotBytes = 0;
  /** The last one given back comes first: it may still be in a cache. */
  #free: number[] = [];

  /** Without memory yet. */
  constructor(runtime: Pick<Runtime, "sharedMemory">) {
    this.#runtime = runtime;
  }

  /** What the bees are given. */
  get memory(): SharedArrayBuffer | undefined {
    return this.#memory;
  }

  /** Gets its memory, for blocks of so many bytes; none for blocks of more than 256 MiB. */
  open(blockBytes: number): void {
    this.#slotBytes = ALIGNMENT * Math.ceil(blockBytes / ALIGNMENT);
    const slots = Math.min(MOST_SLOTS, Math.floor(MOST_BYTES / this.#slotBytes));
    if (slots === 0) return;
    this.#memory = this.#runtime.sharedMemory(slots * this.#slotBytes);
    this.#free = Array.from({ length: slots }, (_, slot) => slots - 1 - slot);
  }

  /** Room for a block; `undefined`: there is none now. */
  take(): Uint8Array | undefined {
    const slot = this.#free.pop();
    if (slot === undefined) return undefined;
    return new Uint8Array(this.#memory!, slot * this.#slotBytes, this.#slotBytes);
  }

  /** Gives the room back that some bytes lie in, if they lie here. */
  release(bytes: Uint8Array): void {
    const place = this.placeOf(bytes);
    if (place) this.#free.push(Math.floor(place.offset / this.#slotBytes));
  }

  /** Where bytes lie; `undefined`: not here. */
  placeOf({ buffer, byteOffset: offset, length }: Uint8Array): BlockPlace | undefined {
    return buffer === this.#memory ? { offset, length } : undefined;
  }
}
