import { AvroWrite, type AvroWriteKind, mostCellBytes, WRITE_OP_BYTES } from "./avro_ops.ts";
import type { Kernel } from "./kernel.ts";
import { MemoryBlock } from "./memory_block.ts";

/** A column as it is written. */
export interface AvroInput {
  readonly length: number;
  readonly nullCount: number;
  readonly validity?: Uint8Array;
  readonly values?: ArrayBufferView;
  readonly offsets?: Int32Array;
  readonly children?: readonly AvroInput[];
}

/** An operation of a writing plan. */
export interface AvroWriteOp {
  readonly kind: AvroWriteKind;
  /** 0, or 1 and above it the bytes of the branches of null and of the value. */
  readonly union: number;
  /** A factor, a number of bytes. */
  readonly a: number;
  /** Operations behind it that are within it. */
  readonly within: number;
  /** The bytes of a constant. */
  readonly bytes?: Uint8Array;
}

/** What an operation is given of a batch. */
export interface AvroWriteSource {
  readonly column: AvroInput;
  /** Of an enum: the number of each entry's symbol, -1 where there is none. */
  readonly symbols?: Int32Array;
}

/** Where writing failed. */
export interface AvroWriteFault {
  /** The operation's place in the plan. */
  readonly op: number;
  /** The row of its column. */
  readonly row: number;
  readonly isNull: boolean;
}

/** Records one after the other, as views of kernel memory. */
export interface AvroBytes {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where each record begins, and the last one ends. */
  readonly offsets: Uint32Array<ArrayBuffer>;
}

const CELL_BYTES = 32;
const MANY_BYTES = 1 << 24;
const SLACK_BYTES = 64;

/** Bytes of a column as they lie in memory. */
function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** A buffer of a column in kernel memory: copied there unless it lies there. */
class Placed implements Disposable {
  readonly #kernel: Kernel;
  readonly #block: MemoryBlock;
  #view: ArrayBufferView | undefined;
  #address = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#block = new MemoryBlock(kernel);
  }

  /** Takes note of a buffer, before anything is allocated: that ends views of kernel memory. */
  note(view: ArrayBufferView | undefined): void {
    const isThere = view !== undefined && view.buffer === this.#kernel.u8.buffer;
    this.#view = isThere ? undefined : view;
    this.#address = isThere ? view.byteOffset : 0;
  }

  /** Where it lies; 0 when there is none. */
  place(): number {
    if (this.#view !== undefined) this.#address = this.#block.write(bytesOf(this.#view));
    this.#view = undefined;
    return this.#address;
  }

  [Symbol.dispose](): void {
    this.#block[Symbol.dispose]();
  }
}

/** The columns of one operation in kernel memory. */
class OpPlace implements Disposable {
  readonly values: Placed;
  readonly validity: Placed;
  readonly offsets: Placed;
  readonly texts: Placed;
  readonly textOffsets: Placed;
  readonly table: MemoryBlock;
  prepared: AvroInput | undefined;

  constructor(kernel: Kernel) {
    this.values = new Placed(kernel);
    this.validity = new Placed(kernel);
    this.offsets = new Placed(kernel);
    this.texts = new Placed(kernel);
    this.textOffsets = new Placed(kernel);
    this.table = new MemoryBlock(kernel);
  }

  note(op: AvroWriteOp, source: AvroWriteSource | undefined): void {
    const column = source?.column;
    this.values.note(column === undefined ? op.bytes : column.values);
    this.offsets.note(column?.offsets);
    this.validity.note(column !== undefined && column.nullCount > 0 ? column.validity : undefined);
    if (op.kind !== "cell") return;
    const dictionary = column!.children![0];
    // a dictionary in kernel memory may be another one at the same place next time
    const isOutside = dictionary.values!.buffer !== column!.values!.buffer;
    if (this.prepared !== dictionary || !isOutside) this.prepared = undefined;
    this.texts.note(dictionary.values);
    this.textOffsets.note(dictionary.offsets);
  }

  [Symbol.dispose](): void {
    this.prepared = undefined;
    const { values, validity, offsets, texts, textOffsets, table } = this;
    for (const each of [values, validity, offsets, texts, textOffsets, table]) {
      each[Symbol.dispose]();
    }
  }
}

/** Writes batches as Avro records by one plan. */
export class AvroWriter implements Disposable {
  readonly #kernel: Kernel;
  readonly #ops: readonly AvroWriteOp[];
  readonly #places: readonly OpPlace[];
  readonly #plan: MemoryBlock;
  readonly #out: MemoryBlock;
  readonly #offsets: MemoryBlock;

  /** A writer with a place for the columns of each operation. */
  constructor(kernel: Kernel, ops: readonly AvroWriteOp[]) {
    this.#kernel = kernel;
    this.#ops = ops;
    this.#places = ops.map(() => new OpPlace(kernel));
    this.#plan = new MemoryBlock(kernel);
    this.#out = new MemoryBlock(kernel);
    this.#offsets = new MemoryBlock(kernel);
  }

  /**
   * Writes `rows` rows of columns, one for each operation that has one.
   *
   * @returns The records, which are valid until the next call, or where it failed.
   * @throws {KernelMemoryError} when the budget does not hold columns and records.
   */
  write(
    sources: readonly (AvroWriteSource | undefined)[],
    rows: number,
  ): AvroBytes | AvroWriteFault {
    const bytes = this.#mostBytes(sources, rows) + SLACK_BYTES;
    this.#ops.forEach((op, at) => this.#places[at].note(op, sources[at]));
    const words = this.#ops.map((op, at) => this.#place(op, sources[at], this.#places[at]));
    const plan = this.#plan.write(bytesOf(Uint32Array.from(words.flat())));
    const to = this.#out.reserve(bytes);
    const offsets = this.#offsets.reserve((rows + 1) * 4);
    const { exports } = this.#kernel;
    const count = this.#ops.length;
    const end = exports.avroWriteRows(plan, count, 0, rows, to, to, offsets + 4) >>> 0;
    if (end === 0 && rows > 0) return this.#fault(plan);
    const { buffer } = this.#kernel.u8;
    const starts = new Uint32Array(buffer, offsets, rows + 1);
    starts[0] = 0;
    return { bytes: new Uint8Array(buffer, to, starts[rows]), offsets: starts };
  }

  /** Gives the kernel memory back. */
  [Symbol.dispose](): void {
    for (const place of this.#places) place[Symbol.dispose]();
    for (const block of [this.#plan, this.#out, this.#offsets]) block[Symbol.dispose]();
  }

  #fault(plan: number): AvroWriteFault {
    const { exports } = this.#kernel;
    const op = ((exports.avroFaultOp() >>> 0) - plan) / WRITE_OP_BYTES;
    return { op, row: exports.avroFaultRow() >>> 0, isNull: Boolean(exports.avroFaultIsNull()) };
  }

  /** The words of an operation, with its columns in kernel memory. */
  #place(op: AvroWriteOp, source: AvroWriteSource | undefined, place: OpPlace): number[] {
    const values = place.values.place();
    const offsets = place.offsets.place();
    const validity = place.validity.place();
    let { a } = op;
    if (op.kind === "cell") a = this.#prepareCells(source!.column.children![0], place);
    else if (source?.symbols !== undefined) a = place.table.write(bytesOf(source.symbols));
    return [AvroWrite[op.kind], op.union, values, validity, offsets, a, 0, op.within];
  }

  /** The cells of a dictionary: those of the one before when it is the same. */
  #prepareCells(dictionary: AvroInput, place: OpPlace): number {
    if (place.prepared === dictionary) return place.table.address;
    const texts = place.texts.place();
    const offsets = place.textOffsets.place();
    const cells = place.table.reserve(dictionary.length * CELL_BYTES);
    this.#kernel.exports.avroPrepareCells(cells, texts, offsets, dictionary.length);
    place.prepared = dictionary;
    return cells;
  }

  #mostBytes(sources: readonly (AvroWriteSource | undefined)[], rows: number): number {
    let sum = 0;
    this.#ops.forEach(({ kind, a }, at) => {
      const column = sources[at]?.column;
      const count = column === undefined ? rows : Math.max(rows, column.length);
      sum += count * mostCellBytes(kind, a);
      if (kind === "text") sum += column!.values!.byteLength;
      else if (kind === "cell") sum += mostTextBytes(column!);
    });
    return sum;
  }
}

/** The most bytes of the texts of a dictionary column: exact where the bound is large. */
function mostTextBytes({ length, values, children }: AvroInput): number {
  const offsets = children![0].offsets!;
  const entries = children![0].length;
  let longest = 0;
  for (let id = 0; id < entries; id++) longest = Math.max(longest, offsets[id + 1] - offsets[id]);
  if (longest * length <= MANY_BYTES) return longest * length;
  const ids = values as Int32Array;
  let sum = 0;
  for (let row = 0; row < length; row++) {
    sum += (offsets[ids[row] + 1] ?? 0) - (offsets[ids[row]] ?? 0);
  }
  return sum;
}
