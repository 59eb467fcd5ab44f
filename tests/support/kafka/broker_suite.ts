/**
 * What a driver of real brokers must do besides: read what Java writes, be read by Java and kcat, and
 * outlive what happens to brokers and nets.
 *
 * @module
 */
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import type {
  KafkaCluster,
  RecordBlock,
  TopicPartition,
} from "../../../src/kafka/driver/driver.ts";
import { KafkaError, UnknownOutcome } from "../../../src/kafka/driver/kafka_error.ts";
import "../../../src/kafka/kafka.ts";
import { COMPRESSIONS } from "../../../src/kafka/records/compression.ts";
import { CorruptBatch } from "../../../src/kafka/records/corrupt_batch.ts";
import {
  encodePlainBatch,
  type PlainRecord,
} from "../../../src/kafka/records/reference_records.ts";
import type { KafkaBroker } from "./broker.ts";
import type { DriverTest } from "./driver_suite.ts";
import {
  block,
  connect,
  countRecords,
  decode,
  type DriverWorld,
  fetchAll,
  newTopic,
  readAll,
  readTexts,
  SINK,
  texts,
  TIME,
  transactional,
} from "./driver_world.ts";
import type { FaultProxy } from "./fault_proxy.ts";
import { type JavaCase, javaCases, type JavaRecord } from "./java_tools.ts";
import { kcatConsume } from "./kcat.ts";
import { uniqueName } from "./kafka.ts";

/** A driver that connects to a broker through a proxy. */
export interface BrokerWorld extends DriverWorld {
  readonly broker: KafkaBroker;
  readonly proxy: FaultProxy;
}

/** A test of a driver of real brokers. */
export type BrokerTest = (
  name: string,
  work: (cluster: KafkaCluster, world: BrokerWorld) => Promise<void>,
) => void;

const COMPACTED = {
  "cleanup.policy": "compact",
  "segment.ms": "10",
  "min.cleanable.dirty.ratio": "0.001",
  "delete.retention.ms": "10",
};

const CASES: readonly JavaCase[] = [
  ...COMPRESSIONS.map((name): JavaCase => `codec-${name}`),
  ...["shapes", "interleaved", "two-aborts", "key-zero", "spanning", "compacted"] as const,
];

function plain({ offset, timestamp, key, value, headers }: JavaRecord | PlainRecord): PlainRecord {
  return { offset, timestamp, key, value, headers };
}

function testReadingJava(test: BrokerTest): void {
  test("reads what Java has written, record for record", async (cluster, { broker }) => {
    const topics = new Map<JavaCase, TopicPartition>();
    for (const name of CASES) {
      const config = name === "compacted" ? COMPACTED : undefined;
      topics.set(name, await newTopic(cluster, { config }));
    }
    const pairs = CASES.map((name) => [name, topics.get(name)!.topic] as const);
    const written = Map.groupBy(await javaCases(broker.bootstrap, pairs), ({ topic }) => topic);
    for (const [name, at] of topics) {
      const limits = name === "spanning" ? { maxBytes: 50_000, maxPartitionBytes: 50_000 } : {};
      const read = await readAll(cluster, at, limits);
      const expected = written.get(at.topic)!;
      assert(expected.length > 0, name);
      assertEquals(read.map(plain), expected.map(plain), name);
      // Started in the middle, it gives what is behind.
      const from = expected[expected.length >> 1].offset;
      assertEquals(
        (await readAll(cluster, at, { ...limits, from })).length,
        expected.length - (expected.length >> 1),
        name,
      );
    }
  });

  test("reads a batch of 200,000 records by Java", async (cluster, { broker }) => {
    const at = await newTopic(cluster, { config: { "max.message.bytes": "33554432" } });
    await javaCases(broker.bootstrap, [["many", at.topic]]);
    const read = countRecords(await fetchAll(cluster, at, { maxPartitionBytes: 100_000 }));
    assertEquals(read, { records: 200_000, last: "199999" });
  });
}

const bytes = (text: string) => new TextEncoder().encode(text);

const SHAPES: readonly PlainRecord[] = [
  { key: null, value: bytes("no key"), headers: [] },
  { key: bytes("tombstone"), value: null, headers: [] },
  { key: bytes(""), value: bytes(""), headers: [] },
  {
    key: bytes("größer"),
    value: bytes("a\nb\tc"),
    headers: [["name", bytes("value")], ["name", bytes("again")], ["none", null], [
      "",
      bytes(""),
    ]] as const,
  },
  { key: bytes("long"), value: bytes("waggle ".repeat(30_000)), headers: [] },
].map((record, offset) => ({ ...record, offset, timestamp: TIME - 5 * offset }));

function testWriting(test: BrokerTest): void {
  test("writes what Java and kcat read, by each codec", async (cluster, { broker }) => {
    await using sink = await cluster.sink(SINK);
    const topics: TopicPartition[] = [];
    for (const compression of COMPRESSIONS) {
      const at = await newTopic(cluster);
      const encoded = encodePlainBatch({ records: SHAPES, compression });
      const whole: RecordBlock = { ...at, records: SHAPES.length, bytes: encoded };
      await sink.send(whole);
      await sink.send(block(at, ["last"], { compression }));
      topics.push(at);
    }
    const pairs = topics.map(({ topic }) => ["read", topic] as const);
    const read = Map.groupBy(await javaCases(broker.bootstrap, pairs), ({ topic }) => topic);
    for (const [i, at] of topics.entries()) {
      const records = read.get(at.topic)!;
      assertEquals(records.slice(0, -1).map(plain), SHAPES, COMPRESSIONS[i]);
      assertEquals(texts(records.slice(-1)), ["last"]);
      const text = (cell: Uint8Array | null) =>
        cell === null ? null : new TextDecoder().decode(cell);
      const seen = await kcatConsume(broker.bootstrap, at.topic);
      assertEquals(
        seen.map(({ offset, ts, key, payload }) => [offset, ts, key, payload]),
        records.map((
          { offset, timestamp, key, value },
        ) => [offset, timestamp, text(key), text(value)]),
        COMPRESSIONS[i],
      );
      assertEquals<unknown>(seen[3].headers, [
        "name",
        "value",
        "name",
        "again",
        "none",
        null,
        "",
        "",
      ]);
    }
  });

  test("writes transactions that Java and kcat read as it does", async (cluster, { broker }) => {
    const at = await newTopic(cluster);
    await using a = await transactional(cluster);
    await using b = await transactional(cluster);
    for (const i of [0, 1, 2]) {
      const [first, second] = [await a.begin(), await b.begin()];
      for (const [txn, name] of [[first, "a"], [second, "b"], [first, "a"]] as const) {
        await txn.send(block(at, [`${name}${i}`]));
      }
      await (i === 1 ? second.commit() : second.abort());
      await (i === 1 ? first.abort() : first.commit());
    }
    const expected = ["a0", "a0", "b1", "a2", "a2"];
    assertEquals(await readTexts(cluster, at), expected);
    assertEquals(texts(await javaCases(broker.bootstrap, [["read", at.topic]])), expected);
    const seen = await kcatConsume(broker.bootstrap, at.topic);
    assertEquals(seen.map(({ payload }) => payload), expected);
  });
}

function testLostAnswers(test: BrokerTest): void {
  test("appends each block once when requests and answers are lost", async (cluster, { proxy }) => {
    const at = await newTopic(cluster);
    await using sink = await cluster.sink(SINK);
    const expected: string[] = [];
    for (
      const fault of [
        { cut: "answer" },
        { cut: "answer", bytes: 20, after: 2 },
        { cut: "request", bytes: 60 },
        { cut: "request", bytes: 3, after: 1 },
      ] as const
    ) {
      const broken = proxy.break({ api: "produce", ...fault });
      const values = Array.from({ length: 20 }, (_, i) => `${fault.cut} ${fault.bytes} ${i}`);
      await Promise.all(values.map((value) => sink.send(block(at, [value]))));
      await broken;
      expected.push(...values);
    }
    assertEquals(await readTexts(cluster, at), expected);
  });

  test("commits whole or says that it cannot know", async (cluster, { proxy }) => {
    for (const cut of ["answer", "request"] as const) {
      const at = await newTopic(cluster);
      const id = uniqueName("tx");
      let isCommitted = true;
      {
        await using sink = await transactional(cluster, id);
        const txn = await sink.begin();
        await txn.send(block(at, ["a"]));
        const broken = proxy.break({ api: "endTxn", cut });
        await txn.commit().catch((error) => {
          assertInstanceOf(error, UnknownOutcome);
          isCommitted = false;
        });
        await broken;
      }
      // Whoever comes next finds nothing open, so it is decided by now.
      await using sink = await transactional(cluster, id);
      const txn = await sink.begin();
      await txn.send(block(at, ["b"]));
      await txn.commit();
      const read = await readTexts(cluster, at);
      if (isCommitted) assertEquals(read, ["a", "b"]);
      else assert(read.at(-1) === "b" && read.length === (cut === "answer" ? 2 : 1));
    }
  });
}

function testBadNets(test: BrokerTest): void {
  test("gives what a net has damaged to a decoder that sees it", async (cluster, { proxy }) => {
    const at = await newTopic(cluster);
    await using sink = await cluster.sink(SINK);
    await sink.send(block(at, ["a", "b", "c"]));
    const broken = proxy.break({ api: "fetch", cut: "nothing", bytes: 2 });
    const blocks = await fetchAll(cluster, at);
    await broken;
    const error = await assertRejects(() => Promise.try(() => decode(blocks)), CorruptBatch);
    assert(error.message.includes(at.topic), error.message);
    assertEquals(await readTexts(cluster, at), ["a", "b", "c"]);
  });

  test("gives up what nobody answers, and goes on when somebody does", async (_, world) => {
    const { proxy } = world;
    await using cluster = await connect(world);
    const at = await newTopic(cluster);
    const patience = { requestTimeoutMs: 200, deliveryTimeoutMs: 1_000 };
    await using sink = await cluster.sink({ ...SINK, ...patience });
    await sink.send(block(at, ["before"]));
    proxy.freeze();
    const error = await assertRejects(() => sink.send(block(at, ["frozen"])), KafkaError);
    assertInstanceOf(error, UnknownOutcome);
    proxy.thaw();
    proxy.cutAll();
    await using after = await cluster.sink(SINK);
    await after.send(block(at, ["after"]));
    const read = await readTexts(cluster, at);
    assertEquals([read[0], read.at(-1)], ["before", "after"]);
    assert(read.length <= 3 && new Set(read).size === read.length, `${read}`);
  });
}

function testRestarts(test: BrokerTest): void {
  test(
    "keeps its id when a coordinator dies that has not told of its epoch",
    async (cluster, world) => {
      const { broker, proxy } = world;
      const at = await newTopic(cluster);
      await using sink = await transactional(cluster);
      const first = await sink.begin();
      await first.send(block(at, ["first"]));
      // A commit that may still arrive again makes the next transaction ask for another epoch.
      const doubted = proxy.break({ api: "endTxn", cut: "answer" });
      await first.commit();
      await doubted;
      const dead = proxy.break({ api: "initProducerId", cut: "answer" }).then(() => broker.kill());
      const begun = sink.begin();
      await dead;
      await broker.restart();
      const second = await begun;
      await second.send(block(at, ["second"]));
      await second.commit();
      assertEquals(await readTexts(cluster, at), ["first", "second"]);
    },
  );

  test(
    "outlives brokers that stop and that are killed, with all under way",
    async (cluster, { broker }) => {
      const { topic } = await newTopic(cluster, { partitions: 2 });
      await using sink = await cluster.sink(SINK);
      await using txns = await transactional(cluster);
      const sent: Promise<unknown>[] = [];
      const send = (count: number) => {
        for (let i = 0; i < count; i++) {
          // A broker that is started anew forgets who wrote records of long ago.
          const now = { timestampMs: Date.now() };
          sent.push(sink.send(block({ topic, partition: i % 2 }, [String(sent.length)], now)));
        }
      };
      for (const end of ["stop", "kill"] as const) {
        send(50);
        const ended = broker[end]();
        send(50);
        await ended;
        send(50);
        await broker.restart();
        send(50);
        await Promise.all(sent);
        const txn = await txns.begin();
        await txn.send(block({ topic, partition: 0 }, ["txn"]));
        await txn.commit();
      }
      for (const partition of [0, 1]) {
        const expected = sent.map((_, i) => i).filter((i) => i % 2 === partition).map(String);
        const read = await readTexts(cluster, { topic, partition });
        assertEquals(read.filter((value) => value !== "txn"), expected);
      }
    },
  );
}

/** Everything that a driver of real brokers must do besides `testDriver()`. */
export function testBrokerDriver(test: DriverTest): void {
  const withBroker: BrokerTest = (name, work) =>
    test(name, (cluster, world) => work(cluster, world as BrokerWorld));
  testReadingJava(withBroker);
  testWriting(withBroker);
  testLostAnswers(withBroker);
  testBadNets(withBroker);
  testRestarts(withBroker);
}
