/** Values in the order in which they came, with numbers that say when. */
export interface Arrived {
  readonly values: unknown[];
  /** Ascending. */
  readonly order: number[];
}

/** Numbers rows in the order in which they come, over all states of an aggregate. */
export class Arrivals {
  #next = 0;

  /** No values. */
  none(): Arrived {
    return { values: [], order: [] };
  }

  /** The number of the row that comes next. */
  next(): number {
    return this.#next++;
  }

  /** Puts a value behind all others. */
  add(state: Arrived, value: unknown): void {
    state.values.push(value);
    state.order.push(this.next());
  }

  /** What a snapshot had; rows that come now come after it. */
  load(saved: unknown): Arrived {
    const { values, order } = saved as Arrived;
    for (const number of order) this.after(number);
    return { values: [...values], order: [...order] };
  }

  /** Makes sure that rows from now on come after one. */
  after(number: number): void {
    if (number >= this.#next) this.#next = number + 1;
  }
}

/** Both in one order; neither is changed. */
export function mergeArrived(a: Arrived, b: Arrived): Arrived {
  const length = a.order.length + b.order.length;
  const [values, order] = [new Array<unknown>(length), new Array<number>(length)];
  let [i, j] = [0, 0];
  for (let at = 0; at < length; at++) {
    const isA = j === b.order.length || (i < a.order.length && a.order[i] < b.order[j]);
    values[at] = isA ? a.values[i] : b.values[j];
    order[at] = isA ? a.order[i++] : b.order[j++];
  }
  return { values, order };
}
