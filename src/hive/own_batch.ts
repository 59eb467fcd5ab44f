import { RecordBatch } from "../batch/record_batch.ts";
import { ownColumn } from "../codecs/built_columns.ts";

/** A batch with memory of its own, of one that is only lent. */
export function ownBatch<Row>(batch: RecordBatch<Row>): RecordBatch<Row> {
  return new RecordBatch(batch.schema, batch.columns.map(ownColumn), batch.length);
}
