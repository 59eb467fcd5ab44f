import { denoRuntime } from "../../runtime/deno_runtime.ts";
import { nextTurn } from "../../runtime/next_turn.ts";
import type { FitOptions } from "../fit_options.ts";
import type { SavedModel } from "../model/model_file.ts";
import { faceOf } from "../model/model_kinds.ts";
import type { ModelUpdateOptions } from "../model/model_face.ts";
import { updatedEncoding } from "../encoding/update_encoding.ts";
import { readTrainingRows } from "../training_rows.ts";
import { knownRows } from "./known_rows.ts";
import { symbolShares } from "./symbol_shares.ts";
import { checkUpdateOptions, type UpdateOptions } from "./update_options.ts";

/** The columns that are learned from, each as the type that it has. */
function learnedColumns({ encoding }: SavedModel): FitOptions["columns"] {
  const plans = encoding.columns.filter(({ kind }) =>
    kind === "category" || kind === "number" || kind === "null"
  );
  return Object.fromEntries(plans.map(({ field: { name, type } }) => [name, { type }]));
}

/**
 * What is known when more rows have come.
 *
 * @throws {TypeError | RangeError} when an option is none that it can be, or the model is of a stream.
 * @throws {TrainingDataError} when there are no rows, or some that cannot be learned.
 */
export async function updateModel(
  saved: SavedModel,
  input: unknown,
  given: UpdateOptions,
): Promise<SavedModel> {
  const { weight, unknown = "fail", signal } = checkUpdateOptions(given);
  if (saved.twin) {
    throw new TypeError(
      `Cannot update generator: it is the twin of a stream, whose times and keys cannot be learned ` +
        `in parts; fit it anew, on the latest rows`,
    );
  }
  const columns = learnedColumns(saved);
  const options = { columns, ...(signal && { signal }), doing: "update generator" };
  const { batch, seen } = await readTrainingRows(input, options, denoRuntime);
  const before = saved.weight ?? saved.rows;
  const rows = knownRows(saved.encoding, batch, unknown);
  const known = seen * rows.batch.length / batch.length;
  const share = weight ?? known / (known + before);
  const counted = rows.batch.length * (1 - share) / share;
  const sampled = (saved.sampled ?? saved.rows) + rows.batch.length;
  const onStep = async () => {
    await nextTurn(denoRuntime); // so that an abort can come
    signal?.throwIfAborted();
  };
  return {
    ...await learned(saved, rows, { before: counted, onStep }),
    rows: saved.rows + Math.round(known),
    ...(sampled < saved.rows + Math.round(known) && { sampled }),
    weight: known / share,
  };
}

async function learned(
  { encoding, model }: SavedModel,
  { batch, columns }: ReturnType<typeof knownRows>,
  options: ModelUpdateOptions,
): Promise<Pick<SavedModel, "encoding" | "model">> {
  const { symbols } = encoding;
  if (symbols.length === 0) return { encoding, model };
  const before = symbolShares(model, symbols).map((shares) =>
    shares.map((share) => share * options.before)
  );
  const rows = { columns, symbols, length: batch.length };
  return {
    encoding: updatedEncoding(encoding, { batch, columns, before }),
    model: await faceOf(model).update(model, rows, options),
  };
}
