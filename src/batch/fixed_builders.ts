import { bitmapBytes, getBit, setBit } from "./bitmap.ts";
import { type Buffers, ColumnBuilder, type Run } from "./column_builder.ts";
import { DECIMAL_BYTES, type DecimalShape, parseDecimal } from "./decimal.ts";
import { Misfit } from "./misfit.ts";
import type { DataType } from "./schema.ts";
import { DAY_MS } from "./time_range.ts";

const FIRST_CAPACITY = 64;
const TWO_32 = 4294967296;

type NumberValues = Int32Array | Float32Array | Float64Array;

/** Where a run of values is stored, with room for all of them. */
interface Place extends Run {
  readonly values: NumberValues;
}

/** How one kind of number is stored and checked. */
interface NumberKind {
  readonly make: (length: number) => NumberValues;
  /** The number to store, or undefined when the value does not fit. */
  readonly accept: (value: unknown) => number | undefined;
  /** Stores values up to the first that needs a closer look; returns how many. */
  readonly run: (values: ArrayLike<unknown>, from: number, out: Place) => number;
  readonly expected: string;
}

function acceptI32(value: unknown): number | undefined {
  return typeof value === "number" && (value | 0) === value ? value : undefined;
}

function acceptF64(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function acceptF32(value: unknown): number | undefined {
  if (typeof value !== "number") return undefined;
  return Number.isFinite(value) && !Number.isFinite(Math.fround(value)) ? undefined : value;
}

function acceptDate(value: unknown): number | undefined {
  return acceptI32(value instanceof Date ? value.getTime() / DAY_MS : value);
}

function acceptTime(value: unknown): number | undefined {
  const ms = acceptI32(value);
  return ms !== undefined && ms >= 0 && ms < DAY_MS ? ms : undefined;
}

function runI32(values: ArrayLike<unknown>, from: number, place: Place): number {
  const { values: out, at, nulls } = place;
  let i = from;
  for (; i < values.length; i++) {
    const value = values[i];
    if (typeof value === "number" && (value | 0) === value) out[at + i - from] = value;
    else if (value === null || value === undefined) out[nulls[nulls.push(at + i - from) - 1]] = 0;
    else break;
  }
  return i - from;
}

function runF64(values: ArrayLike<unknown>, from: number, place: Place): number {
  const { values: out, at, nulls } = place;
  let i = from;
  for (; i < values.length; i++) {
    const value = values[i];
    if (typeof value === "number") out[at + i - from] = value;
    else if (value === null || value === undefined) out[nulls[nulls.push(at + i - from) - 1]] = 0;
    else break;
  }
  return i - from;
}

function noRun(): number {
  return 0;
}

const NUMBER_KINDS: Readonly<Record<"i32" | "f32" | "f64" | "date" | "time", NumberKind>> = {
  i32: {
    make: (length) => new Int32Array(length),
    accept: acceptI32,
    run: runI32,
    expected: "i32 (a whole number from -2147483648 to 2147483647)",
  },
  f32: {
    make: (length) => new Float32Array(length),
    accept: acceptF32,
    run: noRun,
    expected: "f32 (a number)",
  },
  f64: {
    make: (length) => new Float64Array(length),
    accept: acceptF64,
    run: runF64,
    expected: "f64 (a number)",
  },
  date: {
    make: (length) => new Int32Array(length),
    accept: acceptDate,
    run: runI32,
    expected: "date (whole days since 1970, or a Date at midnight UTC)",
  },
  time: {
    make: (length) => new Int32Array(length),
    accept: acceptTime,
    run: noRun,
    expected: "time (whole milliseconds since midnight, 0 to 86399999)",
  },
};

/** Builds columns of 32-bit integers and floats: i32, f32, f64, date, time. */
export class NumberBuilder extends ColumnBuilder {
  readonly #kind: NumberKind;
  #values: NumberValues;

  /** A builder of one of the five kinds. */
  constructor(type: DataType & { readonly kind: keyof typeof NUMBER_KINDS }) {
    super(type);
    this.#kind = NUMBER_KINDS[type.kind];
    this.#values = this.#kind.make(FIRST_CAPACITY);
  }

  protected override push(value: unknown, at: number): void {
    const accepted = this.#kind.accept(value);
    if (accepted === undefined) throw new Misfit(this.#kind.expected, value);
    this.#reserve(at + 1);
    this.#values[at] = accepted;
  }

  protected override pushRun(values: ArrayLike<unknown>, from: number, run: Run): number {
    this.#reserve(run.at + values.length - from);
    return this.#kind.run(values, from, { values: this.#values, at: run.at, nulls: run.nulls });
  }

  protected override pushNull(at: number): void {
    this.#reserve(at + 1);
    this.#values[at] = 0;
  }

  protected override cut(): void {}

  protected override take(length: number): Buffers {
    const values = this.#values.slice(0, length);
    return { values };
  }

  #reserve(rows: number): void {
    if (rows <= this.#values.length) return;
    const grown = this.#kind.make(Math.max(this.#values.length * 2, rows));
    grown.set(this.#values);
    this.#values = grown;
  }
}

/** Writes a safe integer as 64 bits without the detour over bigint. */
function putSafe(halves: Int32Array, at: number, value: number): void {
  halves[at * 2] = value | 0;
  halves[at * 2 + 1] = Math.floor(value / TWO_32);
}

function runSafe(
  values: ArrayLike<unknown>,
  from: number,
  { halves, at, nulls }: Run & { readonly halves: Int32Array },
): number {
  let i = from;
  for (; i < values.length; i++) {
    const value = values[i];
    if (typeof value === "number" && Number.isSafeInteger(value)) {
      putSafe(halves, at + i - from, value);
    } else if (value === null || value === undefined) {
      putSafe(halves, nulls[nulls.push(at + i - from) - 1], 0);
    } else break;
  }
  return i - from;
}

/** Builds columns of 64-bit integers: i64 and timestamp. */
export class Int64Builder extends ColumnBuilder {
  #values: BigInt64Array = new BigInt64Array(FIRST_CAPACITY);
  #halves: Int32Array = new Int32Array(this.#values.buffer);

  /** A builder of i64 or timestamp. */
  constructor(type: DataType & { readonly kind: "i64" | "timestamp" }) {
    super(type);
  }

  protected override push(value: unknown, at: number): void {
    this.#reserve(at + 1);
    const given = value instanceof Date && this.type.kind === "timestamp" ? value.getTime() : value;
    if (typeof given === "number" && Number.isSafeInteger(given)) {
      putSafe(this.#halves, at, given);
    } else if (
      typeof given === "bigint" && this.type.kind === "i64" && BigInt.asIntN(64, given) === given
    ) {
      this.#values[at] = given;
    } else throw this.#misfit(value);
  }

  protected override pushRun(values: ArrayLike<unknown>, from: number, run: Run): number {
    this.#reserve(run.at + values.length - from);
    return runSafe(values, from, { halves: this.#halves, at: run.at, nulls: run.nulls });
  }

  protected override pushNull(at: number): void {
    this.#reserve(at + 1);
    this.#values[at] = 0n;
  }

  protected override cut(): void {}

  protected override take(length: number): Buffers {
    const values = this.#values.slice(0, length);
    return { values };
  }

  #misfit(value: unknown): Misfit {
    return this.type.kind === "timestamp"
      ? new Misfit("timestamp (a Date, or whole milliseconds since 1970)", value)
      : new Misfit("i64 (a whole number up to 2^53 - 1, or a bigint of 64 bits)", value);
  }

  #reserve(rows: number): void {
    if (rows <= this.#values.length) return;
    const grown = new BigInt64Array(Math.max(this.#values.length * 2, rows));
    grown.set(this.#values);
    this.#values = grown;
    this.#halves = new Int32Array(grown.buffer);
  }
}

/** Builds bool columns. */
export class BoolBuilder extends ColumnBuilder {
  #bits: Uint8Array = new Uint8Array(FIRST_CAPACITY);

  /** A builder of bool. */
  constructor(type: DataType & { readonly kind: "bool" }) {
    super(type);
  }

  protected override push(value: unknown, at: number): void {
    if (typeof value !== "boolean") throw new Misfit("bool (true or false)", value);
    this.#reserve(at + 1);
    if (value) setBit(this.#bits, at);
  }

  protected override pushRun(values: ArrayLike<unknown>, from: number, run: Run): number {
    this.#reserve(run.at + values.length - from);
    const bits = this.#bits;
    const { at, nulls } = run;
    let i = from;
    for (; i < values.length; i++) {
      const value = values[i];
      if (value === true) setBit(bits, at + i - from);
      else if (value === null || value === undefined) nulls.push(at + i - from);
      else if (value !== false) break;
    }
    return i - from;
  }

  protected override pushNull(at: number): void {
    this.#reserve(at + 1);
  }

  protected override cut(length: number): void {
    const kept = new Uint8Array(this.#bits.length);
    for (let at = 0; at < length; at++) if (getBit(this.#bits, at)) setBit(kept, at);
    this.#bits = kept;
  }

  protected override take(length: number): Buffers {
    const values = this.#bits.slice(0, bitmapBytes(length));
    this.#bits = new Uint8Array(FIRST_CAPACITY);
    return { values };
  }

  #reserve(rows: number): void {
    if (rows <= this.#bits.length * 8) return;
    const grown = new Uint8Array(Math.max(this.#bits.length * 2, bitmapBytes(rows)));
    grown.set(this.#bits);
    this.#bits = grown;
  }
}

/** Builds decimal columns, from exact texts, bigints, and numbers by their shortest text. */
export class DecimalBuilder extends ColumnBuilder {
  readonly #shape: DecimalShape;
  #words: BigInt64Array = new BigInt64Array(FIRST_CAPACITY);

  /** A builder of decimals. */
  constructor(type: DataType & { readonly kind: "decimal" }) {
    super(type);
    this.#shape = type;
  }

  protected override push(value: unknown, at: number): void {
    this.#put(at, parseDecimal(value, this.#shape));
  }

  protected override pushNull(at: number): void {
    this.#put(at, 0n);
  }

  protected override cut(): void {}

  protected override take(length: number): Buffers {
    return { values: new Uint8Array(this.#words.buffer.slice(0, length * DECIMAL_BYTES)) };
  }

  #put(at: number, unscaled: bigint): void {
    if (at * 2 === this.#words.length) {
      const grown = new BigInt64Array(this.#words.length * 2);
      grown.set(this.#words);
      this.#words = grown;
    }
    this.#words[at * 2] = BigInt.asIntN(64, unscaled);
    this.#words[at * 2 + 1] = unscaled >> 64n;
  }
}
