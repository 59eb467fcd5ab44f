/**
 * Named counts that only grow. A bee publishes them into shared words, where they run modulo 2^32;
 * whoever follows those words adds up the growth, so nothing is lost as long as it looks again
 * before a count has grown by 2^32.
 */
export class Counters<Name extends string> {
  readonly #names: readonly Name[];
  readonly #places: ReadonlyMap<string, number>;
  readonly #totals: Float64Array;
  readonly #seen: Int32Array;

  /** Counters of some names, all 0. @throws {TypeError} when a name comes twice. */
  constructor(names: readonly Name[]) {
    this.#names = [...names];
    this.#places = new Map(names.map((name, i) => [name, i]));
    if (this.#places.size !== names.length) {
      throw new TypeError(`Cannot create counters: a name comes twice in ${names.join(", ")}`);
    }
    this.#totals = new Float64Array(names.length);
    this.#seen = new Int32Array(names.length);
  }

  /** The 32-bit words that {@linkcode Counters.publishTo} needs. */
  get words(): number {
    return this.#names.length;
  }

  /** Adds to a count. @throws {RangeError} when it is not a whole number from 0. */
  add(name: Name, amount: number = 1): void {
    if (!(Number.isSafeInteger(amount) && amount >= 0)) {
      throw new RangeError(
        `Cannot add to counter ${name}: the amount must be a whole number from 0, received ${amount}`,
      );
    }
    this.#totals[this.#place(name)] += amount;
  }

  /** The count of a name. */
  get(name: Name): number {
    return this.#totals[this.#place(name)];
  }

  /** Adds all counts of counters with the same names. @throws {TypeError} for other names. */
  merge(other: Counters<Name>): void {
    for (const name of other.#names) this.#totals[this.#place(name)] += other.get(name);
  }

  /** Writes the counts into shared words, from the first. One thread only. */
  publishTo(cells: Int32Array): void {
    this.#checkWords(cells);
    this.#totals.forEach((total, i) => Atomics.store(cells, i, total % 2 ** 32 | 0));
  }

  /**
   * Adds what another thread has published into shared words since the last call. The words must
   * have been 0 at the start, and always be the same ones.
   */
  follow(cells: Int32Array): void {
    this.#checkWords(cells);
    this.#seen.forEach((seen, i) => {
      const now = Atomics.load(cells, i);
      this.#totals[i] += (now - seen) >>> 0;
      this.#seen[i] = now;
    });
  }

  /** The counts by name; `JSON.stringify` uses it. */
  toJSON(): Record<Name, number> {
    return Object.fromEntries(this.#names.map((name, i) => [name, this.#totals[i]])) as Record<
      Name,
      number
    >;
  }

  #place(name: Name): number {
    const place = this.#places.get(name);
    if (place !== undefined) return place;
    throw new TypeError(
      `Cannot find counter ${name}: there are only ${this.#names.join(", ")}`,
    );
  }

  #checkWords(cells: Int32Array): void {
    if (cells.length >= this.words) return;
    throw new RangeError(
      `Cannot share counters: they need ${this.words} words, received ${cells.length}`,
    );
  }
}
