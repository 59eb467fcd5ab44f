import type { TopicPartition } from "../driver.ts";
import type { WireReader } from "./wire_reader.ts";

/** What came of a partition. */
export interface PartitionCode extends TopicPartition {
  readonly code: number;
}

/** Partitions by topic, in the order in which topics come first. */
export function byTopic<T extends { readonly topic: string }>(
  items: readonly T[],
): readonly (readonly [topic: string, items: readonly T[]])[] {
  return [...Map.groupBy(items, (item) => item.topic)];
}

/** What is said of partitions, each a structure, which stand by topic. */
export function readByTopic<T>(reader: WireReader, read: (topic: string) => T): T[] {
  const ended = <U>(made: U): U => {
    reader.end(); // tags, where there may be any
    return made;
  };
  return reader.list(() => {
    const topic = reader.text() ?? "";
    return ended(reader.list(() => ended(read(topic))));
  }).flat();
}

/** What an answer says came of each partition. */
export function readPartitionCodes(reader: WireReader): PartitionCode[] {
  return readByTopic(reader, (topic) => {
    return { topic, partition: reader.int32(), code: reader.int16() };
  });
}
