import {
  FIRST,
  LAST,
  MOMENTS,
  RANGE,
  type Spread,
  SPREADS,
  SUM,
  type ValueLayout,
} from "../kernel/window_layout.ts";
import type { AggregateOp } from "../kernel/window_types.ts";

const I64_MAX = 0x7fff_ffff_ffff_ffffn;
const I64_MIN = -0x8000_0000_0000_0000n;

/** A value with what decides whether it came first or last. */
interface Mark {
  value: number | bigint;
  time: bigint;
  order: bigint;
}

/** What is known of one value in one window and key; the kernel keeps the same fields. */
export class ReferenceAccumulator {
  readonly #integer: boolean;
  #count = 0n;
  #nulls = 0n;
  #sum = 0;
  #compensation = 0;
  #integerSum = 0n;
  #least: number | bigint;
  #greatest: number | bigint;
  #moments = { count: 0, mean: 0, squares: 0 };
  #first: Mark | undefined;
  #last: Mark | undefined;

  /** An accumulator of no values. */
  constructor(layout: ValueLayout) {
    this.#integer = layout.domain === "integer";
    this.#least = this.#integer ? I64_MAX : Infinity;
    this.#greatest = this.#integer ? I64_MIN : -Infinity;
  }

  /** Takes in one row's value, `null` for none. */
  add(value: number | bigint | null, time: bigint, order: bigint): void {
    if (value === null) {
      this.#nulls++;
      return;
    }
    this.#count++;
    if (this.#integer) this.#integerSum += BigInt(value);
    else this.#addDouble(value as number, 0);
    this.#widen(value, value);
    this.#addMoment(Number(value));
    const mark = { value, time, order };
    this.#mark(mark, mark);
  }

  /** Takes in all that another one has. */
  merge(other: ReferenceAccumulator): void {
    this.#count += other.#count;
    this.#nulls += other.#nulls;
    this.#integerSum += other.#integerSum;
    this.#addDouble(other.#sum, other.#compensation);
    this.#widen(other.#least, other.#greatest);
    this.#mergeMoments(other.#moments);
    this.#mark(other.#first, other.#last);
  }

  /** The sum and its exact rounding error: Neumaier's summation by Knuth's branch-free TwoSum. */
  #addDouble(value: number, compensation: number): void {
    const sum = this.#sum + value;
    const part = sum - this.#sum;
    this.#compensation += (this.#sum - (sum - part)) + (value - part) + compensation;
    this.#sum = sum;
  }

  #widen(least: number | bigint, greatest: number | bigint): void {
    if (this.#integer) {
      if (least < this.#least) this.#least = least;
      if (greatest > this.#greatest) this.#greatest = greatest;
      return;
    }
    this.#least = Math.min(this.#least as number, least as number);
    this.#greatest = Math.max(this.#greatest as number, greatest as number);
  }

  /** Welford's update. */
  #addMoment(value: number): void {
    const moments = this.#moments;
    moments.count++;
    const delta = value - moments.mean;
    moments.mean += delta / moments.count;
    moments.squares += delta * (value - moments.mean);
  }

  /** Chan, Golub and LeVeque's pairwise update. */
  #mergeMoments(other: { count: number; mean: number; squares: number }): void {
    const own = this.#moments;
    if (other.count === 0) return;
    if (own.count === 0) {
      this.#moments = { ...other };
      return;
    }
    const count = own.count + other.count;
    const delta = other.mean - own.mean;
    own.mean += delta * (other.count / count);
    own.squares += other.squares + delta * delta * (own.count * (other.count / count));
    own.count = count;
  }

  #mark(first: Mark | undefined, last: Mark | undefined): void {
    if (first && (!this.#first || before(first, this.#first))) this.#first = first;
    if (last && (!this.#last || !before(last, this.#last))) this.#last = last;
  }

  /** The result of an aggregate; integer sums as exact bigints. */
  result(op: AggregateOp): number | bigint | null {
    if (op === "count") return this.#count;
    if (this.#count === 0n) return null;
    switch (op) {
      case "sum":
        return this.#integer ? this.#integerSum : this.#total();
      case "mean":
        return (this.#integer ? Number(this.#integerSum) : this.#total()) / Number(this.#count);
      case "min":
        return this.#extreme(this.#least);
      case "max":
        return this.#extreme(this.#greatest);
      case "first":
        return this.#first!.value;
      case "last":
        return this.#last!.value;
      default:
        return this.#spread(SPREADS.get(op)!);
    }
  }

  /** Of doubles never −0, whose order with 0 is chance. */
  #extreme(value: number | bigint): number | bigint {
    return typeof value === "number" ? value + 0 : value;
  }

  /** The compensation means nothing once the sum is infinite or NaN. */
  #total(): number {
    const total = this.#sum + this.#compensation;
    return Number.isFinite(this.#sum) && !Number.isNaN(this.#compensation) ? total : this.#sum;
  }

  #spread({ less, root }: Spread): number | null {
    const { count, squares } = this.#moments;
    if (count <= less) return null;
    const variance = squares / (count - less);
    return root ? Math.sqrt(variance) : variance;
  }

  /** Writes the fields that the layout has. */
  write(state: DataView, layout: ValueLayout): void {
    const { sum, range, moments, nulls } = layout;
    const writeValue = (at: number, value: number | bigint) =>
      this.#integer
        ? state.setBigInt64(at, BigInt(value), true)
        : state.setFloat64(at, value as number, true);
    if (layout.fields & SUM && this.#integer) {
      state.setBigInt64(sum, BigInt.asIntN(64, this.#integerSum), true);
      state.setBigInt64(sum + 8, this.#integerSum >> 64n, true);
    } else if (layout.fields & SUM) {
      state.setFloat64(sum, this.#sum, true);
      state.setFloat64(sum + 8, this.#compensation, true);
    }
    if (layout.fields & RANGE) {
      writeValue(range, this.#least);
      writeValue(range + 8, this.#integer ? this.#greatest : -this.#greatest);
    }
    if (layout.fields & MOMENTS) {
      state.setFloat64(moments, this.#moments.count, true);
      state.setFloat64(moments + 8, this.#moments.mean, true);
      state.setFloat64(moments + 16, this.#moments.squares, true);
    }
    const none = { value: 0, time: 0n, order: 0n };
    const marks = [
      [FIRST, layout.first, this.#first ?? { ...none, time: I64_MAX, order: -1n }],
      [LAST, layout.last, this.#last ?? { ...none, time: I64_MIN }],
    ] as const;
    for (const [field, at, mark] of marks) {
      if ((layout.fields & field) === 0) continue;
      writeValue(at, mark.value);
      state.setBigInt64(at + 8, mark.time, true);
      state.setBigInt64(at + 16, mark.order, true);
    }
    if (nulls >= 0) state.setBigInt64(nulls, this.#nulls, true);
  }

  /** Reads what {@linkcode write} wrote for a group of `rows` rows. */
  static read(state: DataView, layout: ValueLayout, rows: bigint): ReferenceAccumulator {
    const out = new ReferenceAccumulator(layout);
    const { sum, range, moments, nulls } = layout;
    const readValue = (at: number) =>
      out.#integer ? state.getBigInt64(at, true) : state.getFloat64(at, true);
    out.#nulls = nulls >= 0 ? state.getBigInt64(nulls, true) : 0n;
    out.#count = rows - out.#nulls;
    if (layout.fields & SUM && out.#integer) {
      out.#integerSum = state.getBigUint64(sum, true) + (state.getBigInt64(sum + 8, true) << 64n);
    } else if (layout.fields & SUM) {
      out.#sum = state.getFloat64(sum, true);
      out.#compensation = state.getFloat64(sum + 8, true);
    }
    if (layout.fields & RANGE) {
      out.#least = readValue(range);
      out.#greatest = out.#integer ? readValue(range + 8) : -readValue(range + 8);
    }
    if (layout.fields & MOMENTS) {
      out.#moments = {
        count: state.getFloat64(moments, true),
        mean: state.getFloat64(moments + 8, true),
        squares: state.getFloat64(moments + 16, true),
      };
    }
    const readMark = (at: number) => ({
      value: readValue(at),
      time: state.getBigInt64(at + 8, true),
      order: state.getBigUint64(at + 16, true),
    });
    if (out.#count > 0n && layout.fields & FIRST) out.#first = readMark(layout.first);
    if (out.#count > 0n && layout.fields & LAST) out.#last = readMark(layout.last);
    return out;
  }
}

function before(a: Mark, b: Mark): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order);
}
