import { assert, assertEquals, assertRejects } from "@std/assert";
import type { PartitionOffset, TopicPartition } from "../src/kafka/driver/driver.ts";
import { GroupChanged, KafkaError } from "../src/kafka/driver/kafka_error.ts";
import { GroupMember } from "../src/kafka/group/group_member.ts";
import type { GroupMemberOptions } from "../src/kafka/group/group_member_options.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { delay } from "../src/stream/delay.ts";
import {
  SimulatedKafka,
  type SimulatedKafkaOptions,
} from "../src/testing/kafka/simulated_kafka.ts";

const CONNECTION = {
  bootstrapServers: ["simulated:9092"],
  connectionTimeoutMs: 1000,
  requestTimeoutMs: 2000,
};

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

/** A world with a group in it. */
class World {
  readonly runtime = new SimulatedRuntime({ seed: 5 });
  readonly kafka: SimulatedKafka;
  /** What happened, in order. */
  readonly told: string[] = [];
  /** Who holds what, as the members say. */
  readonly held = new Map<string, readonly string[]>();
  /** Called with each assignment, before it is told. */
  assigned: (name: string, positions: readonly PartitionOffset[]) => void | Promise<void> =
    () => {};
  revoked: (name: string, lost: boolean) => void | Promise<void> = () => {};
  readonly errors: unknown[] = [];

  constructor(options: SimulatedKafkaOptions = {}) {
    this.kafka = new SimulatedKafka({
      topics: { t: 4 },
      latency: 1,
      runtime: this.runtime,
      ...options,
    });
  }

  async member(name: string, options: Partial<GroupMemberOptions> = {}): Promise<GroupMember> {
    const cluster = await this.kafka.connect({ ...CONNECTION, clientId: name });
    const member = new GroupMember({
      cluster,
      groupId: "g",
      topics: ["t"],
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 20_000,
      heartbeatMs: 1000,
      metadataMs: 5000,
      runtime: this.runtime,
      onAssigned: async (positions) => {
        await this.assigned(name, positions);
        this.held.set(name, positions.map(keyOf));
        this.told.push(`${name} has ${positions.map(keyOf).join(" ")}`);
      },
      onRevoked: async (_, { lost }) => {
        await this.revoked(name, lost);
        this.held.delete(name);
        this.told.push(`${name} ${lost ? "lost" : "lets go"}`);
      },
      onError: (error) => this.errors.push(error),
      ...options,
    });
    member.start();
    return member;
  }

  run(work: () => Promise<void>): Promise<void> {
    return this.runtime.drive(async () => {
      using _kafka = this.kafka;
      await work();
    });
  }

  /** Lets time pass. */
  after(ms: number): Promise<void> {
    return delay(this.runtime, ms);
  }

  /** All partitions that are held, in order. */
  allHeld(): string[] {
    return [...this.held.values()].flat().sort();
  }
}

const ALL = ["t/0", "t/1", "t/2", "t/3"];

Deno.test("GroupMember alone gets everything, with what is committed, and leaves", async () => {
  const world = new World();
  await world.run(async () => {
    let positions: readonly PartitionOffset[] = [];
    world.assigned = (_, given) => void (positions = given);
    const member = await world.member("a");
    await world.after(100);
    assertEquals(positions.map(({ offset }) => offset), [-1, -1, -1, -1]);
    await member.commit([{ topic: "t", partition: 2, offset: 8 }]);
    await member[Symbol.asyncDispose]();
    assertEquals(world.told, [`a has ${ALL.join(" ")}`, "a lets go"]);
    assertEquals(world.kafka.group("g").members, []);
    await using _again = await world.member("a");
    await world.after(100);
    assertEquals(positions.map(({ offset }) => offset), [-1, -1, 8, -1]);
  });
});

Deno.test("GroupMembers share partitions, and keep theirs when another comes or goes", async () => {
  const world = new World();
  await world.run(async () => {
    await using _a = await world.member("a");
    await world.after(100);
    const b = await world.member("b");
    await world.after(3000);
    assertEquals(world.allHeld(), ALL);
    const [first, second] = [world.held.get("a")!, world.held.get("b")!];
    assertEquals([first.length, second.length], [2, 2]);
    await using _c = await world.member("c");
    await world.after(3000);
    assertEquals(world.allHeld(), ALL);
    const kept = [first, second].flat().filter((each) =>
      world.held.get("a")!.includes(each) && first.includes(each) ||
      world.held.get("b")!.includes(each) && second.includes(each)
    );
    assertEquals(kept.length, 3);
    await b[Symbol.asyncDispose]();
    await world.after(3000);
    assertEquals(world.allHeld(), ALL);
    assertEquals([...world.held.keys()].sort(), ["a", "c"]);
    assertEquals(world.errors, []);
  });
});

Deno.test("GroupMember commits in onRevoked, before others get its partitions", async () => {
  const world = new World();
  await world.run(async () => {
    const members = new Map<string, GroupMember>();
    const began: string[] = [];
    world.assigned = (name, positions) => {
      for (const each of positions) began.push(`${name} ${keyOf(each)} ${each.offset}`);
    };
    world.revoked = async (name) => {
      const offset = name === "a" ? 5 : 9;
      const held = [...world.held.get(name) ?? []].map((key) => Number(key.slice(2)));
      await world.after(500);
      await members.get(name)!.commit(held.map((partition) => ({ topic: "t", partition, offset })));
    };
    members.set("a", await world.member("a"));
    await world.after(100);
    began.length = 0;
    members.set("b", await world.member("b"));
    await world.after(5000);
    assertEquals(began.sort(), ["a t/0 5", "a t/1 5", "b t/2 5", "b t/3 5"]);
    for (const member of members.values()) await member[Symbol.asyncDispose]();
    assertEquals(world.kafka.group("g").offsets.map(({ offset }) => offset), [5, 5, 9, 9]);
  });
});

Deno.test("GroupMember hears that its place is lost when no heartbeat is answered", async () => {
  const world = new World();
  await world.run(async () => {
    await using a = await world.member("a");
    await using _b = await world.member("b");
    await world.after(3000);
    world.kafka.faults = ({ clientId }) => clientId === "a" ? { lose: "request" } : undefined;
    const held = world.held.get("a")![0];
    world.told.length = 0;
    const waiting = a.commit([{ topic: "t", partition: Number(held.slice(2)), offset: 3 }]);
    const refused = assertRejects(() => waiting, GroupChanged, "no heartbeat was answered");
    await world.after(12_000);
    await refused;
    assertEquals(world.told, ["a lost", "b lets go", `b has ${ALL.join(" ")}`]);
    await assertRejects(() => a.commit([]), GroupChanged, "holds nothing now");
    world.kafka.faults = () => undefined;
    await world.after(12_000);
    assertEquals(world.allHeld(), ALL);
    assertEquals(world.held.size, 2);
  });
});

Deno.test("GroupMember's heart beats while a callback takes long", async () => {
  const world = new World();
  await world.run(async () => {
    world.assigned = () => world.after(30_000);
    await using _a = await world.member("a");
    await world.after(35_000);
    assertEquals(world.told, [`a has ${ALL.join(" ")}`]);
    assertEquals(world.kafka.group("g").generation, 1);
  });
});

Deno.test("GroupMember refuses to commit for a generation that is over, or what is not its own", async () => {
  const world = new World();
  await world.run(async () => {
    await using a = await world.member("a");
    await world.after(100);
    const { generation } = a.identity;
    await using _b = await world.member("b");
    await world.after(3000);
    const own = Number(world.held.get("a")![0].slice(2));
    const foreign = Number(world.held.get("b")![0].slice(2));
    const commit = (partition: number, how = {}) =>
      a.commit([{ topic: "t", partition, offset: 1 }], how);
    await assertRejects(() => commit(own, { generation }), GroupChanged, "generation 1");
    await assertRejects(() => commit(foreign), KafkaError, "not this member's");
    await commit(own, { generation: a.identity.generation });
    assertEquals(world.kafka.group("g").offsets, [{ topic: "t", partition: own, offset: 1 }]);
  });
});

Deno.test("GroupMember never goes back with what it commits, and tries again what failed", async () => {
  const world = new World();
  await world.run(async () => {
    await using a = await world.member("a");
    await world.after(100);
    let tries = 0;
    const sent: number[] = [];
    world.kafka.faults = ({ api }) => {
      if (api !== "commit") return undefined;
      sent.push(world.kafka.group("g").offsets[0]?.offset ?? -1);
      return [{ error: "NOT_COORDINATOR" }, { lose: "answer" as const }][tries++];
    };
    const commit = (offset: number) => a.commit([{ topic: "t", partition: 0, offset }]);
    await Promise.all([commit(4), commit(9), commit(6)]);
    await commit(2);
    assertEquals(world.kafka.group("g").offsets, [{ topic: "t", partition: 0, offset: 9 }]);
    assertEquals(sent, [-1, -1, 4, 4]);
  });
});

Deno.test("GroupMember shares new partitions when the leader sees them", async () => {
  const world = new World();
  await world.run(async () => {
    await using _a = await world.member("a");
    await using _b = await world.member("b");
    await world.after(3000);
    world.kafka.addPartitions("t", 6);
    await world.after(10_000);
    assertEquals(world.allHeld(), [...ALL, "t/4", "t/5"]);
  });
});

Deno.test("GroupMembers with different topics get what they asked for, absent topics nothing", async () => {
  const world = new World({ topics: { t: 2, u: 3 } });
  await world.run(async () => {
    await using _a = await world.member("a", { topics: ["t", "u"] });
    await using _b = await world.member("b", { topics: ["u"] });
    await world.after(3000);
    assertEquals(world.held.get("a")!.filter((key) => key.startsWith("t")), ["t/0", "t/1"]);
    assertEquals(world.allHeld(), ["t/0", "t/1", "u/0", "u/1", "u/2"]);
    await using _c = await world.member("c", { topics: ["absent"] });
    await world.after(3000);
    const [error] = world.errors;
    assert(error instanceof KafkaError && error.message.includes(`"absent"`), String(error));
  });
});

Deno.test("GroupMember says that it must stop when the group has no protocol of its own", async () => {
  const world = new World();
  await world.run(async () => {
    await using _a = await world.member("a", { assignors: ["range"] });
    await world.after(100);
    await using b = await world.member("b", { assignors: ["roundrobin"] });
    await world.after(1000);
    const [error] = world.errors;
    assert(error instanceof KafkaError && error.code === "INCONSISTENT_GROUP_PROTOCOL");
    await assertRejects(() => b.commit([]), GroupChanged);
    assertEquals(world.held.get("a"), ALL);
  });
});

Deno.test("GroupMember fails when a callback does, and leaves", async () => {
  const world = new World();
  await world.run(async () => {
    world.assigned = () => {
      throw new Error("no room");
    };
    await using _a = await world.member("a");
    await world.after(1000);
    assertEquals(world.errors.map(String), ["Error: no room"]);
    assertEquals(world.kafka.group("g").members, []);
  });
});

Deno.test("GroupMember can leave while it waits for others to join", async () => {
  const world = new World();
  await world.run(async () => {
    world.revoked = () => world.after(15_000);
    await using _a = await world.member("a");
    await world.after(100);
    const b = await world.member("b");
    await world.after(2000);
    await b[Symbol.asyncDispose]();
    await world.after(60_000);
    assertEquals(world.held.get("a"), ALL);
  });
});

Deno.test("GroupMembers find together again after a restart of the brokers", async () => {
  const world = new World();
  await world.run(async () => {
    await using _a = await world.member("a");
    await using _b = await world.member("b");
    await world.after(3000);
    world.kafka.stop();
    await world.after(30_000);
    assertEquals(world.allHeld(), []);
    world.kafka.start();
    await world.after(30_000);
    assertEquals(world.allHeld(), ALL);
    assertEquals(world.held.size, 2);
  });
});
