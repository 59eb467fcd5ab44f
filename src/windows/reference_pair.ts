import { ARG_MAX, ARG_MIN, JOINT, type PairLayout } from "../kernel/window_layout.ts";
import { correlationOf, covarianceOf } from "../kernel/window_pairs.ts";
import type { AggregateOp } from "../kernel/window_types.ts";

const I64_MAX = 0x7fff_ffff_ffff_ffffn;

type Numeric = number | bigint;

/** A value with what decides whether it is the one. */
interface Ranked {
  readonly value: Numeric;
  readonly time: bigint;
  readonly order: bigint;
  /** The least comes first. */
  readonly rank: bigint;
}

/** A row that has both values. */
export interface PairedRow {
  readonly x: Numeric;
  readonly y: Numeric;
  readonly time: bigint;
  readonly order: bigint;
}

/** What is known of two values together in one window and key; the kernel keeps the same fields. */
export class ReferencePair {
  readonly #layout: PairLayout;
  #count = 0;
  #x = { mean: 0, squares: 0 };
  #y = { mean: 0, squares: 0 };
  #products = 0;
  #least: Ranked | undefined;
  #greatest: Ranked | undefined;

  /** A pair of no values. */
  constructor(layout: PairLayout) {
    this.#layout = layout;
  }

  /** Takes in one row. */
  add({ x, y, time, order }: PairedRow): void {
    this.#addJoint(Number(x), Number(y));
    const rank = this.#layout.byDomain === "integer" ? BigInt(y) : rankOf(Number(y));
    this.#least = before(this.#least, { value: x, time, order, rank });
    const reverse = Number.isNaN(y) ? rank : -1n - rank;
    this.#greatest = before(this.#greatest, { value: x, time, order, rank: reverse });
  }

  /** Welford's update, of two variables. */
  #addJoint(x: number, y: number): void {
    this.#count++;
    const [dx, dy] = [x - this.#x.mean, y - this.#y.mean];
    this.#x.mean += dx / this.#count;
    this.#y.mean += dy / this.#count;
    this.#x.squares += dx * (x - this.#x.mean);
    this.#y.squares += dy * (y - this.#y.mean);
    this.#products += dx * (y - this.#y.mean);
  }

  /** Takes in all that another one has. */
  merge(other: ReferencePair): void {
    this.#mergeJoint(other);
    if (other.#least) this.#least = before(this.#least, other.#least);
    if (other.#greatest) this.#greatest = before(this.#greatest, other.#greatest);
  }

  /** Chan, Golub and LeVeque's pairwise update, of two variables. */
  #mergeJoint(other: ReferencePair): void {
    if (other.#count === 0) return;
    const count = this.#count + other.#count;
    const share = other.#count / count;
    const weight = this.#count * share;
    const [dx, dy] = [other.#x.mean - this.#x.mean, other.#y.mean - this.#y.mean];
    const isFirst = this.#count === 0;
    this.#count = count;
    if (isFirst) {
      [this.#x, this.#y, this.#products] = [{ ...other.#x }, { ...other.#y }, other.#products];
      return;
    }
    this.#x.mean += dx * share;
    this.#y.mean += dy * share;
    this.#x.squares += other.#x.squares + dx * dx * weight;
    this.#y.squares += other.#y.squares + dy * dy * weight;
    this.#products += other.#products + dx * dy * weight;
  }

  /** The result of an aggregate. */
  result(op: AggregateOp): Numeric | null {
    if (op === "argMin") return this.#least?.value ?? null;
    if (op === "argMax") return this.#greatest?.value ?? null;
    const [xSquares, ySquares] = [this.#x.squares, this.#y.squares];
    const joint = { count: this.#count, xSquares, ySquares, products: this.#products };
    return op === "covariance" ? covarianceOf(joint) : correlationOf(joint);
  }

  #joint(): number[] {
    const [x, y] = [this.#x, this.#y];
    return [this.#count, x.mean, y.mean, x.squares, y.squares, this.#products];
  }

  /** Writes the fields that the layout has. */
  write(state: DataView): void {
    const { fields, joint, argMin, argMax } = this.#layout;
    if (fields & JOINT) {
      this.#joint().forEach((value, at) => state.setFloat64(joint + 8 * at, value, true));
    }
    if (fields & ARG_MIN) this.#writeRanked(state, argMin, this.#least);
    if (fields & ARG_MAX) this.#writeRanked(state, argMax, this.#greatest);
  }

  #writeRanked(state: DataView, at: number, ranked: Ranked | undefined): void {
    const { value, time, order, rank } = ranked ??
      { value: 0, time: I64_MAX, order: -1n, rank: I64_MAX };
    if (this.#layout.domain === "integer") state.setBigInt64(at, BigInt(value), true);
    else state.setFloat64(at, Number(value), true);
    [time, order, rank].forEach((word, index) => state.setBigInt64(at + 8 + 8 * index, word, true));
  }

  /** Reads what {@linkcode write} wrote. */
  static read(state: DataView, layout: PairLayout): ReferencePair {
    const out = new ReferencePair(layout);
    const { fields, joint, argMin, argMax, domain } = layout;
    if (fields & JOINT) {
      const at = (word: number) => state.getFloat64(joint + 8 * word, true);
      out.#count = at(0);
      out.#x = { mean: at(1), squares: at(3) };
      out.#y = { mean: at(2), squares: at(4) };
      out.#products = at(5);
    }
    const ranked = (at: number): Ranked | undefined => {
      const time = state.getBigInt64(at + 8, true);
      if (time === I64_MAX) return undefined;
      const value = domain === "integer" ? state.getBigInt64(at, true) : state.getFloat64(at, true);
      const order = state.getBigUint64(at + 16, true);
      return { value, time, order, rank: state.getBigInt64(at + 24, true) };
    };
    if (fields & ARG_MIN) out.#least = ranked(argMin);
    if (fields & ARG_MAX) out.#greatest = ranked(argMax);
    return out;
  }
}

function before(a: Ranked | undefined, b: Ranked): Ranked {
  if (a === undefined || b.rank < a.rank) return b;
  if (b.rank > a.rank) return a;
  return b.time < a.time || (b.time === a.time && b.order < a.order) ? b : a;
}

/** Doubles as integers of the same order, NaN before all. */
function rankOf(value: number): bigint {
  if (Number.isNaN(value)) return -I64_MAX - 1n;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Math.abs(value));
  const size = view.getBigInt64(0);
  return value < 0 ? -1n - size : size;
}
