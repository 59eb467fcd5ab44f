// What npm:kafkajs by itself does wrong, beside what the driver that uses its connections does right.
import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { type Consumer, Kafka, logLevel } from "kafkajs";
import { RecordBatch } from "../src/batch/record_batch.ts";
import { kafkaDriver } from "../src/kafka/driver/current_driver.ts";
import type { KafkaCluster, TopicPartition } from "../src/kafka/driver/driver.ts";
import { CorruptBatch } from "../src/kafka/records/corrupt_batch.ts";
import { KafkaError, KafkaPublisher } from "../src/kafka/kafka.ts";
import {
  block,
  connect,
  countRecords,
  decode,
  fetchAll,
  LARGE_BLOCK_RECORDS,
  largeBlock,
  newTopic,
  readTexts,
  SINK,
  texts,
  transactional,
} from "./support/kafka/driver_world.ts";
import { type ProxiedKafka, startProxiedKafka } from "./support/kafka/fault_proxy.ts";
import { javaCases } from "./support/kafka/java_tools.ts";
import { ownKafka, uniqueName } from "./support/kafka/kafka.ts";

const LAST = "the last record";
let kafka: ProxiedKafka;

Deno.test.beforeAll(async () => {
  if (ownKafka.reason === undefined) kafka = await startProxiedKafka();
});
Deno.test.afterAll(async () => {
  await kafka?.[Symbol.asyncDispose]();
});

/** Runs with the plain client and with a cluster of the driver, both through the proxy. */
function test(name: string, work: (plain: Kafka, cluster: KafkaCluster) => Promise<void>): void {
  Deno.test(ownKafka.test(`plain kafkajs ${name}`, async () => {
    const bootstrap = kafka.proxy.bootstrap;
    const plain = new Kafka({
      brokers: [bootstrap],
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 50, retries: 10 },
    });
    const world = { driver: kafkaDriver("test"), bootstrapServers: [bootstrap] };
    await using cluster = await connect(world);
    await work(plain, cluster);
  }));
}

async function consuming(plain: Kafka, work: (consumer: Consumer) => Promise<void>) {
  const consumer = plain.consumer({ groupId: uniqueName("plain"), maxWaitTimeInMs: 20 });
  await consumer.connect();
  try {
    await work(consumer);
  } finally {
    await consumer.disconnect();
  }
}

/** What the plain client reads of topics that end with {@linkcode LAST}, read committed. */
async function plainRead(plain: Kafka, topics: readonly string[]): Promise<Map<string, string[]>> {
  const read = new Map(topics.map((topic): [string, string[]] => [topic, []]));
  const left = new Set(topics);
  const done = Promise.withResolvers<void>();
  await consuming(plain, async (consumer) => {
    await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    await consumer.run({
      eachMessage: ({ topic, message }) => {
        const value = message.value?.toString() ?? "null";
        if (value !== LAST) read.get(topic)!.push(value);
        else if (left.delete(topic) && left.size === 0) done.resolve();
        return Promise.resolve();
      },
    });
    await done.promise;
  });
  return read;
}

async function sendLast(cluster: KafkaCluster, at: TopicPartition): Promise<void> {
  await using sink = await cluster.sink(SINK);
  await sink.send(block(at, [LAST]));
}

test("gives out records of aborted transactions", async (plain, cluster) => {
  const names = ["interleaved", "two-aborts", "key-zero"] as const;
  const places: TopicPartition[] = [];
  for (const _ of names) places.push(await newTopic(cluster));
  const pairs = names.map((name, i) => [name, places[i].topic] as const);
  const written = Map.groupBy(await javaCases(kafka.broker.bootstrap, pairs), (r) => r.topic);
  for (const at of places) await sendLast(cluster, at);
  const read = await plainRead(plain, places.map(({ topic }) => topic));
  for (const [i, at] of places.entries()) {
    const expected = texts(written.get(at.topic)!);
    assertEquals(await readTexts(cluster, at), [...expected, LAST]);
    // Two aborts it keeps apart when nothing comes between them.
    if (names[i] !== "two-aborts") assertNotEquals(read.get(at.topic), expected, names[i]);
  }
});

async function isGone(cluster: KafkaCluster, topic: string): Promise<boolean> {
  return await cluster.topics([topic], { fresh: true }).then(() => false, () => true);
}

test("sends again what was appended when another topic fails", async (plain, cluster) => {
  const admin = plain.admin();
  const producer = plain.producer();
  await Promise.all([admin.connect(), producer.connect()]);
  await using sink = await cluster.sink(SINK);
  const gone = await newTopic(cluster);
  const plainAt = await newTopic(cluster);
  const ownAt = await newTopic(cluster);
  const sendPlain = (value: string) =>
    producer.sendBatch({
      topicMessages: [gone, plainAt].map(({ topic }) => ({ topic, messages: [{ value }] })),
    });
  const sendOwn = (value: string) =>
    Promise.allSettled([gone, ownAt].map((at) => sink.send(block(at, [value]))));
  await Promise.all([sendPlain("before"), sendOwn("before")]);
  await admin.deleteTopics({ topics: [gone.topic] });
  while (!await isGone(cluster, gone.topic));
  const before = kafka.proxy.requests("produce");
  const sent = Promise.all([sendPlain("after"), sendOwn("after")]);
  while (kafka.proxy.requests("produce") < before + 3) await new Promise((r) => setTimeout(r, 5));
  await cluster.createTopics([{ topic: gone.topic, partitions: 1 }]);
  await sent;
  await Promise.all([admin.disconnect(), producer.disconnect()]);
  assert((await readTexts(cluster, plainAt)).length > 2, "it was sent once");
  assertEquals(await readTexts(cluster, ownAt), ["before", "after"]);
});

test("writes a byte as the digits of its number", async (plain, cluster) => {
  const at = await newTopic(cluster);
  const producer = plain.producer();
  await producer.connect();
  const value = Uint8Array.of(7) as unknown as string;
  await producer.send({ topic: at.topic, messages: [{ value, partition: 0 }] });
  await producer.disconnect();
  await using sink = await cluster.sink(SINK);
  await sink.send(block(at, [{ value: Uint8Array.of(7) }]));
  assertEquals(await readTexts(cluster, at), ["7", "\x07"]);
});

test("gives up its producer when a commit is cut off", async (plain, cluster) => {
  const at = await newTopic(cluster);
  const transactionalId = uniqueName("tx");
  const producer = plain.producer({
    transactionalId,
    maxInFlightRequests: 1,
    idempotent: true,
    retry: { retries: 1 },
  });
  await producer.connect();
  const transaction = await producer.transaction();
  await transaction.send({ topic: at.topic, messages: [{ value: "plain", partition: 0 }] });
  const broken = kafka.proxy.break({ api: "endTxn", cut: "request" });
  await assertRejects(() => transaction.commit());
  await broken;
  await assertRejects(() => producer.transaction());
  await producer.disconnect();

  await using sink = await transactional(cluster, transactionalId);
  const first = await sink.begin();
  await first.send(block(at, ["first"]));
  const cut = kafka.proxy.break({ api: "endTxn", cut: "request" });
  await first.commit();
  await cut;
  const second = await sink.begin();
  await second.send(block(at, ["second"]));
  await second.commit();
  assertEquals(await readTexts(cluster, at), ["first", "second"]);
});

test("cannot read a batch of 200,000 records", async (plain, cluster) => {
  const at = await newTopic(cluster);
  await using sink = await cluster.sink(SINK);
  await sink.send(largeBlock(at));
  await consuming(plain, async (consumer) => {
    const crash = Promise.withResolvers<Error>();
    consumer.on(consumer.events.CRASH, ({ payload: { error, restart } }) => {
      if (!restart) crash.resolve(error);
    });
    await consumer.subscribe({ topics: [at.topic], fromBeginning: true });
    let read = 0;
    await consumer.run({
      eachBatch: ({ batch }) => {
        read += batch.messages.length;
        return Promise.resolve();
      },
    });
    const error = await crash.promise;
    assertEquals([error.name, read], ["KafkaJSNonRetriableError", 0]);
    assertStringIncludes(error.message, "call stack");
  });
  assertEquals(countRecords(await fetchAll(cluster, at)).records, LARGE_BLOCK_RECORDS);
});

test("gives out what was damaged on its way", async (plain, cluster) => {
  const at = await newTopic(cluster);
  await using sink = await cluster.sink(SINK);
  await sink.send(block(at, ["abc"]));
  await sink.send(block(at, [LAST]));
  // The last byte of the first batch is its count of headers; the one before is the "c".
  const [{ bytes }] = await fetchAll(cluster, at);
  const fromEnd = bytes.length - bytes.indexOf("c".charCodeAt(0), 61) - 1;
  const damage = () => kafka.proxy.break({ api: "fetch", cut: "nothing", bytes: fromEnd });
  const damaged = damage();
  assertEquals((await plainRead(plain, [at.topic])).get(at.topic), ["abb"]);
  await damaged;
  const again = damage();
  const blocks = await fetchAll(cluster, at);
  await again;
  await assertRejects(() => Promise.try(() => decode(blocks)), CorruptBatch);
});

/** How many items of arrays are gone through one by one meanwhile, as by spreading. */
async function stepsOf(work: () => Promise<unknown>): Promise<number> {
  const { values } = Array.prototype;
  let steps = 0;
  function* counted<T>(this: T[]): Generator<T> {
    for (let at = 0; at < this.length; at++, steps++) yield this[at];
  }
  const put = (value: unknown) =>
    Object.defineProperty(Array.prototype, Symbol.iterator, { value, writable: true });
  put(counted);
  try {
    await work();
  } finally {
    put(values);
  }
  return steps;
}

test("copies the messages of a partition for each one more", async (plain, cluster) => {
  const at = await newTopic(cluster);
  const producer = plain.producer();
  await producer.connect();
  const messages = Array.from({ length: 2000 }, (_, id) => ({ value: `${id}`, partition: 0 }));
  const quadratic = messages.length * (messages.length - 1) / 2;
  const plainSteps = await stepsOf(() => producer.send({ topic: at.topic, messages }));
  await producer.disconnect();
  assert(plainSteps > quadratic, `${plainSteps} steps`);
  await using publisher = new KafkaPublisher({
    ...{ bootstrapServers: kafka.proxy.bootstrap, topic: at.topic },
  });
  const batch = RecordBatch.fromRows(messages) as RecordBatch;
  const steps = await stepsOf(() => publisher.publish(batch));
  assert(steps < 10 * messages.length, `${steps} steps`);
  assertEquals((await readTexts(cluster, at)).length, 2 * messages.length);
});

const MOST_TRANSACTIONS = 200;

test(
  "fails where a transaction begins with offsets just behind another",
  async (plain, cluster) => {
    const at = await newTopic(cluster);
    const groupId = uniqueName("group");
    const producer = plain.producer({
      ...{ transactionalId: uniqueName("tx"), maxInFlightRequests: 1, idempotent: true },
    });
    await producer.connect();
    const offsets = (offset: number) => ({
      consumerGroupId: groupId,
      topics: [{ topic: at.topic, partitions: [{ partition: 0, offset: `${offset}` }] }],
    });
    const failure = await assertRejects(async () => {
      for (let offset = 1; offset <= MOST_TRANSACTIONS; offset++) {
        const transaction = await producer.transaction();
        await transaction.sendOffsets(offsets(offset));
        await transaction.commit();
      }
    }, Error);
    assertStringIncludes(failure.message, "another concurrent operation");
    await producer.disconnect();

    await using sink = await transactional(cluster);
    for (let offset = 1; offset <= MOST_TRANSACTIONS; offset++) {
      const txn = await sink.begin();
      await txn.sendOffsets({ groupId }, [{ ...at, offset }]);
      await txn.commit();
    }
    const committed = await cluster.group(groupId).committed([at]);
    assertEquals(committed, [{ ...at, offset: MOST_TRANSACTIONS }]);
  },
);

test(
  "commits offsets of a group in which others read, in a transaction",
  async (plain, cluster) => {
    const at = await newTopic(cluster);
    const groupId = uniqueName("group");
    const group = cluster.group(groupId);
    const protocols = [{ name: "sticky", metadata: Uint8Array.of(1) }];
    const timeouts = { sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000 };
    const { memberId, generation } = await group.join({ memberId: "", protocols, ...timeouts });
    const me = { groupId, memberId, generation };
    await group.sync(me, [{ memberId, assignment: Uint8Array.of(1) }]);

    await using sink = await transactional(cluster);
    const txn = await sink.begin();
    await txn.send(block(at, ["own"]));
    const former = { ...me, generation: generation - 1 };
    await assertRejects(() => txn.sendOffsets(former, [{ ...at, offset: 5 }]), KafkaError);
    await txn.abort();
    assertEquals(await group.committed([at]), []);

    const producer = plain.producer({
      ...{ transactionalId: uniqueName("tx"), maxInFlightRequests: 1, idempotent: true },
    });
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({ topic: at.topic, messages: [{ value: "plain", partition: 0 }] });
    await transaction.sendOffsets({
      consumerGroupId: groupId,
      topics: [{ topic: at.topic, partitions: [{ partition: 0, offset: "9" }] }],
    });
    await transaction.commit();
    await producer.disconnect();
    assertEquals(await group.committed([at]), [{ ...at, offset: 9 }]);
    await group.leave(me);
  },
);
