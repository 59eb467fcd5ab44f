import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { PartitionOffset, TopicPartition } from "../src/kafka/driver/driver.ts";
import { Fenced, GroupChanged } from "../src/kafka/driver/kafka_error.ts";
import { GroupMember } from "../src/kafka/group/group_member.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { delay } from "../src/stream/delay.ts";
import { SimulatedKafka } from "../src/testing/kafka/simulated_kafka.ts";
import { kafkaSource } from "../src/kafka/source/kafka_source.ts";

const SESSION_MS = 10_000;
const ALL = ["t/0", "t/1", "t/2", "t/3"];
const keyOf = ({ topic, partition }: TopicPartition) => `${topic}/${partition}`;

/** A group whose members have names of their own, but those that begin with "dynamic". */
class World {
  readonly runtime = new SimulatedRuntime({ seed: 7 });
  readonly kafka = new SimulatedKafka({ topics: { t: 4 }, latency: 1, runtime: this.runtime });
  readonly told: string[] = [];
  readonly held = new Map<string, readonly PartitionOffset[]>();
  readonly errors: unknown[] = [];

  async member(who: string, instanceId = who): Promise<GroupMember> {
    const cluster = await this.kafka.connect({
      ...{ bootstrapServers: ["simulated:9092"], clientId: who },
      ...{ connectionTimeoutMs: 1000, requestTimeoutMs: 2000 },
    });
    const member = new GroupMember({
      ...{ cluster, groupId: "g", topics: ["t"], runtime: this.runtime },
      ...(instanceId.startsWith("dynamic") ? {} : { instanceId }),
      ...{ sessionTimeoutMs: SESSION_MS, rebalanceTimeoutMs: 20_000 },
      ...{ heartbeatMs: 1000, metadataMs: 5000 },
      onAssigned: (positions) => {
        this.held.set(who, positions);
        this.told.push(`${who} has ${positions.map(keyOf).join(" ")}`);
      },
      onRevoked: (_, { lost }) => {
        this.held.delete(who);
        this.told.push(`${who} ${lost ? "lost" : "lets go"}`);
      },
      onError: (error) => this.errors.push(error),
    });
    member.start();
    return member;
  }

  run(work: () => Promise<void>): Promise<void> {
    return this.runtime.drive(async () => {
      using _kafka = this.kafka;
      await work();
      assertEquals(this.errors, []);
    });
  }

  after(ms: number): Promise<void> {
    return delay(this.runtime, ms);
  }

  allHeld(): string[] {
    return [...this.held.values()].flat().map(keyOf).sort();
  }
}

for (const leads of [true, false]) {
  const which = leads ? "the leader" : "another member";
  Deno.test(`${which} that is back in time has what it had, and nobody else hears of it`, async () => {
    const world = new World();
    await world.run(async () => {
      const names = leads ? ["one", "dynamic"] : ["dynamic", "one"];
      const members = [await world.member(names[0])];
      await world.after(100);
      members.push(await world.member(names[1]));
      await world.after(5000);
      const one = members[names.indexOf("one")];
      const before = world.held.get("one")!;
      assertEquals(before.length, 2);
      await one.commit([{ ...before[0], offset: 5 }]);
      await one[Symbol.asyncDispose]();
      await world.after(SESSION_MS / 2);
      const { generation } = world.kafka.group("g");
      world.told.length = 0;
      await using again = await world.member("again", "one");
      await world.after(5000);
      const after = world.held.get("again")!;
      assertEquals(world.told, [`again has ${before.map(keyOf).join(" ")}`]);
      assertEquals(after.map(({ offset }) => offset), [5, -1]);
      assertEquals(world.kafka.group("g").generation, generation);
      await again.commit([{ ...after[1], offset: 3 }]);
      // who leads without being told so shares new partitions all the same
      world.kafka.addPartitions("t", 6);
      await world.after(15_000);
      assertEquals(world.allHeld(), [...ALL, "t/4", "t/5"]);
      await members[names.indexOf("dynamic")][Symbol.asyncDispose]();
    });
  });
}

Deno.test("Who does not come back within the session has its partitions taken by the others", async () => {
  const world = new World();
  await world.run(async () => {
    const one = await world.member("one");
    await using _other = await world.member("other");
    await world.after(5000);
    await one[Symbol.asyncDispose]();
    await world.after(SESSION_MS - 3000);
    assertEquals(world.held.get("other")!.length, 2);
    await world.after(15_000);
    assertEquals(world.allHeld(), ALL);
    await using _again = await world.member("again", "one");
    await world.after(10_000);
    assertEquals(world.held.get("again")!.length, 2);
    assertEquals(world.allHeld(), ALL);
  });
});

Deno.test("Of two that give themselves the same name the newer has the place, and the older hears why", async () => {
  const world = new World();
  await world.run(async () => {
    const older = await world.member("older", "one");
    await world.after(3000);
    await using _newer = await world.member("newer", "one");
    await world.after(500);
    await assertRejects(
      () => older.commit([{ topic: "t", partition: 0, offset: 9 }]),
      Error,
      "FENCED_INSTANCE_ID",
    );
    await world.after(3000);
    assertEquals(world.told.slice(1), [`newer has ${ALL.join(" ")}`, "older lost"]);
    const [error] = world.errors.splice(0);
    assert(error instanceof Fenced && !(error instanceof GroupChanged), `${error}`);
    assert(error.message.includes("give each process a name of its own"), error.message);
    assertEquals(world.kafka.group("g").members.length, 1);
    assertEquals(world.kafka.group("g").offsets, []);
    await older[Symbol.asyncDispose]();
  });
});

Deno.test("A member with a name that is away while others join keeps its place until its session ends", async () => {
  const world = new World();
  await world.run(async () => {
    const one = await world.member("one");
    await using _other = await world.member("other");
    await world.after(5000);
    await one[Symbol.asyncDispose]();
    await using _third = await world.member("third");
    await using _again = await world.member("again", "one");
    await world.after(10_000);
    assertEquals(world.allHeld(), ALL);
    assertEquals([...world.held.keys()].sort(), ["again", "other", "third"]);
  });
});

Deno.test("Options of members are refused where there is none, or they cannot be", () => {
  const source = (options: object) => () =>
    kafkaSource({ bootstrapServers: "a", topics: "t", ...options });
  assertThrows(source({ groupInstanceId: "a" }), TypeError, "give the group as groupId");
  const partitions = { groupId: "g", partitions: [0] };
  assertThrows(source({ sessionTimeout: "1s", ...partitions }), TypeError, "only keeps offsets");
  assertThrows(source({ groupId: "g", groupInstanceId: "" }), TypeError, "groupInstanceId must be");
  assertThrows(
    source({ groupId: "g", sessionTimeout: "2s" }),
    RangeError,
    "heartbeatInterval (3000 ms) must be less than sessionTimeout (2000 ms)",
  );
});
