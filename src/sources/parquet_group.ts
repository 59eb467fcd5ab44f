import type { Column } from "../batch/column.ts";
import { columnOf } from "../batch/column_of.ts";
import { RecordBatch } from "../batch/record_batch.ts";
import type { Field, TypedSchema } from "../batch/schema.ts";
import type { ParquetColumn } from "./parquet_types.ts";

type Piece = ArrayLike<unknown>;

/** The values of a column of a row group, in pieces one after the other. */
export class GroupColumn {
  readonly #column: ParquetColumn;
  readonly #pieces: Piece[] = [];
  #length = 0;
  /** Values that were taken of the first piece. */
  #at = 0;

  /** None yet, of a column of the file. */
  constructor(column: ParquetColumn) {
    this.#column = column;
  }

  /** Puts a piece behind the others. */
  add(piece: Piece): void {
    this.#pieces.push(piece);
    this.#length += piece.length;
  }

  /** Values that were added. */
  get length(): number {
    return this.#length;
  }

  /** Some rows as a column; the pieces are gone through from the start to the end once. */
  take(count: number): Column {
    const { field: { type }, convert } = this.#column;
    const values: unknown[] = [];
    while (values.length < count) {
      const [piece] = this.#pieces;
      const end = Math.min(piece.length, this.#at + count - values.length);
      for (; this.#at < end; this.#at++) {
        const value = piece[this.#at];
        values.push(value == null ? null : convert ? convert(value) : value);
      }
      if (this.#at < piece.length) continue;
      this.#pieces.shift();
      this.#at = 0;
    }
    return columnOf(type, values);
  }
}

/** Some rows of a row group, which are gone through from the start to the end once. */
export function batchOf<Row>(
  fields: readonly Field[],
  group: readonly GroupColumn[],
  rows: number,
): RecordBatch<Row> {
  const columns = group.map((column, at) => {
    try {
      return column.take(rows);
    } catch (cause) {
      throw new Error(`column ${fields[at].name}: ${(cause as Error).message}`, { cause });
    }
  });
  return new RecordBatch<Row>({ fields } as TypedSchema<Row>, columns, rows);
}
