import { assert, assertEquals, assertRejects } from "@std/assert";
import { kafkaDriver } from "../src/kafka/driver/current_driver.ts";
import type { KafkaCluster } from "../src/kafka/driver/driver.ts";
import { Fenced, GroupChanged } from "../src/kafka/kafka.ts";
import { Gathering, JavaMember, ProcessMember, realMember } from "./support/kafka/gathering.ts";
import { kafka, sharedKafka, uniqueName } from "./support/kafka/kafka.ts";
import { blockOf } from "./support/kafka/plain_batch.ts";

const STICKY = "org.apache.kafka.clients.consumer.StickyAssignor";
const COOPERATIVE = "org.apache.kafka.clients.consumer.CooperativeStickyAssignor";

/** What a test of groups works on. */
interface Scene extends AsyncDisposable {
  readonly bootstrap: string;
  readonly cluster: KafkaCluster;
  readonly topic: string;
  readonly groupId: string;
}

async function scene(bootstrap: string, partitions: number): Promise<Scene> {
  const cluster = await kafkaDriver("test").connect({
    bootstrapServers: [bootstrap],
    clientId: "waggle-test",
    connectionTimeoutMs: 5000,
    requestTimeoutMs: 5000,
  });
  const [topic, groupId] = [uniqueName("grp-topic"), uniqueName("grp-group")];
  await cluster.createTopics([{ topic, partitions }]);
  return {
    bootstrap,
    cluster,
    topic,
    groupId,
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}

/** One record of the same text in each partition. */
async function writeOneEach(
  { cluster, topic }: Scene,
  partitions: number,
  text: string,
): Promise<void> {
  await using sink = await cluster.sink({
    acks: "all",
    idempotent: true,
    requestTimeoutMs: 5000,
    deliveryTimeoutMs: 10_000,
  });
  for (let partition = 0; partition < partitions; partition++) {
    await sink.send(blockOf({ topic, partition }, [text]));
  }
}

async function comeAndGo(bootstrap: string): Promise<void> {
  await using at = await scene(bootstrap, 6);
  const gathering = new Gathering();
  const member = (name: string) =>
    realMember({ ...at, topics: [at.topic] }, (event) => gathering.hear(name, event));
  await using a = member("a");
  await gathering.settled(1, 6);
  await a.commit([{ topic: at.topic, partition: 3, offset: 2 }]);
  const { generation } = a.identity;
  await using _b = member("b");
  await gathering.settled(2, 6);
  const before = new Map(gathering.held);
  await assertRejects(() => a.commit([], { generation }), GroupChanged);
  await using _c = member("c");
  await gathering.settled(3, 6);
  for (const [name, { partitions }] of gathering.held) {
    assertEquals(partitions.length, 2);
    const had = before.get(name)?.partitions;
    assert(!had || partitions.every((each) => had.includes(each)), `${name} keeps what it had`);
  }
  await a[Symbol.asyncDispose]();
  await gathering.settled(2, 6);
  const committed = await at.cluster.group(at.groupId).committed([
    { topic: at.topic, partition: 3 },
    { topic: at.topic, partition: 4 },
  ]);
  assertEquals(committed, [{ topic: at.topic, partition: 3, offset: 2 }]);
  assertEquals(gathering.wrong, []);
}

async function killOne(bootstrap: string): Promise<void> {
  await using at = await scene(bootstrap, 4);
  const gathering = new Gathering();
  const start = (name: string) => new ProcessMember(at, (event) => gathering.hear(name, event));
  const hear = gathering.hear.bind(gathering, "here");
  await using _here = realMember({ ...at, topics: [at.topic] }, hear);
  const killed = start("killed");
  await using _left = start("left");
  await gathering.settled(3, 4);
  await killed.kill();
  gathering.forget("killed");
  await gathering.settled(2, 4);
  {
    await using _late = start("late");
    await gathering.settled(3, 4);
  }
  await gathering.settled(2, 4);
  assertEquals(gathering.wrong, []);
}

/** A member that starts again under its own name, as leader and as not. */
async function startAgain(bootstrap: string): Promise<void> {
  await using at = await scene(bootstrap, 6);
  const gathering = new Gathering();
  const member = (name: string, instanceId: string, more = {}) =>
    realMember(
      { ...at, topics: [at.topic], sessionTimeoutMs: 6000, instanceId, ...more },
      (event) => gathering.hear(name, event),
    );
  const members = { a: member("a", "one"), b: member("b", "two") };
  await gathering.settled(2, 6);
  const before = new Map(gathering.held);
  for (const [name, instanceId] of [["a", "one"], ["b", "two"]] as const) {
    await members[name][Symbol.asyncDispose]();
    members[name] = member(name, instanceId);
    await gathering.settled(2, 6);
    assertEquals(gathering.held.get(name), before.get(name)); // in the same generation
    await members[name].commit([]);
  }
  const fenced = Promise.withResolvers<unknown>();
  await members.a[Symbol.asyncDispose]();
  const older = member("older", "one", { onError: fenced.resolve });
  await gathering.when(() => gathering.held.has("older"), "the older one to join");
  gathering.forget("older"); // which has them until it hears of the newer one
  await using _newer = member("a", "one");
  assert(await fenced.promise instanceof Fenced);
  await gathering.settled(2, 6);
  await older[Symbol.asyncDispose]();
  await members.b[Symbol.asyncDispose]();
  assertEquals(gathering.wrong, []);
}

async function shareWithJava(
  bootstrap: string,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  await using at = await scene(bootstrap, 4);
  const gathering = new Gathering();
  const member = (name: string) =>
    realMember({ ...at, topics: [at.topic] }, (event) => gathering.hear(name, event));
  await using a = member("a");
  await gathering.settled(1, 4);
  await using java = await JavaMember.start({ ...at, settings });
  await gathering.when(() => gathering.partitions.length === 2, "Java to take half");
  const rest = () => [0, 1, 2, 3].filter((each) => !gathering.partitions.includes(each));
  await writeOneEach(at, 4, "first");
  await java.read("first", rest());
  await a[Symbol.asyncDispose]();
  await using _b = member("b"); // Java leads by now
  await gathering.when(() => gathering.partitions.length === 2, "Java to give half");
  await writeOneEach(at, 4, "second");
  await java.read("second", rest());
  assertEquals(gathering.wrong, []);
}

Deno.test(kafka.test("Members of a group on a real broker", async (t) => {
  await using shared = await sharedKafka();
  const { bootstrap } = shared;
  await t.step("share the partitions of a topic as they come and go", () => comeAndGo(bootstrap));
  await t.step("miss one whose process is killed, and take its share", () => killOne(bootstrap));
  await t.step(
    "start again under names of their own, and nothing moves",
    () => startAgain(bootstrap),
  );
  await t.step("share with Java's consumers, whatever way to share they know", async () => {
    const only = (name: string) => ({ "partition.assignment.strategy": name });
    const settings = [{}, only(STICKY), only(COOPERATIVE)];
    await Promise.all(settings.map((each) => shareWithJava(bootstrap, each)));
  });
}));
