import type { SymbolRows } from "../encoding/symbol_rows.ts";

/** Groups of symbols that rows are compared by. */
const GROUPS = 8;
/** How many times as frequent as a symbol a neighbour that is like it may be. */
const LIKE = 3;
/** The 0.1 % point of the normal distribution. */
const SURE = 3.09;
const MOST_ROWS = 50_000;

/** Rows to learn from. */
export interface LearnedRows {
  readonly rows: SymbolRows;
  /** How many symbols of each variable, from the first on, are in order, as those of numbers are. */
  readonly ordered: readonly number[];
}

/** The group of each symbol: ranges of equal shares where they are in order, else frequent ones alone. */
function symbolGroups(counts: Float64Array, ordered: boolean): Uint8Array {
  const out = new Uint8Array(counts.length).fill(GROUPS - 1);
  if (!ordered) {
    const byCount = Array.from(counts.keys()).sort((a, b) => counts[b] - counts[a] || a - b);
    byCount.slice(0, GROUPS - 1).forEach((symbol, group) => out[symbol] = group);
    return out;
  }
  const total = counts.reduce((sum, count) => sum + count, 0);
  let below = 0;
  counts.forEach((count, symbol) => {
    out[symbol] = Math.min(GROUPS - 1, Math.floor(((below + count / 2) / total) * GROUPS));
    below += count;
  });
  return out;
}

/**
 * Whether two rows of counts are of different distributions: by χ², whose 0.1 % point is by Wilson and
 * Hilferty ("The distribution of chi-square", 1931).
 */
function differ(table: Float64Array, one: number, other: number): boolean {
  let [a, b] = [0, 0];
  for (let g = 0; g < GROUPS; g++) {
    a += table[one + g];
    b += table[other + g];
  }
  let [chiSquare, freedom] = [0, -1];
  for (let g = 0; g < GROUPS; g++) {
    const both = table[one + g] + table[other + g];
    if (both === 0) continue;
    const [expectA, expectB] = [both * a / (a + b), both * b / (a + b)];
    chiSquare += (table[one + g] - expectA) ** 2 / expectA +
      (table[other + g] - expectB) ** 2 / expectB;
    freedom++;
  }
  if (freedom < 1) return false;
  const part = 2 / (9 * freedom);
  return chiSquare > freedom * (1 - part + SURE * Math.sqrt(part)) ** 3;
}

function countsOf(column: Uint8Array, symbols: number): Float64Array {
  const counts = new Float64Array(symbols);
  for (const symbol of column) counts[symbol]++;
  return counts;
}

/**
 * Which symbols of each variable are like the next: 1 where both are in order, neither is much more
 * frequent, and no other variable tells them apart, as it would readings of two stations that round
 * differently.
 */
export function alikeNeighbours({ rows, ordered }: LearnedRows): Uint8Array[] {
  const { columns, symbols, length } = rows;
  const counts = columns.map((column, v) => countsOf(column, symbols[v]));
  const groups = counts.map((each, v) => symbolGroups(each, ordered[v] > 0));
  const step = Math.max(1, Math.ceil(length / MOST_ROWS));
  return columns.map((column, v) => {
    const linked = new Uint8Array(symbols[v]);
    for (let s = 0; s + 1 < ordered[v]; s++) {
      const [few, many] = [counts[v][s], counts[v][s + 1]].sort((a, b) => a - b);
      linked[s] = many < LIKE * few ? 1 : 0;
    }
    if (!linked.includes(1)) return linked;
    columns.forEach((other, u) => {
      if (u === v) return;
      const table = new Float64Array(symbols[v] * GROUPS);
      for (let row = 0; row < length; row += step) {
        table[column[row] * GROUPS + groups[u][other[row]]]++;
      }
      for (let s = 0; s + 1 < linked.length; s++) {
        if (linked[s] && differ(table, s * GROUPS, (s + 1) * GROUPS)) linked[s] = 0;
      }
    });
    return linked;
  });
}
