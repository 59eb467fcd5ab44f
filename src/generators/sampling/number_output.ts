import type { Column } from "../../batch/column.ts";
import type { DataType } from "../../batch/schema.ts";
import {
  BLOCK_ROWS,
  type BlockSeed,
  type KnotTable,
  type SamplerKernel,
} from "../../kernel/sampler_kernel.ts";
import type { NumberUnit } from "../encoding/plans.ts";
import { cellsOf, type OutputBlocks, storedNumbers, validityOf } from "./column_outputs.ts";
import type { CutRows } from "./cut_sums.ts";

/** Types whose rows have numbers as they are stored in 32 bits. */
const INTS: readonly string[] = ["i32", "date", "time"];
/** Types whose rows have doubles, and what these are stored as. */
const DOUBLES: Readonly<Record<string, "whole" | "f64">> = { timestamp: "whole", f64: "f64" };

/** What is added up to a number. */
export interface NumberPart {
  /** Where the symbols are that it is drawn by. */
  readonly symbols: number;
  /** The stream of its random words. */
  readonly stream: number;
  readonly table: KnotTable;
  readonly variable: number;
  /** Rows of which it is drawn in another way. */
  readonly cutRows: readonly CutRows[];
}

/** What a column of numbers is made of. */
export interface NumberSource {
  readonly type: DataType;
  readonly unit: NumberUnit;
  readonly parts: readonly NumberPart[];
  /** The symbol of the first part that is null. */
  readonly none?: number;
  /** Where the numbers are stored as rows have them. */
  readonly to: number;
}

/** Numbers or nulls; a whole number in an array of both is no object. */
function withNulls(numbers: Int32Array, symbols: Uint16Array, none: number): (number | null)[] {
  const out: (number | null)[] = new Array(BLOCK_ROWS);
  for (let row = 0; row < BLOCK_ROWS; row++) out[row] = symbols[row] === none ? null : numbers[row];
  return out;
}

/** Makes columns of numbers. */
export class NumberOutput {
  readonly #kernel: SamplerKernel;
  readonly #blocks: OutputBlocks;
  readonly #source: NumberSource;

  /** Of one column. */
  constructor(kernel: SamplerKernel, blocks: OutputBlocks, source: NumberSource) {
    this.#kernel = kernel;
    this.#blocks = blocks;
    this.#source = source;
  }

  /** The column. */
  column(at: BlockSeed): Column {
    const { type, unit, parts: [{ symbols }], none } = this.#source;
    const isInts = INTS.includes(type.kind);
    if (isInts) this.#ints(at, this.#blocks.stored);
    else this.#numbers(at, this.#source.parts);
    const { bitmap, stored } = this.#blocks;
    const nulls = none === undefined ? 0 : this.#kernel.valid(symbols, none, bitmap);
    const values = isInts
      ? copiedInts(this.#blocks, stored)
      : storedNumbers(this.#blocks, type, unit);
    return { type, length: BLOCK_ROWS, ...validityOf(this.#blocks, nulls), values };
  }

  /** The values as rows have them, as views of where they are stored if they can be. */
  cells(at: BlockSeed): () => ArrayLike<unknown> {
    const { type: { kind }, unit, parts: [{ symbols }], none, to } = this.#source;
    const kernel = this.#kernel;
    if (INTS.includes(kind)) {
      this.#ints(at, to);
      return none === undefined
        ? () => kernel.positionsAt(to)
        : () => withNulls(kernel.positionsAt(to), kernel.symbolsAt(symbols), none);
    }
    const stored = DOUBLES[kind];
    if (none !== undefined || stored === undefined) {
      const cells = cellsOf(this.column(at));
      return () => cells;
    }
    this.#numbers(at, this.#source.parts);
    kernel.store(this.#blocks.numbers, stored, unit, to);
    return () => kernel.numbersAt(to);
  }

  /** Adds parts up, as doubles. */
  #numbers(at: BlockSeed, parts: readonly NumberPart[]): void {
    const { numbers } = this.#blocks;
    const kernel = this.#kernel;
    parts.forEach(({ symbols, stream, table, variable, cutRows }, place) => {
      const adds = place > 0;
      if (adds) { for (const each of cutRows) each.keep(kernel.numbersAt(numbers)); }
      kernel.randomize(at, stream);
      kernel.numbers(symbols, table, adds, numbers);
      for (const each of cutRows) {
        if (adds) each.add(variable, kernel.numbersAt(numbers));
        else each.put(variable, kernel.numbersAt(numbers));
      }
    });
  }

  /** The same as i32: the last part is added and stored at once. */
  #ints(at: BlockSeed, to: number): void {
    const { parts, unit } = this.#source;
    if (parts.some(({ cutRows }) => cutRows.length > 0)) {
      this.#numbers(at, parts);
      return this.#kernel.store(this.#blocks.numbers, "i32", unit, to);
    }
    const last = parts[parts.length - 1];
    this.#numbers(at, parts.slice(0, -1));
    this.#kernel.randomize(at, last.stream);
    const added = parts.length > 1 ? this.#blocks.numbers : 0;
    this.#kernel.ints(last.symbols, last.table, { ...unit, added }, to);
  }
}

function copiedInts({ kernel }: OutputBlocks, at: number): Int32Array {
  const { buffer, byteOffset } = kernel.copy(at, BLOCK_ROWS * 4);
  return new Int32Array(buffer, byteOffset, BLOCK_ROWS);
}
