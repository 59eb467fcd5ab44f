import type { Column } from "../../batch/column.ts";
import { columnOf } from "../../batch/column_of.ts";
import { BLOCK_ROWS, type BlockSeed, type SamplerKernel } from "../../kernel/sampler_kernel.ts";
import { tableBits, writeAliasTable } from "./alias_table.ts";
import {
  type CategorySymbols,
  categorySymbols,
  type ColumnSymbols,
  type LookupEntries,
  NO_SYMBOL,
  type NumberSymbols,
  numberSymbols,
  type SumSymbols,
} from "./column_symbols.ts";
import { type Cells, type OutputBlocks, VocabularyOutput } from "./column_outputs.ts";
import { CutRows, type CutSums } from "./cut_sums.ts";
import { isRandom, keysOf, patternColumn } from "./key_maker.ts";
import { NumberOutput, type NumberPart, type NumberSource } from "./number_output.ts";
import { STREAMS, WITHIN } from "./streams.ts";
import {
  type CategoryPlan,
  type Encoding,
  type KeyPlan,
  KNOT_BITS,
  type LookupPlan,
  type NumberPlan,
  type SumPlan,
} from "../encoding/plans.ts";

const UUID_WORDS = 4;

/** What a column needs for the rows of a block. */
export interface ColumnStep {
  /** Works out the positions of values. */
  readonly choose?: (at: BlockSeed) => void;
  /** Looks positions up by those of other columns. */
  readonly look?: (at: BlockSeed) => void;
  readonly column: (at: BlockSeed) => Column;
  /**
   * Makes the values as rows have them, where that takes less than to read the column; they are
   * taken when those of all columns are made, for a view holds until memory is reserved.
   */
  readonly cells?: (at: BlockSeed) => () => Cells;
}

/** Where in kernel memory a block is worked on. */
export interface BlockMemory {
  readonly blocks: OutputBlocks;
  /** The symbols of each variable. */
  readonly symbols: readonly number[];
  /** The positions of each column's values in its vocabulary, or numbers as rows have them. */
  readonly positions: readonly number[];
  /** What makes columns of positions, by column. */
  readonly outputs: Map<number, VocabularyOutput>;
}

/** How a part of a number comes of its knots. */
interface PartHow {
  readonly scale: number;
  readonly whole: boolean;
  /** Pairs of its symbols with those of other columns that are cut. */
  readonly cuts?: readonly CutSums[] | undefined;
}

/** Makes the steps from symbols to columns. */
export class ColumnSteps {
  readonly #kernel: SamplerKernel;
  readonly #encoding: Encoding;
  readonly #memory: BlockMemory;
  readonly #cuts = new Map<CutSums, CutRows>();

  /** Of an encoding; tables are placed by the kernel. */
  constructor(kernel: SamplerKernel, encoding: Encoding, memory: BlockMemory) {
    this.#kernel = kernel;
    this.#encoding = encoding;
    this.#memory = memory;
  }

  /** The steps of a column, whose symbols are those of its plan unless others are given. */
  of(at: number, symbols?: ColumnSymbols): ColumnStep {
    const plan = this.#encoding.columns[at];
    switch (plan.kind) {
      case "category":
        return this.#category(plan, at, symbols as CategorySymbols ?? categorySymbols(plan));
      case "number":
        return this.#number(plan, at, symbols as NumberSymbols ?? numberSymbols(plan));
      case "lookup":
        return this.#lookup(plan, at, symbols as LookupEntries ?? plan);
      case "sum":
        return this.#sum(plan, at, symbols as SumSymbols | undefined);
      case "key":
        return this.#key(plan, at);
      case "null": {
        const nulls = columnOf(plan.field.type, Array(BLOCK_ROWS).fill(null));
        return { column: () => nulls };
      }
    }
  }

  #output(at: number, { field: { type }, values, unit }: CategoryPlan | LookupPlan) {
    const { outputs, blocks } = this.#memory;
    const known = outputs.get(at) ?? new VocabularyOutput(blocks, type, values, unit);
    outputs.set(at, known);
    return known;
  }

  /** Records of symbols, with a table of those that stand for several values. */
  #records({ firsts, groups }: CategorySymbols): number {
    const words = new Int32Array(firsts.length * 4);
    firsts.forEach((first, symbol) => {
      words[symbol * 4] = first;
      const weights = groups[symbol];
      if (!weights) return;
      const bits = tableBits(weights.length);
      const table = new Uint32Array(1 << bits);
      writeAliasTable(weights, bits, table);
      words.set([this.#kernel.place(table), bits], symbol * 4 + 1);
    });
    return this.#kernel.place(words);
  }

  #category(plan: CategoryPlan, at: number, symbols: CategorySymbols): ColumnStep {
    const { variable } = plan;
    const own = this.#kernel;
    const [from, to] = [this.#memory.symbols[variable], this.#memory.positions[at]];
    const output = this.#output(at, plan);
    const renamed = symbols.renamed && own.place(symbols.renamed);
    const rename = () => {
      if (renamed) own.lookup(to, 0, { entries: renamed, width: 1, choices: 0 }, to);
      return to;
    };
    const nullable = symbols.none !== NO_SYMBOL || renamed !== undefined;
    const made = {
      column: () => output.column(rename(), nullable),
      cells: () => {
        const cells = output.cells(rename(), nullable);
        return () => cells;
      },
    };
    const { none } = symbols;
    if (none !== undefined) return { choose: () => own.positions(from, none, to), ...made };
    if (!symbols.groups.some((weights) => weights)) {
      const firsts = own.place(symbols.firsts);
      return { choose: () => own.firsts(from, firsts, to), ...made };
    }
    const records = this.#records(symbols);
    const choose = (seed: BlockSeed) => {
      own.randomize(seed, variable * STREAMS + WITHIN);
      own.values(from, records, to);
    };
    return { choose, ...made };
  }

  /** The rows of pairs that are cut; the column of their sums draws them. */
  #cutRows(cuts: CutSums): CutRows {
    const { symbols } = this.#memory;
    const stream = (this.#encoding.symbols.length + cuts.column) * STREAMS;
    const known = this.#cuts.get(cuts) ?? new CutRows(this.#kernel, cuts, { symbols, stream });
    this.#cuts.set(cuts, known);
    return known;
  }

  #number(plan: NumberPlan, at: number, { knots, none, cuts }: NumberSymbols): ColumnStep {
    const { field: { type }, unit, offset } = plan;
    const parts = plan.parts.map(({ variable, scale, whole }, place) => {
      // the second part of several takes the offset
      const shift = place === 1 ? offset / scale : 0;
      const shifted = shift === 0 ? knots[place] : knots[place].map((knot) => knot + shift);
      return this.#part(variable, shifted, { scale, whole, cuts });
    });
    return this.#numbers({ type, unit, parts, none, to: this.#memory.positions[at] });
  }

  #part(variable: number, knots: Float64Array, how: PartHow): NumberPart {
    const { scale, whole, cuts = [] } = how;
    const stream = variable * STREAMS + WITHIN;
    const table = { knots: this.#kernel.place(knots), bits: KNOT_BITS, whole, scale };
    const cutRows = cuts.map((each) => this.#cutRows(each));
    return { symbols: this.#memory.symbols[variable], stream, table, variable, cutRows };
  }

  #numbers(source: NumberSource): ColumnStep {
    const output = new NumberOutput(this.#kernel, this.#memory.blocks, source);
    return { column: (seed) => output.column(seed), cells: (seed) => output.cells(seed) };
  }

  /** The sum of what the same words make of the symbols of other columns. */
  #sum(plan: SumPlan, at: number, given: SumSymbols | undefined): ColumnStep {
    const { field: { type }, unit, of } = plan;
    const parts = of.map((column, place) => {
      const added = this.#encoding.columns[column] as NumberPlan;
      const { knots: [knots], cuts } = given?.parts[place] ?? numberSymbols(added);
      const [{ variable, scale, whole }] = added.parts;
      return this.#part(variable, knots, { scale, whole, cuts });
    });
    const step = this.#numbers({ type, unit, parts, to: this.#memory.positions[at] });
    if (!given?.cuts) return step;
    const cutRows = this.#cutRows(given.cuts);
    return { ...step, choose: (seed) => cutRows.draw(seed) };
  }

  #lookup(plan: LookupPlan, at: number, { entries, width, choices }: LookupEntries): ColumnStep {
    const own = this.#kernel;
    const { positions } = this.#memory;
    const records = new Uint32Array(choices.length * 4);
    choices.forEach((choice, c) => {
      const bits = tableBits(choice.weights.length);
      const table = new Uint32Array(1 << bits);
      writeAliasTable(choice.weights, bits, table);
      records.set([own.place(table), bits, own.place(choice.values)], c * 4);
    });
    const isOpen = choices.length > 0;
    const table = { entries: own.place(entries), width, choices: isOpen ? own.place(records) : 0 };
    const output = this.#output(at, plan);
    const stream = (this.#encoding.symbols.length + at) * STREAMS;
    const [first, second] = plan.by.map((column) => positions[column]);
    return {
      column: () => output.column(positions[at], true),
      cells: () => {
        const cells = output.cells(positions[at], true);
        return () => cells;
      },
      look: (seed) => {
        if (isOpen) own.randomize(seed, stream);
        own.lookup(first, second ?? 0, table, positions[at]);
      },
    };
  }

  #key({ field: { type }, maker }: KeyPlan, at: number): ColumnStep {
    const stream = (this.#encoding.symbols.length + at) * STREAMS;
    const rowsOf = ({ seed, block }: BlockSeed) => ({
      start: block * BLOCK_ROWS,
      count: BLOCK_ROWS,
      seed,
    });
    const keys = (seed: BlockSeed) => {
      const words = isRandom(maker) ? this.#uuidWords(seed, stream) : new Uint32Array();
      const made = keysOf(maker, { ...rowsOf(seed), words });
      return type.kind === "i64" ? made.map(toBigInt) : made;
    };
    const column = (seed: BlockSeed) =>
      (type.kind === "utf8" ? patternColumn(maker, rowsOf(seed)) : undefined) ??
        columnOf(type, keys(seed));
    const cells = (seed: BlockSeed) => {
      const made = keys(seed);
      return () => made;
    };
    return { column, cells };
  }

  #uuidWords(seed: BlockSeed, stream: number): Uint32Array {
    const words = new Uint32Array(BLOCK_ROWS * UUID_WORDS);
    for (let part = 0; part < UUID_WORDS; part++) {
      this.#kernel.randomize(seed, stream + part);
      words.set(this.#kernel.words(), part * BLOCK_ROWS);
    }
    return words;
  }
}

function toBigInt(key: string | number): bigint {
  return BigInt(key);
}
