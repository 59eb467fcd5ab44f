import type { Kernel } from "./kernel.ts";

const TILE_ROWS = 64;
const RECORD_BYTES = 64;

/** A hidden Chow-Liu tree's parameters, in the layout of the kernel. */
export interface CircuitParameters {
  /** Hidden states of each variable, a multiple of 16. */
  readonly states: number;
  /** The variable above each in the tree, −1 for the first, parents before children. */
  readonly parents: readonly number[];
  /** How many symbols each variable has. */
  readonly symbols: readonly number[];
  /** How likely the first variable's states are. */
  readonly prior: Float32Array;
  /**
   * How likely each variable's symbols are: `[symbol][state]`, of one that has no states of its own by
   * the state of its parent.
   */
  readonly emissions: readonly Float32Array[];
  /**
   * How likely each variable's states are: `[parent's state][state]`; empty for the first one, and
   * where a variable that no other is below has none.
   */
  readonly transitions: readonly Float32Array[];
}

/** Expected counts, from which the next parameters are made. */
export interface CircuitCounts {
  /** As the prior. */
  readonly prior: Float64Array;
  /** As the emissions. */
  readonly emissions: readonly Float64Array[];
  /** As the transitions. */
  readonly transitions: readonly Float64Array[];
}

/** Whether a variable of a tree has a parent and no other is below it. */
export function isLeaf(parents: readonly number[], v: number): boolean {
  return v > 0 && !parents.includes(v);
}

/** Counts of zero. */
export function emptyCounts({ prior, emissions, transitions }: CircuitParameters): CircuitCounts {
  return {
    prior: new Float64Array(prior.length),
    emissions: emissions.map((each) => new Float64Array(each.length)),
    transitions: transitions.map((each) => new Float64Array(each.length)),
  };
}

function transposed(matrix: Float32Array, states: number): Float32Array {
  const out = new Float32Array(matrix.length);
  for (let p = 0; p < states; p++) {
    for (let h = 0; h < states; h++) out[h * states + p] = matrix[p * states + h];
  }
  return out;
}

interface Places {
  readonly record: number;
  readonly isLeaf: boolean;
  /** Symbols, made even for the kernel. */
  readonly symbols: number;
  readonly emissions: number;
  readonly transitions: number;
  readonly transposed: number;
  /** Messages of a leaf to its parent: its emissions, where it has no states of its own. */
  readonly messages: number;
  readonly countsT: number;
  /** Counts of symbols, of a leaf by the states of its parent. */
  readonly countsE: number;
}

/** One tree in kernel memory: likelihoods and expected counts of rows, 64 at a time. */
export class CircuitKernel implements Disposable {
  readonly #kernel: Kernel;
  readonly #blocks: number[] = [];
  readonly #places: Places[] = [];
  readonly #records: number;
  readonly #prior: number;
  readonly #logs: number;
  readonly #weights: number;
  readonly #columns: number;
  readonly #sums: number;
  readonly #rows: number;
  #parameters: CircuitParameters;

  /**
   * A tree that looks at up to `rows` rows at a time.
   *
   * @throws {KernelMemoryError} when the kernel's budget does not hold it.
   */
  constructor(kernel: Kernel, parameters: CircuitParameters, rows: number) {
    this.#kernel = kernel;
    this.#parameters = parameters;
    this.#rows = Math.ceil(rows / TILE_ROWS) * TILE_ROWS;
    const { states, parents } = parameters;
    this.#records = this.#allocate(parents.length * RECORD_BYTES);
    this.#prior = this.#allocate(states * 4);
    this.#logs = this.#allocate(TILE_ROWS * 8);
    this.#weights = this.#allocate(TILE_ROWS * 4);
    this.#columns = this.#allocate(parents.length * this.#rows);
    this.#sums = this.#allocate((Math.max(...parameters.symbols) + 1) * states * 4);
    for (let v = 0; v < parents.length; v++) this.#places.push(this.#place(v));
    this.load(parameters);
  }

  #allocate(bytes: number): number {
    const block = this.#kernel.allocate(bytes + 64);
    this.#blocks.push(block);
    return block;
  }

  #place(v: number): Places {
    const { states, parents, symbols, transitions } = this.#parameters;
    const square = states * states * 4;
    const even = symbols[v] + symbols[v] % 2;
    const flat = even * states * 4;
    const tile = TILE_ROWS * states * 4;
    const leaf = isLeaf(parents, v);
    const moves = transitions[v].length > 0;
    const has = (bytes: number, needed: boolean) => needed ? this.#allocate(bytes) : 0;
    const emissions = this.#allocate(flat);
    const places = {
      record: this.#records + v * RECORD_BYTES,
      isLeaf: leaf,
      symbols: even,
      emissions,
      transitions: has(square, moves),
      transposed: has(square, moves),
      messages: leaf && moves ? this.#allocate(flat) : emissions,
      countsT: has(square, moves),
      countsE: this.#allocate(flat),
    };
    const tiles = [1, 2, 3].map(() => has(tile, !leaf));
    const column = this.#columns + v * this.#rows;
    const { countsT, countsE } = places;
    const record = [
      ...[Math.max(0, parents[v]), leaf ? 1 : 0, column],
      ...[emissions, places.transitions, places.transposed, leaf ? places.messages : 0],
      ...[...tiles, countsT, leaf ? 0 : countsE, leaf ? countsE : 0],
    ];
    this.#u32(places.record, record.length).set(record);
    return places;
  }

  #u32(at: number, length: number): Uint32Array {
    return new Uint32Array(this.#kernel.u8.buffer, at, length);
  }

  #f32(at: number, length: number): Float32Array {
    return new Float32Array(this.#kernel.u8.buffer, at, length);
  }

  /** Takes other parameters for the same tree. */
  load(parameters: CircuitParameters): void {
    const { states, prior, emissions, transitions } = this.#parameters = parameters;
    this.#f32(this.#prior, states).set(prior);
    this.#places.forEach((places, v) => {
      this.#f32(places.emissions, places.symbols * states).fill(0).set(emissions[v]);
      if (!places.transitions) return;
      this.#f32(places.transitions, states * states).set(transitions[v]);
      this.#f32(places.transposed, states * states).set(transposed(transitions[v], states));
      if (places.isLeaf) {
        this.#product(places.emissions, places.transposed, places.messages, places);
      }
    });
  }

  /** Multiplies the rows of symbols with a matrix of states. */
  #product(from: number, by: number, to: number, { symbols }: Places): void {
    const { exports } = this.#kernel;
    exports.circuitProduct(from, by, to, symbols, this.#parameters.states * 4);
  }

  /** Takes rows, a byte each and variable, from `start` to `end`. */
  put(columns: readonly Uint8Array[], start: number, end: number): void {
    columns.forEach((column, v) => {
      const at = this.#columns + v * this.#rows;
      this.#kernel.u8.fill(0, at, at + this.#rows);
      this.#kernel.u8.set(column.subarray(start, end), at);
    });
  }

  /** The log-likelihoods of 64 of the rows, from one on; a view, valid until the next call. */
  up(from: number): Float64Array {
    const { states, parents } = this.#parameters;
    const { exports } = this.#kernel;
    exports.circuitUp(this.#records, parents.length, states, this.#prior, from, this.#logs);
    return new Float64Array(this.#kernel.u8.buffer, this.#logs, TILE_ROWS);
  }

  /** Counts the 64 rows that were last looked at, each by its weight. */
  down(from: number, weights: Float32Array): void {
    const { states, parents } = this.#parameters;
    this.#f32(this.#weights, TILE_ROWS).set(weights);
    const { exports } = this.#kernel;
    exports.circuitDown(this.#records, parents.length, states, from, this.#weights);
  }

  /** Sets what was counted to zero. */
  clear(): void {
    const { states } = this.#parameters;
    this.#places.forEach(({ countsT, countsE, symbols }) => {
      if (countsT) this.#f32(countsT, states * states).fill(0);
      this.#f32(countsE, symbols * states).fill(0);
    });
  }

  /** Adds what was counted to `counts`, once after each time it was cleared. */
  addTo(counts: CircuitCounts): void {
    const { states, symbols, emissions, transitions, prior } = this.#parameters;
    this.#places.forEach((places, v) => {
      const sums = places.isLeaf && places.transitions > 0 ? this.#sumLeaf(places) : places.countsE;
      const each = this.#f32(sums, emissions[v].length);
      if (places.isLeaf) addProducts(counts.emissions[v], each, emissions[v]);
      else addScaled(counts.emissions[v], each);
      if (!places.countsT) return;
      const outer = this.#f32(places.countsT, states * states);
      addProducts(counts.transitions[v], outer, transitions[v]);
    });
    // of each row the root's states are counted with its symbol
    const first = this.#f32(this.#places[0].countsE, symbols[0] * states);
    for (let i = 0; i < first.length; i++) counts.prior[i % prior.length] += first[i];
  }

  /** Sums up what was counted of a leaf's symbols; where to. */
  #sumLeaf(places: Places): number {
    const { exports } = this.#kernel;
    const { countsE, emissions, countsT, symbols, transitions } = places;
    exports.circuitOuter(countsE, emissions, countsT, symbols, this.#parameters.states * 4);
    this.#product(countsE, transitions, this.#sums, places);
    return this.#sums;
  }

  /** Gives the memory back. */
  [Symbol.dispose](): void {
    for (const block of this.#blocks.splice(0)) this.#kernel.release(block);
  }
}

function addScaled(to: Float64Array, from: Float32Array): void {
  for (let i = 0; i < to.length; i++) to[i] += from[i];
}

function addProducts(to: Float64Array, a: Float32Array, b: Float32Array): void {
  for (let i = 0; i < to.length; i++) to[i] += a[i] * b[i];
}
