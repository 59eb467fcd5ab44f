import type {
  AbortedTransaction,
  ConnectionOptions,
  Isolation,
  KafkaCluster,
  KafkaDriver,
  PartitionOffset,
  TopicPartition,
} from "../../kafka/driver/driver.ts";
import {
  decodePlainBatches,
  encodePlainBatch,
  type PlainRecord,
} from "../../kafka/records/reference_records.ts";
import { connectCluster } from "../../kafka/driver/client/client_cluster.ts";
import { denoRuntime } from "../../runtime/deno_runtime.ts";
import { type Duration, milliseconds } from "../../runtime/duration.ts";
import {
  checkWhole,
  knownOptions,
  type OptionRule,
  received,
} from "../../runtime/known_options.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { SimulatedBroker } from "./broker.ts";
import type { SimulatedFaults } from "./faults.ts";
import type { PartitionLog } from "./partition_log.ts";
import { SimulatedDialer } from "./simulated_link.ts";
import { SimulatedNetwork } from "./simulated_network.ts";

export type { PlainRecord } from "../../kafka/records/reference_records.ts";
export type { SimulatedApi, SimulatedFault, SimulatedFaults, SimulatedRequest } from "./faults.ts";

const MOST_BATCH_BYTES = 1_048_588;

/** Options of a {@linkcode SimulatedKafka}. */
export interface SimulatedKafkaOptions {
  /** Topics that there are from the start, with their partitions. Default none. */
  topics?: Readonly<Record<string, number>>;
  /** Brokers, which lead the partitions of a topic one after the other. Default 1. */
  brokers?: number;
  /** How long a request, and an answer, is under way. Default 0: it is there at once. */
  latency?: Duration;
  /** How long the markers of a transaction take, in which no new one can begin. Default 0. */
  markerTime?: Duration;
  /** The most bytes of a record batch; Kafka's `max.message.bytes`. Default 1,048,588. */
  maxBatchBytes?: number;
  /** Partitions of topics that are made without a number. Default 1. */
  partitions?: number;
  /** What goes wrong; `faults` of the instance changes it. Default nothing. */
  faults?: SimulatedFaults;
  /** The world. Default the real one. */
  runtime?: Runtime;
}

/** A record for a topic of a {@linkcode SimulatedKafka}; texts are written as UTF-8. */
export interface SimulatedRecord {
  /** What it is about. Default none. */
  readonly key?: Uint8Array | string | null;
  /** What it says; null: a tombstone. */
  readonly value: Uint8Array | string | null;
  /** What is said beside. Default nothing. */
  readonly headers?: Readonly<Record<string, Uint8Array | string | null>>;
  /** When it was made, ms since 1970. Default now. */
  readonly timestamp?: number;
}

const encoder = new TextEncoder();

function bytesOf(text: Uint8Array | string | null | undefined): Uint8Array | null {
  return typeof text === "string" ? encoder.encode(text) : text ?? null;
}

/** What the coordinator knows of a consumer group of a {@linkcode SimulatedKafka}. */
export interface SimulatedGroup {
  /** How often it was put together. */
  readonly generation: number;
  /** Whether all members have joined and know what is theirs. */
  readonly isStable: boolean;
  /** Names of its members. */
  readonly members: readonly string[];
  /** What is committed, in the order of topics and partitions. */
  readonly offsets: readonly PartitionOffset[];
}

const OPTIONS: OptionRule<SimulatedKafkaOptions> = {
  doing: "simulate Kafka",
  names: {
    topics: true,
    brokers: true,
    latency: true,
    markerTime: true,
    maxBatchBytes: true,
    partitions: true,
    faults: true,
    runtime: true,
  },
  example: "{ topics: { readings: 4 } }",
};

function count(value: number, name: string): number {
  return checkWhole(name, value, { doing: "simulate Kafka" });
}

/**
 * A Kafka in memory, to test without a broker what reads and writes topics: give it as `driver`.
 * What speaks to it is what speaks to real brokers, down to the bytes of requests and answers. It
 * keeps record batches, refuses repeats and gaps of idempotent producers, writes the markers of
 * transactions, fences, serves readers of committed records, and coordinates groups, all on the
 * runtime that it is given. What goes wrong is decided by `faults`.
 *
 * @example
 * ```ts
 * import { SimulatedKafka } from "@waggle/stream/testing";
 *
 * const kafka = new SimulatedKafka({ topics: { readings: 4 } });
 * kafka.faults = ({ api, number }) =>
 *   api === "produce" && number % 10 === 0 ? { lose: "answer" } : undefined;
 * kafka.append({ topic: "readings", partition: 0 }, [{ key: "north", value: '{"t":21}' }]);
console.log(kafka.endOffset({ topic: "readings", partition: 0 })); // 1
 * ```
 */
export class SimulatedKafka implements KafkaDriver, Disposable {
  readonly name = "simulated";
  readonly #runtime: Runtime;
  readonly #network: SimulatedNetwork;
  readonly #broker: SimulatedBroker;

  /**
   * A cluster that nobody is connected to.
   *
   * @throws {TypeError | RangeError} when an option is none that it can be.
   */
  constructor(options: SimulatedKafkaOptions = {}) {
    const {
      topics = {},
      brokers = 1,
      latency = 0,
      markerTime = 0,
      maxBatchBytes = MOST_BATCH_BYTES,
      partitions = 1,
      faults,
      runtime = denoRuntime,
    } = knownOptions(options, OPTIONS);
    this.#runtime = runtime;
    this.#broker = new SimulatedBroker(runtime, {
      brokers: count(brokers, "brokers"),
      partitions: count(partitions, "partitions"),
      maxBatchBytes: count(maxBatchBytes, "maxBatchBytes"),
      markerMs: milliseconds(markerTime, "markerTime"),
    });
    const latencyMs = milliseconds(latency, "latency");
    this.#network = new SimulatedNetwork(runtime, this.#broker, latencyMs);
    if (faults) this.#network.faults = faults;
    for (const [topic, many] of Object.entries(topics)) this.createTopic(topic, many);
  }

  /** What goes wrong from now on. */
  get faults(): SimulatedFaults {
    return this.#network.faults;
  }

  set faults(faults: SimulatedFaults) {
    this.#network.faults = faults;
  }

  /** Whether the brokers can be reached. */
  get isUp(): boolean {
    return this.#network.isUp;
  }

  /** Transactional ids with an open transaction. */
  get openTransactions(): readonly string[] {
    return this.#broker.transactions.open;
  }

  connect(
    options: ConnectionOptions,
    { signal, runtime = this.#runtime }: { signal?: AbortSignal; runtime?: Runtime } = {},
  ): Promise<KafkaCluster> {
    const dialer = new SimulatedDialer(this.#network, options.clientId, runtime);
    return connectCluster(dialer, options, { signal, runtime });
  }

  /** Makes a topic, unless there is one. */
  createTopic(topic: string, partitions: number = 1): void {
    if (this.partitions(topic) > 0) return;
    this.#broker.createTopic({ topic, partitions: count(partitions, `topic ${topic}`) });
  }

  /** Makes it so many partitions, where it has fewer. */
  addPartitions(topic: string, partitions: number): void {
    this.#broker.addPartitions(topic, count(partitions, `topic ${topic}`));
  }

  /** Deletes a topic with its records, and what groups have committed of it, if there is one. */
  deleteTopic(topic: string): void {
    this.#broker.deleteTopic(topic);
  }

  /** How many partitions a topic has; 0: there is none. */
  partitions(topic: string): number {
    return this.#broker.partitions(topic);
  }

  /** Stops the brokers: connections end, and none is made, until {@linkcode start}. */
  stop(): void {
    this.#network.stop();
    this.#broker.reconnect();
  }

  /** Starts the brokers again; they have kept everything. */
  start(): void {
    this.#network.start();
  }

  /** Gives a partition another leader, of whom clients hear when they are refused. */
  changeLeader(at: TopicPartition): void {
    this.#log(at);
    this.#broker.changeLeader(at);
  }

  /**
   * Gives a partition a leader that lacks the records from an offset on, as an unclean election does:
   * whole batches, from the one with that offset.
   */
  loseRecords(at: PartitionOffset): void {
    this.#log(at);
    this.#broker.loseRecords(at);
  }

  /** Forgets the records before an offset, as retention does. */
  deleteRecords({ topic, partition, offset }: PartitionOffset): void {
    this.#log({ topic, partition }).deleteBefore(offset);
  }

  /** The offset of the next record of a partition. */
  endOffset(at: TopicPartition): number {
    return this.#log(at).highWatermark;
  }

  /** Up to where the transactions of a partition are decided. */
  lastStableOffset(at: TopicPartition): number {
    return this.#log(at).lastStableOffset;
  }

  /** Appends records to a partition, as a producer of no particular name; the first one's offset. */
  append(at: TopicPartition, records: readonly SimulatedRecord[]): number {
    const log = this.#log(at);
    if (records.length === 0) return log.highWatermark;
    const timestampMs = this.#runtime.wallClockMs();
    const plain = records.map(({ key, value, headers = {}, timestamp = timestampMs }, offset) => ({
      offset,
      timestamp,
      key: bytesOf(key),
      value: bytesOf(value),
      headers: Object.entries(headers).map(([name, cell]) => [name, bytesOf(cell)] as const),
    }));
    return this.#broker.append(at, encodePlainBatch({ records: plain }));
  }

  /** The records of a partition that a reader would see. Default for `isolation`: committed ones. */
  records(
    at: TopicPartition,
    { isolation = "read_committed" }: { isolation?: Isolation } = {},
  ): readonly PlainRecord[] {
    const log = this.#log(at);
    const from = log.logStartOffset;
    const aborted: readonly AbortedTransaction[] = log.aborted;
    const end = isolation === "read_committed" ? log.lastStableOffset : log.highWatermark;
    return decodePlainBatches([...log.batches()], { from, isolation, aborted })
      .filter(({ offset }) => offset < end);
  }

  /** The record batches of a partition as they lie in its log, markers of transactions included. */
  batches(at: TopicPartition): readonly Uint8Array[] {
    return [...this.#log(at).batches()];
  }

  /** What the coordinator knows of a group. */
  group(groupId: string): SimulatedGroup {
    const { generation, phase, members, offsets } = this.#broker.group(groupId);
    const committed = offsets.all.map(({ topic, partition, offset }) => {
      return { topic, partition, offset };
    });
    return { generation, isStable: phase === "stable", members, offsets: committed };
  }

  /** Stops; no timers are left. */
  [Symbol.dispose](): void {
    this.stop();
    this.#broker.close();
  }

  #log(at: TopicPartition): PartitionLog {
    const log = this.#broker.find(at);
    if (log) return log;
    const { topic, partition } = at;
    throw new RangeError(
      `Cannot find partition ${received(partition)} of topic ${received(topic)}: there is none`,
    );
  }
}
