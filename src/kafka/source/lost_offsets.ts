import { KafkaError } from "../driver/kafka_error.ts";
import type { PartitionState } from "./partition_state.ts";

const CODE = "OFFSET_OUT_OF_RANGE";

/** The error about an offset that is not there. */
export function outOfRange(
  name: string,
  state: PartitionState,
  { start, end }: { readonly start: number; readonly end: number },
): KafkaError {
  const why = state.next < start
    ? "older ones were deleted, by the topic's retention or by hand"
    : "records were lost, or the topic was made anew";
  return new KafkaError(
    `Cannot read ${name}: partition ${state.partition} of ${state.topic} was to be read from offset ` +
      `${state.next}, and has those from ${start} to ${end}: ${why}; pass outOfRange: "earliest" or ` +
      `"latest" to go on there, or start where there are records`,
    { code: CODE },
  );
}

/** The error about a partition that ends before where it was to be read to. */
export function shrunk(
  name: string,
  { topic, partition, end }: PartitionState,
  now: number,
): KafkaError {
  return new KafkaError(
    `Cannot read ${name}: partition ${partition} of ${topic} was to be read up to offset ${end}, and ` +
      `ends at ${now} now: records were lost, or the topic was made anew; pass outOfRange: ` +
      `"earliest" or "latest" to take what there is, or read it again`,
    { code: CODE },
  );
}

/** The error about a partition whose new leader has less of it than was read. */
export function truncated(
  name: string,
  { topic, partition, next }: PartitionState,
  to: number,
): KafkaError {
  return new KafkaError(
    `Cannot read ${name}: partition ${partition} of ${topic} was read up to offset ${next}, and its ` +
      `new leader has the same up to ${to} alone: records that were read are lost, and others may ` +
      `stand in their place, because a replica that lacked them was elected ` +
      `(unclean.leader.election.enable); pass outOfRange: "earliest" or "latest" to read on from ` +
      `offset ${to}`,
    { code: CODE },
  );
}
