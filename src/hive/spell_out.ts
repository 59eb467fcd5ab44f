import type { Column } from "../batch/column.ts";
import { takeColumn } from "../batch/column_ops.ts";
import { RecordBatch } from "../batch/record_batch.ts";
import type { Field } from "../batch/schema.ts";

/** Whether a dictionary has more entries than there are rows to look up in it. */
function isOversized({ type, length, children }: Column): boolean {
  return type.kind === "dict" && length > 0 && children![0].length > length;
}

function spelled(column: Column): Column {
  if (!isOversized(column)) return column;
  const { children, values, validity, nullCount, length } = column;
  const texts = takeColumn(children![0], (values as Int32Array).subarray(0, length));
  return validity ? { ...texts, validity, nullCount } : texts;
}

/**
 * A batch in which text comes row by row where its dictionary would be longer: what is left of a
 * batch that was taken apart need not carry the whole dictionary along.
 */
export function spellOut(batch: RecordBatch): RecordBatch {
  if (!batch.columns.some(isOversized)) return batch;
  const columns = batch.columns.map(spelled);
  const fields = batch.schema.fields.map((field, at): Field => {
    return { ...field, type: columns[at].type };
  });
  return new RecordBatch({ fields }, columns, batch.length);
}
