import type { WindowOperatorSpec, WindowSpec } from "../window_spec.ts";
import type { States } from "./aggregation.ts";
import {
  ABSORBED,
  OperatorCore,
  type OperatorParts,
  type SavedItem,
  type SavedState,
} from "./operator_core.ts";
import { compareBounds } from "./panes.ts";
import type { ResultHead } from "./result_rows.ts";
import { TIME_BOUNDS } from "./time_bounds.ts";
import { type SavedEntry, TwoStacks } from "./two_stacks.ts";

/** The rows of a key that a window to come may hold. */
interface Counted {
  readonly key: number;
  /** Rows of the key so far. */
  rows: number;
  /** Of the rows that do not make a piece yet; `undefined` between two pieces. */
  open: States | undefined;
  /** Pieces of a length that windows are whole pieces of, by the number of their first row. */
  readonly pieces: TwoStacks;
}

interface CountResult {
  readonly key: number;
  readonly head: ResultHead;
  readonly results: readonly unknown[];
}

type CountSpec = WindowSpec & { kind: "count" };

function greatestDivisor(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}

/** Windows of so many rows of a key, in the order of the source. */
export class CountOperator extends OperatorCore {
  readonly #window: CountSpec;
  /** Rows of a piece. */
  readonly #length: number;
  readonly #counted = new Map<number, Counted>();

  /** @throws {TypeError} when a column is not there, or of a type that does not fit its role. */
  constructor(spec: WindowOperatorSpec & { window: CountSpec }, parts: OperatorParts) {
    super(spec, { ...parts, inner: TIME_BOUNDS });
    this.#window = spec.window;
    const { size, slide, partial } = spec.window;
    // What is left over in a gap may begin at any row.
    this.#length = partial && slide > size ? 1 : greatestDivisor(size, slide);
  }

  protected override place(row: number, _time: number, key: number): number {
    const counted = this.#counted.get(key) ?? this.#begin(key);
    if (counted.open === undefined) this.opened();
    const states = counted.open ??= this.aggregation.init();
    this.aggregation.add(states, row);
    counted.rows++;
    if (counted.rows % this.#length === 0) this.#endPiece(counted);
    if (counted.rows % this.#window.slide === 0) {
      this.byRow(row);
      this.#fire(counted);
    }
    return ABSORBED;
  }

  #begin(key: number): Counted {
    const counted = { key, rows: 0, open: undefined, pieces: new TwoStacks(this.aggregation) };
    this.#counted.set(key, counted);
    this.keys.retain(key);
    return counted;
  }

  #endPiece(counted: Counted): void {
    const { rows, open, pieces } = counted;
    pieces.push({ at: Math.floor((rows - 1) / this.#length) * this.#length, states: open! });
    counted.open = undefined;
    this.#evict(pieces, rows - this.#window.size);
  }

  #evict(pieces: TwoStacks, before: number): void {
    const { length } = pieces;
    pieces.evict(before);
    this.closed(length - pieces.length);
  }

  #fire(counted: Counted): void {
    const { key, head, results } = this.#resultOf(counted);
    this.results.push(head, { key, results });
    // Windows that do not overlap leave nothing behind.
    if (this.#window.slide >= this.#window.size) this.#forget(counted);
  }

  #resultOf({ key, pieces }: Counted): CountResult {
    const results = this.aggregation.results(pieces.states());
    const [least, greatest] = results.splice(-TIME_BOUNDS.length) as number[];
    const isTimed = this.spec.time !== undefined;
    const [start, end] = isTimed ? [least, greatest + 1] : [-Infinity, Infinity];
    return { key, head: { start, end, index: 0, timing: "onTime", revision: 0 }, results };
  }

  #forget({ key, pieces, open }: Counted): void {
    this.closed(pieces.length + Number(open !== undefined));
    this.#counted.delete(key);
    this.keys.release(key);
  }

  protected override nextDue(): number {
    return Infinity;
  }

  protected override runTo(): void {
    this.byWatermark(Infinity);
    if (this.#window.partial) this.#fireRests();
    for (const counted of [...this.#counted.values()]) this.#forget(counted);
  }

  /** Gives the rows since the last result, of which there may be fewer than a window has. */
  #fireRests(): void {
    const ranks = this.keys.ranks();
    const rests = this.#counted.values().filter(({ rows }) => rows % this.#window.slide > 0)
      .map((counted) => this.#restOf(counted)).toArray();
    rests.sort(({ head: a, key: left }, { head: b, key: right }) =>
      compareBounds(a, b) || ranks[left] - ranks[right]
    );
    for (const { key, head, results } of rests) {
      this.results.push(head, { key, results });
    }
  }

  #restOf(counted: Counted): CountResult {
    const { size, slide } = this.#window;
    if (counted.open !== undefined) this.#endPiece(counted);
    this.#evict(counted.pieces, counted.rows - Math.min(counted.rows % slide, size));
    return this.#resultOf(counted);
  }

  protected override saveState(): SavedState {
    const items = this.#counted.values().map(({ key, rows, open, pieces }): SavedItem => {
      return [key, rows, open && this.aggregation.save(open), ...pieces.save()];
    });
    return { whole: null, items: [...items] };
  }

  protected override loadState({ items }: SavedState): void {
    for (const [key, rows, open, front, back] of items) {
      const counted = this.#begin(key);
      counted.rows = rows as number;
      counted.open = open === undefined ? undefined : this.aggregation.load(open as unknown[]);
      counted.pieces.load(front as SavedEntry[], back as SavedEntry[]);
      for (let at = Number(open === undefined); at <= counted.pieces.length; at++) this.opened();
    }
  }
}
