import { GrowingBlock } from "./growing_block.ts";
import type { Kernel } from "./kernel.ts";
import { SinkDictionary } from "./sink_dictionary.ts";
import { type SinkBuffers, type SinkColumnSpec, SinkKind, type SinkRoom } from "./sink_types.ts";

/** Words of a description, as `assembly/column/sink.ts` has them. */
const Word = { kind: 0, values: 1, validity: 2, offsets: 3, nulls: 4, items: 5, shape: 6 } as const;

/** Bits of a value of each kind; 0 where values have no width or there are none. */
const VALUE_BITS: Readonly<Record<keyof typeof SinkKind, number>> = {
  bool: 1,
  i32: 32,
  i64: 64,
  f32: 32,
  f64: 64,
  text: 0,
  dict: 32,
  decimal: 128,
  list: 0,
  struct: 0,
  span: 64,
};

const OFFSET_BYTES = 4;
const ITEM_SHARE = 2;

function bitmapBytes(rows: number): number {
  return (rows + 7) >>> 3;
}

function countNulls(validity: Uint8Array, rows: number): number {
  let ones = 0;
  for (let at = 0; at < validity.length; at++) {
    let byte = validity[at];
    if (at === rows >> 3) byte &= (1 << (rows & 7)) - 1;
    for (; byte !== 0; byte &= byte - 1) ones++;
  }
  return rows - ones;
}

/** One column under construction. */
export class SinkColumn implements Disposable {
  /** How its values are kept. */
  readonly spec: SinkColumnSpec;
  /** Where it is described. */
  readonly address: number;
  readonly #kernel: Kernel;
  readonly #values: GrowingBlock;
  readonly #validity: GrowingBlock;
  readonly #offsets: GrowingBlock;
  readonly #dictionary: SinkDictionary | undefined;
  #items: SinkColumn | undefined;

  /** Use `ColumnSink`. */
  constructor(kernel: Kernel, spec: SinkColumnSpec, address: number) {
    this.#kernel = kernel;
    this.spec = spec;
    this.address = address;
    this.#values = new GrowingBlock(kernel);
    this.#validity = new GrowingBlock(kernel);
    this.#offsets = new GrowingBlock(kernel);
    this.#setWord(Word.kind, SinkKind[spec.kind]);
    this.#setWord(Word.shape, ((spec.precision ?? 0) << 8) | (spec.scale ?? 0));
    if (spec.kind === "dict") this.#dictionary = new SinkDictionary(kernel, address);
  }

  /** Of a list: the column of its items. */
  get items(): SinkColumn | undefined {
    return this.#items;
  }

  set items(items: SinkColumn) {
    this.#items = items;
    this.#setWord(Word.items, items.address);
  }

  /** Empties it. */
  begin(): void {
    this.#setWord(Word.nulls, 0);
    const { address, bytes } = this.#validity;
    this.#kernel.u8.fill(0xff, address, address + bytes);
    this.#dictionary?.begin();
    this.#items?.begin();
  }

  /** See `ColumnSink.reserve`. */
  reserve({ rows, bytes, items = Math.ceil(bytes / ITEM_SHARE) }: SinkRoom, held: number): void {
    const { kind } = this.spec;
    this.#growValidity(rows, held);
    if (kind === "text" || kind === "list") this.#growOffsets(rows, held);
    const end = kind === "text" || kind === "list" ? this.#end(held) : 0;
    if (kind === "text") this.#growValues(end + bytes, end);
    else if (VALUE_BITS[kind] > 0) {
      const bits = VALUE_BITS[kind];
      this.#growValues(Math.ceil(rows * bits / 8), Math.ceil(held * bits / 8));
    }
    this.#dictionary?.reserve(rows - held, bytes);
    this.#items?.reserve({ rows: end + items, bytes, items: 0 }, end);
  }

  /** The buffers of its first `rows` rows, which are all that it has. */
  finish(rows: number): SinkBuffers {
    const { kind } = this.spec;
    const offsets = kind === "text" || kind === "list"
      ? new Int32Array(this.#kernel.u8.buffer, this.#offsets.address, rows + 1)
      : undefined;
    const values = this.#valuesOf(rows, offsets?.[rows] ?? 0);
    const child = this.#items?.finish(offsets![rows]) ?? this.#dictionary?.finish();
    const buffers = { length: rows, values, offsets, child };
    const validity = this.#nullsIn(rows);
    if (validity === undefined) return { ...buffers, nullCount: 0 };
    const nullCount = countNulls(validity, rows);
    return nullCount === 0 ? { ...buffers, nullCount } : { ...buffers, nullCount, validity };
  }

  /** Of a column of spans that goes on: the places of its first `rows` values, and the validity. */
  spans(rows: number): { readonly places: Uint32Array; readonly validity: Uint8Array } {
    const { buffer } = this.#kernel.u8;
    return {
      places: new Uint32Array(buffer, this.#values.address, rows * 2),
      validity: new Uint8Array(buffer, this.#validity.address, bitmapBytes(rows)),
    };
  }

  /** Gives the kernel memory back. */
  [Symbol.dispose](): void {
    for (const block of [this.#values, this.#validity, this.#offsets]) block[Symbol.dispose]();
    this.#dictionary?.[Symbol.dispose]();
    this.#items?.[Symbol.dispose]();
  }

  #nullsIn(rows: number): Uint8Array<ArrayBuffer> | undefined {
    const { buffer } = this.#kernel.u8;
    const [nulls] = new Uint32Array(buffer, this.address + 4 * Word.nulls, 1);
    if (nulls === 0) return undefined;
    const bits = new Uint8Array(buffer, this.#validity.address, bitmapBytes(rows));
    // The bits past the end are 0, as builders leave them.
    if (rows & 7) bits[bits.length - 1] &= (1 << (rows & 7)) - 1;
    return bits;
  }

  #valuesOf(rows: number, textBytes: number): SinkBuffers["values"] {
    const { buffer } = this.#kernel.u8;
    const { address } = this.#values;
    switch (this.spec.kind) {
      case "bool":
        return this.#boolsOf(rows);
      case "i32":
      case "dict":
        return new Int32Array(buffer, address, rows);
      case "i64":
        return new BigInt64Array(buffer, address, rows);
      case "f32":
        return new Float32Array(buffer, address, rows);
      case "f64":
        return new Float64Array(buffer, address, rows);
      case "text":
        return new Uint8Array(buffer, address, textBytes);
      case "decimal":
        return new Uint8Array(buffer, address, rows * 16);
      case "span":
        return new Int32Array(buffer, address, rows * 2);
      default:
        return undefined;
    }
  }

  #boolsOf(rows: number): Uint8Array<ArrayBuffer> {
    const bits = new Uint8Array(this.#kernel.u8.buffer, this.#values.address, bitmapBytes(rows));
    if (rows & 7) bits[bits.length - 1] &= (1 << (rows & 7)) - 1;
    return bits;
  }

  #end(rows: number): number {
    return new Int32Array(this.#kernel.u8.buffer, this.#offsets.address, rows + 1)[rows];
  }

  #growValidity(rows: number, held: number): void {
    const kept = bitmapBytes(held);
    if (!this.#validity.grow(bitmapBytes(rows), kept)) return;
    const { address, bytes } = this.#validity;
    this.#kernel.u8.fill(0xff, address + kept, address + bytes);
    this.#setWord(Word.validity, address);
  }

  #growOffsets(rows: number, held: number): void {
    const isNew = this.#offsets.address === 0;
    this.#offsets.grow((rows + 1) * OFFSET_BYTES, isNew ? 0 : (held + 1) * OFFSET_BYTES);
    if (isNew) this.#kernel.u8.fill(0, this.#offsets.address, this.#offsets.address + OFFSET_BYTES);
    this.#setWord(Word.offsets, this.#offsets.address);
  }

  #growValues(bytes: number, kept: number): void {
    this.#values.grow(bytes, kept);
    this.#setWord(Word.values, this.#values.address);
  }

  #setWord(word: number, value: number): void {
    new Uint32Array(this.#kernel.u8.buffer, this.address, 16)[word] = value;
  }
}
