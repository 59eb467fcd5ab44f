import { assert, assertEquals } from "@std/assert";
import { from, schema, types as t } from "../mod.ts";
import { kafkaSource } from "../src/kafka/kafka.ts";
import { kafkaDriver } from "../src/kafka/driver/current_driver.ts";
import type { KafkaCluster, Sink } from "../src/kafka/driver/driver.ts";
import { encodePlainBatch } from "../src/kafka/records/reference_records.ts";
import { type JavaCase, javaCases } from "./support/kafka/java_tools.ts";
import {
  kafka,
  ownKafka,
  type SharedKafka,
  sharedKafka,
  startKafka,
  uniqueName,
} from "./support/kafka/kafka.ts";

const CASES: readonly JavaCase[] = [
  ...(["none", "gzip", "snappy", "lz4", "zstd"] as const).map((name) => `codec-${name}` as const),
  ...["shapes", "interleaved", "two-aborts", "key-zero", "spanning"] as const,
];
const encoder = new TextEncoder();

function connect(bootstrap: string): Promise<KafkaCluster> {
  return kafkaDriver("test").connect({
    bootstrapServers: [bootstrap],
    clientId: "test",
    connectionTimeoutMs: 10_000,
    requestTimeoutMs: 10_000,
  });
}

async function newTopic(cluster: KafkaCluster, partitions = 1): Promise<string> {
  const topic = uniqueName("src");
  await cluster.createTopics([{ topic, partitions }]);
  return topic;
}

async function sendNumbers(sink: Sink, topic: string, { from, to }: { from: number; to: number }) {
  for (let first = from; first < to; first += 100) {
    const records = Array.from({ length: Math.min(100, to - first) }, (_, at) => {
      const value = encoder.encode(JSON.stringify({ x: first + at }));
      return { offset: at, timestamp: 0, key: null, value, headers: [] };
    });
    const bytes = encodePlainBatch({ records });
    await sink.send({ topic, partition: (first / 100) % 2, records: records.length, bytes });
  }
}

async function readsJava({ bootstrap }: SharedKafka): Promise<void> {
  await using cluster = await connect(bootstrap);
  const topics = new Map<JavaCase, string>();
  for (const name of CASES) topics.set(name, await newTopic(cluster));
  const written = Map.groupBy(
    await javaCases(bootstrap, [...topics]),
    ({ topic }) => topic,
  );
  for (const [name, topic] of topics) {
    const source = kafkaSource({
      ...{ bootstrapServers: bootstrap, topics: topic, until: "end", values: "raw", keys: "raw" },
      ...{ keyColumn: "key", headersColumn: "headers", offsetColumn: "offset" },
      ...{ timestampColumn: "timestamp", tombstones: "row" },
    });
    const rows = await Array.fromAsync(from(source, { workers: 1 }));
    const expected = written.get(topic)!.map(({ key, value, headers, offset, timestamp }) => ({
      ...{ value, key, headers: Object.fromEntries(headers), offset, timestamp },
    }));
    assert(expected.length > 0, name);
    assertEquals(rows.map((row) => ({ ...row })), expected as never, name);
  }
}

async function survivesRestart(): Promise<void> {
  await using broker = await startKafka();
  const { bootstrap } = broker;
  await using cluster = await connect(bootstrap);
  const topic = await newTopic(cluster, 2);
  await using sink = await cluster.sink({
    ...{ acks: "all", idempotent: true, requestTimeoutMs: 5000, deliveryTimeoutMs: 60_000 },
  });
  await sendNumbers(sink, topic, { from: 0, to: 20_000 });
  const source = kafkaSource<{ x: number }>({
    ...{ bootstrapServers: bootstrap, topics: topic, schema: schema({ x: t.f64 }) as never },
    ...{ maxPartitionBytes: 2000, maxBufferBytes: 20_000 },
  });
  const seen = new Set<number>();
  let rows = 0;
  for await (const { x } of from(source, { workers: 1 })) {
    seen.add(x);
    if (++rows === 5000) {
      await broker.kill();
      await broker.restart();
      await sendNumbers(sink, topic, { from: 20_000, to: 21_000 });
    }
    if (seen.size === 21_000) break;
  }
  assertEquals([rows, seen.size], [21_000, 21_000]);
}

async function commits({ bootstrap }: SharedKafka): Promise<void> {
  await using cluster = await connect(bootstrap);
  const topic = await newTopic(cluster, 2);
  await using sink = await cluster.sink({
    ...{ acks: "all", idempotent: true, requestTimeoutMs: 5000, deliveryTimeoutMs: 60_000 },
  });
  await sendNumbers(sink, topic, { from: 0, to: 1000 });
  const groupId = uniqueName("src-group");
  const source = kafkaSource<{ x: number }>({
    ...{ bootstrapServers: bootstrap, topics: topic, groupId, commitInterval: "200ms" },
  });
  const stop = new AbortController();
  const xs: number[] = [];
  const publisher = {
    publish: (batch: { readonly length: number; toRows(): readonly object[] }) => {
      xs.push(...batch.toRows().map((row) => (row as { x: number }).x));
      if (xs.length === 1000) setTimeout(() => stop.abort());
      return Promise.resolve({ records: batch.length });
    },
    flush: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  await from(source, { workers: 1 }).to(publisher as never)
    .run({ signal: stop.signal, onAbort: "drain" });
  assertEquals(xs.sort((a, b) => a - b), [...Array(1000).keys()]);
  const partitions = [0, 1].map((partition) => ({ topic, partition }));
  const committed = await cluster.group(groupId).committed(partitions);
  assertEquals(committed.map(({ offset, leaderEpoch }) => [offset, leaderEpoch]), [
    [500, 0],
    [500, 0],
  ]);
}

Deno.test(kafka.test("Reading a real Kafka", async (context) => {
  await using broker = await sharedKafka();
  await context.step("gives what Java has written, by every codec", () => readsJava(broker));
  await context.step("commits what is done with, as a member of a group", () => commits(broker));
}));

Deno.test(
  ownKafka.test("A broker that is killed and comes back loses and doubles no record of a reader", () =>
    survivesRestart()),
);
