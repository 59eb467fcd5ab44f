import { CorruptBatch } from "../../records/corrupt_batch.ts";
import type { WholeBatches } from "../../records/whole_batches.ts";
import type { PartitionOffset, TopicPartition } from "../driver.ts";
import { KafkaError, OffsetOutOfRange } from "../kafka_error.ts";
import { CODES, errorName } from "../wire/error_codes.ts";
import type { LostReading } from "./reading.ts";

/** What a broker sends again and again cannot be a part of a log. */
export function damagedFetch(
  at: PartitionOffset,
  bytes: number,
  { bytes: wholeBytes, next }: WholeBatches,
): CorruptBatch {
  const reason = wholeBytes === 0
    ? `${bytes} bytes came, and the first batch claims to have more`
    : `what came ends at offset ${next}`;
  const fix = "fetch it again; if it stays so it is damaged at the broker, or on the way";
  return new CorruptBatch(at, reason, fix);
}

/** A broker does not give what is in a partition. */
export function refusedFetch({ topic, partition }: TopicPartition, code: number): KafkaError {
  const advice = code === CODES.topicAuthorizationFailed ? ": grant READ on the topic" : "";
  return new KafkaError(
    `Cannot fetch partition ${partition} of topic ${JSON.stringify(topic)}: the broker says ` +
      `${errorName(code)}${advice}`,
    { code: errorName(code) },
  );
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
