import type {
  GroupCoordinator,
  KafkaCluster,
  PartitionOffset,
  TopicPartition,
} from "../../../src/kafka/driver/driver.ts";
import { Fenced } from "../../../src/kafka/driver/kafka_error.ts";
import type { AssignorName } from "../../../src/kafka/group/assignor.ts";
import { GroupMember } from "../../../src/kafka/group/group_member.ts";
import type { SimulatedRuntime } from "../../../src/runtime/simulated_runtime.ts";
import { delay } from "../../../src/stream/delay.ts";
import type { SimulatedKafka } from "../../../src/testing/kafka/simulated_kafka.ts";
import type { Random } from "../random.ts";
import { changed } from "./flaws.ts";

/** Records of each partition. */
export const RECORDS = 60;

/** What is broken on purpose. */
export interface GroupFlaw {
  /** What members do instead of asking a coordinator. */
  readonly coordinator?: (right: GroupCoordinator) => Partial<GroupCoordinator>;
  /** By how much readers commit more than they have read. */
  readonly ahead?: number;
}

/** A partition as a text. */
export function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

/** What a group of readers does to made-up partitions, and whether it may. */
export class Account {
  readonly wrong: string[] = [];
  readonly #readers = new Map<string, string>();
  readonly #read = new Map<string, number[]>();
  doubles = 0;
  lost = 0;
  /** The last generation in which a commit may have arrived behind ones that were sent later. */
  lateIn = -1;

  take(member: string, at: TopicPartition): void {
    const key = keyOf(at);
    const other = this.#readers.get(key);
    if (other !== undefined && other !== member) {
      this.wrong.push(`${member} takes ${key}, which ${other} has`);
    }
    this.#readers.set(key, member);
  }

  give(member: string, at: TopicPartition): void {
    if (this.#readers.get(keyOf(at)) === member) this.#readers.delete(keyOf(at));
  }

  /** A killed one has nothing. */
  bury(member: string): void {
    for (const [key, reader] of this.#readers) if (reader === member) this.#readers.delete(key);
  }

  read(at: PartitionOffset): void {
    const counts = this.#read.getOrInsertComputed(keyOf(at), () => Array(RECORDS).fill(0));
    if (counts[at.offset]++ > 0) this.doubles++;
  }

  /** What a member was told that is committed must have been. */
  believe(kafka: SimulatedKafka, offsets: readonly PartitionOffset[]): void {
    const now = new Map(kafka.group("g").offsets.map((each) => [keyOf(each), each.offset]));
    for (const each of offsets) {
      if ((now.get(keyOf(each)) ?? 0) >= each.offset) continue;
      this.wrong.push(
        `${keyOf(each)} is not committed up to ${each.offset}, though it was told so`,
      );
    }
  }

  /** Up to where everything was read. */
  readUpTo(at: TopicPartition): number {
    const counts = this.#read.get(keyOf(at)) ?? [];
    const gap = counts.indexOf(0);
    return gap < 0 ? counts.length : gap;
  }
}

/** What readers live in. */
export interface ReaderWorld {
  readonly random: Random;
  readonly account: Account;
  readonly runtime: SimulatedRuntime;
  readonly flaw: GroupFlaw;
}

/** A cluster whose coordinators do some things otherwise. */
function flawed(cluster: KafkaCluster, { coordinator }: GroupFlaw): KafkaCluster {
  if (!coordinator) return cluster;
  return changed(cluster, {
    group: (groupId) => {
      const right = cluster.group(groupId);
      return changed(right, coordinator(right));
    },
  });
}

/** A member that reads what it holds, record by record, and commits now and then. */
export class Reader {
  readonly member: GroupMember;
  readonly name: string;
  /** The name that it has given itself, and another one may have after it. */
  readonly instanceId: string | undefined;
  isKilled = false;
  readonly #random: Random;
  readonly #account: Account;
  readonly #runtime: SimulatedRuntime;
  readonly #ahead: number;
  readonly #kafka: SimulatedKafka;
  #positions: PartitionOffset[] = [];
  #generation = -1;
  #turn = 0;

  private constructor(
    member: (reader: Reader) => GroupMember,
    { name, instanceId }: { readonly name: string; readonly instanceId: string | undefined },
    kafka: SimulatedKafka,
    world: ReaderWorld,
  ) {
    this.name = name;
    this.instanceId = instanceId;
    this.#random = world.random;
    this.#account = world.account;
    this.#runtime = world.runtime;
    this.#ahead = world.flaw.ahead ?? 0;
    this.#kafka = kafka;
    this.member = member(this);
  }

  static async start(
    name: string,
    kafka: SimulatedKafka,
    world: ReaderWorld,
    { topics, instanceId, assignors }: {
      readonly topics: readonly string[];
      readonly instanceId?: string;
      readonly assignors?: readonly AssignorName[];
    },
  ): Promise<Reader> {
    const cluster = await kafka.connect({
      bootstrapServers: ["simulated:9092"],
      clientId: name,
      connectionTimeoutMs: 1000,
      requestTimeoutMs: 3000,
    });
    const options = {
      cluster: flawed(cluster, world.flaw),
      groupId: "g",
      topics,
      ...(instanceId !== undefined && { instanceId }),
      ...(assignors && { assignors }),
      sessionTimeoutMs: 6000,
      rebalanceTimeoutMs: 8000,
      heartbeatMs: 1000,
      metadataMs: 4000,
      runtime: world.runtime,
    };
    const reader = new Reader(
      (self) =>
        new GroupMember({
          ...options,
          onAssigned: (positions, generation) => self.#take(positions, generation),
          onRevoked: (partitions, { lost }) => self.#give(partitions, lost),
          onError: (error) => self.#failed(error),
        }),
      { name, instanceId },
      kafka,
      world,
    );
    reader.member.start();
    return reader;
  }

  /** A request to join that came late may have taken its name; nothing else ends it. */
  #failed(error: unknown): void {
    if (error instanceof Fenced && this.instanceId !== undefined) this.kill();
    else this.#account.wrong.push(`${this.name} failed: ${error}`);
  }

  /** From here on it does nothing, as if its process were gone. */
  kill(): void {
    this.isKilled = true;
    this.#turn++;
    this.#account.bury(this.name);
  }

  #take(positions: readonly PartitionOffset[], generation: number): void {
    if (this.isKilled) return;
    for (const each of positions) this.#account.take(this.name, each);
    this.#positions = positions.map((each) => ({ ...each, offset: Math.max(0, each.offset) }));
    this.#generation = generation;
    this.#readOn(++this.#turn);
  }

  async #give(partitions: readonly TopicPartition[], lost: boolean): Promise<void> {
    this.#turn++;
    if (this.isKilled) return;
    if (lost) this.#account.lost++;
    else await this.#commit();
    for (const each of partitions) this.#account.give(this.name, each);
  }

  async #readOn(turn: number): Promise<void> {
    while (this.#turn === turn) {
      await delay(this.#runtime, 20 + this.#random.below(200));
      if (this.#turn !== turn) return;
      this.#positions = this.#positions.map((each) => this.#readSome(each));
      if (this.#random.chance(0.3)) await this.#commit();
    }
  }

  #readSome(from: PartitionOffset): PartitionOffset {
    const end = Math.min(RECORDS, from.offset + this.#random.below(3));
    for (let offset = from.offset; offset < end; offset++) this.#account.read({ ...from, offset });
    return { ...from, offset: end };
  }

  async #commit(): Promise<void> {
    const offsets = this.#positions.map((each) => ({
      ...each,
      offset: Math.min(RECORDS, each.offset + this.#ahead),
    }));
    try {
      await this.member.commit(offsets, { generation: this.#generation });
      const mayBeTakenBack = this.#generation === this.#account.lateIn;
      if (!this.isKilled && !mayBeTakenBack) this.#account.believe(this.#kafka, offsets);
    } catch {
      // The generation is over.
    }
  }
}
