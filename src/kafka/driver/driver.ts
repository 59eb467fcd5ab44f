import type { Runtime } from "../../runtime/runtime.ts";
import type { KafkaLogin } from "./kafka_login.ts";

/** Records of one partition as they go on the wire. */
export interface RecordBlock {
  /** The topic that they are for. */
  readonly topic: string;
  /** The partition that they are for. */
  readonly partition: number;
  /** How many there are. */
  readonly records: number;
  /**
   * One record batch of format 2, compressed where it is to be, whole but for what a sink seals in
   * place: producer id and epoch, base sequence, the transactional bit and the CRC. Whoever sends it
   * gives it away.
   */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Where a block was appended. */
export interface Appended {
  /** The offset of its first record; −1 where the broker does not tell (`acks` 0, a repeat). */
  readonly baseOffset: number;
}

/** A partition of a topic. */
export interface TopicPartition {
  /** The topic. */
  readonly topic: string;
  /** The partition, from 0. */
  readonly partition: number;
}

/** A place in a partition. */
export interface PartitionOffset extends TopicPartition {
  /** The offset of the next record to be read. */
  readonly offset: number;
  /** The epoch of the leader that had the record before it, where that is known: KIP-320. */
  readonly leaderEpoch?: number;
  /** What is noted with it where it is committed: whatever the committer likes. */
  readonly metadata?: string;
}

/** How a sink appends. */
export interface SinkOptions {
  /** Who has to have a block before it counts as appended: all in-sync replicas, the leader, nobody. */
  readonly acks: "all" | 1 | 0;
  /** Whether the broker drops repeats and keeps the order. Needs `acks: "all"`. */
  readonly idempotent: boolean;
  /** Makes it transactional: blocks are sent within transactions only. */
  readonly transactionalId?: string;
  /** After how long the broker aborts a transaction that is left open, ms. */
  readonly transactionTimeoutMs?: number;
  /** How long a request may take, ms. */
  readonly requestTimeoutMs: number;
  /** How long a block is tried for, retries included, ms. */
  readonly deliveryTimeoutMs: number;
}

/** Appends blocks to partitions. */
export interface Sink extends AsyncDisposable {
  /**
   * Appends a block behind those of its partition that were sent before. What a broker says is
   * passing is tried again, in order, within `deliveryTimeoutMs`.
   *
   * @throws {KafkaError} of the kind that tells what can be done about it.
   */
  send(block: RecordBlock, options?: { signal?: AbortSignal }): Promise<Appended>;
  /**
   * Begins a transaction: one at a time. The first fences older producers of the same id.
   *
   * @throws {Fenced} when a newer one has taken over.
   */
  begin(): Promise<Txn>;
}

/** An open transaction. */
export interface Txn {
  /** Appends a block that is read with the transaction or never (by those who read committed). */
  send(block: RecordBlock, options?: { signal?: AbortSignal }): Promise<Appended>;
  /** Commits a consumer group's offsets with it. Send a block first: see `Abortable`. */
  sendOffsets(group: GroupIdentity, offsets: readonly PartitionOffset[]): Promise<void>;
  /**
   * Makes it count.
   *
   * @throws {UnknownOutcome} when nobody can say whether it did.
   * @throws {Abortable} when it has to be aborted.
   * @throws {Fenced} when a newer producer has taken over, or the broker has aborted it.
   */
  commit(): Promise<void>;
  /** Makes it count for nothing. */
  abort(): Promise<void>;
}

/** What records count for readers. */
export type Isolation = "read_committed" | "read_uncommitted";

/** How a source fetches. */
export interface FetchOptions {
  /** Whether records of open and aborted transactions are seen. */
  readonly isolation: Isolation;
  /** How long a broker may wait for `minBytes`, ms. */
  readonly maxWaitMs: number;
  /** What is worth an answer before that. */
  readonly minBytes: number;
  /** The most bytes of an answer; one record batch comes even when it is larger. */
  readonly maxBytes: number;
  /** The most bytes of a partition in an answer, with the same exception. */
  readonly maxPartitionBytes: number;
  /** How long a request may take beyond `maxWaitMs`, ms. */
  readonly requestTimeoutMs: number;
}

/** A transaction whose records do not count from an offset on, up to its abort marker. */
export interface AbortedTransaction {
  /** Whose it is. */
  readonly producerId: bigint;
  /** Where it begins. */
  readonly firstOffset: number;
}

/** From where on the records of a partition are those of a leader's epoch. */
export interface EpochStart {
  /** The epoch. */
  readonly epoch: number;
  /** The offset of the first. */
  readonly from: number;
}

/** What has come of a partition. */
export interface FetchedBlock extends TopicPartition {
  /**
   * Whole record batches, one behind the other, as they came: nothing checked, decompressed or
   * filtered. The first may begin before the offset that was asked for.
   */
  readonly bytes: Uint8Array;
  /** The offset that was asked for: records before it are to be left out. */
  readonly from: number;
  /** Where the next fetch goes on: behind the last batch. */
  readonly next: number;
  /** Under which leaders its records were appended. */
  readonly epochs?: readonly EpochStart[];
  /** The transactions that touch it and were aborted, under `"read_committed"`, in any order. */
  readonly aborted: readonly AbortedTransaction[];
  /** The end of the partition. */
  readonly highWatermark: number;
  /** Up to where transactions are decided. */
  readonly lastStableOffset: number;
  /** Where the partition begins. */
  readonly logStartOffset: number;
}

/** Reads partitions; knows nothing of groups. */
export interface FetchSource extends AsyncDisposable {
  /** From where each partition is read from now on; those that are not named are read no more. */
  assign(positions: readonly PartitionOffset[]): void;
  /** Partitions that are passed over until they are named no more. */
  pause(partitions: readonly TopicPartition[]): void;
  /**
   * What has come of any partition that is not paused; empty when nothing came within `maxWaitMs`.
   * It has then gone on to `next`. Where one broker answers, it does not wait for the others. What
   * came of a partition that was assigned anew meanwhile is dropped.
   *
   * Where a partition has another leader, that is asked first whether it has what was read.
   *
   * @throws {OffsetOutOfRange} with the partitions whose offset is no more, or not yet, there, or up
   *   to which the leader has not what was read.
   */
  fetch(options?: { signal?: AbortSignal }): Promise<readonly FetchedBlock[]>;
}

/** A place in time of a partition. */
export type OffsetAt = "earliest" | "latest" | { readonly timestampMs: number };

/** What is known of a partition. */
export interface PartitionInfo {
  /** Its number, from 0. */
  readonly partition: number;
  /** The broker that leads it; −1: none at the moment. */
  readonly leader: number;
}

/** What is known of a topic. */
export interface TopicInfo {
  /** Its name. */
  readonly topic: string;
  /** Its partitions, in order. */
  readonly partitions: readonly PartitionInfo[];
}

/** A topic to be made. */
export interface NewTopic {
  /** Its name. */
  readonly topic: string;
  /** How many partitions. Default: the broker's. */
  readonly partitions?: number;
  /** How many replicas of each. Default: the broker's. */
  readonly replicationFactor?: number;
  /** Settings, such as `{ "cleanup.policy": "compact" }`. */
  readonly config?: Readonly<Record<string, string>>;
}

/** A member of a consumer group, as its coordinator knows it; without a member: nobody in particular. */
export interface GroupIdentity {
  /** The group. */
  readonly groupId: string;
  /** The generation that the member belongs to. */
  readonly generation?: number;
  /** The name that the coordinator gave the member. */
  readonly memberId?: string;
  /** The name that the member has given itself, and has again when it starts anew: KIP-345. */
  readonly instanceId?: string;
}

/** What a member says when it wants to join. */
export interface JoinRequest {
  /** The name that it had, or `""`. */
  readonly memberId: string;
  /** The name that it has given itself, by which it keeps its place when it starts anew. */
  readonly instanceId?: string;
  /** Without a heartbeat within it a member counts as gone, ms. */
  readonly sessionTimeoutMs: number;
  /** How long members have to join again, ms. */
  readonly rebalanceTimeoutMs: number;
  /** The ways to assign partitions that it knows, the best first, each with what it says of itself. */
  readonly protocols: readonly { readonly name: string; readonly metadata: Uint8Array }[];
  /**
   * Told the name that a new member gets, before it has joined: the group waits for it from then on,
   * unless it leaves.
   */
  readonly named?: (memberId: string) => void;
}

/** What a member hears when all have joined. */
export interface JoinAnswer {
  /** Its name. */
  readonly memberId: string;
  /** The generation. */
  readonly generation: number;
  /** Who assigns. */
  readonly leaderId: string;
  /** How: the name of one of the `protocols`. */
  readonly protocol: string;
  /** All members with what they say of themselves; only the leader hears it. */
  readonly members: readonly { readonly memberId: string; readonly metadata: Uint8Array }[];
}

/** A consumer group's coordinator: requests only; who sends them when is above it. */
export interface GroupCoordinator {
  /** Resolves when all members have joined. A new member may be told its name first: that is dealt with. */
  join(request: JoinRequest, options?: { signal?: AbortSignal }): Promise<JoinAnswer>;
  /** Hands in (as leader) and gets the assignment. */
  sync(
    member: GroupIdentity,
    assignments: readonly { readonly memberId: string; readonly assignment: Uint8Array }[],
    options?: { signal?: AbortSignal },
  ): Promise<Uint8Array>;
  /**
   * Tells that the member lives.
   *
   * @throws {GroupChanged} when members have to join again, or this one is known no more.
   * @throws {Fenced} when another one has joined under its `instanceId`.
   */
  heartbeat(member: GroupIdentity): Promise<void>;
  /** Leaves, so that the others need not wait for the session's timeout. */
  leave(member: GroupIdentity): Promise<void>;
  /** Commits; not as a member when there is no generation. */
  commit(member: GroupIdentity, offsets: readonly PartitionOffset[]): Promise<void>;
  /** What is committed of some partitions; those without are left out. */
  committed(partitions: readonly TopicPartition[]): Promise<readonly PartitionOffset[]>;
}

/** How a broker is reached. */
export interface ConnectionOptions {
  /** Addresses `host:port` of some brokers. */
  readonly bootstrapServers: readonly string[];
  /** What brokers call this client in their logs. */
  readonly clientId: string;
  /** TLS, SASL. */
  readonly login?: KafkaLogin;
  /** How long a connection may take, ms. */
  readonly connectionTimeoutMs: number;
  /** How long a request may take, ms. */
  readonly requestTimeoutMs: number;
}

/** Connections to a cluster. */
export interface KafkaCluster extends AsyncDisposable {
  /**
   * What is known of some topics.
   *
   * @param options `fresh`: asks, even when it was asked not long ago.
   * @throws {KafkaError} when one does not exist.
   */
  topics(names: readonly string[], options?: { fresh?: boolean }): Promise<readonly TopicInfo[]>;
  /** Makes topics; those that are there already are left as they are, and left out of the answer. */
  createTopics(topics: readonly NewTopic[]): Promise<readonly string[]>;
  /** Offsets of partitions at a place in time; the end of those that have nothing that late. */
  offsetsAt(
    partitions: readonly TopicPartition[],
    at: OffsetAt,
    options?: { isolation?: Isolation },
  ): Promise<readonly PartitionOffset[]>;
  /** Opens a sink. */
  sink(options: SinkOptions): Promise<Sink>;
  /** Opens a source. */
  source(options: FetchOptions): Promise<FetchSource>;
  /** The coordinator of a group. */
  group(groupId: string): GroupCoordinator;
}

/** A way to reach Kafka. */
export interface KafkaDriver {
  /** Its name, for messages. */
  readonly name: string;
  /**
   * Connects.
   *
   * @param given `signal` gives up; `runtime` has the clock and the timers. Default: the process's.
   * @throws {KafkaError} when no broker answers, or none lets us in.
   */
  connect(
    options: ConnectionOptions,
    given?: { signal?: AbortSignal; runtime?: Runtime },
  ): Promise<KafkaCluster>;
}
