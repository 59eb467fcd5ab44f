import type { TopicPartition } from "../driver/driver.ts";
import { WireReader, WireWriter } from "./wire_bytes.ts";

/** The newest format that we write: what each version adds, older readers pass over. */
const SUBSCRIPTION_VERSION = 1;
const ASSIGNMENT_VERSION = 0;

/** What a member says when it joins. */
export interface Subscription {
  /** The topics that it wants to read. */
  readonly topics: readonly string[];
  /** The partitions that it holds, or held last. */
  readonly owned: readonly TopicPartition[];
  /** The generation in which it got these; −1: unknown. */
  readonly generation: number;
}

function writePartitions(out: WireWriter, partitions: readonly TopicPartition[]): void {
  const byTopic = Map.groupBy(partitions, ({ topic }) => topic);
  out.array([...byTopic], ([topic, each]) => {
    out.string(topic).array(each, ({ partition }) => out.int32(partition));
  });
}

function readPartitions(from: WireReader): TopicPartition[] {
  return from.array(() => {
    const topic = from.string();
    return from.array(() => ({ topic, partition: from.int32() }));
  }).flat();
}

/**
 * What the protocol `sticky` says beside the topics: what its member got last, and in which
 * generation. The schema is that of Java's `StickyAssignor`, version 1, KIP-54 and KIP-341.
 */
export function writeSticky({ owned, generation }: Subscription): Uint8Array<ArrayBuffer> {
  const out = new WireWriter();
  writePartitions(out, owned);
  return out.int32(generation).done();
}

function readSticky(bytes: Uint8Array, what: string) {
  const from = new WireReader(bytes, what);
  const owned = readPartitions(from);
  return { owned, generation: from.isAtEnd ? -1 : from.int32() };
}

/**
 * A subscription as bytes: `ConsumerProtocolSubscription` of Kafka's message formats, KIP-429.
 *
 * @param userData What a protocol says beside.
 */
export function writeSubscription(
  topics: readonly string[],
  userData?: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const out = new WireWriter().int16(SUBSCRIPTION_VERSION);
  out.array(topics, (topic) => out.string(topic)).bytes(userData);
  // Nothing is owned: who joins has let go of everything.
  return out.array([], () => {}).done();
}

/**
 * Reads a subscription, of any version: what newer ones add comes behind and is passed over.
 *
 * @param what It is, for messages.
 */
export function readSubscription(bytes: Uint8Array, what: string): Subscription {
  const from = new WireReader(bytes, what);
  from.int16();
  const topics = from.array(() => from.string());
  const userData = from.bytes();
  const before = userData?.length ? readStickyOrNothing(userData, what) : undefined;
  return { topics, owned: before?.owned ?? [], generation: before?.generation ?? -1 };
}

/** Other protocols may say anything there. */
function readStickyOrNothing(userData: Uint8Array, what: string) {
  try {
    return readSticky(userData, what);
  } catch {
    return undefined;
  }
}

/** An assignment as bytes: `ConsumerProtocolAssignment`. */
export function writeAssignment(partitions: readonly TopicPartition[]): Uint8Array<ArrayBuffer> {
  const out = new WireWriter().int16(ASSIGNMENT_VERSION);
  writePartitions(out, partitions);
  return out.bytes(undefined).done();
}

/** Reads an assignment, of any version; nothing at all is an empty one. */
export function readAssignment(bytes: Uint8Array): TopicPartition[] {
  if (bytes.length === 0) return [];
  const from = new WireReader(bytes, "the assignment of this member");
  from.int16();
  return readPartitions(from);
}
