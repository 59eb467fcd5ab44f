import { denoRuntime } from "../../runtime/deno_runtime.ts";
import { nextTurn } from "../../runtime/next_turn.ts";
import { type Encoding, orderedSymbols } from "../encoding/plans.ts";
import type { SymbolRows } from "../encoding/symbol_rows.ts";
import { type FitOptions, seedBits } from "../fit_options.ts";
import { independentModel } from "../independent/independent_face.ts";
import type { ModelFitOptions } from "./model_face.ts";
import { MODEL_KINDS } from "./model_kinds.ts";
import type { Model } from "./models.ts";

/** What a model is learned for. */
export interface FitInput {
  readonly encoding: Encoding;
  readonly options: FitOptions;
}

/** Learns the model that options ask for. */
export async function fitModel(
  rows: SymbolRows,
  { encoding, options }: FitInput,
): Promise<Model> {
  const { model = "circuit", signal, onProgress, seed } = options;
  // where all columns are made or looked up there is nothing to learn
  if (rows.columns.length === 0) return independentModel(rows);
  const onStep: ModelFitOptions["onStep"] = async (share, logLikelihood) => {
    const known = logLikelihood === undefined ? {} : { logLikelihood };
    onProgress?.({ phase: "fitting", rows: rows.length, share, ...known });
    await nextTurn(denoRuntime); // so that an abort can come
    signal?.throwIfAborted();
  };
  return await MODEL_KINDS[model].fit(rows, {
    seed: seedBits(seed),
    ordered: orderedSymbols(encoding),
    onStep,
  });
}
