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
import { PreparedCells } from "./prepared_cells.ts";
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

/** How rows are told from each other. */
export interface JsonRowsShape {
  /** Whether rows are objects, whose fields all have prefixes that begin with a comma. */
  readonly objects: boolean;
  /** What stands behind each row: a line feed or a comma. */
  readonly separator: "\n" | ",";
}

/** The most bytes that an operation stages. */
function stagedBytes({ kind, prefix, alive, column }: JsonWriteOp): number {
  const { cost } = StagedBuffers;
  if (kind === "constant") return cost(prefix) + cost(alive);
  const { validity, values, offsets } = column!;
  return cost(values) + cost(validity) + cost(offsets) + cost(alive);
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

  /**
   * Begins anew, writes rows and notes where each starts, and the last one ends; the addresses of
   * the text and of the starts, which count from there.
   *
   * @throws {KernelMemoryError} when the budget does not hold columns and text.
   */
  writeRows(ops: readonly JsonWriteOp[], rows: number): [texts: number, starts: number] {
    this.clear();
    const starts = this.#starts.reserve((rows + 1) * 4);
    this.#write(ops, rows, starts);
    this.#kernel.u32[(starts >>> 2) + rows] = this.#used;
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
    let bytes = 0;
    for (const op of ops) bytes += stagedBytes(op);
    this.#stage.begin(bytes);
    const placed = ops.map((op, at) => this.#placed(op, at, rows));
    const joined = this.#joined.join(placed, rows);
    const at = this.#plan.reserve(joined.length * JSON_OP_BYTES);
    const { u8, u32 } = this.#kernel;
    u8.fill(0, at, at + joined.length * JSON_OP_BYTES);
    joined.forEach(({ words, prefix }, each) => {
      const place = at + each * JSON_OP_BYTES;
      u32.set(words, place >>> 2);
      if (prefix.length <= JSON_PREFIX.most) u8.set(prefix, place + JSON_PREFIX.at);
    });
    return { at, count: joined.length };
  }

  #staged(buffer: ArrayBufferView | undefined): number {
    return buffer === undefined ? 0 : this.#stage.put(buffer);
  }

  /** An operation with all that it reads. */
  #placed(op: JsonWriteOp, at: number, rows: number): PlacedOp {
    const { kind, prefix, alive, column, digits = 0 } = op;
    if (kind === "constant") {
      const code = JsonWrite.constant + (alive === undefined ? 0 : NULLABLE);
      const text = this.#staged(prefix);
      return { words: [code, 0, text, 0, 0, this.#staged(alive), prefix.length], prefix };
    }
    const { nullCount, validity, values, offsets, children } = column!;
    const isNullable = nullCount > 0 || alive !== undefined;
    const words = [
      JsonWrite[kind] + (isNullable && kind !== "raw" ? NULLABLE : 0),
      prefix.length,
      kind === "open" ? 0 : this.#staged(values),
      nullCount > 0 ? this.#staged(validity) : 0,
      this.#staged(offsets),
      this.#staged(alive),
      digits,
      0,
      0,
    ];
    if (kind === "list") {
      [words[6], words[7]] = this.#itemsOf(at).writeRows(op.items!, children![0].length);
    } else if (kind === "entry") return this.#dictionary(op, at, rows, words);
    else if (kind === "i32" && alive === undefined) words[0] = JsonWrite.count;
    return { words, prefix };
  }

  #dictionary(op: JsonWriteOp, at: number, rows: number, words: number[]): PlacedOp {
    const { prefix, column, alive } = op;
    const dictionary = column!.children![0];
    let prepared = this.#cells.get(at);
    if (prepared === undefined) this.#cells.set(at, prepared = new PreparedCells(this.#kernel));
    words[8] = dictionary.length;
    const cells = prepared.cells(dictionary, prefix, rows);
    if (cells === undefined) {
      const { values, offsets } = prepared.entries(dictionary);
      words[6] = values;
      words[7] = offsets;
      return { words, prefix };
    }
    const { table, slots } = cells;
    if (slots && alive === undefined) {
      this.#kernel.exports.jsonSlotRows(words[2], words[3], rows, slots.count - 1);
      [words[0], words[6], words[7]] = [JsonWrite.slot, slots.at, slots.stride];
      return { words, prefix, slots };
    }
    [words[0], words[6]] = [JsonWrite.cell, table];
    return { words, prefix };
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
