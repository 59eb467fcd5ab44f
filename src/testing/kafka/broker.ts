import type {
  FetchOptions,
  Isolation,
  NewTopic,
  OffsetAt,
  PartitionOffset,
  TopicInfo,
  TopicPartition,
} from "../../kafka/driver/driver.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { decodePlainBatch } from "../../kafka/records/reference_records.ts";
import { readBatchHead } from "./batch_head.ts";
import { BrokerRefusal } from "./broker_answer.ts";
import { GroupState } from "./group_state.ts";
import { type LogPiece, PartitionLog } from "./partition_log.ts";
import { type ProducerIdentity, Transactions } from "./transactions.ts";

/** What brokers are set to. */
export interface BrokerSettings {
  /** How many there are; partitions are led by one after the other. */
  readonly brokers: number;
  /** Partitions of a topic that is made without a number. */
  readonly partitions: number;
  /** The most bytes of a record batch. */
  readonly maxBatchBytes: number;
  /** How long the markers of a transaction take, ms. */
  readonly markerMs: number;
}

/** A batch that is to be appended. */
export interface ProduceRequest extends TopicPartition {
  readonly bytes: Uint8Array;
  /** Who the sender thinks leads the partition. */
  readonly leader: number;
  readonly transactionalId?: string;
}

/** What a broker gives of a partition. */
export interface FetchedPiece extends TopicPartition, LogPiece {
  readonly from: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
}

/** What the brokers of a cluster know and do. */
export class SimulatedBroker {
  readonly transactions: Transactions;
  readonly #runtime: Runtime;
  readonly #settings: BrokerSettings;
  readonly #topics = new Map<string, PartitionLog[]>();
  readonly #groups = new Map<string, GroupState>();
  /** Who waits for records. */
  readonly #readers = new Set<() => void>();

  /** Without topics. */
  constructor(runtime: Runtime, settings: BrokerSettings) {
    this.#runtime = runtime;
    this.#settings = settings;
    this.transactions = new Transactions(runtime, settings.markerMs, {
      mark: (at, { producerId, producerEpoch }, commits) => {
        this.log(at).mark(producerId, producerEpoch, commits, runtime.wallClockMs());
        this.#wake();
      },
      commitOffsets: (groupId, offsets) => this.group(groupId).store(offsets),
    });
  }

  /** A partition's log, where there is one. */
  find({ topic, partition }: TopicPartition): PartitionLog | undefined {
    return this.#topics.get(topic)?.[partition];
  }

  /** A partition's log. */
  log(at: TopicPartition): PartitionLog {
    const log = this.find(at);
    if (!log) throw new BrokerRefusal("UNKNOWN_TOPIC_OR_PARTITION");
    return log;
  }

  /** A group, which is there as soon as it is asked for. */
  group(groupId: string): GroupState {
    return this.#groups.getOrInsertComputed(groupId, () => new GroupState(this.#runtime));
  }

  /** What is known of some topics. */
  topics(names: readonly string[]): TopicInfo[] {
    return names.map((topic) => {
      const logs = this.#topics.get(topic);
      if (!logs) throw new BrokerRefusal("UNKNOWN_TOPIC_OR_PARTITION");
      return { topic, partitions: logs.map(({ leader }, partition) => ({ partition, leader })) };
    });
  }

  /** Makes a topic; whether there was none. */
  createTopic({ topic, partitions = this.#settings.partitions }: NewTopic): boolean {
    if (this.#topics.has(topic)) return false;
    this.#topics.set(topic, []);
    this.addPartitions(topic, partitions);
    return true;
  }

  /** How many partitions a topic has; 0: there is none. */
  partitions(topic: string): number {
    return this.#topics.get(topic)?.length ?? 0;
  }

  /** Makes it so many partitions. */
  addPartitions(topic: string, partitions: number): void {
    const logs = this.#topics.get(topic);
    if (!logs) throw new BrokerRefusal("UNKNOWN_TOPIC_OR_PARTITION");
    while (logs.length < partitions) {
      const leader = 1 + logs.length % this.#settings.brokers;
      logs.push(new PartitionLog(leader, this.#settings.maxBatchBytes));
    }
  }

  /** Gives a partition another leader. */
  changeLeader(at: TopicPartition): void {
    const log = this.log(at);
    log.leader = 1 + log.leader % Math.max(2, this.#settings.brokers);
    this.#wake();
  }

  /** Appends a batch. */
  produce({ bytes, leader, transactionalId, ...at }: ProduceRequest): number {
    const log = this.#led(at, leader);
    const head = readBatchHead(bytes);
    if (head?.isTransactional) {
      if (transactionalId === undefined) throw new BrokerRefusal("INVALID_TXN_STATE");
      this.transactions.verify(transactionalId, head, at);
    }
    const offset = log.append(bytes);
    this.#wake();
    return offset;
  }

  /** Appends a batch that nobody in particular sends. */
  append(at: TopicPartition, bytes: Uint8Array): number {
    const offset = this.log(at).append(bytes);
    this.#wake();
    return offset;
  }

  /** What there is of some partitions, as soon as that is enough or it has taken too long. */
  async fetch(
    positions: readonly PartitionOffset[],
    leader: number,
    options: FetchOptions,
  ): Promise<FetchedPiece[]> {
    const { isolation, minBytes, maxWaitMs } = options;
    const isThere = () => this.#readable(positions, leader, isolation) >= minBytes;
    if (!isThere()) await this.#waitFor(isThere, maxWaitMs);
    return this.#read(positions, leader, options);
  }

  /** Offsets at a place in time. */
  offsetAt(at: TopicPartition, when: OffsetAt, isolation: Isolation): number {
    const log = this.log(at);
    if (when === "earliest") return log.logStartOffset;
    const end = isolation === "read_committed" ? log.lastStableOffset : log.highWatermark;
    if (when === "latest") return end;
    const batch = log.since(when.timestampMs);
    const found = batch &&
      decodePlainBatch(batch).find(({ timestamp }) => timestamp >= when.timestampMs);
    return found ? Math.max(log.logStartOffset, found.offset) : end;
  }

  /** Makes a group's offsets part of a transaction. */
  addOffsets(
    id: string,
    producer: ProducerIdentity,
    groupId: string,
    offsets: readonly PartitionOffset[],
  ): void {
    for (const each of offsets) this.log(each);
    this.transactions.addOffsets(id, producer, groupId, offsets);
  }

  /** All connections are gone. */
  reconnect(): void {
    for (const group of this.#groups.values()) group.reconnect();
    this.#readers.clear();
  }

  /** No timers are left. */
  close(): void {
    this.transactions.close();
    for (const group of this.#groups.values()) group.close();
    this.#readers.clear();
  }

  #led(at: TopicPartition, leader: number): PartitionLog {
    const log = this.log(at);
    if (log.leader !== leader) throw new BrokerRefusal("NOT_LEADER_OR_FOLLOWER");
    return log;
  }

  #readable(positions: readonly PartitionOffset[], leader: number, isolation: Isolation): number {
    let size = 0;
    for (const each of positions) {
      const log = this.#led(each, leader);
      if (each.offset < log.logStartOffset || each.offset > log.highWatermark) return Infinity;
      size += log.readable(each.offset, isolation);
    }
    return size;
  }

  #waitFor(isThere: () => boolean, mostMs: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const end = () => {
      cancel();
      this.#readers.delete(look);
      resolve();
    };
    const look = () => {
      try {
        if (isThere()) end();
      } catch (refusal) {
        cancel();
        this.#readers.delete(look);
        reject(refusal);
      }
    };
    const cancel = this.#runtime.after(mostMs, end, { background: true });
    this.#readers.add(look);
    return promise;
  }

  /** Readers look again. */
  #wake(): void {
    for (const look of [...this.#readers]) look();
  }

  #read(
    positions: readonly PartitionOffset[],
    leader: number,
    { isolation, maxBytes, maxPartitionBytes }: FetchOptions,
  ): FetchedPiece[] {
    const out: TopicPartition[] = [];
    let left = maxBytes;
    const pieces = positions.flatMap(({ topic, partition, offset: from }): FetchedPiece[] => {
      const log = this.#led({ topic, partition }, leader);
      const { highWatermark, lastStableOffset, logStartOffset } = log;
      if (from < logStartOffset || from > highWatermark) {
        out.push({ topic, partition });
        return [];
      }
      if (left <= 0) return [];
      const piece = log.read(from, Math.min(left, maxPartitionBytes), isolation);
      left -= piece.bytes.length;
      if (piece.bytes.length === 0) return [];
      return [{
        topic,
        partition,
        from,
        highWatermark,
        lastStableOffset,
        logStartOffset,
        ...piece,
      }];
    });
    if (out.length > 0) throw new BrokerRefusal("OFFSET_OUT_OF_RANGE", out);
    return pieces;
  }
}
