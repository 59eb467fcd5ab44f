import type {
  EpochStart,
  FetchedBlock,
  PartitionOffset,
  TopicPartition,
} from "../driver/driver.ts";

/** A partition while it is read. */
export class PartitionState implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  /** Which of the source's partitions it is. */
  readonly index: number;
  /** Where it is not read on; `Infinity`: nowhere. */
  end: number;
  /** Where it began. */
  readonly first: number;
  /** The offset that is fetched next. */
  next: number;
  /** Behind what the pipeline was given. */
  taken: number;
  /** The end that it is known to have, as far as records count. */
  known: number;
  /** When it last came on, or had nothing to come on to, by the runtime's clock, ms. */
  aliveMs: number;
  /** Whether the pipeline was told that nothing more comes of it. */
  isOver = false;
  /** Whether it is another reader's now. */
  isGone = false;
  /** What was noted where it was committed that it begins here. */
  readonly note: string | undefined;
  /** Whether the pipeline was told of that. */
  isBegun = false;
  /** Under which leaders what was fetched was appended, in order. */
  #epochs: EpochStart[] = [];

  /** A partition at an offset. */
  constructor(
    { topic, partition, offset, leaderEpoch, metadata }: PartitionOffset,
    { index, end, nowMs }: { readonly index: number; readonly end: number; readonly nowMs: number },
  ) {
    this.topic = topic;
    this.partition = partition;
    this.index = index;
    this.note = metadata;
    this.end = end;
    this.first =
      this.next =
      this.taken =
      this.known =
        offset;
    this.aliveMs = nowMs;
    if (leaderEpoch !== undefined) this.#epochs.push({ epoch: leaderEpoch, from: -1 });
  }

  /** An offset with the epoch of the record before it, as far as that is known, and a note. */
  at(offset: number, note?: string): PartitionOffset {
    const { topic, partition } = this;
    const epoch = this.#epochs.findLast(({ from }) => from < offset)?.epoch;
    return {
      ...{ topic, partition, offset },
      ...(epoch !== undefined && { leaderEpoch: epoch }),
      ...(note !== undefined && { metadata: note }),
    };
  }

  /** Whether there is nothing left to fetch. */
  get isFetched(): boolean {
    return this.isOver || this.isGone || this.next >= this.end;
  }

  /** Records, or markers of transactions, that the pipeline was not given. */
  get lag(): number {
    return this.isGone ? 0 : Math.max(0, Math.min(this.known, this.end) - this.taken);
  }

  /** Something of it has come. */
  fetched(
    { next, epochs = [] }: FetchedBlock,
    { known, nowMs }: { known: number; nowMs: number },
  ): void {
    this.next = next;
    this.#epochs.push(...epochs.filter(({ epoch }) => epoch > (this.#epochs.at(-1)?.epoch ?? -1)));
    this.known = Math.max(known, next);
    this.aliveMs = nowMs;
  }

  /** Reads on somewhere else: what was there is gone. */
  moved(offset: number): void {
    // whose the records are that were passed over is not known
    this.#epochs = offset > this.next ? [] : this.#epochs.filter(({ from }) => from < offset);
    this.next = this.taken = offset;
    this.known = Math.max(this.known, offset);
  }
}

/** By what a partition is known. */
export function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
