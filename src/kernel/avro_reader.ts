import {
  AvroRead,
  type AvroReadFaultKind,
  AvroReadFaults,
  type AvroReadKind,
  FIRST_UNFIT,
  READ_OP_BYTES,
} from "./avro_ops.ts";
import { ColumnSink } from "./column_sink.ts";
import type { Kernel } from "./kernel.ts";
import { MemoryBlock } from "./memory_block.ts";
import type { SinkBuffers, SinkColumnSpec } from "./sink_types.ts";

/** An operation of a reading plan. */
export interface AvroReadOp {
  readonly kind: AvroReadKind;
  /** See `assembly/avro/read.ts`. */
  readonly union: number;
  /** The place of its column among those of the sink; -1 where it has none. */
  readonly column: number;
  /** Whether it is that of the column's items. */
  readonly isItem: boolean;
  /** Columns of it, those within included. */
  readonly columns: number;
  /** A divisor, a number of bytes or branches, operations to go back. */
  readonly a: number;
  /** Operations behind it that are within it. */
  readonly within: number;
  /** Of a default: what it reads in place of the record. */
  readonly bytes?: Uint8Array;
  /** Of an enum: the reader's numbers by those of the writer. */
  readonly table?: Int32Array;
}

/** What a reader is told beyond its operations. */
export interface AvroReaderShape {
  readonly ops: readonly AvroReadOp[];
  readonly columns: readonly SinkColumnSpec[];
  /** Bytes of text that a byte of a record may become. */
  readonly growth: number;
  /** Bytes and items that defaults may add to each row. */
  readonly defaultBytes: number;
}

/** What was wrong with the record behind the rows that were read. */
export interface AvroReadFault {
  readonly kind: AvroReadFaultKind;
  /** The operation's place in the plan. */
  readonly op: number;
  /** The byte of the input that the value begins at. */
  readonly at: number;
  /** The number that it is about. */
  readonly detail: bigint;
  /** Where the record ends; absent when that is not to be told. */
  readonly end?: number;
}

/** How far reading came. */
export interface AvroReadOutcome {
  /** Rows of the batch now. */
  readonly rows: number;
  /** The byte of the input at which the next record begins, or the faulty one. */
  readonly at: number;
  readonly fault?: AvroReadFault;
}

/** What is read. */
export interface AvroReadSpan {
  readonly from: number;
  /** Rows that the batch has. */
  readonly held: number;
  /** Rows that it is to have at most. */
  readonly rows: number;
  /** The most bytes of a record. */
  readonly mostBytes: number;
}

/** Reads Avro records into columns by one plan. */
export class AvroReader implements Disposable {
  readonly #kernel: Kernel;
  readonly #shape: AvroReaderShape;
  readonly #sink: ColumnSink;
  readonly #constants: MemoryBlock[] = [];
  readonly #plan: MemoryBlock;
  readonly #input: MemoryBlock;
  #inputBytes = 0;
  #isClosed = false;

  /**
   * A reader with columns of its own.
   *
   * @throws {KernelMemoryError} when the budget does not hold them.
   */
  constructor(kernel: Kernel, shape: AvroReaderShape) {
    this.#kernel = kernel;
    this.#shape = shape;
    this.#sink = new ColumnSink(kernel, shape.columns);
    this.#plan = new MemoryBlock(kernel);
    this.#input = new MemoryBlock(kernel);
    const words = shape.ops.flatMap((op) => this.#wordsOf(op));
    this.#plan.write(new Uint8Array(Uint32Array.from(words).buffer));
  }

  /** Takes the bytes to be read and starts a batch without rows. */
  begin(input: Uint8Array): void {
    this.#input.write(input);
    this.#inputBytes = input.length;
    this.#sink.begin();
  }

  /**
   * Reads records until the input ends, the batch has its rows, or one does not fit.
   *
   * @throws {KernelMemoryError} when the budget does not hold the columns.
   */
  read({ from, held, rows, mostBytes }: AvroReadSpan): AvroReadOutcome {
    const { growth, defaultBytes, ops } = this.#shape;
    const more = (this.#inputBytes - from) * growth + (rows - held) * defaultBytes;
    this.#sink.reserve({ rows, bytes: more, items: more }, held);
    const { exports } = this.#kernel;
    const input = this.#input.address;
    const { address, length } = this.#sink;
    const end = input + this.#inputBytes;
    const plan = this.#plan.address;
    const read = exports.avroReadRows(
      ...[plan, ops.length, address, length] as const,
      ...[input + from, end, held, rows, mostBytes] as const,
    );
    const at = (exports.avroRecordAt() >>> 0) - input;
    const fault = this.#fault(input);
    return fault === undefined ? { rows: read, at } : { rows: read, at, fault };
  }

  /** The buffers of the first `rows` rows of each column. */
  finish(rows: number): SinkBuffers[] {
    return this.#sink.columns.map((column) => column.finish(rows));
  }

  /** Gives the kernel memory back. */
  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#sink[Symbol.dispose]();
    for (const block of [this.#plan, this.#input, ...this.#constants]) block[Symbol.dispose]();
  }

  #fault(input: number): AvroReadFault | undefined {
    const { exports } = this.#kernel;
    const number = exports.avroReadFault() as keyof typeof AvroReadFaults | 0;
    if (number === 0) return undefined;
    const fault = {
      kind: AvroReadFaults[number],
      op: ((exports.avroReadFaultOp() >>> 0) - this.#plan.address) / READ_OP_BYTES,
      at: (exports.avroReadFaultAt() >>> 0) - input,
      detail: exports.avroReadDetail(),
    };
    if (number < FIRST_UNFIT) return fault;
    return { ...fault, end: (exports.avroRecordEnd() >>> 0) - input };
  }

  #wordsOf(op: AvroReadOp): number[] {
    const column = op.column < 0 ? undefined : this.#sink.columns[op.column];
    const address = (op.isItem ? column?.items?.address : column?.address) ?? 0;
    const { bytes, table } = op;
    let [a, b] = [op.a, 0];
    if (bytes !== undefined) [a, b] = [this.#keep(bytes), bytes.length];
    else if (table !== undefined) {
      [a, b] = [this.#keep(new Uint8Array(table.buffer)), table.length];
    }
    return [AvroRead[op.kind], op.union, address, op.columns, a, b, op.within, 0];
  }

  #keep(bytes: Uint8Array): number {
    const block = new MemoryBlock(this.#kernel);
    this.#constants.push(block);
    return block.write(bytes);
  }
}
