import type { KafkaCluster, OffsetAt, PartitionOffset, TopicPartition } from "../driver/driver.ts";
import { KafkaError } from "../driver/kafka_error.ts";
import type { OffsetReset } from "./kafka_source_options.ts";
import type { KafkaSourceSettings } from "./kafka_source_settings.ts";
import { keyOf } from "./partition_state.ts";

/** Where partitions are read from, and up to where. */
export interface Reach extends PartitionOffset {
  /** `Infinity`: for ever. */
  readonly end: number;
}

/**
 * All partitions of the topics, or those that were asked for.
 *
 * @throws {KafkaError} when there is no such topic or partition.
 */
export async function partitionsOf(
  cluster: KafkaCluster,
  { topics, partitions }: KafkaSourceSettings,
  name: string,
): Promise<TopicPartition[]> {
  const found = await cluster.topics(topics, { fresh: true });
  const all = found.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition }) => ({ topic, partition }))
  );
  if (!partitions) return all;
  const known = new Set(all.map(keyOf));
  const missing = partitions.find((each) => !known.has(keyOf(each)));
  if (!missing) return [...new Map(partitions.map((each) => [keyOf(each), each])).values()];
  const { length } = all.filter(({ topic }) => topic === missing.topic);
  throw new KafkaError(
    `Cannot read ${name}: there is no partition ${missing.partition} of ${missing.topic}, which has ` +
      `${length}, from 0`,
  );
}

/**
 * Where to begin in some partitions, and where to end.
 *
 * @param committed What is known to be committed of them. Absent: it is asked for where it matters.
 * @throws {KafkaError} when nothing is known of one, and that is to be an error.
 */
export async function reachOf(
  cluster: KafkaCluster,
  partitions: readonly TopicPartition[],
  { settings, name, committed }: {
    readonly settings: KafkaSourceSettings;
    readonly name: string;
    readonly committed?: readonly PartitionOffset[];
  },
): Promise<Reach[]> {
  if (partitions.length === 0) return [];
  const { otherwise, toEnd, isolation } = settings;
  const known = byKey(await begun(cluster, partitions, settings, committed));
  const rest = partitions.filter((each) => !known.has(keyOf(each)));
  if (rest.length > 0) {
    const at = resetTo(otherwise, rest[0], { settings, name });
    for (const each of await offsetsAt(cluster, rest, at, settings)) {
      known.set(keyOf(each), each);
    }
  }
  const ends = toEnd
    ? byKey(await cluster.offsetsAt(partitions, "latest", { isolation }))
    : new Map<string, PartitionOffset>();
  return partitions.map(({ topic, partition }) => {
    const key = keyOf({ topic, partition });
    return { ...known.get(key)!, end: ends.get(key)?.offset ?? Infinity };
  });
}

/** What `start` says of partitions. */
async function begun(
  cluster: KafkaCluster,
  partitions: readonly TopicPartition[],
  settings: KafkaSourceSettings,
  committed: readonly PartitionOffset[] | undefined,
): Promise<readonly PartitionOffset[]> {
  const { start, groupId } = settings;
  if (start.at === "committed") return committed ?? cluster.group(groupId!).committed(partitions);
  // whoever takes a partition over in a group goes on where others have come to
  if (committed && committed.length > 0) {
    const gone = byKey(committed);
    const rest = partitions.filter((each) => !gone.has(keyOf(each)));
    return [...committed, ...await begun(cluster, rest, settings, undefined)];
  }
  if (partitions.length === 0) return [];
  if (start.at !== "offsets") return offsetsAt(cluster, partitions, start.at, settings);
  const wanted = new Set(partitions.map(keyOf));
  return start.offsets.filter((each) => wanted.has(keyOf(each)));
}

function offsetsAt(
  cluster: KafkaCluster,
  partitions: readonly TopicPartition[],
  at: OffsetAt,
  { isolation }: KafkaSourceSettings,
): Promise<readonly PartitionOffset[]> {
  return cluster.offsetsAt(partitions, at, at === "latest" ? { isolation } : {});
}

function resetTo(
  otherwise: OffsetReset,
  { topic, partition }: TopicPartition,
  { settings, name }: { readonly settings: KafkaSourceSettings; readonly name: string },
): "earliest" | "latest" {
  if (otherwise !== "fail") return otherwise;
  const what = settings.start.at === "committed"
    ? `group ${JSON.stringify(settings.groupId)} has committed nothing for it`
    : "start.offsets has none for it";
  throw new KafkaError(
    `Cannot read ${name}: it is not known where to begin in partition ${partition} of ${topic}: ` +
      `${what}; pass otherwise: "earliest" or "latest", or start`,
  );
}

function byKey(offsets: readonly PartitionOffset[]): Map<string, PartitionOffset> {
  return new Map(offsets.map((each) => [keyOf(each), each]));
}
