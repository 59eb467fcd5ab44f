import type { PartitionOffset } from "../driver/driver.ts";
import type { WaitingBlock } from "./fetch_buffer.ts";
import type { PartitionState } from "./partition_state.ts";

/** What comes next of a topic. */
export type ReadEvent =
  /** There are so many partitions from now on. */
  | { readonly partitions: number }
  /** Nothing more comes of a partition. */
  | { readonly ended: PartitionState }
  /** All begins anew, from what is committed of these partitions. */
  | { readonly restart: readonly PartitionOffset[] }
  /** Records. */
  | WaitingBlock;

/** What is to be told of partitions before more of their records. */
export class ReadEvents {
  #events: Exclude<ReadEvent, WaitingBlock>[] = [];

  /** Whether there is nothing to be told. */
  get isEmpty(): boolean {
    return this.#events.length === 0;
  }

  /** There are so many partitions from now on. */
  grown(partitions: number): void {
    this.#events.push({ partitions });
  }

  /** Nothing more comes of a partition; told once. */
  end(state: PartitionState): void {
    if (!state.isOver && this.#endOf(state) < 0) this.#events.push({ ended: state });
  }

  /** More comes of a partition, if it was not told that it has ended. */
  goOn(state: PartitionState): void {
    const at = this.#endOf(state);
    if (at >= 0) this.#events.splice(at, 1);
  }

  /** All begins anew: nothing else is left to be told. */
  restart(positions: readonly PartitionOffset[]): void {
    this.#events = [{ restart: positions }];
  }

  /** Whether it is to be told that all begins anew. */
  get isRestarting(): boolean {
    return this.#events.some((event) => "restart" in event);
  }

  /** Nothing is left to be told. */
  clear(): void {
    this.#events = [];
  }

  /** What is told next; who is told of the end of a partition takes it for over. */
  next(): Exclude<ReadEvent, WaitingBlock> | undefined {
    const event = this.#events.shift();
    if (event && "ended" in event) event.ended.isOver = true;
    return event;
  }

  #endOf(state: PartitionState): number {
    return this.#events.findIndex((event) => "ended" in event && event.ended === state);
  }
}
