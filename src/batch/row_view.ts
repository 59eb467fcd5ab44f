import type { Column } from "./column.ts";
import { valueAt } from "./column_reader.ts";
import { setOwn } from "./misfit.ts";
import { several } from "./several.ts";

/** What a row view looks at; a `RecordBatch` is one. */
export interface RowSource {
  /** Number of rows. */
  readonly length: number;
  /** The names of the columns, in order. */
  readonly names: readonly string[];
  /** The column at a position. */
  columnAt(at: number): Column;
  /** The position of a column; throws when there is none of that name. */
  indexOf(name: string): number;
}

/**
 * A row that makes no object and reads no value until one is asked for. One view serves for many
 * rows: `view.moveTo(i)`.
 */
export class RowView<Row = Record<string, unknown>> {
  readonly #source: RowSource;
  #index: number;

  /** A view of row `index`; use `RecordBatch.row()`. */
  constructor(source: RowSource, index: number) {
    this.#source = source;
    this.#index = index;
    this.moveTo(index);
  }

  /** The row looked at. */
  get index(): number {
    return this.#index;
  }

  /**
   * Looks at another row of the same batch, and returns itself.
   *
   * @throws {RangeError} when there is no such row.
   */
  moveTo(index: number): this {
    if (!(Number.isInteger(index) && index >= 0 && index < this.#source.length)) {
      throw new RangeError(
        `Cannot read row ${index}: the batch has ${
          several(this.#source.length, "row")
        }, counted from 0`,
      );
    }
    this.#index = index;
    return this;
  }

  /**
   * The value of a column in this row.
   *
   * @throws {TypeError} when there is no such column.
   */
  get<K extends keyof Row & string>(name: K): Row[K] {
    return this.getAt(this.#source.indexOf(name)) as Row[K];
  }

  /** The value of the column at a position, without a look-up of its name. */
  getAt(column: number): unknown {
    return valueAt(this.#source.columnAt(column), this.#index);
  }

  /** The whole row as a plain object. */
  toObject(): Row {
    const object = {};
    this.#source.names.forEach((name, at) => setOwn(object, name, this.getAt(at)));
    return object as Row;
  }
}
