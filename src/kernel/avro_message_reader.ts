import { AvroPlan, type AvroReadFault } from "./avro_plan.ts";
import type { AvroReaderShape } from "./avro_reader.ts";
import { ColumnSink } from "./column_sink.ts";
import type { Kernel } from "./kernel.ts";
import { MemoryBlock } from "./memory_block.ts";
import type { SinkBuffers, SinkColumnSpec, SinkRoom } from "./sink_types.ts";

const NO_PREFIX = 0;

/** Where messages lie among bytes. */
export interface MessagePlaces {
  /** The bytes. They may not lie in memory of the kernel that reads them. */
  readonly bytes: Uint8Array;
  /** Where each message starts. */
  readonly starts: Uint32Array;
  /** How many bytes each has; −1: it is null. */
  readonly lengths: Int32Array;
}

/** How messages are read that begin alike. */
export class AvroMessagePlan implements Disposable {
  /** What the plan was made of. */
  readonly shape: AvroReaderShape;
  /** Its operations. */
  readonly plan: AvroPlan;
  readonly #prefix: MemoryBlock;

  /** A plan for messages with a prefix, or without any. */
  constructor(
    kernel: Kernel,
    { shape, sink, prefix }: {
      readonly shape: AvroReaderShape;
      readonly sink: ColumnSink;
      readonly prefix?: Uint8Array;
    },
  ) {
    this.shape = shape;
    this.plan = new AvroPlan(kernel, shape.ops, sink);
    this.#prefix = new MemoryBlock(kernel);
    if (prefix) this.#prefix.write(prefix);
  }

  /** Where the prefix lies; 0: there is none. */
  get prefix(): number {
    return this.#prefix.bytes === 0 ? NO_PREFIX : this.#prefix.address;
  }

  /** Gives the kernel memory back. */
  [Symbol.dispose](): void {
    this.plan[Symbol.dispose]();
    this.#prefix[Symbol.dispose]();
  }
}

/** What is read. */
export interface AvroMessageSpan {
  readonly plan: AvroMessagePlan;
  /** The first message. */
  readonly from: number;
  /** Rows that the batch has. */
  readonly held: number;
  /** Whether a message that is null becomes a row of nulls, and does not stop. */
  readonly takesNulls: boolean;
  /** The most bytes of a message, the prefix not included. */
  readonly mostBytes: number;
}

/** How far reading came. */
export interface AvroMessageOutcome {
  /** The message at which it stopped. */
  readonly at: number;
  /** What is wrong with that; absent: it begins otherwise, or is null, or there are no more. */
  readonly fault?: AvroReadFault;
}

/** Reads Avro records, each a message of its own, into columns by several plans. */
export class AvroMessageReader implements Disposable {
  readonly #kernel: Kernel;
  readonly #sink: ColumnSink;
  readonly #input: MemoryBlock;
  readonly #starts: MemoryBlock;
  readonly #lengths: MemoryBlock;
  #messages = 0;

  /**
   * A reader with columns of its own, without a plan.
   *
   * @throws {KernelMemoryError} when the budget does not hold them.
   */
  constructor(kernel: Kernel, columns: readonly SinkColumnSpec[]) {
    this.#kernel = kernel;
    this.#sink = new ColumnSink(kernel, columns);
    this.#input = new MemoryBlock(kernel);
    this.#starts = new MemoryBlock(kernel);
    this.#lengths = new MemoryBlock(kernel);
  }

  /** Makes a plan that writes to its columns, for messages with a prefix or without any. */
  plan(shape: AvroReaderShape, prefix?: Uint8Array): AvroMessagePlan {
    const sink = this.#sink;
    return new AvroMessagePlan(this.#kernel, { shape, sink, ...(prefix && { prefix }) });
  }

  /** Takes the messages to be read and starts a batch without rows. */
  begin({ bytes, starts, lengths }: MessagePlaces): void {
    this.#input.write(bytes);
    this.#starts.write(bytesOf(starts));
    this.#lengths.write(bytesOf(lengths));
    this.#messages = starts.length;
    this.#sink.begin();
  }

  /** Makes room for what is read next: see {@linkcode ColumnSink.reserve}. */
  reserve(room: SinkRoom, held: number): void {
    this.#sink.reserve(room, held);
  }

  /** Reads messages, for which there is room, until one stops it. */
  read({ plan, from, held, takesNulls, mostBytes }: AvroMessageSpan): AvroMessageOutcome {
    const { address, length } = this.#sink;
    const input = this.#input.address;
    const at = this.#kernel.exports.avroReadMessages(
      ...[plan.plan.address, plan.plan.length, address, length] as const,
      ...[input, this.#starts.address, this.#lengths.address] as const,
      ...[from, this.#messages, plan.prefix, takesNulls, held, mostBytes] as const,
    ) >>> 0;
    const fault = plan.plan.fault(input);
    return fault === undefined ? { at } : { at, fault };
  }

  /** The buffers of the first `rows` rows of each column. */
  finish(rows: number): SinkBuffers[] {
    return this.#sink.columns.map((column) => column.finish(rows));
  }

  /** Gives the kernel memory back. */
  [Symbol.dispose](): void {
    this.#sink[Symbol.dispose]();
    for (const block of [this.#input, this.#starts, this.#lengths]) block[Symbol.dispose]();
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array | Int32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
