import { AvroPlan, type AvroReadFault, type AvroReadOp } from "./avro_plan.ts";
import { ColumnSink } from "./column_sink.ts";
import type { Kernel } from "./kernel.ts";
import { MemoryBlock } from "./memory_block.ts";
import type { SinkBuffers, SinkColumnSpec } from "./sink_types.ts";

/** What a reader is told beyond its operations. */
export interface AvroReaderShape {
  readonly ops: readonly AvroReadOp[];
  readonly columns: readonly SinkColumnSpec[];
  /** Bytes of text that a byte of a record may become. */
  readonly growth: number;
  /** Bytes and items that defaults may add to each row. */
  readonly defaultBytes: number;
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
  readonly #plan: AvroPlan;
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
    this.#plan = new AvroPlan(kernel, shape.ops, this.#sink);
    this.#input = new MemoryBlock(kernel);
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
    const { growth, defaultBytes } = this.#shape;
    const more = (this.#inputBytes - from) * growth + (rows - held) * defaultBytes;
    this.#sink.reserve({ rows, bytes: more, items: more }, held);
    const { exports } = this.#kernel;
    const input = this.#input.address;
    const { address, length } = this.#sink;
    const end = input + this.#inputBytes;
    const plan = this.#plan;
    const read = exports.avroReadRows(
      ...[plan.address, plan.length, address, length] as const,
      ...[input + from, end, held, rows, mostBytes] as const,
    );
    const at = (exports.avroRecordAt() >>> 0) - input;
    const fault = plan.fault(input);
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
    this.#plan[Symbol.dispose]();
    this.#input[Symbol.dispose]();
  }
}
