import type { Column } from "../batch/column.ts";
import { RecordBatch } from "../batch/record_batch.ts";

/** A batch with memory of its own, of one that is only lent. */
export function ownBatch<Row>(batch: RecordBatch<Row>): RecordBatch<Row> {
  return new RecordBatch(batch.schema, batch.columns.map(ownColumn), batch.length);
}

function ownColumn(column: Column): Column {
  const { type, length, nullCount, validity, values, offsets, children } = column;
  return {
    type,
    length,
    nullCount,
    ...(validity && { validity: validity.slice() }),
    ...(values && { values: values.slice() }),
    ...(offsets && { offsets: offsets.slice() }),
    ...(children && { children: children.map(ownColumn) }),
  };
}
