import type { Column } from "./column.ts";
import { type Buffers, ColumnBuilder, type Run } from "./column_builder.ts";
import { MAX_COLUMN_BYTES, MAX_DICTIONARY_ENTRIES } from "./limits.ts";
import { Misfit } from "./misfit.ts";
import { MixedWriter } from "./mixed.ts";
import type { DataType } from "./schema.ts";

const FIRST_CAPACITY = 64;
/** Strings wait as a rope until they are this many characters: one encodeInto is cheap, many are not. */
const PENDING_CHARACTERS = 65_536;
const encoder = new TextEncoder();

/** What a store has before its first row, which takes memory of its own: all stores share these. */
const NO_BYTES = new Uint8Array();
const NO_OFFSETS = new Int32Array(1);

/** Offsets and bytes that grow. */
class ByteStore {
  bytes: Uint8Array = NO_BYTES;
  offsets: Int32Array = NO_OFFSETS;
  rows = 0;

  get end(): number {
    return this.offsets[this.rows];
  }

  reserve(bytes: number): void {
    const needed = this.end + bytes;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(FIRST_CAPACITY, this.bytes.length * 2, needed));
    grown.set(this.bytes.subarray(0, this.end));
    this.bytes = grown;
  }

  closeRow(end: number): void {
    if (this.rows + 1 === this.offsets.length) {
      const grown = new Int32Array(Math.max(FIRST_CAPACITY, this.offsets.length * 2));
      grown.set(this.offsets);
      this.offsets = grown;
    }
    this.offsets[++this.rows] = end;
  }

  take(): Buffers {
    const offsets = this.offsets.slice(0, this.rows + 1);
    const values = this.bytes.slice(0, this.end);
    this.rows = 0;
    return { values, offsets };
  }
}

function checkRoom(value: unknown, store: { end: number }, bytes: number): void {
  if (store.end + bytes > MAX_COLUMN_BYTES) {
    throw new Misfit(`at most ${MAX_COLUMN_BYTES} bytes in one column, use smaller batches`, value);
  }
}

function utf8Length(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= 0x80) bytes += code >= 0x800 && (code & 0xf800) !== 0xd800 ? 2 : 1;
  }
  return bytes;
}

/** Throws unless the value is a string that UTF-8 can hold. */
function checkText(value: unknown, kind: string): asserts value is string {
  if (typeof value !== "string") throw new Misfit(`${kind} (a string)`, value);
  if (!value.isWellFormed()) {
    throw new Misfit(`${kind} (a string without lone surrogates, see toWellFormed())`, value);
  }
}

/** A run of strings and nulls to be encoded at once. */
interface TextRun {
  readonly values: ArrayLike<unknown>;
  readonly from: number;
  readonly run: Run;
}

/** Encodes some 64 Ki characters at a time, taking them for ASCII until they turn out not to be. */
function runTexts(store: ByteStore, { values, from, run }: TextRun): number {
  const { rows, end } = store;
  const { nulls } = run;
  const before = nulls.length;
  let rope = "";
  let i = from;
  for (; i < values.length && rope.length < PENDING_CHARACTERS; i++) {
    const value = values[i];
    if (typeof value === "string") rope += value;
    else if (value === null || value === undefined) nulls.push(run.at + i - from);
    else break;
    store.closeRow(end + rope.length);
  }
  store.rows = rows;
  if (end + rope.length * 3 > MAX_COLUMN_BYTES) {
    nulls.length = before;
    return 0;
  }
  store.reserve(rope.length * 3);
  const { written } = encoder.encodeInto(rope, store.bytes.subarray(end));
  store.rows += i - from;
  if (written === rope.length) return i - from;
  store.rows = rows;
  nulls.length = before;
  return rerunTexts(store, { values, from, run }, i);
}

/** The offsets of a run that is not ASCII, its bytes in place already; ends at a lone surrogate. */
function rerunTexts(store: ByteStore, { values, from, run }: TextRun, to: number): number {
  let end = store.end;
  for (let i = from; i < to; i++) {
    const value = values[i];
    if (typeof value !== "string") run.nulls.push(run.at + i - from);
    else if (value.isWellFormed()) end += utf8Length(value);
    else return i - from;
    store.closeRow(end);
  }
  return to - from;
}

/** Builds utf8 columns; strings wait joined and are encoded many at a time. */
export class Utf8Builder extends ColumnBuilder {
  readonly #store = new ByteStore();
  #pending: string[] = [];
  #characters = 0;

  /** A builder of utf8. */
  constructor(type: DataType & { readonly kind: "utf8" }) {
    super(type);
  }

  protected override push(value: unknown): void {
    checkText(value, "utf8");
    checkRoom(value, this.#store, (this.#characters + value.length) * 3);
    this.#pending.push(value);
    if ((this.#characters += value.length) > PENDING_CHARACTERS) this.#flush();
  }

  protected override pushRun(values: ArrayLike<unknown>, from: number, run: Run): number {
    if (this.#pending.length > 0) this.#flush();
    return runTexts(this.#store, { values, from, run });
  }

  protected override pushNull(): void {
    this.#pending.push("");
  }

  protected override cut(length: number): void {
    if (length >= this.#store.rows) this.#pending.length = length - this.#store.rows;
    else {
      this.#pending.length = 0;
      this.#store.rows = length;
    }
  }

  protected override take(): Buffers {
    this.#flush();
    return this.#store.take();
  }

  #flush(): void {
    const store = this.#store;
    const joined = this.#pending.join("");
    store.reserve(joined.length * 3);
    let end = store.end;
    const { written } = encoder.encodeInto(joined, store.bytes.subarray(end));
    const ascii = written === joined.length;
    for (const text of this.#pending) store.closeRow(end += ascii ? text.length : utf8Length(text));
    this.#pending = [];
    this.#characters = 0;
  }
}

/** Builds bytes columns. */
export class BytesBuilder extends ColumnBuilder {
  readonly #store = new ByteStore();

  /** A builder of bytes. */
  constructor(type: DataType & { readonly kind: "bytes" }) {
    super(type);
  }

  protected override push(value: unknown): void {
    if (!(value instanceof Uint8Array)) throw new Misfit("bytes (a Uint8Array)", value);
    const store = this.#store;
    checkRoom(value, store, value.length);
    store.reserve(value.length);
    store.bytes.set(value, store.end);
    store.closeRow(store.end + value.length);
  }

  protected override pushNull(): void {
    this.#store.closeRow(this.#store.end);
  }

  protected override cut(length: number): void {
    this.#store.rows = length;
  }

  protected override take(): Buffers {
    return this.#store.take();
  }
}

/** Options of {@linkcode DictBuilder}. */
export interface DictOptions {
  /** The most distinct strings. Default 65,536. */
  maxDictionary?: number;
}

/** Builds dict columns; the dictionary lists strings in order of first appearance. */
export class DictBuilder extends ColumnBuilder {
  readonly #maxEntries: number;
  readonly #entries = new Utf8Builder({ kind: "utf8" });
  #ids: Map<string, number> = new Map();
  #indices: Int32Array = new Int32Array(FIRST_CAPACITY);

  /** A builder of dict, its dictionary capped. */
  constructor(type: DataType & { readonly kind: "dict" }, options: DictOptions = {}) {
    super(type);
    this.#maxEntries = options.maxDictionary ?? MAX_DICTIONARY_ENTRIES;
  }

  protected override push(value: unknown, at: number): void {
    this.#reserve(at + 1);
    this.#indices[at] = this.#ids.get(value as string) ?? this.#add(value);
  }

  protected override pushNull(at: number): void {
    this.#reserve(at + 1);
    this.#indices[at] = 0;
  }

  protected override cut(): void {}

  protected override take(length: number): Buffers {
    const dictionary: Column = this.#entries.finish();
    this.#ids = new Map();
    return { values: this.#indices.slice(0, length), children: [dictionary] };
  }

  protected override pushRun(values: ArrayLike<unknown>, from: number, run: Run): number {
    this.#reserve(run.at + values.length - from);
    const ids = this.#ids;
    const indices = this.#indices;
    let i = from;
    for (; i < values.length; i++) {
      const value = values[i];
      const id = ids.get(value as string);
      if (id !== undefined) indices[run.at + i - from] = id;
      else if (value === null || value === undefined) this.#runNull(run, i - from);
      else break;
    }
    return i - from;
  }

  #runNull({ at, nulls }: Run, offset: number): void {
    this.#indices[at + offset] = 0;
    nulls.push(at + offset);
  }

  #add(value: unknown): number {
    checkText(value, "dict");
    const id = this.#ids.size;
    if (id === this.#maxEntries) {
      throw new Misfit(
        `dict of at most ${this.#maxEntries} distinct strings (maxDictionary), or use utf8`,
        value,
      );
    }
    this.#entries.append(value);
    this.#ids.set(value, id);
    return id;
  }

  #reserve(rows: number): void {
    if (rows <= this.#indices.length) return;
    const grown = new Int32Array(Math.max(this.#indices.length * 2, rows));
    grown.set(this.#indices);
    this.#indices = grown;
  }
}

/** Builds mixed columns. */
export class MixedBuilder extends ColumnBuilder {
  readonly #writer = new MixedWriter();
  readonly #ends = new ByteStore();

  /** A builder of mixed. */
  constructor(type: DataType & { readonly kind: "mixed" }) {
    super(type);
  }

  protected override push(value: unknown): void {
    const start = this.#writer.length;
    try {
      this.#writer.write(value);
      checkRoom(value, { end: start }, this.#writer.length - start);
    } catch (error) {
      this.#writer.truncate(start);
      throw error;
    }
    this.#ends.closeRow(this.#writer.length);
  }

  protected override pushNull(): void {
    this.#ends.closeRow(this.#writer.length);
  }

  protected override cut(length: number): void {
    this.#ends.rows = length;
    this.#writer.truncate(this.#ends.end);
  }

  protected override take(): Buffers {
    const offsets = this.#ends.offsets.slice(0, this.#ends.rows + 1);
    const values = this.#writer.finish();
    this.#ends.rows = 0;
    this.#writer.truncate(0);
    return { values, offsets };
  }
}
