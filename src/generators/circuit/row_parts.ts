import type { SymbolRows } from "../encoding/symbol_rows.ts";
import type { SeededRandom } from "../sampling/seeded_random.ts";
import { mutualInformation } from "./circuit_tree.ts";

/** Splits rows into as many parts as components, by which of as many rows of them they resemble. */
export function partsLike(rows: SymbolRows, components: number, random: SeededRandom): number[][] {
  const pivots = Array.from({ length: components }, () => Math.floor(random.next() * rows.length));
  const parts = pivots.map((): number[] => []);
  for (let row = 0; row < rows.length; row++) {
    const likeness = pivots.map((pivot) => {
      let sum = random.next();
      rows.columns.forEach((column, v) => {
        sum += 1 - Math.min(1, Math.abs(column[row] - column[pivot]) / (rows.symbols[v] / 4));
      });
      return sum;
    });
    parts[likeness.indexOf(Math.max(...likeness))].push(row);
  }
  return parts;
}

/** A variable whose symbols are in order, by which rows can be halved. */
interface Axis {
  readonly column: Uint8Array;
  /** Of each symbol the share of rows below its middle. */
  readonly ranks: Float64Array;
  /** What it says of the variable that it says most of, in nats. */
  readonly weight: number;
}

/** The variables whose symbols are in order: of each so many, from the first on. */
export function axesOf(rows: SymbolRows, ordered: readonly number[]): Axis[] {
  const { columns, symbols, length } = rows;
  return columns.flatMap((column, v) => {
    if (ordered[v] === 0) return [];
    const ranks = new Float64Array(symbols[v]);
    for (const symbol of column) ranks[symbol]++;
    let below = 0;
    ranks.forEach((count, symbol) => {
      ranks[symbol] = (below + count / 2) / length;
      below += count;
    });
    const told = columns.map((other, u) =>
      u === v
        ? 0
        : mutualInformation({ a: column, b: other, symbolsA: symbols[v], symbolsB: symbols[u] })
    );
    return [{ column, ranks, weight: Math.max(0, ...told) }];
  });
}

/** The axis along which some rows are spread most. */
function widest(some: readonly number[], axes: readonly Axis[]): Axis {
  let [best, most] = [axes[0], -1];
  for (const axis of axes) {
    const { column, ranks, weight } = axis;
    let [sum, squares] = [0, 0];
    for (const row of some) {
      const rank = ranks[column[row]];
      sum += rank;
      squares += rank * rank;
    }
    const spread = weight * (squares - sum * sum / some.length);
    if (spread > most) [best, most] = [axis, spread];
  }
  return best;
}

/**
 * Halves rows at the middle of what they are spread in most, until there are as many parts as wanted,
 * a power of two: places near each other stay together.
 */
export function halvedRows(rows: SymbolRows, parts: number, axes: readonly Axis[]): number[][] {
  let all = [Array.from({ length: rows.length }, (_, row) => row)];
  while (all.length < parts) {
    all = all.flatMap((some) => {
      const { column } = widest(some, axes);
      const sorted = some.toSorted((a, b) => column[a] - column[b] || a - b);
      return [sorted.slice(0, sorted.length >> 1), sorted.slice(sorted.length >> 1)];
    });
  }
  return all;
}
