import type { Expr } from "../../batch/expressions/expr.ts";
import { columnNames, type ExprNode } from "../../batch/expressions/node.ts";
import { showName } from "../../batch/shown_names.ts";
import type { RecordBatch } from "../../batch/record_batch.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { BlockSeed } from "../../kernel/sampler_kernel.ts";
import type { Encoding } from "../encoding/plans.ts";
import { TimeFormat } from "../encoding/time_format.ts";
import { generatorKernel } from "../generator_kernel.ts";
import { BlockSampler } from "../sampling/block_sampler.ts";
import type { Cells } from "../sampling/column_outputs.ts";
import type { SavedModel } from "../model/model_file.ts";
import { CompiledConditions, COUNTED_GROUPS } from "./compile_conditions.ts";
import type { Conditions } from "./conditions.ts";
import { parseConditions } from "./parse_conditions.ts";
import { AcceptedRows } from "./conditioned_rows.ts";

/** Conditions whose tables are kept for the next sample. */
const MOST_KEPT = 8;

/** What makes the blocks of a sample. */
export interface BlockMaker {
  block(at: BlockSeed): RecordBatch;
  /** Their values column by column; they hold until the next are made. */
  cells(at: BlockSeed): readonly Cells[];
}

/** Rows, and what they are drawn by. */
export interface ConditionedRows {
  /** The conditions, if any, as plain data. */
  readonly options: { readonly conditions?: ExprNode };
  /** What share of the rows that are drawn is kept: 1 where none are drawn that are not. */
  readonly acceptance: number;
  /** What makes them. */
  readonly maker: () => BlockMaker;
}

interface Kept extends Disposable {
  readonly maker: BlockMaker;
  /** What share of the rows that are drawn is kept. */
  readonly acceptance: number;
}

/** Samplers of one model, without and with conditions, compiled when they are needed. */
export class GeneratorSamplers {
  readonly #of: SavedModel;
  readonly #kept = new Map<string, Kept>();
  readonly #conditions = new Map<string, CompiledConditions>();
  #kernel: Kernel | undefined;
  #base: BlockSampler | undefined;

  /** Of a model. */
  constructor(of: SavedModel) {
    this.#of = of;
  }

  #baseSampler(kernel: Kernel): BlockSampler {
    return this.#base ??= new BlockSampler(kernel, this.#of.encoding, this.#of.model);
  }

  #sampling(): { kernel: Kernel; base: BlockSampler } {
    const kernel = this.#kernel ??= generatorKernel();
    return { kernel, base: this.#baseSampler(kernel) };
  }

  /**
   * Rows that satisfy conditions, or any if there are none.
   *
   * @throws {TypeError} when conditions are none, or about columns that are not drawn.
   * @throws {RangeError} when no row can satisfy them.
   */
  conditioned(conditions: Conditions | undefined): ConditionedRows {
    if (conditions === undefined) {
      return { options: {}, acceptance: 1, maker: () => this.#sampling().base };
    }
    const parsed = this.#parsed(conditions);
    return {
      options: { conditions: parsed.toJSON() },
      acceptance: this.#compiled(parsed).filter ? this.#sampler(parsed).acceptance : 1,
      maker: () => this.#sampler(parsed).maker,
    };
  }

  /** How likely a row is to satisfy conditions; throws as `conditioned` does. */
  probability(conditions: Conditions): number {
    const parsed = this.#parsed(conditions);
    const { drawn, filter } = this.#compiled(parsed);
    if (!filter) return drawn;
    const counted = this.#counted(parsed);
    const isExact = counted !== undefined && !counted.filter;
    return isExact ? counted.drawn : drawn * this.#sampler(parsed).acceptance;
  }

  /** Conditions taken apart further than would pay for drawing, if they do not become too many. */
  #counted(conditions: Expr): CompiledConditions | undefined {
    try {
      return new CompiledConditions(this.#of, conditions, COUNTED_GROUPS);
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }

  #parsed(conditions: Conditions): Expr {
    const { encoding, twin } = this.#of;
    const drawn = new Map(encoding.columns.map(({ field }) => [field.name, field]));
    const fields = twin
      ? twin.fields.map((field) => drawn.get(field.name) ?? field)
      : Array.from(drawn.values());
    const parsed = parseConditions(conditions, { fields }, timeFormats(encoding));
    const other = columnNames(parsed.node).find((name) => !drawn.has(name));
    if (other === undefined) return parsed;
    throw new TypeError(
      `Cannot compile conditions: column ${
        showName(other)
      } belongs to how the events of a stream ` +
        `follow one another, and is not drawn with the rest of a row; put the conditions on other ` +
        `columns, and filter the stream by this one`,
    );
  }

  #compiled(conditions: Expr): CompiledConditions {
    const key = JSON.stringify(conditions);
    return recent(this.#conditions, key, () => new CompiledConditions(this.#of, conditions));
  }

  #sampler(conditions: Expr): Kept {
    return recent(this.#kept, JSON.stringify(conditions), () => {
      const { kernel, base } = this.#sampling();
      const compiled = this.#compiled(conditions);
      const sampler = compiled.sampler(kernel, base);
      const own = sampler === base ? undefined : sampler;
      const { filter } = compiled;
      if (!filter) {
        return { maker: sampler, acceptance: 1, [Symbol.dispose]: () => own?.[Symbol.dispose]() };
      }
      const maker = accepted(sampler, filter, own);
      return {
        maker,
        acceptance: maker.acceptance,
        [Symbol.dispose]: () => {
          maker[Symbol.dispose]();
          own?.[Symbol.dispose]();
        },
      };
    });
  }
}

/** How times are written that are texts in rows, by column. */
function timeFormats({ columns }: Encoding): ReadonlyMap<string, TimeFormat> {
  return new Map(
    columns.flatMap((plan) =>
      plan.kind === "number" && plan.text
        ? [[plan.field.name, new TimeFormat(plan.text.format)] as const]
        : []
    ),
  );
}

/** Rows for which a filter is true; what is not to be used is given back. */
function accepted(sampler: BlockSampler, filter: Expr, own: BlockSampler | undefined) {
  try {
    return new AcceptedRows(sampler, filter);
  } catch (error) {
    own?.[Symbol.dispose]();
    throw error;
  }
}

/** What is kept by a key, made if it is not there; what was used longest ago goes. */
function recent<T>(kept: Map<string, T>, key: string, make: () => T): T {
  const one = kept.get(key) ?? make();
  kept.delete(key);
  kept.set(key, one);
  if (kept.size > MOST_KEPT) {
    const [[oldest, gone]] = kept;
    kept.delete(oldest);
    (gone as Partial<Disposable>)[Symbol.dispose]?.();
  }
  return one;
}
