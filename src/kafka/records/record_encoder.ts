import { checkWhole } from "../../runtime/known_options.ts";
import type { RecordBatch } from "../../batch/record_batch.ts";
import { copyCell } from "../../kernel/kafka_cells.ts";
import type { KafkaRows } from "../../kernel/kafka_job.ts";
import { type KafkaWriteFault, KafkaWriter } from "../../kernel/kafka_writer.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { MemoryBlock } from "../../kernel/memory_block.ts";
import type { RecordBlock } from "../driver/driver.ts";
import { At, HEADER_BYTES, LENGTH_OVERHEAD, viewOf } from "./batch_header.ts";
import { type CompressionName, COMPRESSIONS, compressRecords } from "./compression.ts";
import type { Partitioner, RecordLayout } from "./record_layout.ts";
import { RowCells } from "./row_cells.ts";
import { UnfitRecord } from "./unfit_record.ts";

/** Options of a {@linkcode RecordEncoder}. */
export interface RecordEncoderOptions {
  /** The topic that the records are for. */
  readonly topic: string;
  /** How many partitions it has. */
  readonly partitions: number;
  /** What of a row goes where. */
  readonly layout: RecordLayout;
  /** How batches are compressed. */
  readonly compression: CompressionName;
  /** How rows find their partitions. */
  readonly partitioner: Partitioner;
  /** Bytes of a record batch before compression, at most; a record that is larger has its own. */
  readonly batchBytes: number;
  /** Bytes of a record before compression, with the head of a batch, at most. */
  readonly maxRecordBytes: number;
}

/** Rows that are encoded at once: what is written of them stays in the processor's cache. */
const SPAN_ROWS = 4096;
/** What a header counts may be no larger. */
const MOST_BYTES = 0x7fff_ffff;

function checkCount(name: string, value: number): void {
  checkWhole(name, value, { doing: "make record encoder", most: MOST_BYTES });
}

/**
 * Encodes rows as Kafka's record batches (format 2), in the kernel: values, keys and headers are
 * written there, and records put behind those of their partition, without an object for any.
 */
export class RecordEncoder implements Disposable {
  readonly #options: RecordEncoderOptions;
  readonly #kernel: Kernel;
  readonly #cells: RowCells;
  readonly #writer: KafkaWriter;
  readonly #chosen: MemoryBlock;
  #partitions: number;

  /**
   * An encoder in the memory of a kernel, in which no batch may lie that it is given.
   *
   * @throws {TypeError} or {RangeError} when an option is none that it can be.
   */
  constructor(kernel: Kernel, options: RecordEncoderOptions) {
    const { partitions, layout, compression, partitioner, batchBytes, maxRecordBytes } = options;
    checkCount("partitions", partitions);
    checkCount("batchBytes", batchBytes);
    checkCount("maxRecordBytes", maxRecordBytes);
    this.#options = options;
    this.#kernel = kernel;
    this.#partitions = partitions;
    this.#cells = new RowCells(kernel, layout, partitioner);
    this.#writer = new KafkaWriter(kernel, {
      partitions,
      batchBytes,
      maxRecordBytes,
      isSummed: compression === "none",
    });
    this.#chosen = new MemoryBlock(kernel);
  }

  /** Bytes that wait to be taken, before compression. */
  get pendingBytes(): number {
    return this.#writer.pendingBytes;
  }

  /** Records that wait to be taken. */
  get pendingRecords(): number {
    return this.#writer.pendingRecords;
  }

  /** Records of a partition that wait to be taken. */
  pendingIn(partition: number): number {
    return this.#writer.pendingIn(partition);
  }

  /**
   * The topic has this many partitions from now on. Records that wait stay where they are.
   *
   * @throws {RangeError} when it is no number of partitions.
   */
  setPartitions(partitions: number): void {
    checkCount("partitions", partitions);
    this.#partitions = partitions;
    this.#writer.setPartitions(partitions);
  }

  /**
   * Encodes rows behind those that wait: all of them, or none.
   *
   * @param nowMs The time of records that have none.
   * @throws {UnfitRecord} naming the row, when one is larger than `maxRecordBytes`, has a partition
   *   that is none, a time before 1970, or a tombstone no key.
   * @throws {TypeError} when the batch lacks a column, or one is of another type.
   * @throws {RangeError} for a value that its Avro field does not hold.
   * @throws {KernelMemoryError} when the kernel's budget does not hold it.
   */
  append(batch: RecordBatch<unknown>, nowMs: number): void {
    const writer = this.#writer;
    writer.mark();
    let from = 0;
    try {
      for (; from < batch.length; from += SPAN_ROWS) {
        const part = batch.length <= SPAN_ROWS ? batch : batch.slice(from, from + SPAN_ROWS);
        const fault = writer.append(this.#rows(part, Math.trunc(nowMs), from));
        if (fault) throw this.#unfit(fault, from);
      }
    } catch (error) {
      writer.undo();
      throw error;
    }
  }

  /**
   * Takes the batches that are full, or all there is, in the order of their partitions; of one
   * partition in the order in which they are to be sent. Each has a checksum that is right for what
   * it holds, by nobody and of no transaction: a {@linkcode BatchSealer} changes that.
   *
   * @throws {TypeError} when there is nothing at hand that compresses; all waits on.
   */
  take(all: boolean): RecordBlock[] {
    const { topic } = this.#options;
    const blocks: RecordBlock[] = [];
    if (all) this.#writer.close();
    for (const { partition, bytes, records } of this.#writer.closed()) {
      blocks.push({ topic, partition, records, bytes: this.#finished(bytes) });
    }
    // only now, so that nothing is lost when one cannot be compressed
    this.#writer.forgetClosed();
    return blocks;
  }

  /** Gives the kernel memory back, with all that waits. */
  [Symbol.dispose](): void {
    for (const each of [this.#cells, this.#writer, this.#chosen]) {
      each[Symbol.dispose]();
    }
  }

  #rows(part: RecordBatch<unknown>, nowMs: number, from: number): KafkaRows {
    const rows = this.#cells.place(part, nowMs);
    const { partitioner } = this.#options;
    if (partitioner.kind !== "custom") return rows;
    const chosen = Int32Array.from({ length: rows.rows }, (_, row) => {
      const key = rows.key ? copyCell(this.#kernel, rows.key, row) : null;
      const partition = partitioner.partition(key, this.#partitions);
      if (Number.isInteger(partition)) return partition;
      throw noPartition(from + row, partition, this.#partitions);
    });
    const values = this.#chosen.write(new Uint8Array(chosen.buffer));
    return { ...rows, partitions: { values, valid: 0 } };
  }

  #unfit({ why, row: at, value }: KafkaWriteFault, from: number): UnfitRecord {
    const row = from + at;
    const { maxRecordBytes } = this.#options;
    if (why === "tooLarge") {
      return new UnfitRecord(
        `Cannot write records: row ${row} makes one of ${value} bytes, more than maxRecordBytes ` +
          `(${maxRecordBytes}); raise it and the topic's max.message.bytes, or make the row smaller`,
        { row, code: "MESSAGE_TOO_LARGE" },
      );
    }
    if (why === "noSuchPartition") return noPartition(row, value, this.#partitions);
    if (why === "nullPartition") return noPartition(row, null, this.#partitions);
    if (why === "noKey") {
      return new UnfitRecord(
        `Cannot write records: row ${row} is a tombstone without a key; give it the key whose ` +
          "value is to be taken away",
        { row },
      );
    }
    return new UnfitRecord(
      `Cannot write records: the timestamp of row ${row} is ${value}, before 1970; correct it`,
      { row, code: "INVALID_TIMESTAMP" },
    );
  }

  /** A batch as it is sent: a copy, compressed where it is to be. */
  #finished(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const { compression } = this.#options;
    if (compression === "none") return bytes.slice();
    const records = compressRecords(compression, bytes.subarray(HEADER_BYTES));
    const whole = new Uint8Array(HEADER_BYTES + records.length);
    whole.set(bytes.subarray(0, HEADER_BYTES));
    whole.set(records, HEADER_BYTES);
    const view = viewOf(whole);
    view.setInt32(At.length, whole.length - LENGTH_OVERHEAD);
    view.setInt16(At.attributes, COMPRESSIONS.indexOf(compression));
    const covered = whole.subarray(At.attributes);
    view.setUint32(At.crc, this.#writer.checksum(covered));
    return whole;
  }
}

function noPartition(row: number, value: unknown, partitions: number): UnfitRecord {
  return new UnfitRecord(
    `Cannot write records: the partition of row ${row} must be a whole number from 0 to ` +
      `${partitions - 1}, received ${value}`,
    { row },
  );
}
