import type { BlockSeed, SamplerKernel } from "../../kernel/sampler_kernel.ts";
import type { SymbolRows } from "../encoding/symbol_rows.ts";
import type { SectionReader, SectionWriter } from "./model_sections.ts";

/** Plain data of a file's header. */
export type Json = Readonly<Record<string, unknown>>;

/** What a model is fitted with. */
export interface ModelFitOptions {
  /** Decides where the fitting starts. */
  readonly seed: bigint;
  /** How many symbols of each variable, from the first on, are in order, as those of numbers are. */
  readonly ordered: readonly number[];
  /**
   * Called between steps with the share that is done and, where it is known, the mean log-likelihood
   * of held-out rows; may throw to end it.
   */
  readonly onStep: (share: number, logLikelihood?: number) => Promise<void>;
}

/** What a model is updated with. */
export interface ModelUpdateOptions {
  /** As how many rows what was learned before counts; each new row counts as one. */
  readonly before: number;
  /** Called between steps with the share that is done; may throw to end it. */
  readonly onStep: (share: number) => Promise<void>;
}

/** Draws the symbols of blocks of rows, from tables in kernel memory. */
export interface SymbolDraws {
  /**
   * Draws one block.
   *
   * @param symbols Where the symbols of each variable go, u16 each.
   */
  draw(at: BlockSeed, symbols: readonly number[]): void;
}

/** Symbols that those of a variable are taken apart into. */
export interface SymbolParts {
  /** The symbol that each is a part of. */
  readonly of: Uint16Array;
  /** What part of it: the draw within a symbol depends on nothing else. */
  readonly shares: Float64Array;
}

/** What rows have to be: in one of some boxes, no two of which have a row in common. */
export interface Evidence {
  /** The variables that any box is about. */
  readonly variables: ReadonlyMap<number, SymbolParts>;
  /** Of each box the variables that it is about: how much of each part of their symbols is in it. */
  readonly boxes: readonly ReadonlyMap<number, Float64Array>[];
}

/** A model of those rows that satisfy evidence. */
export interface ConditionedModel {
  /** How likely a row is to satisfy the evidence. */
  readonly probability: number;
  /**
   * Compiles to tables that draw parts of symbols where the evidence has some, else symbols.
   *
   * @param of What draws without evidence, with which tables may be shared.
   * @throws {KernelMemoryError} when the kernel's budget does not hold them.
   */
  draws(kernel: SamplerKernel, of: SymbolDraws): SymbolDraws;
}

/** What there is to be done with models of one kind. */
export interface ModelFace<M> {
  /** Learns from rows, of which there are some, of one variable at least. */
  fit(rows: SymbolRows, options: ModelFitOptions): Promise<M>;
  /** The model that more rows lead to, of which there are some. */
  update(model: M, rows: SymbolRows, options: ModelUpdateOptions): Promise<M>;
  /** The log-likelihood of each row. */
  logLikelihoods(model: M, rows: SymbolRows): Float64Array;
  /**
   * Compiles to tables.
   *
   * @throws {KernelMemoryError} when the kernel's budget does not hold them.
   */
  draws(kernel: SamplerKernel, model: M): SymbolDraws;
  /**
   * The same model of rows that satisfy evidence; absent, or undefined for some evidence, where it can
   * only be drawn without, and rows be looked at afterwards.
   */
  condition?(model: M, evidence: Evidence): ConditionedModel | undefined;
  /** What a file's header says of it; what is large goes to sections. */
  write(model: M, to: SectionWriter): Json;
  /**
   * Reads what `write` has written, all of it checked.
   *
   * @param symbols How many symbols each variable has.
   * @throws {ModelFileError} when it is not what can be sampled.
   */
  read(from: SectionReader, json: Json, symbols: readonly number[]): M;
  /** What it is, in a few words. */
  describe(model: M): string;
}
