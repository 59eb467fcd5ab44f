import {
  AvroRead,
  type AvroReadFaultKind,
  AvroReadFaults,
  type AvroReadKind,
  FIRST_UNFIT,
  READ_OP_BYTES,
} from "./avro_ops.ts";
import type { ColumnSink } from "./column_sink.ts";
import type { Kernel } from "./kernel.ts";
import { MemoryBlock } from "./memory_block.ts";

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

/** A reading plan in kernel memory. */
export class AvroPlan implements Disposable {
  /** How many operations it has. */
  readonly length: number;
  readonly #kernel: Kernel;
  readonly #sink: ColumnSink;
  readonly #constants: MemoryBlock[] = [];
  readonly #block: MemoryBlock;

  /**
   * Operations that write to the columns of a sink.
   *
   * @throws {KernelMemoryError} when the budget does not hold them.
   */
  constructor(kernel: Kernel, ops: readonly AvroReadOp[], sink: ColumnSink) {
    this.length = ops.length;
    this.#kernel = kernel;
    this.#sink = sink;
    this.#block = new MemoryBlock(kernel);
    const words = ops.flatMap((op) => this.#wordsOf(op));
    this.#block.write(new Uint8Array(Uint32Array.from(words).buffer));
  }

  /** Where it lies. */
  get address(): number {
    return this.#block.address;
  }

  /** What was wrong with the record that was read last, of an input at this address. */
  fault(input: number): AvroReadFault | undefined {
    const { exports } = this.#kernel;
    const number = exports.avroReadFault() as keyof typeof AvroReadFaults | 0;
    if (number === 0) return undefined;
    const fault = {
      kind: AvroReadFaults[number],
      op: ((exports.avroReadFaultOp() >>> 0) - this.address) / READ_OP_BYTES,
      at: (exports.avroReadFaultAt() >>> 0) - input,
      detail: exports.avroReadDetail(),
    };
    if (number < FIRST_UNFIT) return fault;
    return { ...fault, end: (exports.avroRecordEnd() >>> 0) - input };
  }

  /** Gives the kernel memory back. */
  [Symbol.dispose](): void {
    for (const block of [this.#block, ...this.#constants]) block[Symbol.dispose]();
    this.#constants.length = 0;
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
