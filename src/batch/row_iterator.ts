/** The rows of one array after the other; a generator for each row would take longer than the row. */
export class RowIterator<Row> extends Iterator<Row> {
  readonly #arrays: Iterator<Row[]>;
  #rows: readonly Row[] = [];
  #at = 0;

  /** Of arrays, which are asked for one by one. */
  constructor(arrays: Iterator<Row[]>) {
    super();
    this.#arrays = arrays;
  }

  /** The next row. */
  override next(): IteratorResult<Row> {
    while (this.#at === this.#rows.length) {
      const next = this.#arrays.next();
      if (next.done) return { done: true, value: undefined };
      [this.#rows, this.#at] = [next.value, 0];
    }
    return { done: false, value: this.#rows[this.#at++] };
  }

  /** Ends it. */
  override return(): IteratorResult<Row> {
    [this.#rows, this.#at] = [[], 0];
    this.#arrays.return?.();
    return { done: true, value: undefined };
  }
}
