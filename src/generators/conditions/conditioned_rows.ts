import { compile } from "../../batch/expressions/compile.ts";
import type { Expr } from "../../batch/expressions/expr.ts";
import type { Plan } from "../../batch/expressions/plan.ts";
import { RecordBatch } from "../../batch/record_batch.ts";
import { BLOCK_ROWS, type BlockSeed } from "../../kernel/sampler_kernel.ts";
import type { BlockSampler } from "../sampling/block_sampler.ts";
import { cellsOf } from "../sampling/column_outputs.ts";
import { mix64 } from "../sampling/seeded_random.ts";

/** Blocks that are drawn before a sample to find out what share of rows is accepted, at most. */
const TRIAL_BLOCKS = 256;
/** Accepted rows that suffice for it. */
const TRIAL_ROWS = 10_000;
const TRIAL_SEED = 0x7a11_5eedn;
const MOST_ATTEMPTS = 1_000_000;
const WORD = 0xffff_ffff_ffff_ffffn;

function attemptSeed(seed: bigint, attempt: number): bigint {
  return mix64((mix64(seed) + BigInt(attempt)) & WORD);
}

/**
 * Rows that are drawn until as many as a block has are accepted. Each block is drawn by itself, so
 * that it is always the same.
 */
export class AcceptedRows implements Disposable {
  readonly #sampler: BlockSampler;
  readonly #plan: Plan;
  readonly #filter: Expr;
  /** The share of rows that are accepted, of some that were drawn to find it out. */
  readonly acceptance: number;

  /**
   * Those for which an expression is true.
   *
   * @throws {RangeError} when it is for none of a million.
   */
  constructor(sampler: BlockSampler, filter: Expr) {
    this.#sampler = sampler;
    this.#filter = filter;
    this.#plan = compile(filter, { schema: sampler.schema });
    this.acceptance = this.#trial();
  }

  #trial(): number {
    let [accepted, drawn] = [0, 0];
    for (let block = 0; block < TRIAL_BLOCKS && accepted < TRIAL_ROWS; block++) {
      accepted += this.#plan.filter(this.#sampler.block({ seed: TRIAL_SEED, block })).length;
      drawn += BLOCK_ROWS;
    }
    if (accepted > 0) return accepted / drawn;
    this[Symbol.dispose]();
    throw new RangeError(
      `Cannot compile conditions: ${this.#filter} can only be looked at after rows are drawn, and ` +
        `none of ${drawn} rows satisfied it; ask for less, or put it in conditions of single columns`,
    );
  }

  /** The rows of a block. */
  block(at: BlockSeed): RecordBatch {
    const parts: RecordBatch[] = [];
    let count = 0;
    for (let attempt = 0; count < BLOCK_ROWS; attempt++) {
      if (attempt === MOST_ATTEMPTS) {
        throw new RangeError(
          `Cannot sample: of ${MOST_ATTEMPTS * BLOCK_ROWS} rows only ${count} satisfied ` +
            `${this.#filter}; ask for less`,
        );
      }
      const rows = this.#sampler.block({ ...at, seed: attemptSeed(at.seed, attempt) });
      const accepted = this.#plan.filter(rows).subarray(0, BLOCK_ROWS - count);
      parts.push(rows.take(accepted));
      count += accepted.length;
    }
    const { schema, columns } = RecordBatch.concat(parts);
    // keys go by the number of the row, not by how often it was drawn
    const keys = this.#sampler.keys(at);
    return new RecordBatch(schema, columns.map((column, i) => keys[i] ?? column), BLOCK_ROWS);
  }

  /** The values of a block column by column. */
  cells(at: BlockSeed): readonly ArrayLike<unknown>[] {
    return this.block(at).columns.map(cellsOf);
  }

  /** Gives the kernel memory of the expression back. */
  [Symbol.dispose](): void {
    this.#plan[Symbol.dispose]();
  }
}
