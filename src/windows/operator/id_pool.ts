/** Small whole numbers that stand for something, each used again once it is free. */
export class IdPool {
  readonly #free: number[] = [];
  #next = 0;
  #given = 0;

  /** How many ids were ever given, counting those that were given again. */
  get given(): number {
    return this.#given;
  }

  /** All ids that were ever given are below. */
  get end(): number {
    return this.#next;
  }

  /** How many are in use. */
  get used(): number {
    return this.#next - this.#free.length;
  }

  /** An id that is not in use. */
  take(): number {
    this.#given++;
    return this.#free.pop() ?? this.#next++;
  }

  /** The id stands for nothing any more. */
  release(id: number): void {
    this.#free.push(id);
  }
}

/** An array of at least `length`, with the values of another at its start. */
export function grown<T extends Int32Array | Uint8Array>(values: T, length: number): T {
  if (length <= values.length) return values;
  const larger = new (values.constructor as new (length: number) => T)(
    Math.max(length, 2 * values.length),
  );
  larger.set(values);
  return larger;
}
