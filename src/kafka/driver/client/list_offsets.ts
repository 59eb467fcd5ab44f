import type { Isolation, OffsetAt, PartitionOffset, TopicPartition } from "../driver.ts";
import { KafkaError } from "../kafka_error.ts";
import { type ListedOffset, listOffsetsRequest } from "../wire/cluster_requests.ts";
import { CODES, errorName, isLeaderMoved } from "../wire/error_codes.ts";
import { Attempts } from "./attempts.ts";
import type { ClusterView } from "./cluster_view.ts";
import { describeTopics } from "./topics.ts";

const LATEST = -1;
const EARLIEST = -2;

/** Offsets at a place in time; the end of partitions that have nothing that late. */
export async function listOffsets(
  view: ClusterView,
  partitions: readonly TopicPartition[],
  at: OffsetAt,
  isolation: Isolation,
): Promise<readonly PartitionOffset[]> {
  if (typeof at === "string") {
    return await ask(view, partitions, at === "latest" ? LATEST : EARLIEST, isolation);
  }
  const found = await ask(view, partitions, at.timestampMs, isolation);
  const late = found.filter(({ offset }) => offset < 0);
  if (late.length === 0) return found;
  const ends = await ask(view, late, LATEST, isolation);
  const endOf = (one: TopicPartition) => ends.find((end) => isSame(end, one))!;
  return found.map((one) => one.offset < 0 ? endOf(one) : one);
}

async function ask(
  view: ClusterView,
  partitions: readonly TopicPartition[],
  at: number,
  isolation: Isolation,
): Promise<readonly PartitionOffset[]> {
  const attempts = new Attempts({ runtime: view.runtime, forMs: view.options.requestTimeoutMs });
  const topics = [...new Set(partitions.map(({ topic }) => topic))];
  await checkPartitions(view, partitions, topics);
  const found: PartitionOffset[] = [];
  let missing = partitions;
  for (;;) {
    const { listed, why } = await askLeaders(view, missing, at, isolation);
    for (const { topic, partition, offset, code } of listed) {
      if (code === 0) {
        if (offset < 0 && at < 0) throw noOffset({ topic, partition, offset });
        found.push({ topic, partition, offset });
      } else if (!isLeaderMoved(code)) throw failure({ topic, partition }, code);
    }
    missing = missing.filter((one) => !found.some((other) => isSame(one, other)));
    if (missing.length === 0) return partitions.map((one) => found.find((o) => isSame(o, one))!);
    if (!await attempts.again()) {
      const [{ topic, partition }] = missing;
      throw new KafkaError(
        `Cannot look up offsets of partition ${partition} of topic ${
          JSON.stringify(topic)
        }: ${why}`,
        { retriable: true },
      );
    }
    await view.refresh(topics);
  }
}

async function askLeaders(
  view: ClusterView,
  partitions: readonly TopicPartition[],
  at: number,
  isolation: Isolation,
): Promise<{ listed: readonly ListedOffset[]; why: string }> {
  const byLeader = Map.groupBy(
    partitions,
    ({ topic, partition }) => view.leader(topic, partition)?.address,
  );
  let why = "it has no leader";
  const answers = [...byLeader].map(async ([address, its]) => {
    if (address === undefined) return [];
    try {
      const listed = await view.askAt(address, listOffsetsRequest(its, at, isolation));
      const failed = listed.find(({ code }) => code !== 0);
      if (failed) why = `${address} says ${errorName(failed.code)}`;
      return listed;
    } catch (error) {
      if (error instanceof KafkaError) throw error;
      why = `${address}: ${(error as Error).message}`;
      return [];
    }
  });
  return { listed: (await Promise.all(answers)).flat(), why };
}

async function checkPartitions(
  view: ClusterView,
  partitions: readonly TopicPartition[],
  topics: readonly string[],
): Promise<void> {
  const missingIn = async (fresh: boolean) => {
    const infos = await describeTopics(view, topics, fresh);
    return partitions.find(({ topic, partition }) => {
      const { length } = infos.find((info) => info.topic === topic)!.partitions;
      return !(partition >= 0 && partition < length);
    });
  };
  // it may have got more since it was asked
  const missing = await missingIn(false) && await missingIn(true);
  if (!missing) return;
  const { topic, partition } = missing;
  const { length: there = 0 } = view.partitions(topic) ?? [];
  const named = `topic ${JSON.stringify(topic)}`;
  const count = `${there} ${there === 1 ? "partition" : "partitions"}`;
  throw new KafkaError(
    `Cannot look up offsets: ${named} has ${count}, from 0, and no partition ${partition}; was it ` +
      "made anew?",
  );
}

function noOffset({ topic, partition, offset }: PartitionOffset): KafkaError {
  return new KafkaError(
    `Cannot look up offsets of partition ${partition} of topic ${JSON.stringify(topic)}: the ` +
      `broker's answer was ${offset}, which is none; is this a Kafka broker?`,
  );
}

function isSame(one: TopicPartition, other: TopicPartition): boolean {
  return one.partition === other.partition && one.topic === other.topic;
}

function failure({ topic, partition }: TopicPartition, code: number): KafkaError {
  const advice = code === CODES.topicAuthorizationFailed ? ": grant DESCRIBE on the topic" : "";
  return new KafkaError(
    `Cannot look up offsets of partition ${partition} of topic ${JSON.stringify(topic)}: the ` +
      `broker says ${errorName(code)}${advice}`,
    { code: errorName(code) },
  );
}
