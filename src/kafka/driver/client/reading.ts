import type { FetchedBlock, PartitionOffset, TopicPartition } from "../driver.ts";
import { OffsetOutOfRange } from "../kafka_error.ts";
import { CODES, errorName } from "../wire/error_codes.ts";
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

/** What cannot be read on. */
export function lostOffsets(lost: readonly LostReading[]): OffsetOutOfRange {
  const partitions = lost.map(({ topic, partition, truncatedTo }) => ({
    ...{ topic, partition },
    ...(truncatedTo !== undefined && { truncatedTo }),
  }));
  const [{ topic, partition, offset, truncatedTo }] = lost;
  const others = lost.length > 1 ? ` (and ${lost.length - 1} others)` : "";
  const where = `offset ${offset} of partition ${partition} of topic ${JSON.stringify(topic)}`;
  const why = truncatedTo === undefined
    ? "there is no such offset, because the records were deleted (retention), the topic was made " +
      "anew, or the partition lost its end; begin at its earliest or latest offset"
    : `its leader has what was read up to offset ${truncatedTo} alone, because one that lacked the ` +
      "rest was elected (unclean.leader.election.enable); begin there";
  return new OffsetOutOfRange(`Cannot fetch from ${where}${others}: ${why}`, {
    ...{ partitions, code: errorName(CODES.offsetOutOfRange) },
  });
}
