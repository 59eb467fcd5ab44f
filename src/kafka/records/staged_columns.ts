import type { Column } from "../../batch/column.ts";
import { columnOf } from "../../batch/column_of.ts";
import { readColumn } from "../../batch/column_reader.ts";
import { getBit } from "../../batch/bitmap.ts";
import type { KafkaCells } from "../../kernel/kafka_cells.ts";
import type { KafkaColumn } from "../../kernel/kafka_job.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { NumberColumns, type NumberKind } from "../../kernel/number_columns.ts";
import { StagedBuffers } from "../../kernel/staged_buffers.ts";

const NUMBERS: Readonly<Record<string, NumberKind>> = {
  i32: "i32",
  date: "i32",
  time: "i32",
  i64: "i64",
  timestamp: "i64",
  f32: "f64",
  f64: "f64",
  decimal: "decimal",
};
const BOOLS: Column = columnOf({ kind: "utf8" }, ["false", "true"]);

/** Kinds of columns whose cells are texts or bytes, or can be written as such. */
export function isTextual(kind: string): boolean {
  return ["utf8", "bytes", "dict", "bool"].includes(kind) || kind in NUMBERS;
}

/** A column of texts whose cells others share. */
function dictOf(
  column: Column,
): { readonly texts: Column; readonly indices: Int32Array } | undefined {
  const { type, values, children, length } = column;
  if (type.kind === "bool") {
    const bits = values as Uint8Array;
    const indices = Int32Array.from({ length }, (_, row) => getBit(bits, row) ? 1 : 0);
    return { texts: BOOLS, indices };
  }
  // a null in a dictionary is a null of the column
  if (type.kind !== "dict" || children![0].nullCount > 0) return undefined;
  return { texts: children![0], indices: values as Int32Array };
}

/** Columns of a batch that are brought into kernel memory, all at once. */
export class StagedColumns implements Disposable {
  readonly #kernel: Kernel;
  readonly #stage: StagedBuffers;
  readonly #numbers = new Map<number, NumberColumns>();
  #buffers: (ArrayBufferView | undefined)[] = [];
  #places: number[] = [];
  #written = 0;

  /** None, in the memory of a kernel. */
  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#stage = new StagedBuffers(kernel);
  }

  /** Forgets all columns. */
  begin(): void {
    this.#buffers = [];
    this.#written = 0;
  }

  /** Takes note of a column as cells of bytes; where they lie can be asked after {@linkcode place}. */
  cells(column: Column): () => KafkaCells {
    const { type, nullCount } = column;
    const valid = this.#note(nullCount > 0 ? column.validity : undefined);
    const dict = dictOf(column);
    if (dict) {
      const { texts } = dict;
      const [values, offsets, indices] = [texts.values, texts.offsets, dict.indices]
        .map((buffer) => this.#note(buffer));
      return () => ({
        values: values(),
        offsets: offsets(),
        valid: valid(),
        indices: indices(),
        entries: texts.length,
      });
    }
    if (type.kind in NUMBERS) return this.#numberCells(column, valid);
    if (type.kind === "dict") {
      const texts = readColumn(column, { start: 0, end: column.length });
      return this.cells(columnOf({ kind: "utf8" }, texts));
    }
    const [values, offsets] = [column.values, column.offsets].map((buffer) => this.#note(buffer));
    return () => ({ values: values(), offsets: offsets(), valid: valid() });
  }

  /** Takes note of a column of fixed width. */
  column({ values, validity, nullCount }: Column): () => KafkaColumn {
    const [at, valid] = [values, nullCount > 0 ? validity : undefined].map((buffer) =>
      this.#note(buffer)
    );
    return () => ({ values: at(), valid: valid() });
  }

  /**
   * Brings all of them into kernel memory.
   *
   * @throws {KernelMemoryError} when the budget does not hold them.
   */
  place(): void {
    const { cost } = StagedBuffers;
    this.#stage.begin(this.#buffers.reduce((sum, buffer) => sum + cost(buffer), 0));
    this.#places = this.#buffers.map((buffer) => buffer ? this.#stage.put(buffer) : 0);
  }

  /** Gives the memory back; it can be used again. */
  [Symbol.dispose](): void {
    this.#stage[Symbol.dispose]();
    for (const each of this.#numbers.values()) each[Symbol.dispose]();
  }

  #note(buffer: ArrayBufferView | undefined): () => number {
    const at = this.#buffers.push(buffer) - 1;
    return () => this.#places[at];
  }

  /** Numbers as texts, which the kernel writes at once. */
  #numberCells({ type, values }: Column, valid: () => number): () => KafkaCells {
    const each = this.#written++;
    let numbers = this.#numbers.get(each);
    if (!numbers) this.#numbers.set(each, numbers = new NumberColumns(this.#kernel));
    const isFloat = type.kind === "f32" || type.kind === "f64";
    // −0 is 0, as `String` has it
    const doubles = isFloat ? Float64Array.from(values as Float64Array, (x) => x + 0) : values!;
    const digits = type.kind === "decimal" ? type.scale : 0;
    const { bytes, offsets } = numbers.write(NUMBERS[type.kind], doubles, digits);
    const [at, offsetsAt] = [bytes.byteOffset, offsets.byteOffset];
    return () => ({ values: at, offsets: offsetsAt, valid: valid() });
  }
}
