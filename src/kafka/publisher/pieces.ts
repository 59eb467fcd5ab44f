import type { Column } from "../../batch/column.ts";
import type { RecordBatch } from "../../batch/record_batch.ts";

/** What a value takes at least in what is encoded: its name, a separator, some digits. */
const VALUE_BYTES = 12;

/** A batch in pieces of which each takes about so many bytes when it is encoded; mostly in one. */
export function* pieces(batch: RecordBatch, pieceBytes: number): Generator<RecordBatch> {
  const count = Math.ceil(
    batch.columns.reduce((sum, column) => sum + sizeOf(column), 0) / pieceBytes,
  );
  if (count <= 1) return yield batch;
  const rows = Math.ceil(batch.length / count);
  for (let at = 0; at < batch.length; at += rows) yield batch.slice(at, at + rows);
}

/** About how many bytes the values of a column take as text. */
function sizeOf({ type, length, values, offsets, children = [] }: Column): number {
  const within = children.reduce((sum, child) => sum + sizeOf(child), 0);
  if (type.kind === "dict") {
    const entries = Math.max(1, children[0].length);
    return length * (VALUE_BYTES + within / entries);
  }
  const bytes = offsets && values ? offsets[length] : 0;
  return length * VALUE_BYTES + bytes + within;
}
