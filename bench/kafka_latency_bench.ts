import { Buffer } from "node:buffer";
import { from, schema, types as t } from "../mod.ts";
import { RecordBatch } from "../src/batch/record_batch.ts";
import { KafkaPublisher } from "../src/kafka/publisher/kafka_publisher.ts";
import { kafkaSource } from "../src/kafka/source/kafka_source.ts";
import { kafka, sharedKafka } from "../tests/support/kafka/kafka.ts";
import { type BenchGroup, type BenchRow, compareLatency, notRun } from "./support/bench.ts";
import { FETCH, PARTITIONS, plainClient, Topics } from "./support/kafka_topic.ts";

const NAME = "Kafka, a record produced and consumed, 1,000/s, against kafkajs";
const RECORDS = 2000;
/** Sent before any is counted. */
const WARM_UP = 300;
const PER_MS = 1;

/** When records were sent and came. */
class Latencies {
  readonly #sentMs = new Float64Array(WARM_UP + RECORDS);
  readonly #latencies: number[] = [];
  readonly #all = Promise.withResolvers<void>();
  #left = WARM_UP + RECORDS;

  /** Sends them at their times; resolves when all have come. */
  async measure(send: (id: number) => void): Promise<number[]> {
    const startMs = performance.now();
    for (let id = 0; id < WARM_UP + RECORDS;) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      const due = Math.min(WARM_UP + RECORDS, (performance.now() - startMs) * PER_MS);
      for (; id < due; id++) {
        this.#sentMs[id] = performance.now();
        send(id);
      }
    }
    await this.#all.promise;
    return this.#latencies;
  }

  /** One has come. */
  came(id: number): void {
    if (id >= WARM_UP) this.#latencies.push(performance.now() - this.#sentMs[id]);
    if (--this.#left === 0) this.#all.resolve();
  }
}

/** Reads a topic from its start through a pipeline, until it is told to stop. */
async function consume(
  bootstrap: string,
  topic: string,
  latencies: Latencies,
  signal: AbortSignal,
): Promise<void> {
  const record = schema({ id: t.i32, celsius: t.f64 });
  const source = kafkaSource({ bootstrapServers: bootstrap, topics: topic, schema: record });
  try {
    for await (const batch of from(source, { workers: 1 }).batches({ signal })) {
      for (const id of batch.column("id").values as Int32Array) latencies.came(id);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function ours(bootstrap: string, topics: Topics): Promise<number[]> {
  const topic = await topics.make();
  const latencies = new Latencies();
  const stop = new AbortController();
  const consuming = consume(bootstrap, topic, latencies, stop.signal);
  await using publisher = new KafkaPublisher({ bootstrapServers: bootstrap, topic });
  const found = await latencies.measure((id) =>
    void publisher.publish(RecordBatch.fromRows([{ id, celsius: 20.5 }]) as RecordBatch)
  );
  stop.abort();
  await consuming;
  return found;
}

async function plain(bootstrap: string, topics: Topics): Promise<number[]> {
  const topic = await topics.make();
  const latencies = new Latencies();
  const client = plainClient(bootstrap);
  const consumer = client.consumer({ groupId: topic, maxWaitTimeInMs: FETCH.maxWaitMs });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const joined = new Promise((resolve) => consumer.on("consumer.group_join", resolve));
  await consumer.run({
    eachMessage: ({ message }) => Promise.resolve(latencies.came(idOf(message.value!))),
  });
  await joined;
  const producer = client.producer({ idempotent: true });
  await producer.connect();
  const found = await latencies.measure((id) => {
    const value = Buffer.from(JSON.stringify({ id, celsius: 20.5 }));
    void producer.send({ topic, acks: -1, messages: [{ value, partition: id % PARTITIONS }] });
  });
  await producer.disconnect();
  await consumer.disconnect();
  return found;
}

function idOf(value: Uint8Array): number {
  return (JSON.parse(value.toString()) as { id: number }).id;
}

/** How long a record is on its way. */
export const group: BenchGroup = {
  name: "kafka latency",
  rows: async (): Promise<BenchRow[]> => {
    if (kafka.reason !== undefined) return [notRun(NAME, kafka.reason)];
    await using broker = await sharedKafka();
    await using topics = await Topics.at(broker.bootstrap);
    return await compareLatency({
      name: NAME,
      rounds: 3,
      contender: () => ours(broker.bootstrap, topics),
      baseline: () => plain(broker.bootstrap, topics),
      quantiles: [{ q: 0.5, atMost: 0.7 }, { q: 0.99, atMost: 1 }],
    });
  },
};
