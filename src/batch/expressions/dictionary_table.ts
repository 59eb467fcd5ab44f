import type { Kernel } from "../../kernel/kernel.ts";
import { MemoryBlock } from "../../kernel/memory_block.ts";
import { bitmapBytes, clearBit, fullBitmap, setBit } from "../bitmap.ts";
import type { Column } from "../column.ts";
import { readColumn } from "../column_reader.ts";
import type { Checked } from "./checked.ts";
import { columnAt } from "./columns_at.ts";
import { type Evaluator, evaluatorOf } from "./evaluator.ts";
import { encodeText } from "./lower_texts.ts";
import type { TableInput } from "./lowering.ts";
import type { Columns } from "./plan.ts";
import type { StringCodes } from "./string_codes.ts";
import { type ColumnPath, pathOf } from "./traits.ts";
import type { Value } from "./values.ts";

const HEADER_BYTES = 16;
const ENTRY_BYTES = 8;

/** What an entry's value is when evaluating it fails. */
const FAILED = Symbol("failed");

/** A table of values, one for each entry of a dictionary and one for null, in kernel memory. */
export class DictionaryTable {
  readonly #kernel: Kernel;
  readonly #input: TableInput;
  readonly #codes: StringCodes | undefined;
  readonly #buffer: MemoryBlock;
  readonly #evaluate: Evaluator<Value>;
  #dictionary: Column | undefined;
  #complete = false;

  constructor(kernel: Kernel, input: TableInput, codes: StringCodes | undefined) {
    this.#kernel = kernel;
    this.#input = input;
    this.#codes = codes;
    this.#buffer = new MemoryBlock(kernel);
    this.#evaluate = evaluatorOf<Value>(entryOf(input.checked, input.path), () => (entry) => entry);
  }

  /** Whether the table holds what a batch needs. */
  isCurrent(batch: Columns): boolean {
    return this.#complete && columnAt(batch, this.#input.path).children![0] === this.#dictionary;
  }

  /** Where the table lies. */
  get address(): number {
    return this.#buffer.address;
  }

  /** Computes the entries that a batch uses. */
  build(batch: Columns): void {
    const column = columnAt(batch, this.#input.path);
    const [dictionary] = column.children!;
    this.#dictionary = dictionary;
    this.#complete = dictionary.length <= batch.length;
    const used = this.#complete ? undefined : usedEntries(column, batch.length);
    const entries = readColumn(dictionary, { start: 0, end: dictionary.length });
    const values = [...entries, null].map((entry, at) =>
      used === undefined || entry === null || used.has(at) ? this.#value(entry) : null
    );
    this.#write(values);
  }

  /** Gives the kernel memory back. */
  release(): void {
    this.#buffer[Symbol.dispose]();
    this.#dictionary = undefined;
  }

  #value(entry: Value): Value {
    try {
      return this.#evaluate(entry, {});
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return FAILED;
    }
  }

  #write(values: readonly Value[]): void {
    const texts = this.#input.as === "text" ? values.map(textBytes) : [];
    const bits = (bitmapBytes(values.length) + 7) & ~7;
    const validityAt = HEADER_BYTES + values.length * ENTRY_BYTES;
    const textAt = validityAt + 2 * bits;
    const size = texts.reduce((sum, text) => sum + text.length, textAt);
    const base = this.#buffer.reserve(size);
    const bytes = this.#kernel.u8.subarray(base, base + size);
    const view = new DataView(bytes.buffer, base, size);
    view.setUint32(0, base + HEADER_BYTES, true);
    view.setUint32(4, this.#bitmap(values, null, { at: validityAt, bytes }), true);
    view.setUint32(8, this.#bitmap(values, FAILED, { at: validityAt + bits, bytes }), true);
    view.setUint32(12, values.length - 1, true);
    if (this.#input.as === "text") writeTexts(texts, { view, bytes, textAt });
    else if (this.#input.as === "bool") writeBits(values, bytes.subarray(HEADER_BYTES));
    else this.#writeNumbers(values, view);
  }

  // nulls are clear bits of validity, failures set bits of doubt; no bitmap where there are none
  #bitmap(
    values: readonly Value[],
    mark: Value,
    { at, bytes }: { at: number; bytes: Uint8Array },
  ): number {
    if (!values.includes(mark)) return 0;
    const bits = mark === null
      ? fullBitmap(values.length)
      : new Uint8Array(bitmapBytes(values.length));
    values.forEach((value, entry) => {
      if (value !== mark) return;
      if (mark === null) clearBit(bits, entry);
      else setBit(bits, entry);
    });
    bytes.set(bits, at);
    return this.#buffer.address + at;
  }

  #writeNumbers(values: readonly Value[], view: DataView): void {
    const { as } = this.#input;
    values.forEach((value, entry) => {
      const known = value === null || value === FAILED ? undefined : value;
      const at = HEADER_BYTES + entry * ENTRY_BYTES;
      if (as === "f64") view.setFloat64(at, known as number ?? 0, true);
      else if (as === "i64") view.setBigInt64(at, known as bigint ?? 0n, true);
      else view.setInt32(HEADER_BYTES + entry * 4, this.#integer(known), true);
    });
  }

  #integer(value: Value): number {
    if (value === undefined) return 0;
    return this.#codes === undefined ? value as number : this.#codes.codeOf(value as string);
  }
}

function usedEntries({ values }: Column, length: number): ReadonlySet<number> {
  const used = new Set<number>();
  for (let row = 0; row < length; row++) used.add(values![row] as number);
  return used;
}

/** The expression with the dict column in place of the path to it. */
function entryOf(checked: Checked, path: ColumnPath): Checked {
  const known = new Map<Checked, Checked>();
  const replace = (part: Checked): Checked => {
    let found = known.get(part);
    if (found === undefined) {
      found = String(pathOf(part)) === String(path)
        ? { ...part, op: "col", args: [] }
        : { ...part, args: part.args.map(replace) };
      known.set(part, found);
    }
    return found;
  };
  return replace(checked);
}

function textBytes(value: Value): Uint8Array {
  return typeof value === "string" ? encodeText(value) : new Uint8Array();
}

function writeTexts(
  texts: readonly Uint8Array[],
  { view, bytes, textAt }: { view: DataView; bytes: Uint8Array; textAt: number },
): void {
  let at = textAt;
  texts.forEach((text, entry) => {
    bytes.set(text, at);
    view.setUint32(HEADER_BYTES + entry * ENTRY_BYTES, bytes.byteOffset + at, true);
    view.setUint32(HEADER_BYTES + entry * ENTRY_BYTES + 4, text.length, true);
    at += text.length;
  });
}

function writeBits(values: readonly Value[], bytes: Uint8Array): void {
  bytes.fill(0, 0, bitmapBytes(values.length));
  values.forEach((value, entry) => {
    if (value === true) setBit(bytes, entry);
  });
}
