import { assert, assertEquals, assertRejects } from "@std/assert";
import { RecordBatch } from "../mod.ts";
import {
  Fenced,
  KafkaError,
  KafkaPublisher,
  type KafkaPublisherOptions,
} from "../src/kafka/kafka.ts";
import { type ProxiedKafka, startProxiedKafka } from "./support/kafka/fault_proxy.ts";
import { ownKafka, uniqueName } from "./support/kafka/kafka.ts";
import { kcat, kcatConsume } from "./support/kafka/kcat.ts";
import { createTopic } from "./support/kafka/wire.ts";
import { rowsOf, testPublisher } from "./support/publisher_suite.ts";

const needed = ownKafka.with(kcat);
let proxied: ProxiedKafka;

Deno.test.beforeAll(async () => {
  if (needed.reason === undefined) proxied = await startProxiedKafka();
});
Deno.test.afterAll(async () => {
  await proxied?.[Symbol.asyncDispose]();
});

function test(name: string, work: () => Promise<void>): void {
  Deno.test(needed.test(name, work));
}

/** A publisher to a new topic, behind the proxy. */
async function publisherOf(
  { partitions = 1, config = {}, ...options }: Partial<KafkaPublisherOptions> & {
    partitions?: number;
    config?: Record<string, string>;
  } = {},
) {
  const topic = uniqueName("pub");
  await createTopic(proxied.broker.bootstrap, topic, { partitions, config });
  const bootstrapServers = proxied.proxy.bootstrap;
  return { topic, publisher: new KafkaPublisher({ bootstrapServers, topic, ...options }) };
}

async function caseOf(options: Partial<KafkaPublisherOptions> = {}) {
  const { topic, publisher } = await publisherOf(options);
  const { broker, proxy } = proxied;
  return {
    publisher,
    arrived: async () => {
      const records = await kcatConsume(broker.bootstrap, topic);
      return records.map(({ payload }) => JSON.parse(payload!));
    },
    stall: () => proxy.freeze(),
    go: () => proxy.thaw(),
    break: () => proxy.cutAll(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

const TRAITS = { cannot: ["failNext"], retries: true } as const;
const define = needed.test.bind(needed);

testPublisher("KafkaPublisher of a real broker", () => caseOf(), TRAITS, define);
testPublisher(
  "KafkaPublisher in transactions of a real broker",
  () => caseOf({ transactionalId: uniqueName("pub") }),
  TRAITS,
  define,
);

const BATCH = RecordBatch.fromRows(rowsOf(0, 2000)) as RecordBatch;

test("KafkaPublisher writes with every codec what kcat reads, checksums checked", async () => {
  for (const compression of ["none", "gzip", "snappy", "lz4", "zstd"] as const) {
    const { topic, publisher } = await publisherOf({ compression, batchBytes: 20_000 });
    await publisher.publish(BATCH);
    await publisher[Symbol.asyncDispose]();
    const records = await kcatConsume(proxied.broker.bootstrap, topic);
    assertEquals(records.map(({ payload }) => JSON.parse(payload!)), rowsOf(0, 2000), compression);
  }
});

test("KafkaPublisher writes keys, headers, times and tombstones that kcat reads", async () => {
  const { topic, publisher } = await publisherOf({
    ...{ key: "key", headers: { trace: "trace" }, timestamp: "at", tombstone: "gone" },
    valueColumns: ["x"],
  });
  const at = [new Date(1_700_000_000_000), new Date(1_700_000_000_500)];
  const rows = [
    { key: "a", trace: "t1", at: at[0], gone: false, x: 1 },
    { key: "b", trace: "t2", at: at[1], gone: true, x: 2 },
  ];
  await publisher.publish(RecordBatch.fromRows(rows) as RecordBatch);
  await publisher[Symbol.asyncDispose]();
  const records = await kcatConsume(proxied.broker.bootstrap, topic);
  assertEquals(
    records.map(({ key, payload, ts, headers }) => ({ key, payload, ts, headers })),
    [
      { key: "a", payload: '{"x":1}', ts: at[0].getTime(), headers: ["trace", "t1"] },
      { key: "b", payload: null, ts: at[1].getTime(), headers: ["trace", "t2"] },
    ],
  );
});

test("KafkaPublisher loses and doubles nothing when answers are lost in the middle", async () => {
  const { topic, publisher } = await publisherOf({ batchBytes: 2000, partitions: 3, key: "id" });
  const { broker, proxy } = proxied;
  const lost = [3, 9].map((after) => proxy.break({ api: "produce", cut: "answer", after }));
  const cut = proxy.break({ api: "produce", cut: "request", bytes: 500, after: 6 });
  const publishing: Promise<unknown>[] = [];
  for (let at = 0; at < 20_000; at += 500) {
    publishing.push(publisher.publish(RecordBatch.fromRows(rowsOf(at, 500)) as RecordBatch));
    if (publishing.length % 4 === 0) await publishing.at(-1);
  }
  await Promise.all([...publishing, ...lost, cut]);
  await publisher[Symbol.asyncDispose]();
  const last = [-1, -1, -1];
  const records = await kcatConsume(broker.bootstrap, topic);
  assertEquals(records.length, 20_000);
  for (const { partition, payload } of records) {
    const { id } = JSON.parse(payload!);
    assert(id > last[partition], "out of order, or twice");
    last[partition] = id;
  }
});

test("KafkaPublisher says what a topic does not take, and goes on", async () => {
  const config = { "max.message.bytes": "3000" };
  const { topic, publisher } = await publisherOf({ config, batchBytes: 2000 });
  const text = "x".repeat(5000);
  const large = RecordBatch.fromRows([{ text }]) as RecordBatch;
  const error = await assertRejects(() => publisher.publish(large), KafkaError);
  assertEquals([error.code, error.retriable], ["MESSAGE_TOO_LARGE", false]);
  assert(error.message.endsWith("its record was not appended"), error.message);
  await publisher.publish(BATCH);
  await publisher[Symbol.asyncDispose]();
  assertEquals((await kcatConsume(proxied.broker.bootstrap, topic)).length, 2000);
});

test("KafkaPublisher sends record batches that a topic does not take in parts that it takes", async () => {
  const config = { "max.message.bytes": "3000" };
  const inTransactions = { transactionalId: uniqueName("pub"), compression: "lz4" } as const;
  for (const options of [{}, inTransactions]) {
    const { topic, publisher } = await publisherOf({ config, ...options });
    await publisher.publish(BATCH);
    await publisher.publish(BATCH);
    await publisher[Symbol.asyncDispose]();
    const records = await kcatConsume(proxied.broker.bootstrap, topic);
    const ids = records.map(({ payload }) => JSON.parse(payload!).id);
    const sent = rowsOf(0, 2000).map(({ id }) => id);
    assertEquals(ids, [...sent, ...sent]);
  }
});

test("KafkaPublisher makes a topic when it is asked to, and else says how", async () => {
  const topic = uniqueName("pub");
  const options = { bootstrapServers: proxied.proxy.bootstrap, topic };
  await using without = new KafkaPublisher(options);
  await assertRejects(() => without.publish(BATCH), KafkaError, "there is no such topic at");
  await using publisher = new KafkaPublisher({
    ...options,
    createTopic: { partitions: 3, config: { "cleanup.policy": "compact" } },
    key: "id",
  });
  await publisher.publish(BATCH);
  const records = await kcatConsume(proxied.broker.bootstrap, topic);
  assertEquals(new Set(records.map(({ partition }) => partition)), new Set([0, 1, 2]));
});

test("KafkaPublisher that a newer one has taken over from publishes no more", async () => {
  const transactionalId = uniqueName("pub");
  const { topic, publisher } = await publisherOf({ transactionalId });
  await publisher.publish(BATCH.slice(0, 10));
  const bootstrapServers = proxied.proxy.bootstrap;
  await using newer = new KafkaPublisher({ bootstrapServers, topic, transactionalId });
  await newer.publish(BATCH.slice(10, 20));
  const error = await assertRejects(() => publisher.publish(BATCH.slice(0, 5)), Fenced);
  assertEquals(error.retriable, false);
  await publisher[Symbol.asyncDispose]();
  await newer.publish(BATCH.slice(20, 30));
  const records = await kcatConsume(proxied.broker.bootstrap, topic);
  assertEquals(records.map(({ payload }) => JSON.parse(payload!)), rowsOf(0, 30));
});
