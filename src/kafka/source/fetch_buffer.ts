import type { FetchedBlock } from "../driver/driver.ts";
import type { PartitionState } from "./partition_state.ts";

/** What has come of a partition and waits for the pipeline. */
export interface WaitingBlock {
  readonly state: PartitionState;
  readonly block: FetchedBlock;
}

/** Fetched blocks that the pipeline has not taken, in the order in which they came. */
export class FetchBuffer {
  readonly #maxBytes: number;
  #waiting: WaitingBlock[] = [];
  #bytes = 0;
  #brokers = 1;

  /** Nothing waits; what waits and what may be under way from all brokers is to be no more. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Of how many brokers blocks are fetched, one request at a time of each. */
  shareAmong(brokers: number): void {
    this.#brokers = Math.max(1, brokers);
  }

  /** The most bytes that may be fetched of a broker at once. */
  get fetchBytes(): number {
    return Math.max(1, Math.floor(this.#maxBytes / (this.#brokers + 1)));
  }

  /** Whether there is room for what all brokers may send. */
  get hasRoom(): boolean {
    return this.isEmpty || this.#bytes + this.#brokers * this.fetchBytes <= this.#maxBytes;
  }

  /** Bytes that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether nothing waits. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Puts a block behind all others. */
  put(waiting: WaitingBlock): void {
    this.#waiting.push(waiting);
    this.#bytes += waiting.block.bytes.length;
  }

  /** The oldest block of a partition that may be read now. */
  take(isHeld: (state: PartitionState) => boolean): WaitingBlock | undefined {
    const at = this.#waiting.findIndex(({ state }) => !isHeld(state));
    if (at < 0) return undefined;
    const [taken] = this.#waiting.splice(at, 1);
    this.#bytes -= taken.block.bytes.length;
    return taken;
  }

  /** Whether something of a partition waits. */
  has(state: PartitionState): boolean {
    return this.#waiting.some((each) => each.state === state);
  }

  /** Forgets everything, and gives the first block of each partition. */
  dropAll(): Map<PartitionState, FetchedBlock> {
    const firsts = new Map<PartitionState, FetchedBlock>();
    for (const { state, block } of this.#waiting) if (!firsts.has(state)) firsts.set(state, block);
    this.#waiting = [];
    this.#bytes = 0;
    return firsts;
  }

  /** Forgets what waits of a partition. */
  drop(state: PartitionState): void {
    this.#waiting = this.#waiting.filter((each) => each.state !== state);
    this.#bytes = this.#waiting.reduce((sum, { block }) => sum + block.bytes.length, 0);
  }
}
