import { CODES, errorName } from "../wire/error_codes.ts";
import type { PartitionQueue } from "./partition_queue.ts";

/** What brokers say of a topic. */
export interface TopicVerdict {
  readonly code: number;
  /** How many partitions it has, where it is there. */
  readonly partitions: number;
}

/** The queues with blocks of a topic that is not there, or of partitions that it has not. */
export function lostQueues(
  queues: Iterable<PartitionQueue>,
  { code, partitions }: TopicVerdict,
): readonly PartitionQueue[] {
  const there = code === 0 ? partitions : 0;
  return [...queues].filter(({ partition, waiting }) => partition >= there && waiting.length > 0);
}

/** Why a topic cannot be written to, or not where it is to; `undefined` when it can. */
export function whyUnwritable(
  queues: Iterable<PartitionQueue>,
  verdict: TopicVerdict,
): string | undefined {
  const { code, partitions } = verdict;
  const said = `the brokers say ${errorName(code)}`;
  if (code === CODES.unknownTopicOrPartition || code === CODES.invalidTopic) {
    return `${said}: there is no such topic: make it first`;
  }
  if (code === CODES.topicAuthorizationFailed) return `${said}: grant WRITE on it`;
  if (code !== 0 || lostQueues(queues, verdict).length === 0) return undefined;
  const there = `${partitions} ${partitions === 1 ? "partition" : "partitions"}`;
  return `the topic has ${there}, from 0; was it made anew?`;
}
