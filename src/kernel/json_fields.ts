import type { ColumnSink } from "./column_sink.ts";
import type { Kernel } from "./kernel.ts";
import { MemoryBlock } from "./memory_block.ts";
import { SinkKind } from "./sink_types.ts";

/** What a value of JSON becomes, as `assembly/json/reader.ts` names it: kinds of columns, and times. */
export const JsonKind = {
  ...SinkKind,
  timestamp: 11,
  date: 12,
  time: 13,
} as const;

/** A wanted field of an object. */
export interface JsonField {
  readonly name: Uint8Array;
  readonly kind: number;
  /** Its column in the sink; those of a struct's fields follow. */
  readonly column: number;
  /** Columns of a struct, its own included. */
  readonly below: number;
  /** Kind of a list's items. */
  readonly item: number;
  /** Whether it may be null. */
  readonly nullable: boolean;
  /** Of a struct. */
  readonly fields?: readonly JsonField[];
}

const NODE_BYTES = 32;
const FIELD_BYTES = 64;
const PADDING_BYTES = 64;

function aligned(bytes: number): number {
  return (bytes + 15) & ~15;
}

/** The tables by which the kernel finds fields, in one piece of memory. */
export class JsonFieldTables {
  readonly #kernel: Kernel;
  readonly #sink: ColumnSink;
  readonly #block: MemoryBlock;
  #at = 0;

  /** Room for the tables of these fields. */
  constructor(kernel: Kernel, sink: ColumnSink, fields: readonly JsonField[]) {
    this.#kernel = kernel;
    this.#sink = sink;
    this.#block = new MemoryBlock(kernel);
    const bytes = this.#bytesOf(fields);
    this.#at = this.#block.reserve(bytes);
    kernel.u8.fill(0, this.#at, this.#at + bytes);
  }

  /** Writes a node and all below it; its address. */
  write(fields: readonly JsonField[]): number {
    const node = this.#take(NODE_BYTES);
    const list = this.#take(fields.length * FIELD_BYTES);
    const slots = this.#slots(fields);
    const table = this.#take(slots * 4);
    const required = fields.filter(({ nullable }) => !nullable);
    const needed = this.#take(required.length * 4);
    this.#words(needed).set(required.map(({ column }) => this.#column(column)));
    fields.forEach((field, at) => this.#writeField(field, list + at * FIELD_BYTES));
    this.#words(node).set([list, fields.length, table, slots - 1, needed, required.length]);
    this.#kernel.exports.jsonIndexFields(node);
    return node;
  }

  /** Gives the kernel memory back. */
  release(): void {
    this.#block[Symbol.dispose]();
  }

  #writeField({ name, kind, column, below, item, fields }: JsonField, at: number): void {
    const text = this.#take(name.length + PADDING_BYTES);
    this.#kernel.u8.set(name, text);
    const node = fields === undefined ? 0 : this.write(fields);
    this.#words(at).set([text, name.length, this.#column(column), kind, node, below, item]);
  }

  #column(index: number): number {
    return this.#sink.columns[index].address;
  }

  #words(at: number): Uint32Array {
    return new Uint32Array(this.#kernel.u8.buffer, at);
  }

  #take(bytes: number): number {
    const at = this.#at;
    this.#at += aligned(bytes);
    return at;
  }

  #slots(fields: readonly JsonField[]): number {
    return 2 ** Math.ceil(Math.log2(4 * fields.length + 4));
  }

  #bytesOf(fields: readonly JsonField[]): number {
    let bytes = NODE_BYTES + aligned(fields.length * FIELD_BYTES) +
      aligned(this.#slots(fields) * 4) + aligned(fields.length * 4);
    for (const { name, fields: inner } of fields) {
      bytes += aligned(name.length + PADDING_BYTES) + (inner ? this.#bytesOf(inner) : 0);
    }
    return bytes;
  }
}

/** Bytes of the longest name among fields and those in them. */
export function longestName(fields: readonly JsonField[]): number {
  let longest = 0;
  for (const { name, fields: inner } of fields) {
    longest = Math.max(longest, name.length, inner ? longestName(inner) : 0);
  }
  return longest;
}
