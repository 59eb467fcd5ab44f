/**
 * Topics for benches: made anew for each round, read back after it, and deleted.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { type Admin, Kafka, logLevel } from "kafkajs";
import { kafkaDriver } from "../../src/kafka/driver/current_driver.ts";
import type { FetchOptions, KafkaCluster } from "../../src/kafka/driver/driver.ts";
import { KafkaError } from "../../src/kafka/driver/kafka_error.ts";
import { RecordDecoder } from "../../src/kafka/records/record_decoder.ts";
import { create } from "../../src/kernel/kernel.ts";
import "../../src/kafka/kafka.ts";

/** Partitions of each topic. */
export const PARTITIONS = 4;

/** How topics are read. */
export const FETCH: FetchOptions = {
  isolation: "read_committed",
  maxWaitMs: 500,
  minBytes: 1,
  maxBytes: 32 * 2 ** 20,
  maxPartitionBytes: 8 * 2 ** 20,
  requestTimeoutMs: 10_000,
};

/** The plain client. */
export function plainClient(bootstrap: string): Kafka {
  return new Kafka({ clientId: "plain", brokers: [bootstrap], logLevel: logLevel.NOTHING });
}

/** Connections of our own. */
export function connect(bootstrap: string): Promise<KafkaCluster> {
  return kafkaDriver("bench").connect({
    bootstrapServers: [bootstrap],
    clientId: "bench",
    connectionTimeoutMs: 10_000,
    requestTimeoutMs: 10_000,
  });
}

/** Makes and deletes topics. */
export class Topics implements AsyncDisposable {
  readonly #admin: Admin;
  readonly #cluster: KafkaCluster;
  readonly #made: string[] = [];

  private constructor(admin: Admin, cluster: KafkaCluster) {
    this.#admin = admin;
    this.#cluster = cluster;
  }

  /** Of a broker. */
  static async at(bootstrap: string): Promise<Topics> {
    const admin = plainClient(bootstrap).admin();
    await admin.connect();
    return new Topics(admin, await connect(bootstrap));
  }

  /** A new topic, whose leaders are there. */
  async make(partitions: number = PARTITIONS): Promise<string> {
    const topic = `bench-${crypto.randomUUID()}`;
    this.#made.push(topic);
    await this.#cluster.createTopics([{ topic, partitions }]);
    while (!await this.#isLed(topic, partitions)) await new Promise((done) => setTimeout(done, 20));
    return topic;
  }

  async #isLed(topic: string, partitions: number): Promise<boolean> {
    try {
      const [known] = await this.#cluster.topics([topic], { fresh: true });
      const led = known.partitions.filter(({ leader }) => leader >= 0);
      return led.length === partitions;
    } catch (error) {
      if (error instanceof KafkaError) return false; // not known yet
      throw error;
    }
  }

  /** Deletes those that were made so far. */
  async clear(): Promise<void> {
    const topics = this.#made.splice(0);
    if (topics.length > 0) await this.#admin.deleteTopics({ topics });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.clear();
    await this.#admin.disconnect();
    await this.#cluster[Symbol.asyncDispose]();
  }
}

/** Messages as the plain client wants them, partition by partition in turn. */
export function messagesOf(texts: readonly string[]): { value: Buffer; partition: number }[] {
  return texts.map((text, i) => ({ value: Buffer.from(text), partition: i % PARTITIONS }));
}

/**
 * Reads a topic from its start to its end, and compares: each text has come just so many times.
 *
 * @throws {Error} that says which has not.
 */
export async function checkTopic(
  bootstrap: string,
  topic: string,
  expected: ReadonlyMap<string, number>,
): Promise<void> {
  const found = await countTexts(bootstrap, topic);
  for (const [text, times] of expected) {
    const came = found.get(text) ?? 0;
    if (came !== times) {
      throw new Error(`${text} was written ${times} times and came ${came} times`);
    }
  }
  const strange = found.keys().find((text) => !expected.has(text));
  if (strange !== undefined) throw new Error(`${strange} was never written`);
}

async function countTexts(bootstrap: string, topic: string): Promise<Map<string, number>> {
  await using cluster = await connect(bootstrap);
  const [{ partitions }] = await cluster.topics([topic], { fresh: true });
  const places = partitions.map(({ partition }) => ({ topic, partition }));
  const ends = await cluster.offsetsAt(places, "latest");
  const left = new Map(ends.map(({ partition, offset }) => [partition, offset]));
  await using source = await cluster.source(FETCH);
  source.assign(places.map((place) => ({ ...place, offset: 0 })));
  const { isolation } = FETCH;
  using decoder = new RecordDecoder(create(), { isolation, maxBatchBytes: 2 ** 26 });
  const found = new Map<string, number>();
  const utf8 = new TextDecoder();
  while (places.some(({ partition }) => left.get(partition)! > 0)) {
    for (const block of await source.fetch()) {
      for (const records of decoder.decode(block)) {
        const lines = utf8.decode(records.valueLines().bytes).split("\n");
        for (let i = 0; i < records.count; i++) {
          found.set(lines[i], (found.get(lines[i]) ?? 0) + 1);
        }
      }
      const { partition, next } = block;
      if (next >= ends.find((end) => end.partition === partition)!.offset) left.set(partition, 0);
    }
  }
  return found;
}
