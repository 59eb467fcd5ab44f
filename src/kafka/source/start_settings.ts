import { checkWord } from "../../codecs/option_checks.ts";
import { received } from "../../runtime/known_options.ts";
import type { PartitionOffset, TopicPartition } from "../driver/driver.ts";
import { checkTopic } from "../driver/kafka_connection.ts";
import type { KafkaSourceOptions } from "./kafka_source_options.ts";

/** What cannot be done without good options. */
export const DOING = "create kafkaSource";

/** Where to begin, with times as numbers. */
export type StartSettings =
  | { readonly at: "earliest" | "latest" | "committed" }
  | { readonly at: { readonly timestampMs: number } }
  | { readonly at: "offsets"; readonly offsets: readonly PartitionOffset[] };

/**
 * The topics that were asked for, each once.
 *
 * @throws {TypeError | RangeError} when there is none, or one cannot be one.
 */
export function topicsOf(given: string | readonly string[]): readonly string[] {
  const topics = Array.isArray(given) ? given : [given];
  if (topics.length === 0) {
    throw new TypeError(`Cannot ${DOING}: topics must name at least one topic, received none`);
  }
  for (const topic of topics) checkTopic("topics", topic, DOING);
  return [...new Set(topics)];
}

function checkPartition(partition: unknown): number {
  if (Number.isSafeInteger(partition) && (partition as number) >= 0) return partition as number;
  throw new RangeError(
    `Cannot ${DOING}: partitions must be whole numbers from 0, received ${received(partition)}`,
  );
}

function checkOf(topic: string, topics: readonly string[]): string {
  if (topics.includes(topic)) return topic;
  throw new TypeError(
    `Cannot ${DOING}: ${received(topic)} is none of the topics ${topics.join(", ")}`,
  );
}

/**
 * The partitions that were asked for; `undefined`: all of the topics.
 *
 * @throws {TypeError | RangeError} when they are not of the topics, or no partitions.
 */
export function partitionsOf(
  given: KafkaSourceOptions["partitions"],
  topics: readonly string[],
): readonly TopicPartition[] | undefined {
  if (given === undefined) return undefined;
  if (!Array.isArray(given) || given.length === 0) {
    throw new TypeError(
      `Cannot ${DOING}: partitions must be numbers such as [0, 1], or { topic, partition } each, ` +
        `received ${received(given)}`,
    );
  }
  return given.flatMap((each: number | TopicPartition) => {
    if (typeof each !== "object" || each === null) {
      return topics.map((topic) => ({ topic, partition: checkPartition(each) }));
    }
    return [{ topic: checkOf(each.topic, topics), partition: checkPartition(each.partition) }];
  });
}

/**
 * Where to begin.
 *
 * @throws {TypeError | RangeError} when it is none of the ways to say so.
 */
export function startOf(
  { start, groupId }: KafkaSourceOptions<never>,
  topics: readonly string[],
): StartSettings {
  if (start === undefined) return { at: groupId === undefined ? "earliest" : "committed" };
  if (start === "committed" && groupId === undefined) {
    throw new TypeError(`Cannot ${DOING}: start: "committed" needs a groupId that has committed`);
  }
  if (typeof start === "string") {
    const words = ["earliest", "latest", "committed"] as const;
    return { at: checkWord<typeof words[number]>("start", start, words, DOING) };
  }
  if (Object(start) === start && "timestamp" in start) {
    const timestampMs = new Date(start.timestamp).getTime();
    if (Number.isFinite(timestampMs)) return { at: { timestampMs } };
    throw new RangeError(
      `Cannot ${DOING}: start.timestamp must be a time, such as "2026-01-31T12:00:00Z" or a Date, ` +
        `received ${received(start.timestamp)}`,
    );
  }
  if (Object(start) === start && "offsets" in start && Array.isArray(start.offsets)) {
    return { at: "offsets", offsets: start.offsets.map((each) => offsetOf(each, topics)) };
  }
  throw new TypeError(
    `Cannot ${DOING}: start must be "earliest", "latest", "committed", { timestamp } or ` +
      `{ offsets: [{ topic, partition, offset }] }, received ${received(start)}`,
  );
}

function offsetOf(given: PartitionOffset, topics: readonly string[]): PartitionOffset {
  const { topic, partition, offset } = Object(given) as PartitionOffset;
  if (!(Number.isSafeInteger(offset) && offset >= 0)) {
    throw new RangeError(
      `Cannot ${DOING}: start.offsets must have whole numbers from 0, received ${received(offset)}`,
    );
  }
  return { topic: checkOf(topic, topics), partition: checkPartition(partition), offset };
}
