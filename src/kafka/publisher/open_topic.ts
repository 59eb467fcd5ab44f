import { showName } from "../../batch/shown_names.ts";
import { delay } from "../../stream/delay.ts";
import { kafkaDriver } from "../driver/current_driver.ts";
import type { KafkaCluster } from "../driver/driver.ts";
import { KafkaError } from "../driver/kafka_error.ts";
import { publishingError } from "./delivery_error.ts";
import type { PublisherSettings } from "./publisher_settings.ts";

const UNKNOWN_TOPIC = "UNKNOWN_TOPIC_OR_PARTITION";
/** A topic that was just made is known everywhere some time later; asked for again after, ms. */
const CREATED_WAIT_MS = 50;

/** Connections to the cluster that a topic is on. */
export interface OpenTopic {
  /** The connections. */
  readonly cluster: KafkaCluster;
  /** How many partitions the topic has. */
  readonly partitions: number;
}

/**
 * Connects, and makes the topic where that is asked for.
 *
 * @throws {KafkaError} when that cannot be done, or there is no such topic.
 */
export async function openTopic(settings: PublisherSettings): Promise<OpenTopic> {
  const { connection, topic } = settings;
  const driver = settings.driver ?? kafkaDriver(`publish to topic ${showName(topic)}`);
  const connected = driver.connect(connection);
  const cluster = await connected.catch((error) => {
    throw publishingError(topic, error);
  });
  try {
    return { cluster, partitions: await partitionsOf(cluster, settings) };
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw notThere(error) ? unknownTopic(settings, error) : publishingError(topic, error);
  }
}

/** How many partitions the topic has now. */
export async function countPartitions(cluster: KafkaCluster, topic: string): Promise<number> {
  const [{ partitions }] = await cluster.topics([topic], { fresh: true });
  return partitions.length;
}

async function partitionsOf(cluster: KafkaCluster, settings: PublisherSettings): Promise<number> {
  const { createTopic, topic, runtime, connection: { requestTimeoutMs } } = settings;
  if (!createTopic) return await countPartitions(cluster, topic);
  const startMs = runtime.monotonicMs();
  await cluster.createTopics([createTopic]);
  while (true) {
    try {
      return await countPartitions(cluster, topic);
    } catch (error) {
      const isLate = runtime.monotonicMs() - startMs > requestTimeoutMs;
      if (!notThere(error) || isLate) throw error;
      await delay(runtime, CREATED_WAIT_MS);
    }
  }
}

function notThere(error: unknown): boolean {
  return error instanceof KafkaError && error.code === UNKNOWN_TOPIC;
}

function unknownTopic({ topic, connection }: PublisherSettings, cause: unknown): KafkaError {
  const servers = connection.bootstrapServers.join(",");
  return new KafkaError(
    `Cannot publish to topic ${
      showName(topic)
    }: there is no such topic at ${servers}; make it by ` +
      `kafka-topics.sh --bootstrap-server ${servers} --create --topic ${topic}, or pass ` +
      `createTopic: true`,
    { cause, code: UNKNOWN_TOPIC },
  );
}
