import { GrowingBlock } from "./growing_block.ts";
import type { Kernel } from "./kernel.ts";
import type { SinkBuffers } from "./sink_types.ts";

/** Words of a description, as `assembly/column/sink.ts` has them. */
const Word = { table: 8, mask: 9, entries: 10, bytes: 11, ends: 12, most: 13, room: 14 } as const;

const ENTRY_BYTES = 32;
const FIRST_SLOTS = 256;
/** A dictionary is kept for the next batch unless it is larger than this. */
const KEPT_ENTRIES = 2_048;
const KEPT_BYTES = 65_536;

function powerOfTwo(least: number): number {
  return 2 ** Math.ceil(Math.log2(least));
}

/**
 * The texts of a dict column and the table that finds them. While it is small it is kept from batch
 * to batch, since most columns of this kind have the same texts again: then nothing is put into it,
 * and readers of the batches see the same dictionary.
 */
export class SinkDictionary implements Disposable {
  readonly #kernel: Kernel;
  readonly #column: number;
  readonly #table: GrowingBlock;
  readonly #bytes: GrowingBlock;
  readonly #ends: GrowingBlock;
  #finished: SinkBuffers | undefined;

  /** The dictionary of the column that is described at an address. */
  constructor(kernel: Kernel, column: number) {
    this.#kernel = kernel;
    this.#column = column;
    this.#table = new GrowingBlock(kernel);
    this.#bytes = new GrowingBlock(kernel);
    this.#ends = new GrowingBlock(kernel);
  }

  get #words(): Uint32Array<ArrayBuffer> {
    return new Uint32Array(this.#kernel.u8.buffer, this.#column, 16);
  }

  get #entries(): number {
    return this.#words[Word.entries];
  }

  get #used(): number {
    const entries = this.#entries;
    if (this.#ends.address === 0) return 0;
    return new Int32Array(this.#kernel.u8.buffer, this.#ends.address, entries + 1)[entries];
  }

  /** Starts a batch: drops the entries if they are many. */
  begin(): void {
    if (this.#entries > KEPT_ENTRIES || this.#used > KEPT_BYTES) this.#clear();
  }

  /** Makes room for `more` entries of `bytes` bytes in all. */
  reserve(more: number, bytes: number): void {
    const isNew = this.#table.address === 0;
    const entries = this.#entries;
    const slots = isNew ? 0 : this.#words[Word.mask] + 1;
    // Room for all that may be kept, so that a dictionary that is kept also stays where it is.
    const room = Math.max(entries, KEPT_ENTRIES) + more;
    const most = powerOfTwo(2 * room);
    this.#table.grow(most * ENTRY_BYTES, slots * ENTRY_BYTES);
    const used = this.#used;
    this.#ends.grow((room + 1) * 4, isNew ? 0 : (entries + 1) * 4);
    this.#bytes.grow(Math.max(used, KEPT_BYTES) + bytes, used);
    const words = this.#words;
    words[Word.table] = this.#table.address;
    words[Word.bytes] = this.#bytes.address;
    words[Word.ends] = this.#ends.address;
    words[Word.room] = Math.max(words[Word.room], room);
    words[Word.most] = Math.max(words[Word.most], most);
    if (isNew) this.#clear();
  }

  /** The entries as a utf8 column has them; the same object while they are the same. */
  finish(): SinkBuffers {
    const length = this.#entries;
    const { buffer } = this.#kernel.u8;
    const last = this.#finished;
    if (
      last !== undefined && last.length === length && last.values!.buffer === buffer &&
      last.values!.byteOffset === this.#bytes.address &&
      last.offsets!.byteOffset === this.#ends.address
    ) return last;
    const offsets = new Int32Array(buffer, this.#ends.address, length + 1);
    const values = new Uint8Array(buffer, this.#bytes.address, offsets[length]);
    return this.#finished = { length, nullCount: 0, values, offsets };
  }

  /** Gives the kernel memory back. */
  [Symbol.dispose](): void {
    for (const block of [this.#table, this.#bytes, this.#ends]) block[Symbol.dispose]();
  }

  #clear(): void {
    this.#finished = undefined;
    this.#kernel.exports.clearDictionary(this.#column, FIRST_SLOTS);
  }
}
