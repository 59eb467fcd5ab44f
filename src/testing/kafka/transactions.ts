import type { PartitionOffset, TopicPartition } from "../../kafka/driver/driver.ts";
import type { Cancel, Runtime } from "../../runtime/runtime.ts";
import { BrokerRefusal } from "./broker_refusal.ts";

/** A producer, as the broker knows it. */
export interface ProducerIdentity {
  /** Its number. */
  readonly producerId: bigint;
  /** Which of its lives. */
  readonly producerEpoch: number;
}

interface Transaction {
  readonly producerId: bigint;
  epoch: number;
  timeoutMs: number;
  isOpen: boolean;
  /** Until when its markers are still being written, ms. */
  completingUntilMs: number;
  /** How the last one ended: who asks for the same again is told that it is so. */
  last?: "commit" | "abort";
  partitions: Map<string, TopicPartition>;
  offsets: Map<string, PartitionOffset[]>;
  cancelTimeout: Cancel;
}

/** What transactions are ended in. */
export interface TransactionEffects {
  /** Writes a marker. */
  mark(partition: TopicPartition, producer: ProducerIdentity, commits: boolean): void;
  /** Makes a group's offsets count. */
  commitOffsets(groupId: string, offsets: readonly PartitionOffset[]): void;
}

/** The coordinator of all transactional ids: "Transactions" in Kafka's design, KIP-98. */
export class Transactions {
  readonly #runtime: Runtime;
  readonly #effects: TransactionEffects;
  readonly #markerMs: number;
  readonly #known = new Map<string, Transaction>();
  #nextProducerId = 1000n;

  /** Without any. */
  constructor(runtime: Runtime, markerMs: number, effects: TransactionEffects) {
    this.#runtime = runtime;
    this.#markerMs = markerMs;
    this.#effects = effects;
  }

  /** Ids of transactions that are open. */
  get open(): readonly string[] {
    return [...this.#known].filter(([, { isOpen }]) => isOpen).map(([id]) => id);
  }

  /**
   * Gives a producer its identity, or the next one of what it has: KIP-360; fences older ones of its
   * transactional id.
   *
   * @param current What it has; −1: nothing.
   */
  begin(id: string | undefined, timeoutMs: number, current: ProducerIdentity): ProducerIdentity {
    const { producerId, producerEpoch } = current;
    if (id === undefined) {
      return producerId >= 0n
        ? { producerId, producerEpoch: producerEpoch + 1 }
        : { producerId: this.#nextProducerId++, producerEpoch: 0 };
    }
    const known = this.#known.get(id);
    if (!known) return this.#add(id, timeoutMs);
    if (producerId >= 0n) this.#checked(id, current);
    this.#refuseCompleting(known);
    known.epoch++;
    known.timeoutMs = timeoutMs;
    delete known.last;
    if (known.isOpen) {
      this.#end(known, false);
      // Who was let in stays so: the next request of the same producer finds it all done.
      if (producerId >= 0n) known.epoch--;
      throw new BrokerRefusal("CONCURRENT_TRANSACTIONS");
    }
    return { producerId: known.producerId, producerEpoch: known.epoch };
  }

  /** Whether an open transaction may change a group's offsets. */
  mayChange(groupId: string): boolean {
    return this.#known.values().some(({ offsets }) => (offsets.get(groupId)?.length ?? 0) > 0);
  }

  /** Makes partitions part of the open transaction; opens one. */
  addPartitions(id: string, producer: ProducerIdentity, added: readonly TopicPartition[]): void {
    const transaction = this.#checked(id, producer);
    this.#refuseCompleting(transaction);
    this.#open(transaction);
    for (const each of added) transaction.partitions.set(`${each.topic}/${each.partition}`, each);
  }

  /** Makes a group part of the open transaction; opens one. */
  addGroup(id: string, producer: ProducerIdentity, groupId: string): void {
    const transaction = this.#checked(id, producer);
    this.#refuseCompleting(transaction);
    this.#open(transaction);
    transaction.offsets.getOrInsertComputed(groupId, () => []);
  }

  /** Makes offsets of a group part of the open transaction. */
  addOffsets(
    id: string,
    producer: ProducerIdentity,
    groupId: string,
    offsets: readonly PartitionOffset[],
  ): void {
    const known = this.#checked(id, producer).offsets.get(groupId);
    if (!known) throw new BrokerRefusal("INVALID_TXN_STATE");
    known.push(...offsets);
  }

  /** Looks whether a producer may append to a partition now. */
  verify(id: string, producer: ProducerIdentity, { topic, partition }: TopicPartition): void {
    const transaction = this.#checked(id, producer);
    const isPart = transaction.isOpen && transaction.partitions.has(`${topic}/${partition}`);
    if (!isPart) throw new BrokerRefusal("INVALID_TXN_STATE");
  }

  /** Commits or aborts. */
  end(id: string, producer: ProducerIdentity, commits: boolean): void {
    const transaction = this.#checked(id, producer);
    if (transaction.isOpen) return this.#end(transaction, commits);
    if (transaction.last !== (commits ? "commit" : "abort")) {
      throw new BrokerRefusal("INVALID_TXN_STATE");
    }
    this.#refuseCompleting(transaction);
  }

  /** No timers are left. */
  close(): void {
    for (const { cancelTimeout } of this.#known.values()) cancelTimeout();
  }

  #add(id: string, timeoutMs: number): ProducerIdentity {
    const producerId = this.#nextProducerId++;
    this.#known.set(id, {
      producerId,
      epoch: 0,
      timeoutMs,
      isOpen: false,
      completingUntilMs: -Infinity,
      partitions: new Map(),
      offsets: new Map(),
      cancelTimeout: () => {},
    });
    return { producerId, producerEpoch: 0 };
  }

  #checked(id: string, { producerId, producerEpoch }: ProducerIdentity): Transaction {
    const known = this.#known.get(id);
    if (known?.producerId !== producerId) throw new BrokerRefusal("INVALID_PRODUCER_ID_MAPPING");
    if (known.epoch !== producerEpoch) throw new BrokerRefusal("INVALID_PRODUCER_EPOCH");
    return known;
  }

  #refuseCompleting({ completingUntilMs }: Transaction): void {
    if (this.#runtime.monotonicMs() < completingUntilMs) {
      throw new BrokerRefusal("CONCURRENT_TRANSACTIONS");
    }
  }

  #open(transaction: Transaction): void {
    if (transaction.isOpen) return;
    transaction.isOpen = true;
    delete transaction.last;
    transaction.cancelTimeout = this.#runtime.after(transaction.timeoutMs, () => {
      transaction.epoch++;
      this.#end(transaction, false);
    }, { background: true });
  }

  #end(transaction: Transaction, commits: boolean): void {
    transaction.cancelTimeout();
    const { producerId, epoch: producerEpoch, partitions, offsets } = transaction;
    for (const partition of partitions.values()) {
      this.#effects.mark(partition, { producerId, producerEpoch }, commits);
    }
    if (commits) { for (const [id, each] of offsets) this.#effects.commitOffsets(id, each); }
    transaction.isOpen = false;
    transaction.last = commits ? "commit" : "abort";
    transaction.partitions = new Map();
    transaction.offsets = new Map();
    transaction.completingUntilMs = this.#runtime.monotonicMs() + this.#markerMs;
  }
}
