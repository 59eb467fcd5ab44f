import type { Column, ColumnValues } from "../../batch/column.ts";
import { columnOf } from "../../batch/column_of.ts";
import { packedTimestamps, readColumn } from "../../batch/column_reader.ts";
import type { DataType } from "../../batch/schema.ts";
import { BLOCK_ROWS, type SamplerKernel, type StoredKind } from "../../kernel/sampler_kernel.ts";
import type { NumberUnit, Vocabulary } from "../encoding/plans.ts";

/** Values by their positions in a list, of which −1 is null. */
export interface ListedCells {
  /** Null, and behind it the list. */
  readonly list: readonly unknown[];
  /** A view that holds until kernel memory is reserved. */
  readonly positions: () => Int32Array;
}

/** Values of one column, row by row: as they are, or by their positions in a list. */
export type Cells = ArrayLike<unknown> | ListedCells;

const WHOLE_BLOCK = { start: 0, end: BLOCK_ROWS };
const BITMAP_BYTES = BLOCK_ROWS / 8;
const STORED_AS: Readonly<Record<string, StoredKind>> = {
  bool: "i32",
  i32: "i32",
  date: "i32",
  time: "i32",
  i64: "i64",
  timestamp: "i64",
  f32: "f32",
  f64: "f64",
  decimal: "decimal",
};
const BYTES: Readonly<Record<StoredKind, number>> = { i32: 4, i64: 8, f32: 4, f64: 8, decimal: 16 };

/** Memory that columns are written to one after the other. */
export class OutputBlocks {
  readonly kernel: SamplerKernel;
  readonly bitmap: number;
  readonly bits: number;
  readonly numbers: number;
  readonly stored: number;
  readonly ends: number;
  #texts = 0;
  #textBytes = -1;

  /** In kernel memory. */
  constructor(kernel: SamplerKernel) {
    this.kernel = kernel;
    this.bitmap = kernel.reserve(BITMAP_BYTES);
    this.bits = kernel.reserve(BITMAP_BYTES);
    this.numbers = kernel.reserve(BLOCK_ROWS * 8);
    this.stored = kernel.reserve(BLOCK_ROWS * 16);
    this.ends = kernel.reserve(BLOCK_ROWS * 4 + 4);
  }

  /** Room for this many bytes of text. */
  texts(bytes: number): number {
    if (bytes > this.#textBytes) {
      this.#textBytes = Math.max(bytes, 2 * this.#textBytes);
      this.#texts = this.kernel.reserve(this.#textBytes);
    }
    return this.#texts;
  }
}

/** The validity of a column, as its fields say it. */
export function validityOf(
  blocks: OutputBlocks,
  nulls: number,
): Pick<Column, "nullCount" | "validity"> {
  if (nulls === 0) return { nullCount: 0 };
  return { nullCount: nulls, validity: blocks.kernel.copy(blocks.bitmap, BITMAP_BYTES) };
}

function typedValues(kind: StoredKind, bytes: Uint8Array<ArrayBuffer>): ColumnValues {
  const { buffer, byteOffset, byteLength } = bytes;
  const length = byteLength / BYTES[kind];
  switch (kind) {
    case "i32":
      return new Int32Array(buffer, byteOffset, length);
    case "i64":
      return new BigInt64Array(buffer, byteOffset, length);
    case "f32":
      return new Float32Array(buffer, byteOffset, length);
    case "f64":
      return new Float64Array(buffer, byteOffset, length);
    case "decimal":
      return bytes;
  }
}

/** The values of a column from the numbers that were sampled. */
export function storedNumbers(
  blocks: OutputBlocks,
  type: DataType,
  unit: NumberUnit,
): ColumnValues {
  const { kernel, numbers, stored, bits } = blocks;
  const kind = STORED_AS[type.kind];
  kernel.store(numbers, kind, unit, stored);
  if (type.kind === "bool") {
    kernel.bools(stored, bits);
    return kernel.copy(bits, BITMAP_BYTES);
  }
  return typedValues(kind, kernel.copy(stored, BLOCK_ROWS * BYTES[kind]));
}

/** The values of a column of a block as rows have them. */
export function cellsOf(column: Column): ArrayLike<unknown> {
  const { type: { kind }, values, nullCount } = column;
  if (nullCount === 0) {
    // as they are: a number in an array of anything is an object, made only to be read
    if (kind === "i32" || kind === "date" || kind === "time" || kind === "f64" || kind === "f32") {
      return values as Int32Array | Float32Array | Float64Array;
    }
    if (kind === "timestamp") {
      return packedTimestamps(values as BigInt64Array);
    }
  }
  return readColumn(column, WHOLE_BLOCK);
}

/** Makes columns of positions in a vocabulary. */
export class VocabularyOutput {
  readonly #blocks: OutputBlocks;
  readonly #type: DataType;
  readonly #unit: NumberUnit | undefined;
  readonly #dictionary: Column | undefined;
  /** Null, and the texts behind it. */
  readonly #texts: readonly (string | null)[] = [];
  readonly #numbers: number = 0;
  readonly #offsets: number = 0;
  readonly #bytes: number = 0;

  /** Of one vocabulary. */
  constructor(blocks: OutputBlocks, type: DataType, values: Vocabulary, unit?: NumberUnit) {
    this.#blocks = blocks;
    this.#type = type;
    this.#unit = unit;
    if (values.kind === "numbers") {
      this.#numbers = blocks.kernel.place(values.numbers);
      return;
    }
    this.#dictionary = columnOf({ kind: "utf8" }, values.texts);
    this.#texts = [null, ...values.texts];
    this.#offsets = blocks.kernel.place(this.#dictionary.offsets!);
    this.#bytes = blocks.kernel.place(this.#dictionary.values!);
  }

  /** The column of these positions, of which −1 is null if any can be; they are changed. */
  column(positions: number, nullable: boolean): Column {
    const { kernel } = this.#blocks;
    const type = this.#type;
    if (type.kind === "utf8") return this.#utf8(positions);
    const nulls = nullable ? kernel.present(positions, this.#blocks.bitmap) : 0;
    const common = { type, length: BLOCK_ROWS, ...validityOf(this.#blocks, nulls) };
    if (type.kind === "dict") {
      const values = typedValues("i32", kernel.copy(positions, BLOCK_ROWS * 4));
      return { ...common, values, children: [this.#dictionary!] };
    }
    kernel.gather(positions, this.#numbers, this.#blocks.numbers);
    return { ...common, values: storedNumbers(this.#blocks, type, this.#unit!) };
  }

  /** The values of these positions as rows have them; the positions may be changed. */
  cells(positions: number, nullable: boolean): Cells {
    if (!this.#dictionary) return cellsOf(this.column(positions, nullable));
    const { kernel } = this.#blocks;
    return { list: this.#texts, positions: () => kernel.positionsAt(positions) };
  }

  #utf8(positions: number): Column {
    const { kernel, ends, bitmap } = this.#blocks;
    const length = kernel.textEnds(positions, this.#offsets, ends);
    const to = this.#blocks.texts(length);
    kernel.texts(positions, { offsets: this.#offsets, bytes: this.#bytes }, to);
    const nulls = kernel.present(positions, bitmap);
    return {
      type: this.#type,
      length: BLOCK_ROWS,
      ...validityOf(this.#blocks, nulls),
      values: kernel.copy(to, length),
      offsets: typedValues("i32", kernel.copy(ends, BLOCK_ROWS * 4 + 4)) as Int32Array,
    };
  }
}
