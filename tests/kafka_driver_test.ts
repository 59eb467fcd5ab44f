import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { kafkaDriver } from "../src/kafka/driver/current_driver.ts";
import type {
  KafkaCluster,
  PartitionOffset,
  SinkOptions,
  TopicPartition,
} from "../src/kafka/driver/driver.ts";
import {
  Abortable,
  Fenced,
  GroupChanged,
  KafkaError,
  OffsetOutOfRange,
} from "../src/kafka/kafka.ts";
import { kafka, type SharedKafka, sharedKafka, uniqueName } from "./support/kafka/kafka.ts";
import { blockOf, committedOf, type PlainRecord, recordsOf } from "./support/kafka/plain_batch.ts";

const SINK: SinkOptions = {
  acks: "all",
  idempotent: true,
  requestTimeoutMs: 5_000,
  deliveryTimeoutMs: 10_000,
};
const FETCH = {
  maxWaitMs: 500,
  minBytes: 1,
  maxBytes: 1 << 20,
  maxPartitionBytes: 1 << 20,
  requestTimeoutMs: 5_000,
};

function connect(...bootstrapServers: string[]): Promise<KafkaCluster> {
  return kafkaDriver("test").connect({
    bootstrapServers,
    clientId: "waggle-test",
    connectionTimeoutMs: 2_000,
    requestTimeoutMs: 5_000,
  });
}

async function newTopic(cluster: KafkaCluster, partitions = 1): Promise<string> {
  const topic = uniqueName("drv-driver");
  await cluster.createTopics([{ topic, partitions }]);
  return topic;
}

/** Everything up to the ends of some partitions. */
async function readAll(
  cluster: KafkaCluster,
  ends: readonly PartitionOffset[],
  isolation: "read_committed" | "read_uncommitted",
): Promise<Map<number, PlainRecord[]>> {
  const found = new Map<number, PlainRecord[]>(ends.map(({ partition }) => [partition, []]));
  const left = new Map(ends.map(({ partition, offset }) => [partition, offset]));
  await using source = await cluster.source({ ...FETCH, isolation });
  source.assign(ends.map((end) => ({ ...end, offset: 0 })));
  while (left.size > 0) {
    for (const block of await source.fetch()) {
      const records = isolation === "read_committed"
        ? committedOf(block.bytes, block.aborted)
        : recordsOf(block.bytes);
      found.get(block.partition)!.push(...records.filter(({ offset }) => offset >= block.from));
      if (block.next >= left.get(block.partition)!) left.delete(block.partition);
    }
  }
  return found;
}

const partitionsOf = (topic: string, count: number) =>
  Array.from({ length: count }, (_, partition) => ({ topic, partition }));

let broker: SharedKafka | undefined;
let cluster: KafkaCluster;

Deno.test.beforeAll(async () => {
  if (kafka.reason !== undefined) return;
  broker = await sharedKafka();
  cluster = await connect(broker.bootstrap);
});
Deno.test.afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await broker?.[Symbol.asyncDispose]();
});

function test(name: string, work: () => Promise<void>): void {
  Deno.test(kafka.test(name, work));
}

test("topics are made once, described, and missed by name", async () => {
  const topic = uniqueName("drv-topics");
  assertEquals(await cluster.createTopics([{ topic, partitions: 3 }]), [topic]);
  assertEquals(await cluster.createTopics([{ topic, partitions: 3 }]), []);
  const [info] = await cluster.topics([topic]);
  assertEquals(info.partitions.map(({ partition }) => partition), [0, 1, 2]);
  const missing = uniqueName("drv-missing");
  const error = await assertRejects(() => cluster.topics([missing]), KafkaError, missing);
  assertEquals(error.code, "UNKNOWN_TOPIC_OR_PARTITION");
  await assertRejects(
    () => cluster.createTopics([{ topic: uniqueName("drv"), replicationFactor: 99 }]),
    KafkaError,
    "replicationFactor 99",
  );
});

for (const options of [SINK, { ...SINK, acks: 1, idempotent: false } as const]) {
  test(`blocks keep the order of each partition, acks ${options.acks}`, async () => {
    const topic = await newTopic(cluster, 3);
    await using sink = await cluster.sink(options);
    const sent = Array.from({ length: 60 }, (_, i) => i);
    const appended = await Promise.all(
      sent.map((i) => sink.send(blockOf({ topic, partition: i % 3 }, [`a${i}`, `b${i}`]))),
    );
    assertEquals(appended.map(({ baseOffset }) => baseOffset), sent.map((i) => 2 * (i / 3 | 0)));
    const ends = await cluster.offsetsAt(partitionsOf(topic, 3), "latest");
    assertEquals(ends.map(({ offset }) => offset), [40, 40, 40]);
    const found = await readAll(cluster, ends, "read_uncommitted");
    for (const [partition, records] of found) {
      const own = sent.filter((i) => i % 3 === partition);
      assertEquals(records.map(({ value }) => value), own.flatMap((i) => [`a${i}`, `b${i}`]));
    }
  });
}

test("without acks blocks arrive, and nobody hears where", async () => {
  const topic = await newTopic(cluster);
  await using sink = await cluster.sink({ ...SINK, acks: 0, idempotent: false });
  const { baseOffset } = await sink.send(blockOf({ topic, partition: 0 }, ["x"]));
  assertEquals(baseOffset, -1);
  await readAll(cluster, [{ topic, partition: 0, offset: 1 }], "read_uncommitted");
});

test("a block that the topic has no room for says what to do; others go on", async () => {
  const topic = uniqueName("drv-large");
  await cluster.createTopics([{ topic, partitions: 1, config: { "max.message.bytes": "1000" } }]);
  await using sink = await cluster.sink(SINK);
  const at = { topic, partition: 0 };
  const sent = await Promise.allSettled([
    sink.send(blockOf(at, ["first"])),
    sink.send(blockOf(at, ["x".repeat(2_000)])),
    sink.send(blockOf(at, ["second"])),
    sink.send(blockOf(at, ["third"])),
  ]);
  assertEquals(sent.map(({ status }) => status), [
    "fulfilled",
    "rejected",
    "fulfilled",
    "fulfilled",
  ]);
  const [, refused] = sent;
  assert(refused.status === "rejected" && refused.reason instanceof KafkaError);
  assertStringIncludes(refused.reason.message, "max.message.bytes");
  const found = await readAll(cluster, [{ ...at, offset: 3 }], "read_uncommitted");
  assertEquals(found.get(0)!.map(({ value }) => value), ["first", "second", "third"]);
});

test("a block for a partition that there is not is refused, and so is one for no topic", async () => {
  const topic = await newTopic(cluster, 2);
  await using sink = await cluster.sink(SINK);
  const send = (at: TopicPartition) => sink.send(blockOf(at, ["x"]));
  const beyond = { topic, partition: 5 };
  await assertRejects(() => send(beyond), KafkaError, "has 2 partitions");
  const nowhere = { topic: uniqueName("drv-missing"), partition: 0 };
  await assertRejects(() => send(nowhere), KafkaError, "there is no such topic");
  await send({ topic, partition: 1 });
});

test("offsets are found by time, and behind the last record", async () => {
  const topic = await newTopic(cluster);
  const at = { topic, partition: 0 };
  await using sink = await cluster.sink(SINK);
  for (const time of [1_000, 2_000, 3_000]) await sink.send(blockOf(at, ["x"], time));
  const offsetAt = async (where: Parameters<KafkaCluster["offsetsAt"]>[1]) =>
    (await cluster.offsetsAt([at], where))[0].offset;
  assertEquals(await offsetAt("earliest"), 0);
  assertEquals(await offsetAt("latest"), 3);
  assertEquals(await offsetAt({ timestampMs: 1_500 }), 1);
  assertEquals(await offsetAt({ timestampMs: 9_000 }), 3);
  await assertRejects(
    () => cluster.offsetsAt([{ topic, partition: 7 }], "latest"),
    KafkaError,
    "no partition 7",
  );
});

test("transactions count whole or not at all, offsets included", async () => {
  const topic = await newTopic(cluster, 2);
  const groupId = uniqueName("drv-group");
  await using sink = await cluster.sink({ ...SINK, transactionalId: uniqueName("drv-txn") });
  for (let i = 0; i < 6; i++) {
    const txn = await sink.begin();
    for (const partition of [0, 1, 0]) {
      txn.send(blockOf({ topic, partition }, [`${i}`])).catch(() => {});
    }
    await txn.sendOffsets({ groupId }, [{ topic, partition: 0, offset: i }]);
    await (i % 2 === 0 ? txn.commit() : txn.abort());
  }
  assertEquals(await cluster.group(groupId).committed([{ topic, partition: 0 }]), [
    { topic, partition: 0, offset: 4 },
  ]);
  const ends = await cluster.offsetsAt(partitionsOf(topic, 2), "latest");
  const found = await readAll(cluster, ends, "read_committed");
  assertEquals(found.get(0)!.map(({ value }) => value), ["0", "0", "2", "2", "4", "4"]);
  assertEquals(found.get(1)!.map(({ value }) => value), ["0", "2", "4"]);
});

test("an older producer of a transactional id is fenced, and stays so", async () => {
  const topic = await newTopic(cluster);
  const transactionalId = uniqueName("drv-txn");
  await using older = await cluster.sink({ ...SINK, transactionalId });
  const open = await older.begin();
  await open.send(blockOf({ topic, partition: 0 }, ["old"]));
  await using newer = await cluster.sink({ ...SINK, transactionalId });
  const txn = await newer.begin();
  await txn.send(blockOf({ topic, partition: 0 }, ["new"]));
  await assertRejects(() => open.commit(), Fenced, transactionalId);
  await assertRejects(() => older.begin(), Fenced);
  await txn.commit();
  const ends = await cluster.offsetsAt(partitionsOf(topic, 1), "latest");
  const found = await readAll(cluster, ends, "read_committed");
  assertEquals(found.get(0)!.map(({ value }) => value), ["new"]);
});

test(
  "a transaction with a refused block is aborted, and the next one counts",
  async () => {
    const topic = uniqueName("drv-large");
    await cluster.createTopics([{
      topic,
      partitions: 1,
      config: { "max.message.bytes": "1000" },
    }]);
    const at = { topic, partition: 0 };
    await using sink = await cluster.sink({ ...SINK, transactionalId: uniqueName("drv-txn") });
    const bad = await sink.begin();
    const [, refused] = await Promise.allSettled([
      bad.send(blockOf(at, ["lost"])),
      bad.send(blockOf(at, ["x".repeat(2_000)])),
    ]);
    assertEquals(refused.status, "rejected");
    await assertRejects(() => bad.commit(), Abortable);
    await bad.abort();
    const good = await sink.begin();
    await good.send(blockOf(at, ["kept"]));
    await good.commit();
    const ends = await cluster.offsetsAt([at], "latest");
    const found = await readAll(cluster, ends, "read_committed");
    assertEquals(found.get(0)!.map(({ value }) => value), ["kept"]);
  },
);

test("an offset that is not there is told with its partition", async () => {
  const topic = await newTopic(cluster, 2);
  await using source = await cluster.source({ ...FETCH, isolation: "read_committed" });
  source.assign([{ topic, partition: 1, offset: 99 }]);
  const error = await assertRejects(
    async () => {
      while (true) await source.fetch();
    },
    OffsetOutOfRange,
    "offset 99",
  );
  assertEquals(error.partitions, [{ topic, partition: 1 }]);
  source.assign([{ topic, partition: 1, offset: 0 }]);
  assertEquals(await source.fetch(), []);
});

test("what is paused does not come, and comes when it is resumed", async () => {
  const topic = await newTopic(cluster, 2);
  await using sink = await cluster.sink(SINK);
  for (const partition of [0, 1]) await sink.send(blockOf({ topic, partition }, ["x"]));
  await using source = await cluster.source({ ...FETCH, isolation: "read_committed" });
  source.assign(partitionsOf(topic, 2).map((at) => ({ ...at, offset: 0 })));
  source.pause([{ topic, partition: 0 }]);
  const next = async () => {
    while (true) {
      const blocks = await source.fetch();
      if (blocks.length > 0) return blocks.map(({ partition }) => partition);
    }
  };
  assertEquals(await next(), [1]);
  source.pause([]);
  assertEquals(await next(), [0]);
});

test(
  "a member joins, is assigned, commits, and is forgotten when it leaves",
  async () => {
    const topic = await newTopic(cluster);
    const groupId = uniqueName("drv-group");
    const group = cluster.group(groupId);
    const joined = await group.join({
      memberId: "",
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      protocols: [{ name: "range", metadata: Uint8Array.of(1, 2) }],
    });
    assertEquals(joined.leaderId, joined.memberId);
    assertEquals(joined.members, [{ memberId: joined.memberId, metadata: Uint8Array.of(1, 2) }]);
    const member = { groupId, generation: joined.generation, memberId: joined.memberId };
    const assignment = Uint8Array.of(7);
    assertEquals(
      await group.sync(member, [{ memberId: joined.memberId, assignment }]),
      assignment,
    );
    await group.heartbeat(member);
    await group.commit(member, [{ topic, partition: 0, offset: 5 }]);
    assertEquals(await group.committed([{ topic, partition: 0 }]), [
      { topic, partition: 0, offset: 5 },
    ]);
    await group.leave(member);
    const error = await assertRejects(() => group.heartbeat(member), GroupChanged);
    assertEquals(error.forgotten, true);
  },
);

Deno.test("a cluster that cannot be reached is named, address by address, with why", async () => {
  const error = await assertRejects(() => connect("127.0.0.1:1", "127.0.0.1:2"), KafkaError);
  assertStringIncludes(error.message, "127.0.0.1:1 refused the connection");
  assertStringIncludes(error.message, "127.0.0.1:2 refused the connection");
  assertStringIncludes(error.message, "bootstrapServers");
  assertEquals(error.retriable, true);
});

Deno.test("a server that closes at once is not waited for", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const served = (async () => {
    for await (const connection of listener) connection.close();
  })();
  const address = `127.0.0.1:${listener.addr.port}`;
  const error = await assertRejects(() => connect(address), KafkaError);
  assertStringIncludes(error.message, `${address} closed the connection`);
  listener.close();
  await served.catch(() => {});
});

Deno.test({
  ...kafka.test("nothing is left open by what is closed, whatever was under way", async () => {
    const own = await connect(broker!.bootstrap);
    const topic = await newTopic(own, 2);
    const sink = await own.sink(SINK);
    await sink.send(blockOf({ topic, partition: 0 }, ["kept"]));
    const underWay = Promise.allSettled([
      sink.send(blockOf({ topic, partition: 0 }, ["under way"])),
      sink.send(blockOf({ topic, partition: 1 }, ["under way"])),
    ]);
    const source = await own.source({ ...FETCH, isolation: "read_committed" });
    source.assign([{ topic, partition: 1, offset: 0 }]);
    const fetched = source.fetch();
    own.group(uniqueName("drv-group")).committed([{ topic, partition: 0 }]).catch(() => {});
    await own[Symbol.asyncDispose]();
    await underWay;
    await fetched;
    await assertRejects(() => own.topics([topic]), KafkaError, "closed");
    await assertRejects(() => sink.send(blockOf({ topic, partition: 0 }, ["x"])), KafkaError);
  }),
  sanitizeOps: true,
  sanitizeResources: true,
});

const CONNECT = `
  import "${new URL("../src/kafka/kafka.ts", import.meta.url)}";
  import { kafkaDriver } from "${new URL(
  "../src/kafka/driver/current_driver.ts",
  import.meta.url,
)}";
  await using cluster = await kafkaDriver("test").connect({
    bootstrapServers: [Deno.args[0]],
    clientId: "waggle-test",
    connectionTimeoutMs: 5_000,
    requestTimeoutMs: 5_000,
  });
  console.log("connected");
`;

/** Connects in a process of its own, with some flags. */
async function connectWith(...flags: string[]): Promise<{ stdout: string; stderr: string }> {
  const script = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(script, CONNECT);
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        "--no-lock",
        "--no-check",
        "--config=deno.json",
        ...flags,
        script,
        broker!.bootstrap,
      ],
      env: { NO_COLOR: "1" },
    }).output();
    const text = new TextDecoder();
    return { stdout: text.decode(stdout), stderr: text.decode(stderr) };
  } finally {
    await Deno.remove(script);
  }
}

test("a process connects and ends with the flags that docs/kafka.md lists, and names others", async () => {
  const page = await Deno.readTextFile("docs/kafka.md");
  const [, listed] = page.match(/flags that it needs:\s+`([^`]+)`/)!;
  const flags = listed.replaceAll('"', "").replace("broker:9092", broker!.bootstrap).split(" ");
  assertEquals(await connectWith(...flags), { stdout: "connected\n", stderr: "" });
  for (const missing of ["--allow-env", "--allow-net"]) {
    const { stderr } = await connectWith(...flags.filter((flag) => !flag.startsWith(missing)));
    assertStringIncludes(stderr, `may not be reached: run with ${missing}`);
  }
});
