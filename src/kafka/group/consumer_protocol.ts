import type { TopicPartition } from "../driver/driver.ts";
import { concatBytes } from "../../batch/concat_bytes.ts";
import { KafkaError } from "../driver/kafka_error.ts";
import { byTopic } from "../driver/wire/by_topic.ts";
import { WireReader } from "../driver/wire/wire_reader.ts";
import { WireWriter } from "../driver/wire/wire_writer.ts";

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

function written(write: (out: WireWriter) => void): Uint8Array {
  const out = new WireWriter(false);
  write(out);
  return concatBytes(out.pieces());
}

/** @param what It is, for the message. */
function read<T>(bytes: Uint8Array, what: string, read: (from: WireReader) => T): T {
  try {
    return read(new WireReader(bytes, false));
  } catch (cause) {
    throw new KafkaError(
      `Cannot read ${what}: its ${bytes.length} bytes are not what Kafka's consumers say to each ` +
        `other; is a client of another kind in the group?`,
      { cause },
    );
  }
}

function writePartitions(out: WireWriter, partitions: readonly TopicPartition[]): void {
  out.list(byTopic(partitions), ([topic, its]) => {
    out.text(topic).list(its, ({ partition }) => out.int32(partition));
  });
}

function readPartitions(from: WireReader): TopicPartition[] {
  return from.list(() => {
    const topic = from.text() ?? "";
    return from.list(() => ({ topic, partition: from.int32() }));
  }).flat();
}

/**
 * What the protocol `sticky` says beside the topics: what its member got last, and in which
 * generation. The schema is that of Java's `StickyAssignor`, version 1, KIP-54 and KIP-341.
 */
export function writeSticky({ owned, generation }: Subscription): Uint8Array {
  return written((out) => {
    writePartitions(out, owned);
    out.int32(generation);
  });
}

function readSticky(bytes: Uint8Array) {
  const from = new WireReader(bytes, false);
  const owned = readPartitions(from);
  return { owned, generation: from.left > 0 ? from.int32() : -1 };
}

/**
 * A subscription as bytes: `ConsumerProtocolSubscription` of Kafka's message formats, KIP-429.
 *
 * @param userData What a protocol says beside.
 * @param owned What the member says that it owns. Default: nothing, for who joins has let go of all.
 */
export function writeSubscription(
  topics: readonly string[],
  userData?: Uint8Array,
  owned: readonly TopicPartition[] = [],
): Uint8Array {
  return written((out) => {
    out.int16(SUBSCRIPTION_VERSION).list(topics, (topic) => out.text(topic));
    if (userData) out.bytes(userData);
    else out.int32(-1);
    writePartitions(out, owned);
  });
}

/** What `cooperative-sticky` says: what is owned, and beside it the generation alone. */
export function writeCooperative({ topics, owned, generation }: Subscription): Uint8Array {
  return writeSubscription(topics, written((out) => out.int32(generation)), owned);
}

/** From this version on a subscription says what its member owns, and from the next its generation. */
const OWNED_VERSION = 1;
const GENERATION_BYTES = 4;

function readCooperative(bytes: Uint8Array, what: string): Subscription {
  return read(bytes, what, (from) => {
    const version = from.int16();
    const topics = from.list(() => from.text() ?? "");
    const userData = from.bytes();
    const owned = version >= OWNED_VERSION ? readPartitions(from) : [];
    if (version > OWNED_VERSION) return { topics, owned, generation: from.int32() };
    const isTold = userData.length === GENERATION_BYTES;
    const generation = isTold ? new WireReader(userData, false).int32() : -1;
    return { topics, owned, generation };
  });
}

/**
 * Reads a subscription, of any version: what newer ones add comes behind and is passed over.
 *
 * @param what It is, for messages.
 * @param protocol By which partitions are to be shared.
 */
export function readSubscription(
  bytes: Uint8Array,
  what: string,
  protocol = "sticky",
): Subscription {
  if (protocol === "cooperative-sticky") return readCooperative(bytes, what);
  const { topics, userData } = read(bytes, what, (from) => {
    from.int16();
    return { topics: from.list(() => from.text() ?? ""), userData: from.bytes() };
  });
  const { owned, generation } = readStickyOrNothing(userData);
  return { topics, owned, generation };
}

/** Other protocols may say anything there. */
function readStickyOrNothing(userData: Uint8Array) {
  try {
    return readSticky(userData);
  } catch {
    return { owned: [], generation: -1 };
  }
}

/** An assignment as bytes: `ConsumerProtocolAssignment`. */
export function writeAssignment(partitions: readonly TopicPartition[]): Uint8Array {
  return written((out) => {
    out.int16(ASSIGNMENT_VERSION);
    writePartitions(out, partitions);
    out.int32(-1); // no user data
  });
}

/** Reads an assignment, of any version; nothing at all is an empty one. */
export function readAssignment(bytes: Uint8Array): TopicPartition[] {
  if (bytes.length === 0) return [];
  return read(bytes, "the assignment of this member", (from) => {
    from.int16();
    return readPartitions(from);
  });
}
