import type { Column } from "../../batch/column.ts";
import { columnOf } from "../../batch/column_of.ts";
import { RecordBatch } from "../../batch/record_batch.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { BLOCK_ROWS, type BlockSeed, SamplerKernel } from "../../kernel/sampler_kernel.ts";
import { tableBits, writeAliasTable } from "./alias_table.ts";
import { OutputBlocks, storedNumbers, validityOf, VocabularyOutput } from "./column_outputs.ts";
import { keysOf } from "./key_maker.ts";
import { STREAMS, WITHIN } from "./streams.ts";
import type { SymbolDraws } from "../model/model_face.ts";
import { faceOf } from "../model/model_kinds.ts";
import type { Model } from "../model/models.ts";
import {
  type CategoryPlan,
  type Encoding,
  type KeyPlan,
  KNOT_BITS,
  KNOTS,
  type LookupPlan,
  type NumberPart,
  type NumberPlan,
} from "../encoding/plans.ts";

const UUID_WORDS = 4;
/** No symbol is as large. */
const NO_SYMBOL = 0xffff;

/** What a column needs for the rows of a block. */
interface ColumnStep {
  /** Works out the positions of values. */
  readonly choose?: (at: BlockSeed) => void;
  /** Looks positions up by those of other columns. */
  readonly look?: (at: BlockSeed) => void;
  readonly column: (at: BlockSeed) => Column;
}

/** Samples blocks of 4,096 rows: block b of a seed is always the same. */
export class BlockSampler implements Disposable {
  readonly #kernel: SamplerKernel;
  readonly #encoding: Encoding;
  readonly #draws: SymbolDraws;
  readonly #blocks: OutputBlocks;
  readonly #symbols: readonly number[];
  readonly #positions: readonly number[];
  readonly #steps: readonly ColumnStep[];

  /**
   * Compiles a model.
   *
   * @throws {KernelMemoryError} when the kernel's budget does not hold it.
   */
  constructor(kernel: Kernel, encoding: Encoding, model: Model) {
    const own = this.#kernel = new SamplerKernel(kernel);
    this.#encoding = encoding;
    this.#draws = faceOf(model).draws(own, model);
    this.#blocks = new OutputBlocks(own);
    this.#symbols = encoding.symbols.map(() => own.reserve(BLOCK_ROWS * 2));
    this.#positions = encoding.columns.map(() => own.reserve(BLOCK_ROWS * 4));
    this.#steps = encoding.columns.map((_, at) => this.#step(at));
  }

  /** The rows of a block. */
  block(at: BlockSeed): RecordBatch {
    this.#draws.draw(at, this.#symbols);
    for (const { choose } of this.#steps) choose?.(at);
    for (const { look } of this.#steps) look?.(at);
    const columns = this.#steps.map(({ column }) => column(at));
    const fields = this.#encoding.columns.map(({ field }) => field);
    return new RecordBatch({ fields }, columns, BLOCK_ROWS);
  }

  #step(at: number): ColumnStep {
    const plan = this.#encoding.columns[at];
    switch (plan.kind) {
      case "category":
        return this.#category(plan, at);
      case "number":
        return this.#number(plan);
      case "lookup":
        return this.#lookup(plan, at);
      case "key":
        return this.#key(plan, at);
      case "null": {
        const nulls = columnOf(plan.field.type, Array(BLOCK_ROWS).fill(null));
        return { column: () => nulls };
      }
    }
  }

  /** The records of symbols that stand for values of a list. */
  #records({ sizes, weights, nulls }: CategoryPlan): { records: number; groups: boolean } {
    const words = new Int32Array((sizes.length + 1) * 4);
    let first = 0;
    let groups = false;
    sizes.forEach((size, symbol) => {
      words[symbol * 4] = first;
      if (size > 1) {
        const bits = tableBits(size);
        const table = new Uint32Array(1 << bits);
        writeAliasTable(weights.subarray(first, first + size), bits, table);
        words.set([this.#kernel.place(table), bits], symbol * 4 + 1);
        groups = true;
      }
      first += size;
    });
    if (nulls) words[sizes.length * 4] = -1;
    return { records: this.#kernel.place(words), groups };
  }

  #category(plan: CategoryPlan, at: number): ColumnStep {
    const { records, groups } = this.#records(plan);
    const none = plan.nulls ? plan.sizes.length : NO_SYMBOL;
    const { field: { type }, values, unit, variable } = plan;
    const output = new VocabularyOutput(this.#blocks, type, values, unit);
    return {
      choose: (seed) => {
        const [symbols, to] = [this.#symbols[variable], this.#positions[at]];
        if (!groups) return this.#kernel.positions(symbols, none, to);
        this.#kernel.randomize(seed, variable * STREAMS + WITHIN);
        this.#kernel.values(symbols, records, to);
      },
      column: () => output.column(this.#positions[at]),
    };
  }

  #number({ field: { type }, unit, parts, offset, nulls }: NumberPlan): ColumnStep {
    const tables = parts.map((part, at) => this.#knots(part, { at, offset, nulls }));
    const none = parts[0].knots.length / KNOTS;
    const { numbers, bitmap } = this.#blocks;
    return {
      column: (seed) => {
        parts.forEach(({ variable }, at) => {
          this.#kernel.randomize(seed, variable * STREAMS + WITHIN);
          this.#kernel.numbers(this.#symbols[variable], tables[at], at > 0, numbers);
        });
        const first = this.#symbols[parts[0].variable];
        const count = nulls ? this.#kernel.valid(first, none, bitmap) : 0;
        const values = storedNumbers(this.#blocks, type, unit);
        return { type, length: BLOCK_ROWS, ...validityOf(this.#blocks, count), values };
      },
    };
  }

  /** The knots of a part, those of null included; the second part of several takes the offset. */
  #knots(part: NumberPart, { at, offset, nulls }: { at: number; offset: number; nulls: boolean }) {
    const shift = at === 1 ? offset / part.scale : 0;
    const knots = Array.from(part.knots, (knot) => knot + shift);
    if (nulls) {
      // of a part that is null beside others that are not, the middle; else it is not looked at
      const middle = Math.floor(knots.length / KNOTS / 2) * KNOTS;
      knots.push(...knots.slice(middle, middle + KNOTS));
    }
    const table = this.#kernel.place(Float64Array.from(knots));
    return { knots: table, bits: KNOT_BITS, whole: part.whole, scale: part.scale };
  }

  #lookup(plan: LookupPlan, at: number): ColumnStep {
    const { field: { type }, values, unit, by, entries, choices, width } = plan;
    const own = this.#kernel;
    const records = new Uint32Array(Math.max(1, choices.length) * 4);
    choices.forEach((choice, c) => {
      const bits = tableBits(choice.weights.length);
      const table = new Uint32Array(1 << bits);
      writeAliasTable(choice.weights, bits, table);
      records.set([own.place(table), bits, own.place(choice.values)], c * 4);
    });
    const table = { entries: own.place(entries), width, choices: own.place(records) };
    const output = new VocabularyOutput(this.#blocks, type, values, unit);
    const stream = (this.#encoding.symbols.length + at) * STREAMS;
    return {
      column: () => output.column(this.#positions[at]),
      look: (seed) => {
        if (choices.length > 0) own.randomize(seed, stream);
        const [first, second] = by.map((column) => this.#positions[column]);
        own.lookup(first, second ?? 0, table, this.#positions[at]);
      },
    };
  }

  #key({ field: { type }, maker }: KeyPlan, at: number): ColumnStep {
    const stream = (this.#encoding.symbols.length + at) * STREAMS;
    return {
      column: (seed) => {
        const words = maker.kind === "uuid" ? this.#uuidWords(seed, stream) : new Uint32Array();
        const start = seed.block * BLOCK_ROWS;
        const keys = keysOf(maker, { start, count: BLOCK_ROWS, seed: seed.seed, words });
        return columnOf(type, type.kind === "i64" ? keys.map(toBigInt) : keys);
      },
    };
  }

  #uuidWords(seed: BlockSeed, stream: number): Uint32Array {
    const words = new Uint32Array(BLOCK_ROWS * UUID_WORDS);
    for (let part = 0; part < UUID_WORDS; part++) {
      this.#kernel.randomize(seed, stream + part);
      words.set(this.#kernel.words(), part * BLOCK_ROWS);
    }
    return words;
  }

  /** Gives the kernel memory back. */
  [Symbol.dispose](): void {
    this.#kernel[Symbol.dispose]();
  }
}

function toBigInt(key: string | number): bigint {
  return BigInt(key);
}
