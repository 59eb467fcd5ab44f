import type { RecordBatch } from "../batch/record_batch.ts";
import type { BadInputs } from "./bad_inputs.ts";
import type { FeedColumns } from "./feed_columns.ts";
import type { FeedBatch } from "./feed_item.ts";
import { type RecordPlace, type SourceBatch, standingOf } from "./source.ts";

/** Rows of a batch whose event times can be read, with these. */
export interface KeptRows {
  readonly batch: RecordBatch;
  /** Which rows of the batch they are; absent: all. */
  readonly rows?: readonly number[];
}

/** What rows are kept by. */
export interface RowKeeping {
  readonly columns: FeedColumns;
  /** Takes those whose times cannot be read. */
  readonly bad: BadInputs;
  /** Position of the first row in its partition. */
  readonly start: number;
}

/** The rows of a batch with event times; those whose time cannot be read are out. */
export function keptRows(
  { batch: given, placeOf }: SourceBatch,
  { columns, bad, start }: RowKeeping,
): KeptRows {
  const { batch, bad: badTimes } = columns.timed(given!);
  for (const { row, error } of badTimes) {
    const { name, message } = error;
    const place = standingOf(placeOf?.(row), start + row);
    bad.report({ record: given!.row(row).toObject(), error: { name, message }, ...place });
  }
  if (badTimes.length === 0) return { batch };
  const gone = new Set(badTimes.map(({ row }) => row));
  const rows = [...Array(batch.length).keys()].filter((row) => !gone.has(row));
  return { batch: batch.take(rows), rows };
}

/** The pieces that kept rows were cut to, with where these stand in what the source gave. */
export function withStanding(
  pieces: FeedBatch[],
  { rows, start, placeOf }: Pick<KeptRows, "rows"> & Pick<RowKeeping, "start"> & {
    readonly placeOf: SourceBatch["placeOf"];
  },
): FeedBatch[] {
  const placed = placeOf ? withPlaces(pieces, (row) => placeOf(rows ? rows[row] : row)) : pieces;
  return rows ? withPositions(placed, rows.map((row) => start + row)) : placed;
}

/** The pieces of rows that have these positions. */
function withPositions(pieces: readonly FeedBatch[], all: readonly number[]): FeedBatch[] {
  let row = 0;
  return pieces.map((piece) => {
    const positions = Float64Array.from(all.slice(row, row += piece.batch.length));
    return { ...piece, position: positions[0], positions };
  });
}

/** The pieces of rows whose source tells where they stand. */
function withPlaces(
  pieces: readonly FeedBatch[],
  placeOf: (row: number) => RecordPlace,
): FeedBatch[] {
  let row = 0;
  return pieces.map((piece) => {
    const start = row;
    row += piece.batch.length;
    return { ...piece, placeOf: (row: number) => placeOf(start + row) };
  });
}
