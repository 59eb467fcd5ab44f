import { BLOCK_ROWS, type BlockSeed, type SamplerKernel } from "../../kernel/sampler_kernel.ts";
import type { SumCell } from "./sum_cell.ts";

/** Pairs of symbols of two columns that only some of their numbers are wanted of. */
export interface CutSums {
  /** The position of the column of sums. */
  readonly column: number;
  /** The variables of the columns that are added. */
  readonly variables: readonly [number, number];
  /** How many symbols the second has. */
  readonly width: number;
  /** What is wanted, by the symbol of the first times the width and that of the second. */
  readonly cells: ReadonlyMap<number, SumCell>;
}

/** Where the rows of a block are drawn from. */
export interface CutSource {
  readonly symbols: readonly number[];
  readonly stream: number;
}

/** Small random numbers of one row, from one word (Mulberry32, Ettinger, 2017). */
class RowRandom {
  state = 0;

  readonly next = (): number => {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let z = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 4294967296;
  };
}

/** Draws the numbers of a block's rows again where their symbols are a pair that is cut. */
export class CutRows {
  readonly #kernel: SamplerKernel;
  readonly #from: CutSource;
  readonly #variables: readonly [number, number];
  readonly #width: number;
  readonly #cells: readonly SumCell[];
  /** The number of the cell and one more, by pairs; 0 for those that are not cut. */
  readonly #cellOf: Uint16Array;
  readonly #random = new RowRandom();
  readonly #numbers: readonly [Float64Array, Float64Array];
  readonly #kept = new Float64Array(BLOCK_ROWS);
  readonly #rows = new Uint16Array(BLOCK_ROWS);
  #count = 0;

  /** Of cut pairs. */
  constructor(kernel: SamplerKernel, { variables, width, cells }: CutSums, from: CutSource) {
    this.#kernel = kernel;
    this.#from = from;
    this.#variables = variables;
    this.#width = width;
    this.#cells = Array.from(cells.values());
    const pairs = Array.from(cells.keys());
    this.#cellOf = new Uint16Array(Math.max(...pairs) + 1);
    pairs.forEach((pair, at) => this.#cellOf[pair] = at + 1);
    this.#numbers = [new Float64Array(BLOCK_ROWS), new Float64Array(BLOCK_ROWS)];
  }

  /** Finds the rows of a block, and draws for them. */
  draw(at: BlockSeed): void {
    const [a, b] = this.#variables.map((v) => this.#kernel.symbolsAt(this.#from.symbols[v]));
    const [cellOf, width, rows] = [this.#cellOf, this.#width, this.#rows];
    let count = 0;
    for (let row = 0; row < BLOCK_ROWS; row++) {
      rows[count] = row;
      if (cellOf[a[row] * width + b[row]] > 0) count++;
    }
    this.#count = count;
    if (count === 0) return;
    this.#kernel.randomize(at, this.#from.stream);
    const words = this.#kernel.wordsView();
    const random = this.#random;
    const [first, second] = this.#numbers;
    for (let k = 0; k < count; k++) {
      const row = rows[k];
      const cell = this.#cells[cellOf[a[row] * width + b[row]] - 1];
      random.state = words[row] | 0;
      const run = cell.run(random.next);
      first[k] = cell.first(run, random.next);
      second[k] = cell.second(run, first[k], random.next);
    }
  }

  /** Keeps what is there of these rows before one part is added, for `add`. */
  keep(numbers: Float64Array): void {
    const [rows, kept] = [this.#rows, this.#kept];
    for (let k = 0; k < this.#count; k++) kept[k] = numbers[rows[k]];
  }

  /** Puts one part of these rows in the place of what was drawn. */
  put(variable: number, numbers: Float64Array): void {
    const [rows, own] = [this.#rows, this.#numbersOf(variable)];
    for (let k = 0; k < this.#count; k++) numbers[rows[k]] = own[k];
  }

  /** Puts what was kept and one part of these rows in the place of what was drawn. */
  add(variable: number, numbers: Float64Array): void {
    const [rows, kept, own] = [this.#rows, this.#kept, this.#numbersOf(variable)];
    for (let k = 0; k < this.#count; k++) numbers[rows[k]] = kept[k] + own[k];
  }

  #numbersOf(variable: number): Float64Array {
    return this.#numbers[this.#variables.indexOf(variable)];
  }
}
