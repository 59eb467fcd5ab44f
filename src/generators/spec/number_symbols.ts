import { KNOTS } from "../encoding/plans.ts";
import { type Quantile, shareBelow, truncated } from "./quantiles.ts";

/** Numbers that are symbols of their own, at most. */
const MOST_ATOMS = 64;
/** Equal steps between the tails. */
const STEPS = 64;
const TAIL = 2 ** -7;
/** The least share of a symbol: a table of 128 places cannot tell smaller ones apart from none. */
const LEAST = 2 ** -22;

/** A distribution of numbers as they are counted in a column. */
export interface Distribution {
  readonly quantile: Quantile;
  /** The least number. */
  readonly low: number;
  /** The greatest. */
  readonly high: number;
  /** Whether numbers are whole. */
  readonly whole: boolean;
  /** Whether all are as likely, so that one symbol says it all. */
  readonly even?: boolean;
}

/** Symbols of numbers: the knots of each, and how likely it is. */
export interface NumberShares {
  readonly knots: Float64Array;
  readonly shares: Float64Array;
}

/** The shares at which symbols end: equal steps, and ever smaller ones into the tails. */
function edges(): number[] {
  const tail: number[] = [];
  for (let share = LEAST; share < TAIL; share *= 2) tail.push(share);
  const steps = Array.from(
    { length: STEPS + 1 },
    (_, step) => TAIL + (1 - 2 * TAIL) * step / STEPS,
  );
  return [...tail, ...steps, ...tail.map((share) => 1 - share).reverse()];
}

/** Whole numbers belong to one symbol each, which therefore ends half way between two. */
function halves(low: number, high: number): [number, number] {
  if (high === Infinity) return [low - 0.5, high];
  return [low - 0.5, high + 0.5 - Math.max(2 ** -20, Math.abs(high) * 2 ** -50)];
}

function atoms(cut: Quantile, low: number, high: number): NumberShares {
  const values = Array.from({ length: high - low + 1 }, (_, at) => low + at);
  const below = values.map((value) => shareBelow(cut, value + 0.5));
  below[below.length - 1] = 1;
  const shares = Float64Array.from(below, (share, at) => share - (below[at - 1] ?? 0));
  return { knots: Float64Array.from(values.flatMap((value) => Array(KNOTS).fill(value))), shares };
}

function bins(cut: Quantile, cuts: readonly number[], whole: boolean): NumberShares {
  const knots: number[] = [];
  const shares: number[] = [];
  let [from, at] = [cuts[0], cut(cuts[0])];
  if (whole) at = Math.floor(at) + 0.5;
  let told = 0;
  for (const end of cuts.slice(1)) {
    const isLast = end === cuts[cuts.length - 1];
    const raw = cut(end);
    const top = whole && !isLast ? Math.floor(raw) + 0.5 : raw;
    if (!(top > at)) continue;
    const to = whole && !isLast ? shareBelow(cut, top) : end;
    const inner = Array.from(
      { length: KNOTS },
      (_, k) => k === 0 ? at : k === KNOTS - 1 ? top : cut(from + (to - from) * k / (KNOTS - 1)),
    );
    knots.push(...inner.map((knot) => Math.min(top, Math.max(at, knot))));
    const share = isLast ? 1 : to;
    shares.push(share - told);
    [from, at, told] = [to, top, share];
  }
  return { knots: Float64Array.from(knots), shares: Float64Array.from(shares) };
}

/**
 * Symbols of a distribution, the tails finer than the middle; what is less likely than one in four
 * million, at either end that has none, is cut off. Undefined when nothing is between the limits.
 */
export function numberShares(of: Distribution): NumberShares | undefined {
  const { whole, even } = of;
  const [low, high] = whole ? halves(of.low, of.high) : [of.low, of.high];
  const cut = truncated(of.quantile, low, high);
  if (!cut) return undefined;
  const isOpen = (share: number) => !Number.isFinite(cut(share));
  const first = isOpen(0) ? LEAST : 0;
  const last = isOpen(1) ? 1 - LEAST : 1;
  if (whole) {
    const [least, most] = [Math.floor(cut(first) + 0.5), Math.floor(cut(last) + 0.5)];
    if (most - least < MOST_ATOMS) return atoms(cut, least, most);
  }
  const inner = even ? [] : edges().filter((share) => share > first && share < last);
  return bins(cut, [first, ...inner, last], whole);
}
