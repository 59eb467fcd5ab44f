/**
 * What every driver must do, whatever is behind it: a broker, or a simulation.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { JoinRequest, KafkaCluster, Sink, Txn } from "../../../src/kafka/driver/driver.ts";
import {
  Fenced,
  GroupChanged,
  KafkaError,
  OffsetOutOfRange,
} from "../../../src/kafka/driver/kafka_error.ts";
import {
  block,
  connect,
  countRecords,
  decode,
  type DriverWorld,
  endOf,
  FETCH,
  fetchAll,
  LARGE_BLOCK_RECORDS,
  largeBlock,
  newTopic,
  readAll,
  readTexts,
  SINK,
  texts,
  TIME,
  transactional,
} from "./driver_world.ts";
import { type KafkaCounterpart, uniqueName } from "./kafka.ts";

/** A test of one driver. */
export type DriverTest = (
  name: string,
  work: (cluster: KafkaCluster, world: DriverWorld) => Promise<void>,
) => void;

/** Runs tests with one world for all, which is made before the first. */
export function driverTests(
  name: string,
  needed: Pick<KafkaCounterpart, "reason" | "test">,
  open: () => Promise<DriverWorld>,
): DriverTest {
  let world: DriverWorld | undefined;
  Deno.test.beforeAll(async () => {
    if (needed.reason === undefined) world = await open();
  });
  Deno.test.afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
  });
  return (what, work) => {
    Deno.test(needed.test(`driver ${name} ${what}`, async () => {
      await using cluster = await connect(world!);
      await work(cluster, world!);
    }));
  };
}

async function inTransaction(sink: Sink, work: (txn: Txn) => Promise<unknown>, commits = true) {
  const txn = await sink.begin();
  await work(txn);
  await (commits ? txn.commit() : txn.abort());
}

function testAppending(test: DriverTest): void {
  test("appends blocks in order, says where, and reads from anywhere", async (cluster) => {
    const at = await newTopic(cluster);
    await using sink = await cluster.sink(SINK);
    const sent = ["a", "b", "c"].map((name) => sink.send(block(at, [`${name}1`, `${name}2`])));
    assertEquals(await Promise.all(sent), [0, 2, 4].map((baseOffset) => ({ baseOffset })));
    assertEquals(await readTexts(cluster, at), ["a1", "a2", "b1", "b2", "c1", "c2"]);
    const [{ offset, timestamp }, ...others] = await readAll(cluster, at, { from: 3 });
    assertEquals([offset, timestamp, others.length], [3, TIME + 1, 2]);
  });

  test("appends without idempotence, with fewer acknowledgements", async (cluster) => {
    const at = await newTopic(cluster);
    for (const acks of ["all", 1, 0] as const) {
      await using sink = await cluster.sink({ ...SINK, acks, idempotent: false });
      const { baseOffset } = await sink.send(block(at, [`acks ${acks}`]));
      assert(acks === 0 ? baseOffset === -1 : baseOffset >= 0);
    }
    while (await endOf(cluster, at) < 3);
    assertEquals(await readTexts(cluster, at), ["acks all", "acks 1", "acks 0"]);
  });

  test("keeps the order of each partition, however many are under way", async (cluster) => {
    const { topic } = await newTopic(cluster, { partitions: 3 });
    await using sink = await cluster.sink(SINK);
    const sent = Array.from(
      { length: 150 },
      (_, i) => sink.send(block({ topic, partition: i % 3 }, [String(i)])),
    );
    await Promise.all(sent);
    for (const partition of [0, 1, 2]) {
      const expected = Array.from({ length: 50 }, (_, i) => String(3 * i + partition));
      assertEquals(await readTexts(cluster, { topic, partition }), expected);
    }
  });

  test("appends and reads a batch of 200,000 records", async (cluster) => {
    const at = await newTopic(cluster);
    await using sink = await cluster.sink(SINK);
    await sink.send(largeBlock(at));
    const read = countRecords(await fetchAll(cluster, at));
    assertEquals(read, { records: LARGE_BLOCK_RECORDS, last: "9" });
    assertEquals(await endOf(cluster, at), LARGE_BLOCK_RECORDS);
  });

  test("refuses what is too large and what is for no topic, and goes on", async (cluster) => {
    const at = await newTopic(cluster);
    await using sink = await cluster.sink(SINK);
    const large = sink.send(block(at, ["x".repeat(1_100_000)]));
    const small = sink.send(block(at, ["small"]));
    const error = await assertRejects(() => large, KafkaError, at.topic);
    assertEquals([error.code, error.retriable], ["MESSAGE_TOO_LARGE", false]);
    await small;
    const nowhere = { topic: uniqueName("nowhere"), partition: 0 };
    await using impatient = await cluster.sink({ ...SINK, deliveryTimeoutMs: 500 });
    await assertRejects(() => impatient.send(block(nowhere, ["a"])), KafkaError, nowhere.topic);
    const beyond = { ...at, partition: 7 };
    await assertRejects(() => impatient.send(block(beyond, ["a"])), KafkaError, "partition 7");
    await impatient.send(block(at, ["still"]));
    assertEquals(await readTexts(cluster, at), ["small", "still"]);
  });
}

function testAborts(test: DriverTest): void {
  test("leaves out aborts that overlap commits, in no order", async (cluster) => {
    const at = await newTopic(cluster);
    await using a = await transactional(cluster);
    await using b = await transactional(cluster);
    await using plain = await cluster.sink(SINK);
    const expected: string[] = [];
    for (const [i, [commitsA, commitsB]] of [[0, 1], [1, 0], [0, 0], [1, 1], [0, 1]].entries()) {
      const txns = i % 2 === 0
        ? [await a.begin(), await b.begin()]
        : [await b.begin(), await a.begin()];
      const commits = i % 2 === 0 ? [commitsA, commitsB] : [commitsB, commitsA];
      for (const part of [0, 1]) {
        for (const [j, txn] of txns.entries()) {
          await txn.send(block(at, [`${i}.${j}.${part}`]));
          if (commits[j] === 1) expected.push(`${i}.${j}.${part}`);
        }
      }
      await plain.send(block(at, [`plain ${i}`]));
      expected.push(`plain ${i}`);
      for (const [j, txn] of txns.toReversed().entries()) {
        await (commits[1 - j] === 1 ? txn.commit() : txn.abort());
      }
    }
    assertEquals(await readTexts(cluster, at), expected);
    assertEquals((await readTexts(cluster, at, { isolation: "read_uncommitted" })).length, 25);
  });

  test("leaves out two aborts of one producer, and no commit between", async (cluster) => {
    const at = await newTopic(cluster);
    await using sink = await transactional(cluster);
    const ends = [true, false, true, false, false, true];
    for (const [i, commits] of ends.entries()) {
      await inTransaction(sink, (txn) => txn.send(block(at, [`${i}`])), commits);
    }
    assertEquals(await readTexts(cluster, at), ["0", "2", "5"]);
  });

  test("takes a record with the key int32 0 for data, not for an abort", async (cluster) => {
    const at = await newTopic(cluster);
    const zero = { key: new Uint8Array(4), value: "zero" };
    await using a = await transactional(cluster);
    await using b = await transactional(cluster);
    const aborted = await a.begin();
    await aborted.send(block(at, [zero, "aborted"]));
    await inTransaction(b, (txn) => txn.send(block(at, [zero, "committed"])));
    await aborted.send(block(at, ["aborted", zero]));
    await aborted.abort();
    assertEquals(await readTexts(cluster, at), ["zero", "committed"]);
  });

  test("leaves out an abort that no answer has whole", async (cluster) => {
    const at = await newTopic(cluster);
    await using a = await transactional(cluster);
    await using b = await transactional(cluster);
    const aborted = await a.begin();
    for (let i = 0; i < 20; i++) {
      await aborted.send(block(at, [`aborted ${"x".repeat(10_000)}`]));
      await inTransaction(b, (txn) => txn.send(block(at, [`${i}`])));
    }
    await aborted.abort();
    const limits = { maxBytes: 30_000, maxPartitionBytes: 30_000 };
    const blocks = await fetchAll(cluster, at, limits);
    assert(blocks.length > 3, "came in one piece");
    assertEquals(texts(decode(blocks)), Array.from({ length: 20 }, (_, i) => `${i}`));
  });
}

function testFencing(test: DriverTest): void {
  test("fences an older producer, whose open transaction counts for nothing", async (cluster) => {
    const at = await newTopic(cluster);
    const id = uniqueName("tx");
    await using older = await transactional(cluster, id);
    const left = await older.begin();
    await left.send(block(at, ["left"]));
    await using newer = await transactional(cluster, id);
    const next = await newer.begin();
    await assertRejects(() => left.send(block(at, ["zombie"])), Fenced);
    await assertRejects(() => left.commit(), Fenced);
    await next.send(block(at, ["next"]));
    await next.commit();
    assertEquals(await readTexts(cluster, at), ["next"]);
  });

  test("commits a group's offsets with a transaction or not at all", async (cluster) => {
    const at = await newTopic(cluster);
    const group = cluster.group(uniqueName("group"));
    const groupId = uniqueName("group");
    await using sink = await transactional(cluster);
    for (const [offset, commits] of [[5, true], [9, false]] as const) {
      await inTransaction(sink, async (txn) => {
        await txn.send(block(at, ["a"]));
        await txn.sendOffsets({ groupId }, [{ ...at, offset }]);
      }, commits);
      const committed = await cluster.group(groupId).committed([at]);
      assertEquals(committed, [{ ...at, offset: 5 }]);
    }
    assertEquals(await group.committed([at]), []);
  });
}

function testReading(test: DriverTest): void {
  test("makes topics once and tells of them", async (cluster) => {
    const topic = uniqueName("driver");
    assertEquals(await cluster.createTopics([{ topic, partitions: 3 }]), [topic]);
    assertEquals(await cluster.createTopics([{ topic, partitions: 5 }]), []);
    const [info] = await cluster.topics([topic], { fresh: true });
    assertEquals(info.partitions.map(({ partition }) => partition), [0, 1, 2]);
    const none = uniqueName("nowhere");
    await assertRejects(() => cluster.topics([none]), KafkaError, `"${none}"`);
  });

  test("finds offsets by time, and names partitions whose offset is not there", async (cluster) => {
    const at = await newTopic(cluster);
    await using sink = await cluster.sink(SINK);
    for (const i of [0, 1, 2]) await sink.send(block(at, ["a"], { timestampMs: TIME + i }));
    const offset = async (timestampMs: number) =>
      (await cluster.offsetsAt([at], { timestampMs }))[0].offset;
    assertEquals(await offset(0), 0);
    assertEquals(await offset(TIME + 1), 1);
    assertEquals(await offset(1_800_000_000_000), 3);
    assertEquals(await cluster.offsetsAt([at], "earliest"), [{ ...at, offset: 0 }]);
    await using source = await cluster.source(FETCH);
    source.assign([{ ...at, offset: 100 }]);
    const error = await assertRejects(() => fetchSome(source), OffsetOutOfRange);
    assertEquals(error.partitions, [at]);
    source.assign([{ ...at, offset: 1 }]);
    const [{ from, next, highWatermark, logStartOffset }] = await fetchSome(source);
    assertEquals([from, next, highWatermark, logStartOffset], [1, 3, 3, 0]);
  });

  test("passes over paused partitions, and stops waiting when it is told to", async (cluster) => {
    const { topic } = await newTopic(cluster, { partitions: 2 });
    await using sink = await cluster.sink(SINK);
    const [first, second] = [0, 1].map((partition) => ({ topic, partition }));
    for (const at of [first, second]) await sink.send(block(at, [`of ${at.partition}`]));
    await using source = await cluster.source({ ...FETCH, maxWaitMs: 500 });
    source.assign([first, second].map((at) => ({ ...at, offset: 0 })));
    source.pause([second]);
    assertEquals((await fetchSome(source)).map(({ partition }) => partition), [0]);
    const abort = new AbortController();
    const waiting = source.fetch({ signal: abort.signal });
    abort.abort(new Error("enough"));
    await assertRejects(() => waiting, Error, "enough");
    source.pause([first]);
    assertEquals((await fetchSome(source)).map(({ partition }) => partition), [1]);
  });
}

async function fetchSome(source: Awaited<ReturnType<KafkaCluster["source"]>>) {
  while (true) {
    const blocks = await source.fetch();
    if (blocks.length > 0) return blocks;
  }
}

function joining(memberId: string, says: number): JoinRequest {
  return {
    memberId,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    protocols: [{ name: "sticky", metadata: Uint8Array.of(says) }],
  };
}

function testGroups(test: DriverTest): void {
  test("joins groups, hears of changes, and commits as a member", async (cluster, world) => {
    const at = await newTopic(cluster);
    const groupId = uniqueName("group");
    const group = cluster.group(groupId);
    const first = await group.join(joining("", 1));
    assertEquals([first.leaderId, first.protocol], [first.memberId, "sticky"]);
    const me = { groupId, memberId: first.memberId, generation: first.generation };
    const assignment = Uint8Array.of(4, 2);
    assertEquals(await group.sync(me, [{ memberId: first.memberId, assignment }]), assignment);
    await group.heartbeat(me);
    await group.commit(me, [{ ...at, offset: 7 }]);
    assertEquals(await group.committed([at]), [{ ...at, offset: 7 }]);
    await group.commit(me, [{ ...at, offset: 7, metadata: "noted: ü" }]);
    assertEquals(await group.committed([at]), [{ ...at, offset: 7, metadata: "noted: ü" }]);
    await group.commit(me, [{ ...at, offset: 7 }]);
    // A broker answers one after the other of a connection, so another member needs its own.
    await using elsewhere = await connect(world);
    const second = elsewhere.group(groupId).join(joining("", 2));
    const changed = await assertRejects(async () => {
      while (true) await group.heartbeat(me);
    }, GroupChanged);
    assertEquals(changed.forgotten, false);
    const [again, other] = await Promise.all([group.join(joining(first.memberId, 3)), second]);
    assertEquals(again.generation, other.generation);
    const leader = again.members.length > 0 ? again : other;
    assertEquals(leader.members.map(({ metadata }) => metadata[0]).toSorted(), [2, 3]);
    await group.leave({ ...me, generation: again.generation });
    await group.leave({ groupId, memberId: other.memberId, generation: other.generation });
    const gone = await assertRejects(() => group.heartbeat(me), GroupChanged);
    assertEquals(gone.forgotten, true);
  });
}

/** Everything that any driver must do. */
export function testDriver(test: DriverTest): void {
  testAppending(test);
  testAborts(test);
  testFencing(test);
  testReading(test);
  testGroups(test);
}
