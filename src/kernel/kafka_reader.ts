import { GrowingBlock } from "./growing_block.ts";
import type { Kernel } from "./kernel.ts";
import { MemoryBlock } from "./memory_block.ts";

/** Words of what the kernel reads by, as `assembly/kafka/read.ts` has them. */
const JOB_BYTES = 128;
const Word = {
  at: 0,
  end: 1,
  left: 2,
  base: 3,
  header: 4,
  rows: 11,
  mostRows: 14,
  headers: 15,
  mostHeaders: 16,
  outputs: 17,
} as const;
const FROM_WORD = 12;
const FIRST_HEADERS = 1024;
const SLACK_BYTES = 64;
/** Room for what is inflated: so many times its bytes, and as many times more when that is too few. */
const INFLATED = 4;
const NO_ROOM = 1;
/** What is kept of memory from block to block. */
const KEPT_BYTES = 1 << 26;

/** Why reading stopped. */
export const KafkaStop = { done: 0, full: 1, moreHeaders: 2, damaged: 3 } as const;

/** The records of one batch, decompressed. */
export interface KafkaRecordsPlace {
  /** Where the header of the batch lies among the bytes. */
  readonly header: number;
  /** Where the records lie among the bytes. */
  readonly at: number;
  readonly end: number;
  /** How many there are. */
  readonly records: number;
  /** Records before this offset are passed. */
  readonly from: number;
}

/** Cells among bytes. */
export interface KafkaCellViews {
  /** Where each starts. */
  readonly starts: Uint32Array<ArrayBuffer>;
  /** How many bytes it has; −1: it is null. */
  readonly lengths: Int32Array<ArrayBuffer>;
}

/** Cells brought together. */
export interface KafkaGathered {
  readonly nulls: number;
  readonly values: Uint8Array<ArrayBuffer>;
  readonly offsets: Int32Array<ArrayBuffer>;
  readonly validity: Uint8Array<ArrayBuffer>;
}

/** What the kernel writes of each record, and of each header, in the order of its words. */
const ROW_OUTPUTS = [8, 8, 8, 8, 4, 4, 4, 4, 4] as const;
const HEADER_OUTPUTS = [4, 4, 4, 4] as const;
const Output = {
  offsets: 0,
  longOffsets: 1,
  times: 2,
  longTimes: 3,
  keys: 4,
  values: 6,
  firsts: 8,
  names: 9,
  cells: 11,
} as const;

/** The kernel's reader of records: bytes in, columns of numbers and places of cells out. */
export class KafkaReader implements Disposable {
  readonly #kernel: Kernel;
  readonly #mostRows: number;
  readonly #job: MemoryBlock;
  readonly #bytes: GrowingBlock;
  readonly #outputs: MemoryBlock[];
  readonly #gathered: MemoryBlock[] = [];
  readonly #lines: MemoryBlock;
  readonly #lineStarts: MemoryBlock;
  #used = 0;
  #rows = 0;
  #mostHeaders = FIRST_HEADERS;

  /** A reader that gives at most so many rows at a time. */
  constructor(kernel: Kernel, mostRows: number) {
    this.#kernel = kernel;
    this.#mostRows = mostRows;
    this.#job = new MemoryBlock(kernel);
    this.#bytes = new GrowingBlock(kernel);
    this.#outputs = Array.from({ length: 13 }, () => new MemoryBlock(kernel));
    this.#lines = new MemoryBlock(kernel, KEPT_BYTES);
    this.#lineStarts = new MemoryBlock(kernel);
  }

  /** Rows that were read since {@linkcode begin}. */
  get rows(): number {
    return this.#rows;
  }

  /** Bytes that are kept. */
  get used(): number {
    return this.#used;
  }

  /** Forgets bytes behind the first so many; without any it gives back what much has taken. */
  keep(bytes: number): void {
    this.#used = bytes;
    if (bytes > 0) return;
    if (this.#bytes.bytes > KEPT_BYTES) this.#bytes[Symbol.dispose]();
    for (const block of [this.#lines, ...this.#gathered]) block?.trim();
  }

  /** Puts bytes behind those that are kept; where they lie among them. */
  put(bytes: Uint8Array): number {
    const at = this.#used;
    this.#bytes.grow(at + bytes.length + SLACK_BYTES, at);
    this.#kernel.u8.set(bytes, this.#bytes.address + at);
    this.#used += bytes.length;
    return at;
  }

  /**
   * Inflates frames of LZ4 among the bytes that are kept, and puts what it makes behind; how many
   * bytes, or −1 when they are damaged or make more than `maxBytes`.
   */
  inflateLz4(at: number, end: number, maxBytes: number): number {
    const used = this.#used;
    const { exports } = this.#kernel;
    for (let room = INFLATED * (end - at);; room *= INFLATED) {
      const most = Math.min(room, maxBytes);
      this.#bytes.grow(used + most + SLACK_BYTES, used);
      const { address } = this.#bytes;
      const to = address + used;
      const out = exports.lz4Inflate(address + at, address + end, to, to + most) >>> 0;
      if (out > NO_ROOM) {
        this.#used = out - address;
        return this.#used - used;
      }
      if (out === 0 || most === maxBytes) return -1;
    }
  }

  /** Bytes that are kept, as a view that is valid until more are put. */
  view(at: number, end: number): Uint8Array<ArrayBuffer> {
    const { address } = this.#bytes;
    return this.#kernel.u8.subarray(address + at, address + end);
  }

  /** The CRC-32C of bytes that are kept. */
  checksum(at: number, end: number): number {
    return this.#kernel.exports.kafkaCrc(this.#bytes.address + at, end - at, 0) >>> 0;
  }

  /** Begins a run of rows. */
  begin(): void {
    this.#rows = 0;
    const sizes = [...ROW_OUTPUTS];
    sizes.forEach((bytes, at) => this.#outputs[at].reserve((this.#mostRows + 1) * bytes));
    this.#reserveHeaders();
    this.#kernel.u32[this.#outputs[Output.firsts].address >>> 2] = 0;
  }

  /** Forgets rows behind the first so many. */
  undo(rows: number): void {
    this.#rows = rows;
  }

  /** Begins to read the records of a batch; {@linkcode read} then does. */
  open({ header, at, end, records, from }: KafkaRecordsPlace): void {
    const word = this.#job.reserve(JOB_BYTES) >>> 2;
    const { u32 } = this.#kernel;
    const { address } = this.#bytes;
    u32[word + FROM_WORD] = from;
    u32[word + FROM_WORD + 1] = Math.floor(from / 2 ** 32);
    u32[word + Word.at] = address + at;
    u32[word + Word.end] = address + end;
    u32[word + Word.left] = records;
    u32[word + Word.header] = header;
  }

  /** Reads on in the batch until it ends or something has to be done; see {@linkcode KafkaStop}. */
  read(): number {
    const { address } = this.#job;
    const word = address >>> 2;
    const { u32 } = this.#kernel;
    u32[word + Word.base] = this.#bytes.address;
    u32[word + Word.rows] = this.#rows;
    u32[word + Word.mostRows] = this.#mostRows;
    u32[word + Word.mostHeaders] = this.#mostHeaders;
    const outputs = this.#outputs;
    for (let at = 0; at < outputs.length; at++) u32[word + Word.outputs + at] = outputs[at].address;
    const stop = this.#kernel.exports.kafkaRead(address);
    this.#rows = u32[word + Word.rows];
    return stop;
  }

  /** Makes room for the headers of the record that reading stopped at; only before any row. */
  growHeaders(): void {
    const wanted = this.#kernel.u32[(this.#job.address >>> 2) + Word.headers];
    this.#mostHeaders = Math.max(wanted, 2 * this.#mostHeaders);
    this.#reserveHeaders();
  }

  /** Offsets as doubles. */
  get offsets(): Float64Array<ArrayBuffer> {
    return new Float64Array(this.#buffer, this.#outputs[Output.offsets].address, this.#rows);
  }

  /** Offsets of 64 bits. */
  get longOffsets(): BigInt64Array<ArrayBuffer> {
    return new BigInt64Array(this.#buffer, this.#outputs[Output.longOffsets].address, this.#rows);
  }

  /** Times as doubles. */
  get times(): Float64Array<ArrayBuffer> {
    return new Float64Array(this.#buffer, this.#outputs[Output.times].address, this.#rows);
  }

  /** Times of 64 bits. */
  get longTimes(): BigInt64Array<ArrayBuffer> {
    return new BigInt64Array(this.#buffer, this.#outputs[Output.longTimes].address, this.#rows);
  }

  /** Of each row its first header, and the number of all. */
  get headerFirsts(): Int32Array<ArrayBuffer> {
    return new Int32Array(this.#buffer, this.#outputs[Output.firsts].address, this.#rows + 1);
  }

  /** Cells of a kind. */
  cells(kind: "keys" | "values" | "names" | "cells"): KafkaCellViews {
    const [starts, lengths, count] = this.#cellsAt(kind);
    return {
      starts: new Uint32Array(this.#buffer, starts, count),
      lengths: new Int32Array(this.#buffer, lengths, count),
    };
  }

  /** Cells of a kind, copied one behind the other; valid until the next call for the kind. */
  gather(kind: "keys" | "values" | "names" | "cells"): KafkaGathered {
    const at = Output[kind];
    const [, lengthsAt, count] = this.#cellsAt(kind);
    const { exports } = this.#kernel;
    const bytes = exports.kafkaCellBytes(lengthsAt, count);
    const [values, offsets, validity] = [0, 1, 2].map((part) =>
      this.#gathered[at * 3 + part] ??= new MemoryBlock(this.#kernel, KEPT_BYTES)
    );
    values.reserve(bytes + SLACK_BYTES);
    offsets.reserve((count + 1) * 4);
    const validBytes = (count + 7) >>> 3;
    const valid = validity.reserve(validBytes);
    this.#kernel.u8.fill(0, valid, valid + validBytes);
    const [starts, lengths] = this.#cellsAt(kind);
    const nulls = exports.kafkaGather(
      this.#bytes.address,
      starts,
      lengths,
      count,
      values.address,
      offsets.address,
      valid,
    );
    return {
      nulls,
      values: new Uint8Array(this.#buffer, values.address, bytes),
      offsets: new Int32Array(this.#buffer, offsets.address, count + 1),
      validity: new Uint8Array(this.#buffer, valid, validBytes),
    };
  }

  /** The values as lines, and where each starts; valid until the next call. */
  lines(): { bytes: Uint8Array<ArrayBuffer>; starts: Uint32Array<ArrayBuffer> } {
    const { exports } = this.#kernel;
    const [starts, lengths, count] = this.#cellsAt("values");
    const room = exports.kafkaCellBytes(lengths, count) + 2 * count + SLACK_BYTES;
    const to = this.#lines.reserve(room);
    const offsets = this.#lineStarts.reserve((count + 1) * 4);
    const bytes = exports.kafkaLines(this.#bytes.address, starts, lengths, count, to, offsets) >>>
      0;
    return {
      bytes: new Uint8Array(this.#buffer, to, bytes),
      starts: new Uint32Array(this.#buffer, offsets, count + 1),
    };
  }

  /** Gives the memory back; it can be used again. */
  [Symbol.dispose](): void {
    const blocks = [this.#job, this.#bytes, this.#lines, this.#lineStarts, ...this.#outputs];
    for (const block of [...blocks, ...this.#gathered]) block?.[Symbol.dispose]();
    this.#used = this.#rows = 0;
  }

  get #buffer(): ArrayBuffer {
    return this.#kernel.u8.buffer;
  }

  #reserveHeaders(): void {
    HEADER_OUTPUTS.forEach((bytes, at) =>
      this.#outputs[ROW_OUTPUTS.length + at].reserve(this.#mostHeaders * bytes)
    );
  }

  #cellsAt(
    kind: "keys" | "values" | "names" | "cells",
  ): [starts: number, lengths: number, count: number] {
    const at = Output[kind];
    const isOfRow = kind === "keys" || kind === "values";
    const count = isOfRow ? this.#rows : this.headerFirsts[this.#rows];
    return [this.#outputs[at].address, this.#outputs[at + 1].address, count];
  }
}
