import type { Column } from "../../batch/column.ts";
import { RecordBatch } from "../../batch/record_batch.ts";
import type { Schema } from "../../batch/schema.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { BLOCK_ROWS, type BlockSeed, SamplerKernel } from "../../kernel/sampler_kernel.ts";
import type { Encoding } from "../encoding/plans.ts";
import type { SymbolDraws } from "../model/model_face.ts";
import { faceOf } from "../model/model_kinds.ts";
import type { Model } from "../model/models.ts";
import { type Cells, cellsOf, OutputBlocks } from "./column_outputs.ts";
import { type BlockMemory, type ColumnStep, ColumnSteps } from "./column_steps.ts";
import type { ColumnSymbols } from "./column_symbols.ts";

/** What is different in a sampler from one of the same model that has no conditions. */
export interface SamplerChanges {
  /** That one, with which memory is shared: it has to outlive the other. */
  readonly base: BlockSampler;
  /** What draws symbols instead of `of`. */
  readonly draws: (kernel: SamplerKernel, of: SymbolDraws) => SymbolDraws;
  /** What symbols of columns stand for, where that is different. */
  readonly columns: ReadonlyMap<number, ColumnSymbols>;
}

/** Samples blocks of 4,096 rows: block b of a seed is always the same. */
export class BlockSampler implements Disposable {
  /** The columns: one object, for what batches are given to prepares itself for each schema. */
  readonly schema: Schema;
  readonly #kernel: SamplerKernel;
  readonly #encoding: Encoding;
  readonly #draws: SymbolDraws;
  readonly #memory: BlockMemory;
  readonly #steps: readonly ColumnStep[];

  /**
   * Compiles a model.
   *
   * @throws {KernelMemoryError} when the kernel's budget does not hold it.
   */
  constructor(kernel: Kernel, encoding: Encoding, model: Model, changes?: SamplerChanges) {
    const own = this.#kernel = new SamplerKernel(kernel);
    this.#encoding = encoding;
    this.schema = { fields: encoding.columns.map(({ field }) => field) };
    if (!changes) {
      this.#draws = faceOf(model).draws(own, model);
      this.#memory = blockMemory(own, encoding);
      const steps = new ColumnSteps(own, encoding, this.#memory);
      this.#steps = encoding.columns.map((_, at) => steps.of(at));
      return;
    }
    const { base, draws, columns } = changes;
    this.#draws = draws(own, base.#draws);
    this.#memory = base.#memory;
    const steps = new ColumnSteps(own, encoding, this.#memory);
    this.#steps = base.#steps.map((step, at) => {
      const symbols = columns.get(at);
      return symbols ? steps.of(at, symbols) : step;
    });
  }

  /** The rows of a block. */
  block(at: BlockSeed): RecordBatch {
    this.#choose(at);
    const columns = this.#steps.map(({ column }) => column(at));
    return new RecordBatch(this.schema, columns, BLOCK_ROWS);
  }

  /** The values of a block column by column, as rows have them; they hold until the next. */
  cells(at: BlockSeed): readonly Cells[] {
    this.#choose(at);
    const made = this.#steps.map(({ column, cells }) => {
      if (cells) return cells(at);
      const values = cellsOf(column(at));
      return () => values;
    });
    return made.map((cells) => cells());
  }

  #choose(at: BlockSeed): void {
    this.#draws.draw(at, this.#memory.symbols);
    for (const { choose } of this.#steps) choose?.(at);
    for (const { look } of this.#steps) look?.(at);
  }

  /** The columns of a block that are made and not drawn, the others undefined. */
  keys(at: BlockSeed): (Column | undefined)[] {
    return this.#encoding.columns.map(({ kind }, column) =>
      kind === "key" ? this.#steps[column].column(at) : undefined
    );
  }

  /** Gives the kernel memory back. */
  [Symbol.dispose](): void {
    this.#kernel[Symbol.dispose]();
  }
}

function blockMemory(kernel: SamplerKernel, { symbols, columns }: Encoding): BlockMemory {
  return {
    blocks: new OutputBlocks(kernel),
    symbols: symbols.map(() => kernel.reserve(BLOCK_ROWS * 2)),
    positions: columns.map(({ kind }) => {
      const isNumber = kind === "number" || kind === "sum";
      return kernel.reserve(BLOCK_ROWS * (isNumber ? 8 : 4));
    }),
    outputs: new Map(),
  };
}
