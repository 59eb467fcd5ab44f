import { countLeading } from "../../batch/count_leading.ts";
import type { AbortedTransaction, Isolation } from "../../kafka/driver/driver.ts";
import { type BatchHead, isIntact, markerBatch, readBatchHead, writePlace } from "./batch_head.ts";
import { BrokerRefusal } from "./broker_refusal.ts";

/** Of how many batches of a producer a broker knows repeats again: `ProducerStateEntry` in Kafka. */
const REMEMBERED_BATCHES = 5;
const SEQUENCES = 2 ** 31;

interface StoredBatch {
  readonly first: number;
  readonly last: number;
  /** That of the leader which appended it. */
  readonly epoch: number;
  readonly head: BatchHead;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

interface ProducerState {
  epoch: number;
  /** The last batches, the oldest first. */
  recent: { readonly first: number; readonly last: number; readonly offset: number }[];
}

interface Aborted extends AbortedTransaction {
  readonly lastOffset: number;
}

/** What a fetch gives of a partition. */
export interface LogPiece {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly next: number;
  readonly aborted: readonly AbortedTransaction[];
}

/** The sequence that comes after so many more records; it begins again at 0 after 2^31 − 1. */
function sequenceAfter(sequence: number, records: number): number {
  return (sequence + records) % SEQUENCES;
}

/** The log of a partition, as its leader keeps it. */
export class PartitionLog {
  #leader: number;
  #leaderEpoch = 0;
  readonly #maxBatchBytes: number;
  #batches: StoredBatch[] = [];
  #start = 0;
  #end = 0;
  readonly #producers = new Map<bigint, ProducerState>();
  /** Where the open transaction of a producer begins. */
  readonly #open = new Map<bigint, number>();
  readonly #aborted: Aborted[] = [];

  /** An empty one. */
  constructor(leader: number, maxBatchBytes: number) {
    this.#leader = leader;
    this.#maxBatchBytes = maxBatchBytes;
  }

  /** Who leads it. */
  get leader(): number {
    return this.#leader;
  }

  /** How often that has changed. */
  get leaderEpoch(): number {
    return this.#leaderEpoch;
  }

  /** Another broker leads it from now on. */
  lead(leader: number): void {
    this.#leader = leader;
    this.#leaderEpoch++;
  }

  /**
   * Behind the last record of an epoch, or of those before it.
   *
   * @returns −1 when it has heard of no such epoch.
   */
  endOfEpoch(epoch: number): number {
    if (epoch > this.#leaderEpoch) return -1;
    return this.#batches.find((batch) => batch.epoch > epoch)?.first ?? this.#end;
  }

  /** Loses all from an offset on, as a replica has not got it that was behind. */
  truncate(offset: number): void {
    this.#batches = this.#batches.filter(({ last }) => last < offset);
    this.#end = Math.max(this.#start, (this.#batches.at(-1)?.last ?? -1) + 1);
    for (const state of this.#producers.values()) {
      state.recent = state.recent.filter((batch) => batch.offset < this.#end);
    }
    for (const [producer, first] of this.#open) if (first >= this.#end) this.#open.delete(producer);
    const isLeft = ({ lastOffset }: Aborted) => lastOffset < this.#end;
    this.#aborted.splice(0, Infinity, ...this.#aborted.filter(isLeft));
  }

  /** Where it begins. */
  get logStartOffset(): number {
    return this.#start;
  }

  /** The offset of the next record. */
  get highWatermark(): number {
    return this.#end;
  }

  /** Up to where transactions are decided. */
  get lastStableOffset(): number {
    return Math.min(this.#end, ...this.#open.values());
  }

  /** All transactions that were aborted. */
  get aborted(): readonly AbortedTransaction[] {
    return this.#aborted;
  }

  /** All batches as they lie there. */
  *batches(): Generator<Uint8Array<ArrayBuffer>> {
    for (const { bytes } of this.#batches) yield bytes;
  }

  /**
   * Appends a batch, after a look at its checksum and sequence.
   *
   * @returns the offset of its first record; of a repeat that of the first time.
   * @throws {BrokerRefusal} when it cannot be appended.
   */
  append(bytes: Uint8Array): number {
    const head = readBatchHead(bytes);
    if (!head || head.bytes !== bytes.length || head.records < 1 || head.isControl) {
      throw new BrokerRefusal("INVALID_RECORD");
    }
    if (bytes.length > this.#maxBatchBytes) throw new BrokerRefusal("MESSAGE_TOO_LARGE");
    if (!isIntact(bytes)) throw new BrokerRefusal("CORRUPT_MESSAGE");
    const repeated = head.producerId < 0n ? undefined : this.#checkSequence(head);
    if (repeated !== undefined) return repeated;
    const first = this.#store(bytes.slice(), head);
    if (head.producerId >= 0n) this.#remember(head, first);
    return first;
  }

  /** Ends a producer's transaction. */
  mark(producerId: bigint, producerEpoch: number, commits: boolean, timestampMs: number): void {
    const state = this.#producers.get(producerId);
    if (state && producerEpoch > state.epoch) {
      state.epoch = producerEpoch;
      state.recent = [];
    }
    const bytes = markerBatch({ producerId, producerEpoch, commits, timestampMs });
    const firstOffset = this.#open.get(producerId);
    const lastOffset = this.#store(bytes, readBatchHead(bytes)!);
    this.#open.delete(producerId);
    if (firstOffset !== undefined && !commits) {
      this.#aborted.push({ producerId, firstOffset, lastOffset });
    }
  }

  /**
   * Whole batches from an offset on, at least one where there is one.
   *
   * @throws {BrokerRefusal} when the offset is not in the log.
   */
  read(from: number, maxBytes: number, isolation: Isolation): LogPiece {
    if (from < this.#start || from > this.#end) throw new BrokerRefusal("OFFSET_OUT_OF_RANGE");
    const until = isolation === "read_committed" ? this.lastStableOffset : this.#end;
    const batches: StoredBatch[] = [];
    let size = 0;
    for (let i = this.#indexOf(from); i < this.#batches.length; i++) {
      const batch = this.#batches[i];
      if (batch.first >= until || size > 0 && size + batch.bytes.length > maxBytes) break;
      batches.push(batch);
      size += batch.bytes.length;
    }
    const next = batches.length === 0 ? from : batches.at(-1)!.last + 1;
    return { bytes: joined(batches, size), next, aborted: this.#abortedIn(from, next, isolation) };
  }

  /** Bytes that a reader would get from an offset on. */
  readable(from: number, isolation: Isolation): number {
    if (from < this.#start || from > this.#end) return 0;
    const until = isolation === "read_committed" ? this.lastStableOffset : this.#end;
    let size = 0;
    for (let i = this.#indexOf(from); i < this.#batches.length; i++) {
      if (this.#batches[i].first >= until) break;
      size += this.#batches[i].bytes.length;
    }
    return size;
  }

  /** The first batch with a record of at least a time; `undefined`: there is none. */
  since(timestampMs: number): Uint8Array<ArrayBuffer> | undefined {
    return this.#batches.find(({ head }) => !head.isControl && head.maxTimestamp >= timestampMs)
      ?.bytes;
  }

  /** Forgets all records before an offset, as retention does. */
  deleteBefore(offset: number): void {
    this.#start = Math.min(this.#end, Math.max(this.#start, offset));
    this.#batches = this.#batches.filter(({ last }) => last >= this.#start);
  }

  #store(bytes: Uint8Array<ArrayBuffer>, head: BatchHead): number {
    const first = this.#end;
    const epoch = this.#leaderEpoch;
    writePlace(bytes, first, epoch);
    const last = first + head.lastOffsetDelta;
    this.#batches.push({ first, last, epoch, head, bytes });
    this.#end = last + 1;
    return first;
  }

  /** The offset of a repeat; `undefined` when it is the next batch of its producer. */
  #checkSequence({ producerId, producerEpoch, baseSequence, records }: BatchHead) {
    const state = this.#producers.get(producerId);
    if (!state) return undefined;
    if (producerEpoch < state.epoch) throw new BrokerRefusal("INVALID_PRODUCER_EPOCH");
    if (producerEpoch > state.epoch) {
      if (baseSequence !== 0) throw new BrokerRefusal("OUT_OF_ORDER_SEQUENCE_NUMBER");
      return undefined;
    }
    const last = sequenceAfter(baseSequence, records - 1);
    const repeat = state.recent.find((known) =>
      known.first === baseSequence && known.last === last
    );
    if (repeat) return repeat.offset;
    const expected = state.recent.length === 0 ? 0 : sequenceAfter(state.recent.at(-1)!.last, 1);
    if (baseSequence !== expected) throw new BrokerRefusal("OUT_OF_ORDER_SEQUENCE_NUMBER");
  }

  #remember(head: BatchHead, offset: number): void {
    const { producerId, producerEpoch: epoch, baseSequence: first, records } = head;
    const state = this.#producers.getOrInsertComputed(producerId, () => ({ epoch, recent: [] }));
    if (epoch !== state.epoch) Object.assign(state, { epoch, recent: [] });
    state.recent.push({ first, last: sequenceAfter(first, records - 1), offset });
    if (state.recent.length > REMEMBERED_BATCHES) state.recent.shift();
    if (head.isTransactional && !this.#open.has(producerId)) this.#open.set(producerId, offset);
  }

  /** The first batch that ends at or behind an offset. */
  #indexOf(offset: number): number {
    return countLeading(this.#batches.length, (at) => this.#batches[at].last < offset);
  }

  #abortedIn(from: number, next: number, isolation: Isolation): AbortedTransaction[] {
    if (isolation === "read_uncommitted") return [];
    return this.#aborted.filter(({ firstOffset, lastOffset }) =>
      firstOffset < next && lastOffset >= from
    ).map(({ producerId, firstOffset }) => ({ producerId, firstOffset }));
  }
}

function joined(batches: readonly StoredBatch[], size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const batch of batches) {
    bytes.set(batch.bytes, at);
    at += batch.bytes.length;
  }
  return bytes;
}
