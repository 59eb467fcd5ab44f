import type { SamplerKernel } from "../../kernel/sampler_kernel.ts";
import type { SymbolRows } from "../encoding/symbol_rows.ts";
import { checkShares, list, MOST_COLUMNS, MOST_SYMBOLS } from "../model/checks.ts";
import type { Json, ModelFace, SymbolDraws } from "../model/model_face.ts";
import { badModel, type SectionReader } from "../model/model_sections.ts";
import type { IndependentModel } from "../model/models.ts";
import { drawTables } from "../sampling/draw_tables.ts";
import { STREAMS, SYMBOL } from "../sampling/streams.ts";
import { ConditionedIndependent } from "./conditioned_independent.ts";

/** The shares of symbols in rows. */
export function independentModel({ columns, symbols, length }: SymbolRows): IndependentModel {
  const shares = columns.map((column, v) => {
    const counts = new Float64Array(symbols[v]);
    for (const symbol of column) counts[symbol]++;
    return counts.map((count) => count / length);
  });
  return { kind: "independent", shares };
}

function logLikelihoods({ shares }: IndependentModel, rows: SymbolRows): Float64Array {
  const out = new Float64Array(rows.length);
  rows.columns.forEach((column, v) => {
    const logs = shares[v].map(Math.log);
    for (let row = 0; row < out.length; row++) out[row] += logs[column[row]];
  });
  return out;
}

function draws(kernel: SamplerKernel, { shares }: IndependentModel): SymbolDraws {
  const tables = shares.map((each) => {
    const weigh = (_: number, out: Float64Array) => out.set(each);
    return drawTables(kernel, { count: 1, outcomes: each.length, weigh });
  });
  return {
    draw: (at, symbols) =>
      tables.forEach((table, variable) => {
        kernel.randomize(at, variable * STREAMS + SYMBOL);
        kernel.draw(table, 0, 0, symbols[variable]);
      }),
  };
}

function read(from: SectionReader, json: Json, symbols: readonly number[]): IndependentModel {
  const sections = list(json.shares, "the shares", MOST_COLUMNS);
  const shares = symbols.map((count, v) => {
    const values = from.section(sections[v], "f64", MOST_SYMBOLS);
    if (values.length !== count) badModel("a column has not as many shares as symbols");
    checkShares(values, count, 1);
    return values;
  });
  return { kind: "independent", shares };
}

/** Shares that were learned before, mixed with those of rows. */
export function updatedShares(
  shares: readonly Float64Array[],
  { columns, length }: SymbolRows,
  before: number,
): Float64Array[] {
  return shares.map((each, v) => {
    const counts = each.map((share) => share * before);
    for (const symbol of columns[v]) counts[symbol]++;
    return counts.map((count) => count / (before + length));
  });
}

/** Columns that have nothing to do with each other. */
export const INDEPENDENT: ModelFace<IndependentModel> = {
  fit: (rows) => Promise.resolve(independentModel(rows)),
  update: ({ shares }, rows, { before }) =>
    Promise.resolve({ kind: "independent", shares: updatedShares(shares, rows, before) }),
  logLikelihoods,
  draws,
  condition: (model, evidence) => new ConditionedIndependent(model, evidence),
  write: ({ shares }, to) => ({ shares: shares.map((each) => to.add(each)) }),
  read,
  describe: () => "independent columns",
};
