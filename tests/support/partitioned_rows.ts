import { RecordBatch, type Schema } from "../../src/batch/mod.ts";
import type { Source } from "../../src/stream/source.ts";

/** A row, and the partition of the source that it is of. */
export interface PartitionedRow {
  readonly partition: number;
}

/** How rows are given. */
export interface Cutting {
  /** Of the batches; the partition is no column of them. */
  readonly schema: Schema;
  /** How many rows the next batch has, at most. */
  readonly most: () => number;
}

/** Rows that follow each other and are of one partition, as batches, and where each of them ends. */
export function* partitionedBatches(
  rows: readonly PartitionedRow[],
  { schema, most }: Cutting,
): Generator<{ partition: number; batch: RecordBatch; end: number }> {
  for (let next = 0; next < rows.length;) {
    const [start, { partition }] = [next, rows[next]];
    const end = start + most();
    while (next < end && rows[next]?.partition === partition) next++;
    const taken = rows.slice(start, next).map(({ partition: _, ...row }): object => row);
    const batch: unknown = RecordBatch.fromRows(taken, { schema: schema as never });
    yield { partition, batch: batch as RecordBatch, end: next };
  }
}

/** Rows as a source of so many partitions. */
export function partitionedSource(
  rows: readonly PartitionedRow[],
  { partitions, ...cutting }: Cutting & { readonly partitions: number },
): Source {
  return {
    name: "a case",
    partitions,
    async *open() {
      yield* partitionedBatches(rows, cutting);
    },
  };
}
