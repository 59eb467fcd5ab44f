import { inferSchema } from "../batch/infer.ts";
import { INFERENCE_ROWS } from "../batch/limits.ts";
import type { Schema } from "../batch/schema.ts";
import { widenedField } from "../batch/widened.ts";

/** Options of {@linkcode FirstRows}. */
export interface FirstRowsOptions {
  /** How many rows decide. Default: as few as will do, for those to come may take their time. */
  readonly inferenceRows: number | undefined;
  /** Columns that are asked for. */
  readonly columns: ReadonlySet<string> | undefined;
}

/** The rows that say which columns there are: by what is in them, never by when they come. */
export class FirstRows {
  readonly #options: FirstRowsOptions;
  #rows: object[] = [];
  readonly #filled = new Set<string>();
  /** Columns that are asked for and have had nothing but nulls. */
  readonly #empty = new Set<string>();

  /** No rows yet. */
  constructor(options: FirstRowsOptions) {
    this.#options = options;
  }

  /** How many there are. */
  get length(): number {
    return this.#rows.length;
  }

  /** Adds a row; whether there are enough. */
  add(row: object): boolean {
    const { inferenceRows } = this.#options;
    this.#rows.push(row);
    if (inferenceRows !== undefined) return this.#rows.length >= inferenceRows;
    if (typeof row === "object" && row !== null) this.#look(row as Record<string, unknown>);
    return this.#empty.size === 0 || this.#rows.length >= INFERENCE_ROWS;
  }

  /**
   * Gives the rows and their columns away.
   *
   * @throws {TypeError} for a row that is no object, and a value that no column type holds.
   */
  take(): { rows: readonly object[]; schema: Schema } {
    const rows = this.#rows;
    this.#rows = [];
    const { fields } = inferSchema(rows);
    const isSure = this.#options.inferenceRows !== undefined;
    return { rows, schema: { fields: isSure ? fields : fields.map(widenedField) } };
  }

  #look(row: Record<string, unknown>): void {
    for (const name of this.#options.columns ?? []) {
      if (!Object.hasOwn(row, name) || this.#filled.has(name)) continue;
      const isEmpty = row[name] === null || row[name] === undefined;
      (isEmpty ? this.#empty : this.#filled).add(name);
      if (!isEmpty) this.#empty.delete(name);
    }
  }
}
