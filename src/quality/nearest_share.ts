import type { Pick } from "./two_sample_score.ts";
import { isScored, type ScoreColumn } from "./score_columns.ts";

/** How often synthetic rows are nearer to rows that were learned from than to others. */
export interface NearestShare {
  /** 0.5 where nothing was learned by heart, 1 where rows were copied. */
  readonly share: number;
  /** Synthetic rows that were compared. */
  readonly rows: number;
  /** Rows that each was compared with, as many that were learned from as were not. */
  readonly neighbours: number;
}

/** Rows as numbers side by side. */
interface Points {
  /** Numbers from 0 to 1 or NaN, row by row. */
  readonly numbers: Float64Array;
  /** Codes, row by row. */
  readonly codes: Int32Array;
  readonly rows: number;
}

/** How wide numbers are spread in rows, and where they begin. */
function rangeOf(column: ScoreColumn, picks: readonly Pick[]): { low: number; width: number } {
  let [low, high] = [Infinity, -Infinity];
  for (const { set, rows } of picks) {
    const { numbers } = column.sets[set];
    for (const row of rows) {
      if (numbers[row] < low) low = numbers[row];
      if (numbers[row] > high) high = numbers[row];
    }
  }
  return low < high ? { low, width: high - low } : { low: low === high ? low : 0, width: 0 };
}

function isNumber({ kind }: ScoreColumn): boolean {
  return kind === "number" || kind === "time";
}

/** Of a column without width whatever differs is as far as can be. */
function scaled(value: number, { low, width }: { low: number; width: number }): number {
  if (width > 0) return (value - low) / width;
  return value < low ? -1 : value > low ? 1 : value - low;
}

function pointsOf(
  columns: readonly ScoreColumn[],
  pick: Pick,
  references: readonly Pick[],
): Points {
  const { set, rows } = pick;
  const measured = columns.filter(isNumber);
  const named = columns.filter((column) => !isNumber(column));
  const numbers = new Float64Array(rows.length * measured.length);
  const codes = new Int32Array(rows.length * named.length);
  measured.forEach((column, at) => {
    const range = rangeOf(column, references);
    const values = column.sets[set].numbers;
    rows.forEach((row, i) => numbers[i * measured.length + at] = scaled(values[row], range));
  });
  named.forEach((column, at) => {
    const values = column.sets[set].codes;
    rows.forEach((row, i) => codes[i * named.length + at] = values[row]);
  });
  return { numbers, codes, rows: rows.length };
}

/** The distance of one row to the nearest of others: the sum over columns. */
function nearest(of: Points, row: number, among: Points): number {
  const [measured, named] = [of.numbers.length / of.rows, of.codes.length / of.rows];
  let least = Infinity;
  for (let other = 0; other < among.rows; other++) {
    let sum = 0;
    for (let at = 0; at < named; at++) {
      if (of.codes[row * named + at] !== among.codes[other * named + at]) sum++;
    }
    for (let at = 0; at < measured && sum < least; at++) {
      const a = of.numbers[row * measured + at];
      const b = among.numbers[other * measured + at];
      const off = Math.abs(a - b);
      if (off === off) sum += off < 1 ? off : 1;
      else if (a === a || b === b) sum++; // one of them is NaN
    }
    if (sum < least) least = sum;
  }
  return least;
}

/**
 * The share of synthetic rows whose nearest neighbour is one of the rows that were learned from and
 * not one of as many that were not; ties count half. The distance of two rows is Gower's (1971):
 * of numbers and times the difference as a share of their range, of all else 0 or 1; null is as far
 * as can be from everything but null.
 *
 * @param picks Synthetic rows, rows that were learned from, rows that were not.
 * @param pause Awaited now and then, so that others get a turn and it can be stopped.
 */
export async function nearestShare(
  columns: readonly ScoreColumn[],
  [synthetic, training, holdout]: readonly [Pick, Pick, Pick],
  pause: () => Promise<void>,
): Promise<NearestShare> {
  const compared = columns.filter(isScored);
  const [points, learned, others] = [synthetic, training, holdout]
    .map((pick) => pointsOf(compared, pick, [training, holdout]));
  let nearer = 0;
  for (let row = 0; row < points.rows; row++) {
    const [a, b] = [nearest(points, row, learned), nearest(points, row, others)];
    nearer += a < b ? 1 : a === b ? 0.5 : 0;
    if (row % 256 === 255) await pause();
  }
  return { share: nearer / points.rows, rows: points.rows, neighbours: learned.rows };
}
