import type { SymbolRows } from "../encoding/symbol_rows.ts";
import { updatedShares } from "../independent/independent_face.ts";
import type { CopulaModel } from "../model/models.ts";
import { normalDensity, normalQuantile } from "../normal.ts";

/** What correlations are taken times, so that no variable follows from others. */
const KEPT = 0.9999;

/** The limits of each symbol on the normal scale: one more than there are symbols, of which infinite. */
export function limitsOf(shares: Float64Array): Float64Array {
  const limits = new Float64Array(shares.length + 1);
  let below = 0;
  for (let s = 0; s < shares.length; s++) {
    limits[s] = normalQuantile(below);
    below = Math.min(1, below + shares[s]);
  }
  limits[0] = -Infinity;
  // the shares behind the last symbol that comes are 0, whatever rounding makes of the sum
  let last = shares.length;
  while (last > 1 && shares[last - 1] === 0) limits[--last] = Infinity;
  limits[shares.length] = Infinity;
  return limits;
}

/** The mean of a normal deviate within the limits of each symbol, scaled to a variance of 1. */
function scoresOf(shares: Float64Array): Float64Array {
  const limits = limitsOf(shares);
  const scores = shares.map((share, s) =>
    share === 0 ? 0 : (normalDensity(limits[s]) - normalDensity(limits[s + 1])) / share
  );
  let variance = 0;
  for (let s = 0; s < shares.length; s++) variance += shares[s] * scores[s] ** 2;
  return variance > 1e-12 ? scores.map((each) => each / Math.sqrt(variance)) : scores.fill(0);
}

/** The shares of the symbols of a column. */
export function sharesOf(column: Uint8Array, symbols: number): Float64Array {
  const counts = new Float64Array(symbols);
  for (const symbol of column) counts[symbol]++;
  return counts.map((count) => count / column.length);
}

/** Mean products of the scores of rows: the lower triangle, row by row, with the diagonal. */
function productsOf(rows: SymbolRows, shares: readonly Float64Array[]): Float64Array {
  const scores = shares.map(scoresOf);
  const values = rows.columns.map((column, v) => Float64Array.from(column, (s) => scores[v][s]));
  const out = new Float64Array(packedLength(values.length));
  let at = 0;
  for (let a = 0; a < values.length; a++) {
    for (let b = 0; b <= a; b++) {
      let sum = 0;
      for (let row = 0; row < rows.length; row++) sum += values[a][row] * values[b][row];
      out[at++] = sum / rows.length;
    }
  }
  return out;
}

/** The correlations of what has such products; nothing correlates with what is always the same. */
function correlationsOf(products: Float64Array, variables: number): Float64Array {
  const own = (v: number) => products[packedLength(v + 1) - 1];
  const out = new Float64Array(products.length);
  let at = 0;
  for (let a = 0; a < variables; a++) {
    for (let b = 0; b <= a; b++, at++) {
      const size = Math.sqrt(own(a) * own(b));
      out[at] = a === b ? 1 : size > 0 ? Math.max(-1, Math.min(1, products[at] / size)) : 0;
    }
  }
  return out;
}

/** How many numbers the lower triangle of a matrix has. */
export function packedLength(variables: number): number {
  return (variables * (variables + 1)) / 2;
}

/** The triangle whose product with its transpose is the matrix (Cholesky), of correlations taken a little less. */
export function factorOf(correlations: Float64Array, variables: number): Float64Array {
  const out = new Float64Array(correlations.length);
  const at = (row: number, column: number) => (row * (row + 1)) / 2 + column;
  for (let a = 0; a < variables; a++) {
    for (let b = 0; b <= a; b++) {
      let sum = correlations[at(a, b)] * (a === b ? 1 : KEPT);
      for (let k = 0; k < b; k++) sum -= out[at(a, k)] * out[at(b, k)];
      out[at(a, b)] = a === b ? Math.sqrt(Math.max(1 - KEPT, sum)) : sum / out[at(b, b)];
    }
  }
  return unitRows(out, variables);
}

/** The rows of a triangle, scaled so that each deviate has a variance of 1 again. */
function unitRows(factor: Float64Array, variables: number): Float64Array {
  let start = 0;
  for (let a = 0; a < variables; a++) {
    const row = factor.subarray(start, start += a + 1);
    const size = Math.sqrt(row.reduce((sum, each) => sum + each * each, 0));
    row.forEach((each, b) => row[b] = each / size);
  }
  return factor;
}

/** The copula that rows have: the shares of symbols, and how their normal scores correlate. */
export function fitCopula(rows: SymbolRows): CopulaModel {
  const shares = rows.columns.map((column, v) => sharesOf(column, rows.symbols[v]));
  const count = shares.length;
  const factor = factorOf(correlationsOf(productsOf(rows, shares), count), count);
  return { kind: "copula", shares, factor };
}

/** The correlations that a triangle stands for: of its product with its transpose. */
function correlationsFrom(factor: Float64Array, variables: number): Float64Array {
  const out = new Float64Array(factor.length);
  let at = 0;
  for (let a = 0; a < variables; a++) {
    for (let b = 0; b <= a; b++, at++) {
      const [rowA, rowB] = [packedLength(a), packedLength(b)];
      for (let k = 0; k <= b; k++) out[at] += factor[rowA + k] * factor[rowB + k];
    }
  }
  return out;
}

/** A copula as learned before, mixed with that of rows. */
export function updateCopula(
  { shares, factor }: CopulaModel,
  rows: SymbolRows,
  before: number,
): CopulaModel {
  const updated = updatedShares(shares, rows, before);
  const count = shares.length;
  const products = productsOf(rows, updated);
  const known = correlationsFrom(factor, count);
  const share = before / (before + rows.length);
  const mixed = products.map((each, at) => share * known[at] + (1 - share) * each);
  return { kind: "copula", shares: updated, factor: factorOf(correlationsOf(mixed, count), count) };
}
