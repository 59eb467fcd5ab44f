import { columnOfWords } from "./result_columns.ts";
import type { PairLayout } from "./window_layout.ts";
import type { AggregateOp, KeyType, ResultColumn } from "./window_types.ts";

const I64_MAX = 2n ** 63n - 1n;
/** Below it doubles lose digits. */
const LEAST_PRODUCT = 2 ** -1022;

/** An aggregate of two values, and where its fields are. */
export interface PairResult {
  readonly op: AggregateOp;
  /** Of the results. */
  readonly type: KeyType;
  readonly pair: PairLayout;
  /** The 8 bytes at this place of each state. */
  readonly wordsAt: (at: number) => ArrayBuffer;
}

/** The column of an aggregate of two values. */
export function pairColumn({ op, type, pair, wordsAt }: PairResult): ResultColumn {
  if (op === "argMin" || op === "argMax") {
    const at = op === "argMin" ? pair.argMin : pair.argMax;
    const times = new BigInt64Array(wordsAt(at + 8));
    return columnOfWords(type, wordsAt(at), flags(times.length, (row) => times[row] !== I64_MAX));
  }
  const words = [0, 8, 16, 24, 32, 40].map((field) =>
    new Float64Array(wordsAt(pair.joint + field))
  );
  const results = Array.from(words[0], (_, row) => {
    const [count, , , xSquares, ySquares, products] = words.map((column) => column[row]);
    const joint = { count, xSquares, ySquares, products };
    return op === "covariance" ? covarianceOf(joint) : correlationOf(joint);
  });
  const some = flags(results.length, (row) => results[row] !== null);
  return columnOfWords(type, Float64Array.from(results, Number).buffer, some);
}

/** What is known of two values together. */
export interface Joint {
  readonly count: number;
  /** Sums of squared differences from the means. */
  readonly xSquares: number;
  readonly ySquares: number;
  /** The sum of the products of these differences. */
  readonly products: number;
}

/** `NaN` unless the sums are finite: what an infinity leaves of them depends on when it came. */
function finite(value: number, { xSquares, ySquares, products }: Joint): number {
  return Number.isFinite(xSquares + ySquares + products) ? value : NaN;
}

/** The sample covariance. */
export function covarianceOf(joint: Joint): number | null {
  return joint.count < 2 ? null : finite(joint.products / (joint.count - 1), joint);
}

/** Pearson's correlation coefficient, which rounding must not make pass ±1. */
export function correlationOf(joint: Joint): number | null {
  const { count, xSquares, ySquares, products } = joint;
  if (count < 2 || xSquares === 0 || ySquares === 0) return null;
  // One root of both is closer, and 1 of a column with itself, but it may leave the range.
  const both = xSquares * ySquares;
  const root = both > LEAST_PRODUCT && both < Infinity
    ? Math.sqrt(both)
    : Math.sqrt(xSquares) * Math.sqrt(ySquares);
  return finite(Math.max(-1, Math.min(1, products / root)), joint);
}

/** A byte a row: whether it has a result. */
function flags(length: number, has: (row: number) => boolean): Uint8Array {
  return Uint8Array.from({ length }, (_, row) => Number(has(row)));
}
