import type { RecordBatch } from "../../batch/record_batch.ts";
import { encodeRows, NO_SYMBOL } from "../encoding/encode_rows.ts";
import type { SavedModel } from "./model_file.ts";
import { faceOf } from "./model_kinds.ts";

/**
 * Of each row the natural logarithm of the probability of its symbols; `-Infinity` where a value has
 * none, as no row had it.
 */
export function rowLikelihoods(
  { encoding, model }: Pick<SavedModel, "encoding" | "model">,
  batch: RecordBatch,
): Float64Array {
  const columns = encodeRows(encoding, batch);
  const impossible = new Uint8Array(batch.length);
  for (const column of columns) {
    for (let row = 0; row < column.length; row++) {
      if (column[row] !== NO_SYMBOL) continue;
      impossible[row] = 1;
      column[row] = 0;
    }
  }
  const symbols = { columns, symbols: encoding.symbols, length: batch.length };
  const out = faceOf(model).logLikelihoods(model, symbols);
  return out.map((each, row) => impossible[row] ? -Infinity : each);
}
