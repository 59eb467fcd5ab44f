import { BLOCK_ROWS, type BlockSeed, type SamplerKernel } from "../../kernel/sampler_kernel.ts";
import type { SumCell } from "./sum_cell.ts";
import { SumDraws } from "./sum_draws.ts";

/** Pairs of symbols of two columns that only some of their numbers are wanted of. */
export interface CutSums {
  /** The position of the column of sums. */
  readonly column: number;
  /** The variables of the columns that are added. */
  readonly variables: readonly [number, number];
  /** How many symbols the first has. */
  readonly height: number;
  /** How many the second has. */
  readonly width: number;
  /** What is wanted, by the symbol of the first times the width and that of the second. */
  readonly cells: ReadonlyMap<number, SumCell>;
}

/** Where the rows of a block are drawn from. */
export interface CutSource {
  readonly symbols: readonly number[];
  readonly stream: number;
}

/** Draws the numbers of a block's rows again where their symbols are a pair that is cut. */
export class CutRows {
  readonly #kernel: SamplerKernel;
  readonly #from: CutSource;
  readonly #variables: readonly [number, number];
  readonly #width: number;
  readonly #draws: SumDraws;
  /** The number of the cell, by pairs; that behind the last for those that are not cut. */
  readonly #cellOf: Uint16Array;
  readonly #none: number;
  readonly #numbers: readonly [Float64Array, Float64Array];
  readonly #kept = new Float64Array(BLOCK_ROWS);
  readonly #rows = new Uint16Array(BLOCK_ROWS);
  readonly #cells = new Uint16Array(BLOCK_ROWS);
  #count = 0;

  /** Of cut pairs. */
  constructor(
    kernel: SamplerKernel,
    { variables, height, width, cells }: CutSums,
    from: CutSource,
  ) {
    this.#kernel = kernel;
    this.#from = from;
    this.#variables = variables;
    this.#width = width;
    this.#draws = new SumDraws(Array.from(cells.values()));
    this.#none = cells.size;
    this.#cellOf = new Uint16Array(height * width).fill(this.#none);
    Array.from(cells.keys()).forEach((pair, at) => this.#cellOf[pair] = at);
    this.#numbers = [new Float64Array(BLOCK_ROWS), new Float64Array(BLOCK_ROWS)];
  }

  /** Finds the rows of a block, and draws for them. */
  draw(at: BlockSeed): void {
    const [a, b] = this.#variables.map((v) => this.#kernel.symbolsAt(this.#from.symbols[v]));
    const [cellOf, width, rows, cells] = [this.#cellOf, this.#width, this.#rows, this.#cells];
    const none = this.#none;
    let count = 0;
    for (let row = 0; row < BLOCK_ROWS; row++) {
      const cell = cellOf[a[row] * width + b[row]];
      rows[count] = row;
      cells[count] = cell;
      count += cell < none ? 1 : 0;
    }
    this.#count = count;
    if (count === 0) return;
    this.#kernel.randomize(at, this.#from.stream);
    const words = this.#kernel.wordsView();
    this.#draws.draw({ rows, cells, count, words }, ...this.#numbers);
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
