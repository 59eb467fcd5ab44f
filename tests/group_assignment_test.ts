import { assert, assertEquals, assertThrows } from "@std/assert";
import type { TopicPartition } from "../src/kafka/driver/driver.ts";
import { KafkaError } from "../src/kafka/driver/kafka_error.ts";
import type { Assignments, Assignor, Subscriber } from "../src/kafka/group/assignor.ts";
import { ASSIGNORS } from "../src/kafka/group/assignors.ts";
import {
  readAssignment,
  readSubscription,
  writeAssignment,
  writeCooperative,
  writeSticky,
  writeSubscription,
} from "../src/kafka/group/consumer_protocol.ts";
import { forSeeds, type Random } from "./support/random.ts";

const TOPICS = ["a", "b", "c"];

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

/** Who has what, by partition. */
function owners(assigned: Assignments): Map<string, string> {
  const found = new Map<string, string>();
  for (const [memberId, partitions] of assigned) {
    for (const each of partitions) {
      assert(!found.has(keyOf(each)), `${keyOf(each)} is assigned twice`);
      found.set(keyOf(each), memberId);
    }
  }
  return found;
}

/** Every partition that anybody asked for has one owner, who asked for it. */
function assertWhole(
  assigned: Assignments,
  members: readonly Subscriber[],
  counts: ReadonlyMap<string, number>,
): void {
  const owned = owners(assigned);
  assertEquals([...assigned.keys()].sort(), members.map(({ memberId }) => memberId).sort());
  for (const topic of TOPICS) {
    const isWanted = members.some(({ topics }) => topics.includes(topic));
    for (let partition = 0; partition < (counts.get(topic) ?? 0); partition++) {
      const owner = owned.get(`${topic}/${partition}`);
      const asked = members.find(({ memberId }) => memberId === owner)?.topics.includes(topic);
      assertEquals(asked ?? false, isWanted, `${topic}/${partition} goes to ${owner}`);
    }
  }
  const wanted = TOPICS.filter((topic) => members.some(({ topics }) => topics.includes(topic)));
  const total = wanted.reduce((sum, topic) => sum + (counts.get(topic) ?? 0), 0);
  assertEquals(owned.size, total);
}

interface Case {
  readonly members: readonly Subscriber[];
  readonly counts: ReadonlyMap<string, number>;
}

/** Members with topics of theirs, or all with the same, and what they say that they had. */
function randomCase(random: Random, isSame: boolean, mostPartitions: number): Case {
  const counts = new Map(TOPICS.map((topic) => [topic, random.below(mostPartitions + 1)]));
  const all = [...counts].flatMap(([topic, count]) =>
    Array.from({ length: count + 1 }, (_, partition) => ({ topic, partition }))
  );
  const members = Array.from({ length: 1 + random.below(4) }, (_, i): Subscriber => ({
    memberId: `m${i}`,
    topics: isSame ? TOPICS : TOPICS.filter(() => random.chance(0.6)),
    owned: all.filter(() => random.chance(0.3)),
    generation: random.below(3) - 1,
  }));
  return { members, counts };
}

/** What each has that it truly had: of several that say so the one of the latest generation. */
function rightfulOwners({ members, counts }: Case): Map<string, string> {
  const found = new Map<string, string>();
  for (const [topic, count] of counts) {
    for (let partition = 0; partition < count; partition++) {
      const said = members.filter(({ topics, owned }) =>
        topics.includes(topic) &&
        owned.some((each) => each.topic === topic && each.partition === partition)
      );
      const latest = Math.max(...said.map(({ generation }) => generation));
      const claims = said.filter(({ generation }) => generation === latest);
      if (claims.length === 1) found.set(`${topic}/${partition}`, claims[0].memberId);
    }
  }
  return found;
}

/** Of all ways to share, the least uneven, and the fewest moves among these. */
function bestByTrying(given: Case): { unevenness: number; moves: number } {
  const { members, counts } = given;
  const rightful = rightfulOwners(given);
  const partitions = TOPICS.flatMap((topic) =>
    Array.from({ length: counts.get(topic)! }, (_, partition) => ({ topic, partition }))
  ).filter(({ topic }) => members.some(({ topics }) => topics.includes(topic)));
  let best = { unevenness: Infinity, moves: Infinity };
  const loads = members.map(() => 0);
  const walk = (at: number, moves: number) => {
    if (at === partitions.length) {
      const unevenness = loads.reduce((sum, load) => sum + load * load, 0);
      if (
        unevenness < best.unevenness || unevenness === best.unevenness && moves < best.moves
      ) best = { unevenness, moves };
      return;
    }
    const had = rightful.get(keyOf(partitions[at]));
    members.forEach(({ memberId, topics }, i) => {
      if (!topics.includes(partitions[at].topic)) return;
      loads[i]++;
      walk(at + 1, moves + (had !== undefined && had !== memberId ? 1 : 0));
      loads[i]--;
    });
  };
  walk(0, 0);
  return best;
}

function unevenness(assigned: Assignments): number {
  return assigned.values().reduce((sum, { length }) => sum + length * length, 0);
}

function movesFrom(given: Case, assigned: Assignments): number {
  const owned = owners(assigned);
  return rightfulOwners(given).entries()
    .filter(([key, memberId]) => owned.get(key) !== memberId).toArray().length;
}

const { "cooperative-sticky": cooperatively, ...AT_ONCE } = ASSIGNORS;

for (const [name, assign] of Object.entries<Assignor>(AT_ONCE)) {
  Deno.test(`The assignor ${name} gives each partition to one member that asked for it`, () => {
    forSeeds(300, (random) => {
      const { members, counts } = randomCase(random, random.chance(0.5), 9);
      const assigned = assign(members, counts);
      assertWhole(assigned, members, counts);
      assertEquals(assign(random.shuffle(members), counts), assigned);
    });
  });
}

Deno.test("The cooperative assignor gives what one owns to another when that has let go of it", () => {
  forSeeds(300, (random) => {
    const { members: first, counts } = randomCase(random, random.chance(0.5), 9);
    let members = first;
    for (let round = 1;; round++) {
      const assigned = cooperatively(members, counts);
      assertEquals(cooperatively(random.shuffle(members), counts), assigned);
      for (const [key, memberId] of owners(assigned)) {
        const claims = members.filter(({ owned }) => owned.some((each) => keyOf(each) === key));
        const isOwn = claims.some((each) => each.memberId === memberId);
        assert(isOwn || claims.length === 0, `${key} goes to ${memberId}`);
      }
      members = members.map((member) => ({
        ...member,
        owned: assigned.get(member.memberId)!,
        generation: 10 + round,
      }));
      const isSettled = [...ASSIGNORS.sticky(members, counts)].every(([memberId, share]) =>
        share.length === assigned.get(memberId)!.length
      );
      if (isSettled) return assertWhole(assigned, members, counts);
      assert(round < 3, "it does not come to an end");
    }
  });
});

Deno.test("The sticky assignor moves as few as being even takes, where all ask for the same", () => {
  forSeeds(150, (random) => {
    const given = randomCase(random, true, 2);
    const assigned = ASSIGNORS.sticky(given.members, given.counts);
    const loads = assigned.values().map(({ length }) => length).toArray();
    assert(Math.max(...loads) - Math.min(...loads) <= 1, `${loads}`);
    const { moves } = bestByTrying(given);
    assertEquals(movesFrom(given, assigned), moves);
  });
});

Deno.test("The sticky assignor is as even as can be when members ask for different topics", () => {
  forSeeds(150, (random) => {
    const given = randomCase(random, false, 2);
    const assigned = ASSIGNORS.sticky(given.members, given.counts);
    assertEquals(unevenness(assigned), bestByTrying(given).unevenness);
  });
});

Deno.test("The sticky assignor moves nothing when nothing has changed", () => {
  forSeeds(200, (random) => {
    const { members, counts } = randomCase(random, random.chance(0.5), 9);
    const before = ASSIGNORS.sticky(members, counts);
    const again = members.map((member) => ({
      ...member,
      owned: before.get(member.memberId)!,
      generation: 7,
    }));
    assertEquals(ASSIGNORS.sticky(again, counts), before);
  });
});

Deno.test("The sticky assignor moves the partitions of a member that left, and no others", () => {
  forSeeds(100, (random) => {
    const counts = new Map([["a", 8 + random.below(20)]]);
    const members = Array.from({ length: 2 + random.below(6) }, (_, i): Subscriber => ({
      memberId: `m${i}`,
      topics: ["a"],
      owned: [],
      generation: 1,
    }));
    const before = ASSIGNORS.sticky(members, counts);
    const left = random.pick(members);
    const remaining = members.filter((each) => each !== left).map((member) => ({
      ...member,
      owned: before.get(member.memberId)!,
    }));
    const after = ASSIGNORS.sticky(remaining, counts);
    assertEquals(movesFrom({ members: remaining, counts }, after), 0);
  });
});

Deno.test("The sticky assignor shares thousands of partitions of different topics in good time", () => {
  const topics = Array.from({ length: 20 }, (_, i) => `t${i}`);
  const counts = new Map(topics.map((topic) => [topic, 100]));
  const members = Array.from({ length: 40 }, (_, i): Subscriber => ({
    memberId: `m${i}`,
    topics: topics.filter((_, at) => (at + i) % 3 !== 0),
    owned: [],
    generation: -1,
  }));
  const assigned = ASSIGNORS.sticky(members, counts);
  assertEquals(assigned.values().map(({ length }) => length).toArray(), members.map(() => 50));
});

function member(memberId: string, topics = ["a"]): Subscriber {
  return { memberId, topics, owned: [], generation: -1 };
}

Deno.test("The range assignor gives runs of partitions, the first members one more", () => {
  const assigned = ASSIGNORS.range(
    [member("y", ["a", "b"]), member("x")],
    new Map([["a", 3], ["b", 2]]),
  );
  assertEquals(assigned.get("x")!.map(keyOf), ["a/0", "a/1"]);
  assertEquals(assigned.get("y")!.map(keyOf), ["a/2", "b/0", "b/1"]);
});

Deno.test("The round robin assignor gives one after the other", () => {
  const assigned = ASSIGNORS.roundrobin(
    [member("y", ["a", "b"]), member("x")],
    new Map([["a", 3], ["b", 2]]),
  );
  assertEquals(assigned.get("x")!.map(keyOf), ["a/0", "a/2"]);
  assertEquals(assigned.get("y")!.map(keyOf), ["a/1", "b/0", "b/1"]);
});

Deno.test("Subscriptions and assignments come back as they were written", () => {
  const owned = [{ topic: "a", partition: 3 }, { topic: "é", partition: 0 }];
  const sticky = writeSticky({ topics: ["a"], owned, generation: 5 });
  assertEquals(readSubscription(writeSubscription(["a", "é"], sticky), "it"), {
    topics: ["a", "é"],
    owned,
    generation: 5,
  });
  assertEquals(readSubscription(writeSubscription(["a"]), "it"), {
    topics: ["a"],
    owned: [],
    generation: -1,
  });
  const cooperative = writeCooperative({ topics: ["a"], owned, generation: 5 });
  assertEquals(readSubscription(cooperative, "it", "cooperative-sticky"), {
    topics: ["a"],
    owned,
    generation: 5,
  });
  assertEquals(readAssignment(writeAssignment(owned)), owned);
  assertEquals(readAssignment(new Uint8Array()), []);
});

Deno.test("Subscriptions are read as Java's consumers write them, and cut ones refused", () => {
  // Version 3, topic "t", no user data, t-0 and t-1 owned, generation 4, no rack.
  const bytes = Uint8Array.fromHex(
    "0003" + "00000001" + "000174" + "ffffffff" + "00000001" + "000174" + "00000002" +
      "00000000" + "00000001" + "00000004" + "ffff",
  );
  assertEquals(readSubscription(bytes, "it"), { topics: ["t"], owned: [], generation: -1 });
  const owned = [{ topic: "t", partition: 0 }, { topic: "t", partition: 1 }];
  const told = readSubscription(bytes, "it", "cooperative-sticky");
  assertEquals(told, { topics: ["t"], owned, generation: 4 });
  // Version 0, of clients that know nothing of it.
  const old = Uint8Array.fromHex("0000" + "00000001" + "000174" + "ffffffff");
  assertEquals(readSubscription(old, "it", "cooperative-sticky"), {
    topics: ["t"],
    owned: [],
    generation: -1,
  });
  assertThrows(
    () => readSubscription(bytes.subarray(0, 8), "the subscription of m"),
    KafkaError,
    "Cannot read the subscription of m",
  );
});
