import type { KafkaCluster, Sink, TopicPartition } from "../../../src/kafka/driver/driver.ts";
import {
  encodePlainBatch,
  type PlainRecord,
} from "../../../src/kafka/records/reference_records.ts";
import type { SimulatedKafka } from "../../../src/testing/kafka/simulated_kafka.ts";

/** A record as a test writes it. */
export interface Written {
  readonly value: string | null;
  readonly key?: string | null;
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly timestamp?: number;
}

const encoder = new TextEncoder();

function cell(text: string | null | undefined): Uint8Array | null {
  return text === null || text === undefined ? null : encoder.encode(text);
}

function plain({ value, key, headers = {}, timestamp = 0 }: Written, offset: number): PlainRecord {
  const all = Object.entries(headers).map(([name, text]) => [name, cell(text)] as const);
  return { offset, timestamp, key: cell(key), value: cell(value), headers: all };
}

/** Writes to a Kafka in memory. */
export class TopicWriter implements AsyncDisposable {
  readonly #cluster: KafkaCluster;
  readonly #sinks = new Map<string, Sink>();

  private constructor(cluster: KafkaCluster) {
    this.#cluster = cluster;
  }

  static async of(kafka: SimulatedKafka): Promise<TopicWriter> {
    return new TopicWriter(
      await kafka.connect({
        bootstrapServers: ["simulated:9092"],
        clientId: "writer",
        connectionTimeoutMs: 1000,
        requestTimeoutMs: 1000,
      }),
    );
  }

  async #sink(transactionalId = ""): Promise<Sink> {
    const known = this.#sinks.get(transactionalId);
    const sink = known ?? await this.#cluster.sink({
      ...{ acks: "all", idempotent: transactionalId !== "" },
      ...{ requestTimeoutMs: 1000, deliveryTimeoutMs: 10_000 },
      ...(transactionalId !== "" && { transactionalId, transactionTimeoutMs: 60_000 }),
    });
    this.#sinks.set(transactionalId, sink);
    return sink;
  }

  /** Appends a batch. */
  async send(at: TopicPartition, written: readonly Written[]): Promise<void> {
    const sink = await this.#sink();
    await sink.send(block(at, written));
  }

  /** Appends a batch in a transaction of its own. */
  async transact(
    at: TopicPartition,
    written: readonly Written[],
    end: "commit" | "abort",
  ): Promise<void> {
    const sink = await this.#sink("tx");
    const txn = await sink.begin();
    await txn.send(block(at, written));
    await txn[end]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const sink of this.#sinks.values()) await sink[Symbol.asyncDispose]();
    await this.#cluster[Symbol.asyncDispose]();
  }
}

function block({ topic, partition }: TopicPartition, written: readonly Written[]) {
  const bytes = encodePlainBatch({ records: written.map(plain) });
  return { topic, partition, records: written.length, bytes };
}
