import { setOwn } from "../../batch/misfit.ts";
import type { Cells } from "./column_outputs.ts";

type Row = Record<string, unknown>;

/** Columns whose values are stored at places of their own in the code. */
const OWN_PLACES = 16;

/**
 * Makes plain objects of values that lie column by column.
 *
 * Every row is a copy of one object, and so has its shape at once. Of the first 16 columns each is
 * stored at a place of its own in the code: the engine learns the name of a property by the place,
 * and where several names are stored at one, each costs several times as much.
 */
export class RowMaker {
  readonly #names: readonly string[];
  readonly #template: Row = {};

  /** Of rows with these columns. */
  constructor(names: readonly string[]) {
    this.#names = names;
    for (const name of names) setOwn(this.#template, name, null);
  }

  /** The rows from one to before another. */
  make(cells: readonly Cells[], from: number, to: number): Row[] {
    const rows: Row[] = [];
    for (let row = from; row < to; row++) rows.push({ ...this.#template });
    fill(rows, this.#names, cells, from);
    for (let at = OWN_PLACES; at < cells.length; at++) {
      const name = this.#names[at];
      const values = cells[at];
      for (let i = 0; i < rows.length; i++) rows[i][name] = values[from + i];
    }
    return rows;
  }
}

/** Stores the values of the first 16 columns. */
function fill(
  rows: readonly Row[],
  names: readonly string[],
  cells: readonly Cells[],
  from: number,
): void {
  const width = cells.length;
  const [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = names;
  const [A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P] = cells;
  for (let at = 0, cell = from; at < rows.length; at++, cell++) {
    const row = rows[at];
    if (width > 0) row[a] = A[cell];
    if (width > 1) row[b] = B[cell];
    if (width > 2) row[c] = C[cell];
    if (width > 3) row[d] = D[cell];
    if (width > 4) row[e] = E[cell];
    if (width > 5) row[f] = F[cell];
    if (width > 6) row[g] = G[cell];
    if (width > 7) row[h] = H[cell];
    if (width > 8) row[i] = I[cell];
    if (width > 9) row[j] = J[cell];
    if (width > 10) row[k] = K[cell];
    if (width > 11) row[l] = L[cell];
    if (width > 12) row[m] = M[cell];
    if (width > 13) row[n] = N[cell];
    if (width > 14) row[o] = O[cell];
    if (width > 15) row[p] = P[cell];
  }
}
