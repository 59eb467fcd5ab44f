import { clearBit, fullBitmap } from "./bitmap.ts";
import type { Column } from "./column.ts";
import { Misfit } from "./misfit.ts";
import type { DataType } from "./schema.ts";

/**
 * Builds one column, value by value. Values are checked: what the type cannot hold exactly is a
 * {@linkcode Misfit}, and the builder then is as it was before.
 */
export abstract class ColumnBuilder {
  /** What the column holds. */
  readonly type: DataType;
  #length = 0;
  #nulls: number[] = [];

  /** For the builders by type; use `columnBuilder`. */
  constructor(type: DataType) {
    this.type = type;
  }

  /** Rows appended so far. */
  get length(): number {
    return this.#length;
  }

  /** Nulls among them. */
  get nullCount(): number {
    return this.#nulls.length;
  }

  /**
   * Appends a value; null and undefined append a null.
   *
   * @throws {Misfit} when the type cannot hold it.
   */
  append(value: unknown): void {
    if (value === null || value === undefined) this.appendNull();
    else {
      this.push(value, this.#length);
      this.#length++;
    }
  }

  /** Appends a null. */
  appendNull(): void {
    this.pushNull(this.#length);
    this.#nulls.push(this.#length++);
  }

  /**
   * Appends all values in order.
   *
   * @throws {Misfit} whose `position` is that of the value; those before it stay appended.
   */
  appendAll(values: ArrayLike<unknown>): void {
    for (let at = 0; at < values.length; at++) {
      const run = this.pushRun(values, at, { at: this.#length, nulls: this.#nulls });
      this.#length += run;
      at += run;
      if (at < values.length) this.#appendAt(values, at);
    }
  }

  /** Forgets the rows from `length` on. */
  truncate(length: number): void {
    if (length >= this.#length) return;
    this.cut(length);
    while (this.#nulls.length > 0 && this.#nulls[this.#nulls.length - 1] >= length) {
      this.#nulls.pop();
    }
    this.#length = length;
  }

  /** The column of the rows so far. The builder is empty again and can build the next. */
  finish(): Column {
    const length = this.#length;
    const nulls = this.#nulls;
    const buffers = this.take(length);
    this.#length = 0;
    this.#nulls = [];
    if (nulls.length === 0) return { type: this.type, length, nullCount: 0, ...buffers };
    const validity = fullBitmap(length);
    for (const at of nulls) clearBit(validity, at);
    return { type: this.type, length, nullCount: nulls.length, validity, ...buffers };
  }

  #appendAt(values: ArrayLike<unknown>, at: number): void {
    try {
      this.append(values[at]);
    } catch (error) {
      if (error instanceof Misfit) error.position = at;
      throw error;
    }
  }

  /** Stores a value that is neither null nor undefined as row `at`, or throws and changes nothing. */
  protected abstract push(value: unknown, at: number): void;

  /**
   * Stores what it can of `values` from position `from` on in one tight loop, and returns how many
   * that were; the value after them (a misfit, say) goes through `append`.
   */
  protected pushRun(_values: ArrayLike<unknown>, _from: number, _run: Run): number {
    return 0;
  }

  /** Makes room for a null as row `at`. */
  protected abstract pushNull(at: number): void;

  /** Forgets the stored rows from `length` on. */
  protected abstract cut(length: number): void;

  /** Gives the buffers of `length` rows away and starts anew. */
  protected abstract take(length: number): Buffers;
}

/** Where a run of values goes. */
export interface Run {
  /** The first row. */
  readonly at: number;
  /** The rows that are null, to be added to. */
  readonly nulls: number[];
}

/** The buffers of a column, without what every column has. */
export type Buffers = Pick<Column, "values" | "offsets" | "children">;
