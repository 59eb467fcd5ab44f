import { KafkaPublisher } from "../src/kafka/publisher/kafka_publisher.ts";
import type { KafkaPublisherOptions } from "../src/kafka/publisher/publisher_options.ts";
import type { RecordBatch } from "../src/batch/record_batch.ts";
import { javaProducerPerf } from "../tests/support/kafka/java_tools.ts";
import { kafka, ownKafka, sharedKafka } from "../tests/support/kafka/kafka.ts";
import { type BenchGroup, type BenchRow, compare, median, notRun, row } from "./support/bench.ts";
import { readings, textsOf } from "./support/kafka_readings.ts";
import { checkTopic, messagesOf, plainClient, Topics } from "./support/kafka_topic.ts";

const BATCH_ROWS = 8192;
const BATCHES = 4;
const PLAIN_BATCH = 1000;
/** Batches that are published and not acknowledged. */
const AHEAD = 16;
const JAVA = { acks: "all", "batch.size": "262144", "linger.ms": "10" };
/** Java compiles its code while it runs, so it runs for longer than we do. */
const JAVA_RECORDS = 3_000_000;
const NAMES = {
  plain: "columns to Kafka as JSON, against kafkajs's send of ready messages by 1,000",
  java: "the same, against Java's producer perf test",
  lz4: "the same with lz4, against Java's with lz4",
  transactions: "the same in transactions of 500 ms, against Java's in transactions",
};

/** One broker, what is written to it, and what it was written to. */
interface Bench {
  readonly bootstrap: string;
  readonly topics: Topics;
  readonly batches: readonly RecordBatch[];
  readonly texts: readonly string[];
}

/** Publishes batches, some at a time, to a new topic; how many records, and the check of them. */
function publishing(
  { bootstrap, topics, batches, texts }: Bench,
  rounds: number,
  options: Partial<KafkaPublisherOptions> = {},
) {
  const records = rounds * texts.length;
  const expected = new Map(texts.map((text) => [text, rounds]));
  let topic = "";
  const written: string[] = [];
  return {
    prepare: async () => void (topic = await topics.make()),
    /** Reads back all that was written since the last check. */
    check: async () => {
      for (const each of written.splice(0)) await checkTopic(bootstrap, each, expected);
    },
    run: async () => {
      written.push(topic);
      await using publisher = new KafkaPublisher({
        ...{ bootstrapServers: bootstrap, topic, acks: "all" },
        ...options,
      });
      const ahead: Promise<unknown>[] = [];
      for (let round = 0; round < rounds; round++) {
        for (const batch of batches) {
          if (ahead.length >= AHEAD) await ahead.shift();
          ahead.push(publisher.publish(batch));
        }
      }
      await Promise.all(ahead);
      return records;
    },
  };
}

async function againstPlain(bench: Bench): Promise<BenchRow> {
  const { bootstrap, topics, texts } = bench;
  const ours = publishing(bench, 16);
  const producer = plainClient(bootstrap).producer({ idempotent: true });
  await producer.connect();
  const messages = messagesOf(texts);
  let topic = "";
  const measured = await compare({
    name: NAMES.plain,
    rounds: 3,
    target: 8,
    beforeRound: async () => {
      await ours.prepare();
      topic = await topics.make();
    },
    contender: ours.run,
    baseline: async () => {
      for (let at = 0; at < messages.length; at += PLAIN_BATCH) {
        await producer.send({ topic, acks: -1, messages: messages.slice(at, at + PLAIN_BATCH) });
      }
      return messages.length;
    },
  });
  await producer.disconnect();
  await ours.check();
  return measured;
}

interface AgainstJava {
  readonly name: string;
  readonly target: number;
  readonly options?: Partial<KafkaPublisherOptions>;
  readonly settings?: Readonly<Record<string, string>>;
  readonly transactionMs?: number;
}

/** Rates of Java are its own, without its start. */
async function againstJava(
  bench: Bench,
  { name, target, options, settings = {}, transactionMs }: AgainstJava,
): Promise<BenchRow> {
  if (ownKafka.reason !== undefined) return notRun(name, ownKafka.reason);
  const { bootstrap, topics, texts } = bench;
  const ours = publishing(bench, 24, options);
  const [rates, javaRates]: number[][] = [[], []];
  for (let round = 0; round < 3; round++) {
    await ours.prepare();
    const startMs = performance.now();
    const records = await ours.run();
    rates.push(1000 * records / (performance.now() - startMs));
    const rate = await javaProducerPerf(bootstrap, await topics.make(), {
      records: Math.max(records, JAVA_RECORDS),
      payloads: texts,
      settings: { ...JAVA, ...settings },
      ...(transactionMs !== undefined && { transactionMs }),
    });
    javaRates.push(rate.recordsPerSecond);
    await ours.check();
    await topics.clear();
  }
  return row(name, { rate: median(rates), baselineRate: median(javaRates), target });
}

async function rows(bootstrap: string): Promise<BenchRow[]> {
  await using topics = await Topics.at(bootstrap);
  const batches = readings(BATCHES, BATCH_ROWS);
  const bench = { bootstrap, topics, batches, texts: textsOf(batches) };
  return [
    await againstPlain(bench),
    await againstJava(bench, { name: NAMES.java, target: 1.3 }),
    await againstJava(bench, {
      name: NAMES.lz4,
      target: 1,
      options: { compression: "lz4" },
      settings: { "compression.type": "lz4" },
    }),
    await againstJava(bench, {
      name: NAMES.transactions,
      target: 1.2,
      options: { transactionalId: "bench", transactionInterval: "500ms" },
      transactionMs: 500,
    }),
  ];
}

/** Columns into Kafka. */
export const group: BenchGroup = {
  name: "kafka",
  rows: async () => {
    const { reason } = kafka;
    if (reason !== undefined) return Object.values(NAMES).map((name) => notRun(name, reason));
    await using broker = await sharedKafka();
    return await rows(broker.bootstrap);
  },
};
