import type { FetchedBlock, PartitionOffset, TopicPartition } from "../driver.ts";
import type { WholeBatches } from "../../records/whole_batches.ts";
import type { FetchedPartition } from "../wire/data_requests.ts";
import type { Leader } from "./cluster_view.ts";

/** A partition that is read. */
export interface Reading extends TopicPartition {
  /** What is asked for next. */
  offset: number;
  /** The epoch of the record before it; −1: unknown. */
  epoch: number;
  /** The epoch of the leader that has that record, too. */
  comparedTo: number;
  isPaused: boolean;
  /** `"over"`: it is not read until it is assigned anew. */
  state: "idle" | "asked" | "over";
  /** What has come and was not fetched yet. */
  block: FetchedBlock | undefined;
  notBeforeMs: number;
  failures: number;
  /** When something came of it last: the others come first then. */
  turn: number;
}

/** A partition that a broker is to be asked about. */
export interface Wanted {
  readonly reading: Reading;
  readonly leader: Leader;
}

/** One that cannot be read on where it was. */
export interface LostReading extends PartitionOffset {
  /** Up to where its leader has what was read. */
  readonly truncatedTo?: number;
}

/** A partition by name. */
export function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

/** A partition from a place on. */
export function readingAt(
  { topic, partition, offset, leaderEpoch = -1 }: PartitionOffset,
): Reading {
  return {
    ...{ topic, partition, offset, epoch: leaderEpoch, comparedTo: -1 },
    ...{ isPaused: false, state: "idle", block: undefined, notBeforeMs: 0, failures: 0, turn: 0 },
  };
}

/** Whether a leader may not have what was read of another one. */
export function isDoubtful({ epoch, comparedTo, block }: Reading, leader: Leader): boolean {
  return block === undefined && epoch >= 0 && leader.epoch > epoch && leader.epoch !== comparedTo;
}

/** What came of a partition, for those who fetch. */
export function blockOf(
  { offset }: Reading,
  { topic, partition, bytes, ...ends }: FetchedPartition,
  whole: WholeBatches,
): FetchedBlock {
  const { aborted, highWatermark, lastStableOffset, logStartOffset } = ends;
  return {
    ...{ topic, partition, bytes: bytes.subarray(0, whole.bytes), from: offset, next: whole.next },
    ...{ epochs: whole.epochs, aborted, highWatermark, lastStableOffset, logStartOffset },
  };
}
