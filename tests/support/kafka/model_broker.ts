/**
 * Brokers for seeds: what Kafka's do with sequence numbers, epochs and transactions (KIP-98,
 * KIP-360), behind connections that lose requests and answers, or deliver them when nobody waits any
 * more. Small and obvious, as an oracle has to be.
 *
 * @module
 */
import {
  type Dialer,
  DialError,
  type Link,
  LinkError,
} from "../../../src/kafka/driver/client/link.ts";
import { APIS, type WireRequest } from "../../../src/kafka/driver/wire/apis.ts";
import { WireReader } from "../../../src/kafka/driver/wire/wire_reader.ts";
import { WireWriter } from "../../../src/kafka/driver/wire/wire_writer.ts";
import type { SimulatedRuntime } from "../../../src/runtime/simulated_runtime.ts";
import { Random } from "../random.ts";
import { recordsOf } from "./plain_batch.ts";

/** A batch in a partition. */
export interface ModelBatch {
  readonly values: readonly string[];
  readonly records: number;
  readonly pid: bigint;
  readonly epoch: number;
  readonly sequence: number;
  readonly offset: number;
  fate: "plain" | "open" | "committed" | "aborted";
}

/** How often what goes wrong. */
export interface ModelFaults {
  readonly lostRequest: number;
  readonly lostAnswer: number;
  /** The broker does it long after, whether the connection is still there or not. */
  readonly stuck: number;
  readonly refused: number;
  readonly moved: number;
  /** A broker is started anew, and knows but the last batch of each producer. */
  readonly restarted: number;
}

interface ModelPartition {
  readonly log: ModelBatch[];
  end: number;
  leader: number;
  /** By producer: its epoch and its last batches. */
  readonly producers: Map<bigint, { epoch: number; last: ModelBatch[] }>;
}

interface ModelTransaction {
  pid: bigint;
  epoch: number;
  lastEpoch: number;
  state: "empty" | "open" | "committed" | "aborted";
  readonly partitions: Set<number>;
  busyUntilMs: number;
}

export const TOPIC = "model";
/** Values that end so are larger than the topic allows. */
export const TOO_LARGE = "!";
/** So are batches of more records. */
export const MOST_RECORDS = 3;
const HOSTS = ["a", "b"];
const KEPT = 5;
const STUCK_MS = 3_000;

/** A cluster of two brokers and one topic. */
export class ModelCluster implements Dialer {
  readonly partitions: ModelPartition[];
  readonly transactions = new Map<string, ModelTransaction>();
  readonly #runtime: SimulatedRuntime;
  readonly #random: Random;
  #faults: ModelFaults | undefined;
  #nextPid = 1n;

  constructor(runtime: SimulatedRuntime, seed: number, partitions: number, faults: ModelFaults) {
    this.#runtime = runtime;
    this.#random = new Random(seed);
    this.#faults = faults;
    this.partitions = Array.from({ length: partitions }, (_, i) => ({
      log: [],
      end: 0,
      leader: i % HOSTS.length,
      producers: new Map(),
    }));
  }

  /** Nothing goes wrong from now on. */
  heal(): void {
    this.#faults = undefined;
  }

  happens(fault: keyof ModelFaults): boolean {
    return this.#faults !== undefined && this.#random.chance(this.#faults[fault]);
  }

  dial(address: string): Promise<Link> {
    if (this.happens("lostRequest")) {
      return Promise.reject(new DialError("refused the connection", { isPassing: true }));
    }
    return Promise.resolve(new ModelLink(address, this, this.#runtime, this.#random));
  }

  /** What a broker does and answers. */
  serve({ api, body }: WireRequest<unknown>, node: number): readonly Uint8Array[] {
    const bytes = new Uint8Array(body.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of body) {
      bytes.set(piece, at);
      at += piece.length;
    }
    const reader = new WireReader(bytes, api.isFlexible);
    const writer = new WireWriter(api.isFlexible);
    writer.end();
    if (api === APIS.metadata) this.#metadata(writer);
    else if (api === APIS.produce) this.#produce(reader, writer, node);
    else if (api === APIS.initProducerId) this.#initProducerId(reader, writer);
    else if (api === APIS.findCoordinator) {
      writer.int32(0).int16(0).text(null).int32(0).text(HOSTS[0]).int32(1);
    } else if (api === APIS.addPartitionsToTxn) this.#addPartitions(reader, writer);
    else if (api === APIS.endTxn) this.#endTxn(reader, writer);
    else throw new Error(`The model knows no ${api.name}`);
    return writer.pieces();
  }

  #metadata(writer: WireWriter): void {
    if (this.happens("moved")) {
      const partition = this.partitions[this.#random.below(this.partitions.length)];
      partition.leader = 1 - partition.leader;
    }
    if (this.happens("restarted")) {
      for (const { producers } of this.partitions) {
        for (const known of producers.values()) known.last = known.last.slice(-1);
      }
    }
    writer.int32(0).list(
      HOSTS,
      (host) => writer.int32(HOSTS.indexOf(host)).text(host).int32(1).text(null),
    );
    writer.text("cluster").int32(0).list([TOPIC], () => {
      writer.int16(0).text(TOPIC).bool(false).list(this.partitions, (partition) => {
        writer.int16(0).int32(this.partitions.indexOf(partition)).int32(partition.leader).int32(0);
        writer.list([], () => {}).list([], () => {}).list([], () => {});
      });
    });
  }

  #produce(reader: WireReader, writer: WireWriter, node: number): void {
    const transactionalId = reader.text();
    reader.int16();
    reader.int32();
    const answers = reader.list(() => {
      reader.text();
      return reader.list(() => {
        const partition = reader.int32();
        return { partition, ...this.#append(partition, reader.bytes(), transactionalId, node) };
      });
    }).flat();
    writer.list([TOPIC], () => {
      writer.text(TOPIC).list(answers, ({ partition, code, offset }) => {
        writer.int32(partition).int16(code).int64(offset).int64(-1).int64(0);
      });
    }).int32(0);
  }

  #append(
    index: number,
    bytes: Uint8Array,
    transactionalId: string | null,
    node: number,
  ): { code: number; offset: number } {
    const partition = this.partitions[index];
    if (this.happens("moved")) partition.leader = 1 - partition.leader;
    if (partition.leader !== node) return { code: 6, offset: -1 };
    if (this.happens("refused")) return { code: 19, offset: -1 };
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const [pid, epoch, sequence] = [view.getBigInt64(43), view.getInt16(51), view.getInt32(53)];
    const values = recordsOf(bytes).map(({ value }) => value);
    const isTooLarge = values.length > MOST_RECORDS ||
      values.some((value) => value.endsWith(TOO_LARGE));
    if (isTooLarge) return { code: 10, offset: -1 };
    const records = view.getInt32(57);
    const answer = this.#judge(partition, index, transactionalId, { pid, epoch, sequence });
    if (answer !== undefined) return answer;
    const fate = transactionalId === null ? "plain" : "open";
    const offset = partition.end;
    const batch: ModelBatch = { values, records, pid, epoch, sequence, offset, fate };
    partition.log.push(batch);
    partition.end += records;
    if (pid >= 0n) {
      const known = partition.producers.get(pid);
      const last = known?.epoch === epoch ? known.last : [];
      partition.producers.set(pid, { epoch, last: [...last, batch].slice(-KEPT) });
    }
    return { code: this.happens("refused") ? 20 : 0, offset };
  }

  /** Why a batch is not appended; `undefined` when it is. */
  #judge(
    partition: ModelPartition,
    index: number,
    transactionalId: string | null,
    { pid, epoch, sequence }: { pid: bigint; epoch: number; sequence: number },
  ): { code: number; offset: number } | undefined {
    if (pid < 0n) return undefined;
    const known = partition.producers.get(pid);
    const repeated = known?.epoch === epoch
      ? known.last.find((batch) => batch.sequence === sequence)
      : undefined;
    if (repeated !== undefined) return { code: 0, offset: repeated.offset };
    if (known !== undefined && epoch < known.epoch) return { code: 47, offset: -1 };
    if (transactionalId !== null) {
      const txn = this.transactions.get(transactionalId)!;
      if (txn.epoch !== epoch || txn.pid !== pid) return { code: 47, offset: -1 };
      if (txn.state !== "open" || !txn.partitions.has(index)) return { code: 48, offset: -1 };
    }
    if (known === undefined) return undefined; // any sequence number is taken as the first
    if (epoch > known.epoch) return sequence === 0 ? undefined : { code: 45, offset: -1 };
    const last = known.last.at(-1);
    const next = last === undefined ? 0 : (last.sequence + last.records) & 0x7fff_ffff;
    return sequence === next ? undefined : { code: 45, offset: -1 };
  }

  #initProducerId(reader: WireReader, writer: WireWriter): void {
    const transactionalId = reader.text();
    reader.int32();
    const current = { pid: reader.bigint64(), epoch: reader.int16() };
    const answer = transactionalId === null
      ? { code: 0, pid: this.#nextPid++, epoch: 0 }
      : this.#initTransactional(transactionalId, current);
    writer.int32(0).int16(answer.code).int64(answer.pid).int16(answer.epoch);
  }

  #initTransactional(id: string, current: { pid: bigint; epoch: number }) {
    const txn = this.transactions.getOrInsertComputed(id, () => ({
      pid: this.#nextPid++,
      epoch: -1,
      lastEpoch: -1,
      state: "empty",
      partitions: new Set(),
      busyUntilMs: 0,
    }));
    if (this.#isBusy(txn)) return { code: 51, pid: -1n, epoch: -1 };
    const isAgain = current.pid === txn.pid && current.epoch === txn.lastEpoch;
    if (current.pid >= 0n && !isAgain && (current.pid !== txn.pid || current.epoch !== txn.epoch)) {
      return { code: 47, pid: -1n, epoch: -1 };
    }
    if (isAgain && current.epoch !== txn.epoch) return { code: 0, pid: txn.pid, epoch: txn.epoch };
    txn.lastEpoch = current.pid >= 0n ? txn.epoch : -1;
    txn.epoch++;
    if (txn.state === "open") {
      this.#mark(txn, "aborted");
      return { code: 51, pid: -1n, epoch: -1, ...this.#retreat(txn) };
    }
    txn.state = "empty";
    return { code: 0, pid: txn.pid, epoch: txn.epoch };
  }

  /** An abort by the coordinator: the epoch is up already, and the producer has to ask again. */
  #retreat(txn: ModelTransaction): object {
    txn.lastEpoch = txn.epoch - 1;
    return {};
  }

  #addPartitions(reader: WireReader, writer: WireWriter): void {
    const txn = this.transactions.get(reader.text()!)!;
    const [pid, epoch] = [reader.bigint64(), reader.int16()];
    const partitions = reader.list(() => {
      reader.text();
      return reader.list(() => reader.int32());
    }).flat();
    const code = txn.pid !== pid || txn.epoch !== epoch ? 47 : this.#isBusy(txn) ? 51 : 0;
    if (code === 0) {
      if (txn.state !== "open") txn.partitions.clear();
      txn.state = "open";
      for (const partition of partitions) txn.partitions.add(partition);
    }
    writer.int32(0).list([TOPIC], () => {
      writer.text(TOPIC).list(partitions, (partition) => writer.int32(partition).int16(code));
    });
  }

  #endTxn(reader: WireReader, writer: WireWriter): void {
    const txn = this.transactions.get(reader.text()!)!;
    const [pid, epoch] = [reader.bigint64(), reader.int16()];
    const fate = reader.bool() ? "committed" : "aborted";
    const isFenced = txn.pid !== pid || txn.epoch !== epoch;
    let code = isFenced ? 47 : this.#isBusy(txn) ? 51 : 0;
    if (code === 0 && txn.state === "open") this.#mark(txn, fate);
    else if (code === 0 && txn.state !== fate) code = 48;
    writer.int32(0).int16(code);
  }

  #isBusy(txn: ModelTransaction): boolean {
    return this.#runtime.monotonicMs() < txn.busyUntilMs;
  }

  #mark(txn: ModelTransaction, fate: "committed" | "aborted"): void {
    for (const index of txn.partitions) {
      const partition = this.partitions[index];
      for (const batch of partition.log) {
        if (batch.pid === txn.pid && batch.fate === "open") batch.fate = fate;
      }
      partition.end++; // the marker
      const known = partition.producers.get(txn.pid);
      const last = known?.epoch === txn.epoch ? known.last : [];
      partition.producers.set(txn.pid, { epoch: txn.epoch, last });
    }
    txn.state = fate;
    txn.partitions.clear();
    txn.busyUntilMs = this.#runtime.monotonicMs() + this.#random.below(20);
  }
}

/** A connection: requests are done in order, some of them late. */
class ModelLink implements Link {
  readonly address: string;
  isOpen = true;
  readonly #cluster: ModelCluster;
  readonly #runtime: SimulatedRuntime;
  readonly #random: Random;
  readonly #waiting = new Set<(error: LinkError) => void>();
  #doneMs = 0;

  constructor(address: string, cluster: ModelCluster, runtime: SimulatedRuntime, random: Random) {
    this.address = address;
    this.#cluster = cluster;
    this.#runtime = runtime;
    this.#random = random;
  }

  send<Answer>(request: WireRequest<Answer>, timeoutMs: number): Promise<Answer> {
    if (!this.isOpen) return Promise.reject(new LinkError(this.address, "closed the connection"));
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#waiting.add(reject);
    const nowMs = this.#runtime.monotonicMs();
    const tookMs = 1 + this.#random.below(5) + (this.#cluster.happens("stuck") ? STUCK_MS : 0);
    this.#doneMs = Math.max(this.#doneMs, nowMs) + tookMs;
    const late = this.#runtime.after(timeoutMs, () => this.#end("did not answer in time"));
    promise.catch(() => {}).finally(late);
    const isLost = this.#cluster.happens("lostRequest");
    // what is on its way stays as it is, whatever number the block gets for its next attempt
    const sent = { ...request, body: request.body.map((piece) => piece.slice()) };
    this.#runtime.after(this.#doneMs - nowMs, () => {
      if (isLost) return this.#end("closed the connection");
      const answer = this.#cluster.serve(sent, HOSTS.indexOf(this.address.split(":")[0]));
      if (this.#cluster.happens("lostAnswer")) return this.#end("closed the connection");
      const bytes = new Uint8Array(answer.reduce((sum, piece) => sum + piece.length, 0));
      let at = 0;
      for (const piece of answer) {
        bytes.set(piece, at);
        at += piece.length;
      }
      this.#waiting.delete(reject);
      resolve(request.read(new WireReader(bytes, request.api.isFlexible)));
    });
    return promise;
  }

  close(): Promise<void> {
    this.#end("was closed");
    return Promise.resolve();
  }

  #end(why: string): void {
    this.isOpen = false;
    for (const reject of this.#waiting) reject(new LinkError(this.address, why));
    this.#waiting.clear();
  }
}
