import { GrowingBlock } from "./growing_block.ts";
import { KafkaJob, type KafkaRows } from "./kafka_job.ts";
import type { Kernel } from "./kernel.ts";
import { MemoryBlock } from "./memory_block.ts";

/** How rows become batches. */
export interface KafkaWriterSpec {
  readonly partitions: number;
  /** Bytes of a batch at most; one record more is a batch of its own. */
  readonly batchBytes: number;
  /** Bytes of a record, alone in a batch, at most. */
  readonly maxRecordBytes: number;
  /** Whether batches get their checksum. */
  readonly isSummed: boolean;
}

/** Why rows were not appended. */
export interface KafkaWriteFault {
  readonly why: "tooLarge" | "noSuchPartition" | "nullPartition" | "negativeTime" | "noKey";
  readonly row: number;
  /** The size, the partition, the time. */
  readonly value: number;
}

/** A batch that takes no more records. */
export interface KafkaClosedBatch {
  readonly partition: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly records: number;
}

const FAULTS = ["tooLarge", "noSuchPartition", "nullPartition", "negativeTime", "noKey"] as const;

/** Words of a state, as `assembly/kafka/job.ts` has them. */
const STATE_BYTES = 64;
const State = { base: 0, used: 2, openAt: 3, openRecords: 4, closed: 5, pending: 12 };
const STATE_WORDS = STATE_BYTES / 4;
const WANTED_AT = 40;
const HEADER_BYTES = 61;
const LENGTH_AT = 8;
const SLACK_BYTES = 128;
const LENGTH_OVERHEAD = 12;
const FIRST_BYTES = 4096;
/** What a partition's memory may hold when nothing waits there. */
const KEPT_BATCHES = 4;
const LEAST_KEPT_BYTES = 65_536;
const KEPT_BYTES = 1 << 24;

/** Where the batches of writers are: closed ones and the open one of each partition. */
export class KafkaWriter implements Disposable {
  readonly #kernel: Kernel;
  readonly #spec: KafkaWriterSpec;
  readonly #job: KafkaJob;
  readonly #summed: MemoryBlock;
  readonly #states: GrowingBlock;
  readonly #buffers: GrowingBlock[] = [];
  #partitions = 0;
  #sticky = -1;
  #kept: { readonly states: Uint8Array<ArrayBuffer>; readonly sticky: number } | undefined;

  /** A writer that has appended nothing. */
  constructor(kernel: Kernel, spec: KafkaWriterSpec) {
    this.#kernel = kernel;
    this.#spec = spec;
    this.#job = new KafkaJob(kernel);
    this.#summed = new MemoryBlock(kernel, KEPT_BYTES);
    this.#states = new GrowingBlock(kernel);
    this.setPartitions(spec.partitions);
  }

  /** How many partitions rows go to from now on; those that wait stay where they are. */
  setPartitions(count: number): void {
    const known = this.#buffers.length;
    this.#states.grow(Math.max(count, known) * STATE_BYTES, known * STATE_BYTES);
    for (let at = known; at < count; at++) {
      this.#buffers.push(new GrowingBlock(this.#kernel));
      this.#state(at).fill(0);
    }
    this.#partitions = count;
    if (this.#sticky >= count) this.#sticky = 0;
  }

  /** Partitions that may have batches. */
  get partitions(): number {
    return this.#buffers.length;
  }

  /** Bytes that wait, headers of closed batches included. */
  get pendingBytes(): number {
    return this.#sum(State.used);
  }

  /** Records that wait. */
  get pendingRecords(): number {
    return this.#sum(State.pending);
  }

  /** Records of a partition that wait. */
  pendingIn(partition: number): number {
    return this.#word(partition, State.pending);
  }

  /** Remembers how far all batches are, so that {@linkcode undo} can go back there. */
  mark(): void {
    const at = this.#states.address;
    const states = this.#kernel.u8.slice(at, at + this.#buffers.length * STATE_BYTES);
    this.#kept = { states, sticky: this.#sticky };
  }

  /** Takes back what was appended since the mark. */
  undo(): void {
    const { states, sticky } = this.#kept!;
    const words = new Uint32Array(states.buffer);
    this.#sticky = sticky;
    for (let at = 0; at < this.#buffers.length; at++) {
      const state = this.#state(at);
      state.set(words.subarray(at * STATE_WORDS, (at + 1) * STATE_WORDS));
      // it may have grown since
      state[State.base] = this.#buffers[at].address;
    }
  }

  /**
   * Appends rows to the batches of their partitions, or none of them.
   *
   * @throws {KernelMemoryError} when the budget does not hold them; none is appended then.
   */
  append(rows: KafkaRows): KafkaWriteFault | undefined {
    // several writers should not all begin with the same partition
    if (this.#sticky < 0) this.#sticky = Math.abs(rows.nowMs) % this.#partitions;
    const job = this.#job.place(rows, {
      ...this.#spec,
      partitions: this.#partitions,
      states: this.#states.address,
      sticky: this.#sticky,
    });
    const { exports } = this.#kernel;
    this.#clearWanted();
    const why = exports.kafkaMeasure(job);
    if (why !== 0) return { why: FAULTS[why - 1], ...this.#job.fault };
    this.#makeRoom();
    exports.kafkaAppend(job);
    this.#sticky = this.#job.sticky;
  }

  /** Closes the open batches. */
  close(): void {
    const { exports } = this.#kernel;
    const isSummed = this.#spec.isSummed ? 1 : 0;
    // rows without a key go on elsewhere, so that all partitions get some
    if (this.#sticky >= 0 && this.#state(this.#sticky)[State.openRecords] > 0) {
      this.#sticky = (this.#sticky + 1) % this.#partitions;
    }
    for (let at = 0; at < this.#buffers.length; at++) {
      exports.kafkaClose(this.#states.address + at * STATE_BYTES, isSummed);
    }
  }

  /** The closed batches, as views that are valid until something is allocated. */
  *closed(): Generator<KafkaClosedBatch> {
    for (let partition = 0; partition < this.#buffers.length; partition++) {
      const closedEnd = this.#word(partition, State.openAt);
      for (let from = 0; from < closedEnd;) {
        const { u8 } = this.#kernel;
        const at = this.#buffers[partition].address + from;
        const view = new DataView(u8.buffer, at, HEADER_BYTES);
        const bytes = view.getUint32(LENGTH_AT) + LENGTH_OVERHEAD;
        const records = view.getUint32(HEADER_BYTES - 4);
        yield { partition, bytes: u8.subarray(at, at + bytes), records };
        from += bytes;
      }
    }
  }

  /** Forgets the closed batches, and gives back memory that more than usual took. */
  forgetClosed(): void {
    const mostKept = Math.max(KEPT_BATCHES * this.#spec.batchBytes, LEAST_KEPT_BYTES);
    this.#buffers.forEach((buffer, partition) => {
      if (this.#word(partition, State.openAt) === 0) return;
      const state = this.#state(partition);
      const { [State.openAt]: closedEnd, [State.used]: used } = state;
      if (used === closedEnd && buffer.bytes > mostKept) buffer[Symbol.dispose]();
      const base = buffer.address;
      this.#kernel.u8.copyWithin(base, base + closedEnd, base + used);
      state[State.base] = base;
      state[State.used] = used - closedEnd;
      state[State.openAt] = 0;
      state[State.closed] = 0;
      state[State.pending] = state[State.openRecords];
    });
  }

  /** The CRC-32C of bytes from outside. */
  checksum(bytes: Uint8Array): number {
    const at = this.#summed.write(bytes);
    const sum = this.#kernel.exports.kafkaCrc(at, bytes.length, 0) >>> 0;
    this.#summed.trim();
    return sum;
  }

  /** Gives the memory back, with all that waits. */
  [Symbol.dispose](): void {
    const blocks = [this.#job, this.#summed, this.#states, ...this.#buffers];
    for (const block of blocks) block[Symbol.dispose]();
    this.#buffers.length = 0;
  }

  #word(partition: number, word: number): number {
    return this.#kernel.u32[(this.#states.address >>> 2) + partition * STATE_WORDS + word];
  }

  #state(partition: number): Uint32Array<ArrayBuffer> {
    const at = (this.#states.address >>> 2) + partition * STATE_WORDS;
    return this.#kernel.u32.subarray(at, at + STATE_WORDS);
  }

  #sum(word: number): number {
    let sum = 0;
    const { u32 } = this.#kernel;
    const first = (this.#states.address >>> 2) + word;
    for (let at = 0; at < this.#buffers.length; at++) sum += u32[first + at * STATE_WORDS];
    return sum;
  }

  #clearWanted(): void {
    const { u32 } = this.#kernel;
    const first = (this.#states.address + WANTED_AT) >>> 2;
    for (let at = 0; at < this.#buffers.length; at++) {
      u32[first + at * STATE_WORDS] = u32[first + at * STATE_WORDS + 1] = 0;
    }
  }

  /** Room for what was measured: the records, and a header for each batch that they may make. */
  #makeRoom(): void {
    const { batchBytes } = this.#spec;
    const words = WANTED_AT / 4;
    for (let at = 0; at < this.#buffers.length; at++) {
      const wanted = this.#word(at, words) + this.#word(at, words + 1) * 2 ** 32;
      if (wanted === 0) continue;
      // two batches in a row are larger than one may be, or are one record each
      const headers = HEADER_BYTES * (2 + 2 * wanted / Math.max(1, batchBytes - HEADER_BYTES));
      const used = this.#word(at, State.used);
      const buffer = this.#buffers[at];
      buffer.grow(Math.max(FIRST_BYTES, used + wanted + Math.ceil(headers) + SLACK_BYTES), used);
      this.#state(at)[State.base] = buffer.address;
    }
  }
}
