import type { Waiter } from "../runtime/runtime.ts";
import { type Bell, ringBell, type Sleeper } from "./ring_buffer.ts";

/** Blocks that one may be ahead of the first whose greatest time its pipeline does not know. */
export const MOST_BLOCKS_BEHIND = 1024;
/**
 * A block is sent only when the one that stood in its place is behind all that any bee may still
 * ask for, see {@linkcode MOST_BLOCKS_BEHIND}; that takes twice as many places.
 */
const PLACES = 2 * MOST_BLOCKS_BEHIND;
const MOST_BEES = 256;
const PLACE_BYTES = 16;
const SLEEPERS_BYTES = 4 * MOST_BEES;

/** Bytes of the memory of a {@linkcode TimeBoard}. */
export const BOARD_BYTES: number = SLEEPERS_BYTES + PLACES * PLACE_BYTES;

/** Who looks at a board, and how the others are woken. */
export interface BoardOptions {
  /** Its place in the hive. */
  readonly bee: number;
  /** By place in the hive: where the other bees sleep. */
  readonly bells: () => readonly (Bell | undefined)[];
  readonly waiter: Waiter;
}

/**
 * Where bees tell each other the greatest event times of the blocks that they decode, so that each
 * knows the watermark before its own: shared memory with a place for each block.
 *
 * A place is written once by one bee, then marked with the block's number; whoever reads the mark
 * sees the time. A board belongs to one generation: when a bee is lost, it is abandoned with it.
 */
export class TimeBoard {
  readonly #options: BoardOptions;
  readonly #sleepers: Int32Array;
  readonly #marks: Int32Array;
  readonly #times: Float64Array;

  /** A view of shared memory of {@linkcode BOARD_BYTES}. */
  constructor(memory: SharedArrayBuffer, options: BoardOptions) {
    this.#options = options;
    this.#sleepers = new Int32Array(memory, 0, MOST_BEES);
    this.#marks = new Int32Array(memory, SLEEPERS_BYTES);
    this.#times = new Float64Array(memory, SLEEPERS_BYTES);
  }

  /**
   * Tells the greatest time of a block, ms; `-Infinity`: it has none.
   *
   * @param partition Which source partition it is of. Default 0.
   */
  publish(sequence: number, greatest: number, partition = 0): void {
    const place = sequence % PLACES;
    this.#times[2 * place + 1] = greatest;
    this.#marks[4 * place + 1] = partition;
    Atomics.store(this.#marks, 4 * place, markOf(sequence));
    this.#wakeOthers();
  }

  #wakeOthers(): void {
    const { bells, waiter, bee } = this.#options;
    bells().forEach((bell, other) => {
      if (!bell || other === bee || Atomics.load(this.#sleepers, other) === 0) return;
      Atomics.store(this.#sleepers, other, 0);
      ringBell(bell, waiter);
    });
  }

  /**
   * The greatest time of the `behind` blocks before one; `undefined` as long as one of them was not
   * told.
   */
  greatestBefore(sequence: number, behind: number): number | undefined {
    let greatest = -Infinity;
    const areTold = this.eachBefore(sequence, behind, (time) => {
      greatest = Math.max(greatest, time);
    });
    return areTold ? greatest : undefined;
  }

  /**
   * Gives the greatest times of the `behind` blocks before one and their partitions, in order; `false`
   * as soon as one of them was not told.
   */
  eachBefore(
    sequence: number,
    behind: number,
    take: (greatest: number, partition: number) => void,
  ): boolean {
    for (let each = sequence - behind; each < sequence; each++) {
      const place = each % PLACES;
      if (Atomics.load(this.#marks, 4 * place) !== markOf(each)) return false;
      take(this.#times[2 * place + 1], this.#marks[4 * place + 1]);
    }
    return true;
  }

  /** What a bee sleeps for that wants to know the greatest time before a block. */
  before(sequence: number, behind: number): Sleeper {
    const { bee } = this.#options;
    return {
      arm: () => {
        Atomics.store(this.#sleepers, bee, 1);
        return this.greatestBefore(sequence, behind) === undefined;
      },
      disarm: () => void Atomics.store(this.#sleepers, bee, 0),
    };
  }
}

/** Never 0, which a place has at first. */
function markOf(sequence: number): number {
  return (sequence % 0x7fff_ffff) + 1;
}
