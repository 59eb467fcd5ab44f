import type {
  AbortedTransaction,
  FetchOptions,
  Isolation,
  NewTopic,
  PartitionOffset,
  TopicPartition,
} from "../../kafka/driver/driver.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { decodePlainBatch } from "../../kafka/records/reference_records.ts";
import { readBatchHead } from "./batch_head.ts";
import { BrokerRefusal } from "./broker_refusal.ts";
import { GroupState } from "./group_state.ts";
import { PartitionLog } from "./partition_log.ts";
import { attempt } from "./served.ts";
import { Transactions } from "./transactions.ts";

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

/** From where a partition is fetched. */
export interface FetchPart extends PartitionOffset {
  /** Which leader the sender knows of; −1: it does not say. */
  readonly leaderEpoch: number;
  readonly maxBytes: number;
}

/** What is fetched. */
export interface FetchRequest
  extends Pick<FetchOptions, "isolation" | "maxWaitMs" | "minBytes" | "maxBytes"> {
  readonly parts: readonly FetchPart[];
}

/** What a broker gives of a partition. */
export interface FetchedPiece extends TopicPartition {
  readonly code: number;
  readonly bytes: Uint8Array;
  readonly aborted: readonly AbortedTransaction[];
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
}

const LATEST = -1;
const EARLIEST = -2;

/** What the brokers of a cluster know and do. */
export class SimulatedBroker {
  readonly transactions: Transactions;
  readonly #runtime: Runtime;
  readonly #settings: BrokerSettings;
  readonly #topics = new Map<string, PartitionLog[]>();
  readonly #groups = new Map<string, GroupState>();
  #nodes: number;
  /** Who waits for records. */
  readonly #readers = new Set<() => void>();

  /** Without topics. */
  constructor(runtime: Runtime, settings: BrokerSettings) {
    this.#runtime = runtime;
    this.#settings = settings;
    this.#nodes = settings.brokers;
    this.transactions = new Transactions(runtime, settings.markerMs, {
      mark: (at, { producerId, producerEpoch }, commits) => {
        this.log(at).mark(producerId, producerEpoch, commits, runtime.wallClockMs());
        this.#wake();
      },
      commitOffsets: (groupId, offsets) => this.group(groupId).offsets.store(offsets),
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

  /** Numbers of all brokers. */
  get nodes(): readonly number[] {
    return Array.from({ length: this.#nodes }, (_, node) => node + 1);
  }

  /** Who leads the partitions of a topic. */
  describe(topic: string) {
    const logs = this.#topics.get(topic);
    if (!logs) throw new BrokerRefusal("UNKNOWN_TOPIC_OR_PARTITION");
    return logs.map(({ leader, leaderEpoch }, partition) => ({
      partition,
      leader,
      epoch: leaderEpoch,
    }));
  }

  /** Makes a topic. */
  createTopic({ topic, partitions = this.#settings.partitions }: NewTopic): void {
    if (this.#topics.has(topic)) throw new BrokerRefusal("TOPIC_ALREADY_EXISTS");
    this.#topics.set(topic, []);
    this.addPartitions(topic, partitions);
  }

  /** Forgets a topic with its records, and what groups have committed of it. */
  deleteTopic(topic: string): void {
    this.#topics.delete(topic);
    for (const group of this.#groups.values()) group.offsets.forget(topic);
    this.#wake();
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

  /** Gives a partition another leader: there is a second broker from now on at least. */
  changeLeader(at: TopicPartition): void {
    this.#nodes = Math.max(2, this.#nodes);
    const log = this.log(at);
    log.lead(1 + log.leader % this.#nodes);
    this.#wake();
  }

  /** Another broker leads a partition, which has nothing from an offset on. */
  loseRecords({ offset, ...at }: PartitionOffset): void {
    this.log(at).truncate(offset);
    this.changeLeader(at);
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
  async fetch(request: FetchRequest, leader: number): Promise<FetchedPiece[]> {
    const { minBytes, maxWaitMs } = request;
    const isThere = () => this.#readable(request, leader) >= minBytes;
    if (!isThere()) await this.#waitFor(isThere, maxWaitMs);
    let left = request.maxBytes;
    return request.parts.map((part) => {
      const piece = this.#piece(part, { ...request, maxBytes: left }, leader);
      left -= piece.bytes.length;
      return piece;
    });
  }

  /** The offset at a time, ms, or at the end; −1: nothing is that late. */
  offsetAt(at: TopicPartition, timestampMs: number, isolation: Isolation, leader: number): number {
    const log = this.#led(at, leader);
    if (timestampMs === EARLIEST) return log.logStartOffset;
    if (timestampMs === LATEST) {
      return isolation === "read_committed" ? log.lastStableOffset : log.highWatermark;
    }
    const batch = log.since(timestampMs);
    const found = batch && decodePlainBatch(batch).find((each) => each.timestamp >= timestampMs);
    return found ? Math.max(log.logStartOffset, found.offset) : -1;
  }

  /** Behind the last record of an epoch. */
  endOfEpoch(at: TopicPartition, epoch: number, leader: number): number {
    return this.#led(at, leader).endOfEpoch(epoch);
  }

  /** What a group has committed; who wants what is stable waits for open transactions. */
  committed(
    groupId: string,
    partitions: readonly TopicPartition[],
    isStable: boolean,
  ): PartitionOffset[] {
    if (isStable && this.transactions.mayChange(groupId)) {
      throw new BrokerRefusal("UNSTABLE_OFFSET_COMMIT");
    }
    return this.group(groupId).offsets.of(partitions);
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

  /** Bytes that are there; what is refused is worth an answer at once. */
  #readable({ parts, isolation }: FetchRequest, leader: number): number {
    return parts.reduce((size, part) => {
      const { code, value = 0 } = attempt(() =>
        this.#fetched(part, leader).readable(part.offset, isolation)
      );
      return code === 0 ? size + value : Infinity;
    }, 0);
  }

  #fetched(part: FetchPart, leader: number): PartitionLog {
    const log = this.#led(part, leader);
    const { leaderEpoch, offset } = part;
    if (leaderEpoch >= 0 && leaderEpoch < log.leaderEpoch) {
      throw new BrokerRefusal("FENCED_LEADER_EPOCH");
    }
    if (leaderEpoch > log.leaderEpoch) throw new BrokerRefusal("UNKNOWN_LEADER_EPOCH");
    if (offset < log.logStartOffset || offset > log.highWatermark) {
      throw new BrokerRefusal("OFFSET_OUT_OF_RANGE");
    }
    return log;
  }

  #piece(part: FetchPart, { maxBytes, isolation }: FetchRequest, leader: number): FetchedPiece {
    const { topic, partition, offset } = part;
    const { code, value: log } = attempt(() => this.#fetched(part, leader));
    const { highWatermark = -1, lastStableOffset = -1, logStartOffset = -1 } = log ?? {};
    const most = Math.min(maxBytes, part.maxBytes);
    const { bytes, aborted } = log && maxBytes > 0
      ? log.read(offset, most, isolation)
      : { bytes: new Uint8Array(0), aborted: [] };
    return {
      topic,
      partition,
      code,
      bytes,
      aborted,
      highWatermark,
      lastStableOffset,
      logStartOffset,
    };
  }

  #waitFor(isThere: () => boolean, mostMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = () => {
      cancel();
      this.#readers.delete(look);
      resolve();
    };
    const look = () => {
      if (isThere()) end();
    };
    const cancel = this.#runtime.after(mostMs, end, { background: true });
    this.#readers.add(look);
    return promise;
  }

  /** Readers look again. */
  #wake(): void {
    for (const look of [...this.#readers]) look();
  }
}
