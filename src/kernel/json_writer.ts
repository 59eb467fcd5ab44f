import { GrowingBlock } from "./growing_block.ts";
import {
  JSON_OP_BYTES,
  JSON_PREFIX,
  type JsonInput,
  JsonWrite,
  type JsonWriteKind,
  MOST_VALUE_BYTES,
  NULLABLE,
} from "./json_write_ops.ts";
import { JoinedCells, type PlacedOp } from "./joined_cells.ts";
import type { Kernel } from "./kernel.ts";
import { MemoryBlock } from "./memory_block.ts";
import { type CellSlots, PreparedCells } from "./prepared_cells.ts";
import { StagedBuffers } from "./staged_buffers.ts";

/** An operation: what it writes of each row, behind a prefix. */
export interface JsonWriteOp {
  readonly kind: JsonWriteKind;
  /**
   * What stands before the value, at most 32 bytes unless it is a constant; the same object where
   * the same prefix comes again.
   */
  readonly prefix: Uint8Array;
  /** The rows that have it: a bitmap; all where there is none. */
  readonly alive?: Uint8Array;
  /** What it writes; `undefined` for a constant. */
  readonly column?: JsonInput;
  /** Digits behind the point. */
  readonly digits?: number;
  /** Of a list: how its items are written. */
  readonly items?: readonly JsonWriteOp[];
}

/** The words of an operation, of which those of staged buffers are negative; and its slots, if any. */
interface StagedOp {
  readonly words: number[];
  readonly slots?: CellSlots;
}

/** How rows are told from each other. */
export interface JsonRowsShape {
  /** Whether rows are objects, whose fields all have prefixes that begin with a comma. */
  readonly objects: boolean;
  /** What stands behind each row: a line feed or a comma. */
  readonly separator: "\n" | ",";
}

/** Behind what is written: loops write a little past their end. */
const SLACK_BYTES = 128;
const KEPT_BYTES = 1 << 26;

/** Writes rows of columns as JSON, one behind the other, into kernel memory. */
export class JsonWriter implements Disposable {
  readonly #kernel: Kernel;
  readonly #shape: JsonRowsShape;
  readonly #stage: StagedBuffers;
  readonly #plan: MemoryBlock;
  readonly #out: GrowingBlock;
  readonly #starts: MemoryBlock;
  readonly #cells = new Map<number, PreparedCells>();
  readonly #items = new Map<number, JsonWriter>();
  readonly #joined: JoinedCells;
  #used = 0;

  /** A writer that has written nothing. */
  constructor(kernel: Kernel, shape: JsonRowsShape) {
    this.#kernel = kernel;
    this.#shape = shape;
    this.#stage = new StagedBuffers(kernel);
    this.#plan = new MemoryBlock(kernel);
    this.#out = new GrowingBlock(kernel);
    this.#starts = new MemoryBlock(kernel, KEPT_BYTES);
    this.#joined = new JoinedCells(kernel);
  }

  /** Begins anew; gives back memory that larger batches than usual took. */
  clear(): void {
    this.#used = 0;
    if (this.#out.bytes > KEPT_BYTES) this.#out[Symbol.dispose]();
  }

  /** Writes bytes as they are. */
  put(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length);
    this.#kernel.u8.set(bytes, this.#out.address + this.#used);
    this.#used += bytes.length;
  }

  /** Takes back the last byte. */
  dropLast(): void {
    this.#used--;
  }

  /** What was written, as a view of kernel memory that is valid until the next call. */
  get written(): Uint8Array<ArrayBuffer> {
    return this.#kernel.u8.subarray(this.#out.address, this.#out.address + this.#used);
  }

  /**
   * Writes all rows of some columns.
   *
   * @throws {KernelMemoryError} when the budget does not hold columns and text.
   */
  write(ops: readonly JsonWriteOp[], rows: number): void {
    this.#write(ops, rows, 0);
  }

  /** Writes rows and notes where each starts; the addresses of the text and of the starts. */
  #writeItems(ops: readonly JsonWriteOp[], rows: number): [texts: number, starts: number] {
    this.clear();
    const starts = this.#starts.reserve((rows + 1) * 4);
    this.#write(ops, rows, starts);
    new Uint32Array(this.#kernel.u8.buffer, starts, rows + 1)[rows] = this.#used;
    return [this.#out.address, starts];
  }

  #write(ops: readonly JsonWriteOp[], rows: number, starts: number): void {
    const plan = this.#place(ops, rows);
    let fixed = SLACK_BYTES;
    for (const { kind, prefix } of ops) fixed += prefix.length + MOST_VALUE_BYTES[kind];
    const { exports } = this.#kernel;
    const { objects, separator } = this.#shape;
    const code = separator.charCodeAt(0);
    this.#makeRoom(fixed);
    for (let from = 0; from < rows;) {
      const base = this.#out.address;
      const end = exports.jsonWriteRows(
        plan.at,
        plan.count,
        from,
        rows,
        fixed,
        base + this.#used,
        base + this.#out.bytes,
        objects ? 1 : 0,
        code,
        base,
        starts === 0 ? 0 : starts + from * 4,
      );
      from += exports.jsonRowsTaken();
      this.#used = (end >>> 0) - base;
      if (from < rows) this.#makeRoom(fixed + exports.jsonBytesNeeded());
    }
  }

  #makeRoom(bytes: number): void {
    this.#out.grow(this.#used + bytes + SLACK_BYTES, this.#used);
  }

  /** Brings the columns of all operations into kernel memory; where the operations are. */
  #place(ops: readonly JsonWriteOp[], rows: number): { at: number; count: number } {
    this.#stage.clear();
    const words = ops.map((op, at) => this.#words(op, at, rows));
    const base = this.#stage.place();
    const { exports } = this.#kernel;
    const placed = words.map(({ words, slots }, at): PlacedOp => {
      const own = words.map((value) => value < 0 ? base - value - 1 : value);
      if (slots) exports.jsonSlotRows(own[2], own[3], rows, slots.count - 1);
      return { words: own, prefix: ops[at].prefix, ...(slots && { slots }) };
    });
    const joined = this.#joined.join(placed, rows);
    const at = this.#plan.reserve(joined.length * JSON_OP_BYTES);
    const { u8 } = this.#kernel;
    u8.fill(0, at, at + joined.length * JSON_OP_BYTES);
    joined.forEach(({ words, prefix }, each) => {
      const place = at + each * JSON_OP_BYTES;
      new Uint32Array(u8.buffer, place, words.length).set(words);
      if (prefix.length <= JSON_PREFIX.most) u8.set(prefix, place + JSON_PREFIX.at);
    });
    return { at, count: joined.length };
  }

  /** The words of an operation; those of staged buffers are negative: −1 less where they will lie. */
  #words(op: JsonWriteOp, at: number, rows: number): StagedOp {
    const { kind, prefix, alive, column, digits = 0 } = op;
    const staged = (buffer: ArrayBufferView | undefined) =>
      buffer === undefined ? 0 : -1 - this.#stage.add(buffer);
    if (kind === "constant") {
      const code = JsonWrite.constant + (alive === undefined ? 0 : NULLABLE);
      return { words: [code, 0, staged(prefix), 0, 0, staged(alive), prefix.length] };
    }
    const { nullCount, validity, values, offsets, children } = column!;
    const isNullable = nullCount > 0 || alive !== undefined;
    const words = [JsonWrite[kind] + (isNullable && kind !== "raw" ? NULLABLE : 0), prefix.length];
    words.push(kind === "open" ? 0 : staged(values), nullCount > 0 ? staged(validity) : 0);
    words.push(staged(offsets), staged(alive), digits, 0, 0);
    if (kind === "list") {
      [words[6], words[7]] = this.#itemsOf(at).#writeItems(op.items!, children![0].length);
    } else if (kind === "entry") return this.#dictionary(op, at, rows, words);
    else if (kind === "i32" && alive === undefined) words[0] = JsonWrite.count;
    return { words };
  }

  #dictionary(op: JsonWriteOp, at: number, rows: number, words: number[]): StagedOp {
    const { prefix, column, alive } = op;
    const dictionary = column!.children![0];
    let cells = this.#cells.get(at);
    if (cells === undefined) this.#cells.set(at, cells = new PreparedCells(this.#kernel));
    words[8] = dictionary.length;
    if (!cells.has(dictionary, prefix, rows)) {
      words[6] = -1 - this.#stage.add(dictionary.values!);
      words[7] = -1 - this.#stage.add(dictionary.offsets!);
      return { words };
    }
    const { table, slots } = cells.prepare(dictionary, prefix);
    if (slots && alive === undefined) {
      [words[0], words[6], words[7]] = [JsonWrite.slot, slots.at, slots.stride];
      return { words, slots };
    }
    [words[0], words[6]] = [JsonWrite.cell, table];
    return { words };
  }

  #itemsOf(at: number): JsonWriter {
    let items = this.#items.get(at);
    if (items === undefined) {
      items = new JsonWriter(this.#kernel, { objects: false, separator: "," });
      this.#items.set(at, items);
    }
    return items;
  }

  /** Gives the kernel memory back; it can be used again. */
  [Symbol.dispose](): void {
    const blocks = [this.#stage, this.#plan, this.#out, this.#starts, this.#joined];
    for (const each of [...blocks, ...this.#cells.values(), ...this.#items.values()]) {
      each[Symbol.dispose]();
    }
    this.#used = 0;
  }
}
