import {
  coalesce,
  col,
  concat,
  type DataType,
  type Expr,
  type Field,
  lit,
  now,
  struct,
  TIME_PARTS,
  TIME_UNITS,
  typeOf,
  types as t,
  when,
} from "@waggle/stream";
import type { Random } from "./random.ts";

const I64_EDGES = [0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n, 4294967296n, -7n];
const NUMBERS = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  2.5,
  -2.5,
  1.005,
  NaN,
  Infinity,
  -Infinity,
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 53,
  2 ** 63,
  -(2 ** 63),
  1e300,
  5e-324,
  0.1,
  1e21,
  123456789.125,
  8.64e15,
  4503599627370496.5,
  -2147483648.5,
  2147483647.5,
];
const TEXTS = [
  "",
  "a",
  "A",
  "abc",
  "ABC_abc%",
  "sensor_17",
  "ÄÖÜ straße",
  "\u{1f600}\u{1f601}",
  "\uffff",
  "İstanbul ΣΑΣ",
  "12",
  "-12.50",
  " 7 ",
  "1e3",
  "9007199254740993",
  "-9223372036854775808",
  "9223372036854775808",
  "0.1",
  "123456789012345678901234567890",
  "NaN",
  "true",
  "2024-02-29",
  "2024-02-29T12:30:15.250+02:00",
  "23:59:59",
  "x".repeat(40),
  "a%b_c\\d",
  "é\u{1f600}ba",
  "öéa",
];
const PATTERNS = [
  "%",
  "",
  "a%",
  "%a",
  "%a%",
  "_",
  "_%",
  "a_c",
  "%b_c%",
  "\\%",
  "%\u{1f600}_",
  "é%",
];

/** Values of a type, extreme ones often. */
export function randomValue(type: DataType, random: Random): unknown {
  switch (type.kind) {
    case "bool":
      return random.chance(0.5);
    case "i32":
      return random.pick([0, 1, -1, 7, 2147483647, -2147483648, random.below(1000) - 500]);
    case "i64":
      return random.chance(0.5) ? random.pick(I64_EDGES) : BigInt(random.below(2000) - 1000);
    case "f32":
      return Math.fround(random.pick([0, -0, 1.5, 0.1, NaN, Infinity, 3e38, random.next() * 100]));
    case "f64":
      return random.chance(0.5) ? random.pick(NUMBERS) : random.next() * 200 - 100;
    case "timestamp":
      return random.pick([
        0,
        -1,
        8.64e15,
        -8.64e15,
        9e15,
        Math.floor(random.next() * 4e12) - 2e12,
        Math.floor((random.next() - 0.5) * 1.7e16),
      ]);
    case "date":
      return random.pick([0, -1, 1e8, -1e8, 2e8, random.below(40_000) - 20_000]);
    case "time":
      return random.pick([0, 86_399_999, random.below(86_400_000)]);
    case "decimal":
      return (random.below(20_000) / 100 - 100).toFixed(type.scale);
    case "struct":
      return Object.fromEntries(
        type.fields.map((field) => [field.name, randomCell(field.type, random, 0.2)]),
      );
    default:
      return random.chance(0.2) ? randomNumeral(random) : random.pick(TEXTS);
  }
}

/** A number as text, of up to 20 digits, with a point perhaps. */
function randomNumeral(random: Random): string {
  const digits = Array.from({ length: 1 + random.below(20) }, () => random.below(10)).join("");
  const point = random.below(digits.length + 1);
  const sign = random.chance(0.3) ? "-" : "";
  return `${sign}${digits.slice(0, point)}${random.chance(0.5) ? "." : ""}${digits.slice(point)}`;
}

function randomCell(type: DataType, random: Random, nulls: number): unknown {
  return random.chance(nulls) ? null : randomValue(type, random);
}

/** The columns that random expressions use. */
export const FIELDS: readonly Field[] = [
  { name: "b", type: t.bool },
  { name: "i", type: t.i32 },
  { name: "l", type: t.i64 },
  { name: "ln", type: t.i64AsNumber },
  { name: "g", type: t.f32 },
  { name: "f", type: t.f64 },
  { name: "ts", type: t.timestamp },
  { name: "da", type: t.date },
  { name: "ti", type: t.time },
  { name: "s", type: t.utf8 },
  { name: "d", type: t.dict },
  { name: "e", type: t.dict },
  { name: "de", type: t.decimal(12, 2) },
  { name: "st", type: t.struct({ x: t.f64, d: t.dict, s: t.utf8, l: t.i64 }) },
];

/** Rows of {@linkcode FIELDS}; each column has nulls at one of the rates. */
export function randomRows(
  count: number,
  random: Random,
  nulls: readonly number[] = [0, 0, 0.1, 0.5, 1],
): Record<string, unknown>[] {
  const rates = FIELDS.map(() => random.pick(nulls));
  return Array.from(
    { length: count },
    () =>
      Object.fromEntries(
        FIELDS.map(({ name, type }, at) => [name, randomCell(type, random, rates[at])]),
      ),
  );
}

type Make = () => Expr;

/** Random expressions over {@linkcode FIELDS} that fit their types. */
export class ExpressionSource {
  readonly #random: Random;

  /** A source of random expressions. */
  constructor(random: Random) {
    this.#random = random;
  }

  /** Of any type, a struct at the top now and then. */
  any(depth: number): Expr {
    if (this.#random.chance(0.2)) {
      return struct({ p: this.#scalar(depth - 1), q: this.#scalar(depth - 1), s: col("s") });
    }
    return this.#scalar(depth);
  }

  /** True, false or null. */
  bool(depth: number): Expr {
    if (depth <= 0) return this.#one([() => col("b"), () => lit(true), () => lit(null)]);
    const d = depth - 1;
    return this.#one([
      () => this.#comparison(d),
      () => this.#comparison(d),
      () => this.bool(d).and(this.bool(d), this.bool(d)),
      () => this.bool(d).or(this.bool(d)),
      () => this.bool(d).not(),
      () => this.#scalar(d).isNull(),
      () => this.#number(d).isNaN(),
      () => this.#number(d).between(this.#number(d), this.#integer(d)),
      () => this.#membership(d),
      () => this.#text(d).like(this.#random.pick(PATTERNS)),
      () => this.#text(d).startsWith(this.#text(d)),
      () => this.#text(d).endsWith(this.#text(0)),
      () => this.#text(d).contains(this.#text(0)),
      () => this.#choice(() => this.bool(d)),
      () => this.#cast("bool", d, [() => this.#number(d), () => this.#text(d)]),
    ]);
  }

  #scalar(depth: number): Expr {
    return this.#one([
      () => this.bool(depth),
      () => this.#number(depth),
      () => this.#number(depth),
      () => this.#integer(depth),
      () => this.#text(depth),
      () => this.#text(depth),
      () => this.#label(depth),
      () => this.#time(depth),
      () => this.#date(depth),
      () => this.#clock(depth),
      () => this.#small(depth),
      () => col("de"),
      () => this.#cast(t.decimal(10, 1), depth, [() => this.#number(depth - 1)]),
    ]);
  }

  #one(all: readonly Make[]): Expr {
    return this.#random.pick(all)();
  }

  #number(depth: number): Expr {
    if (depth <= 0) {
      return this.#one([
        () => col("f"),
        () => col("i"),
        () => col("g"),
        () => col("st").field("x"),
        () => lit(this.#random.pick(NUMBERS)),
      ]);
    }
    const d = depth - 1;
    const op = this.#random.pick(["add", "sub", "mul", "div", "mod"] as const);
    const one = this.#random.pick(["neg", "abs", "floor", "ceil"] as const);
    return this.#one([
      () => this.#number(d)[op](this.#number(d)),
      () => this.#number(d)[op](this.#integer(d)),
      () => this.#number(d)[op](this.#random.pick(NUMBERS)),
      () => lit(this.#random.pick(NUMBERS))[op](this.#number(d)),
      () => this.#number(d)[one](),
      () => this.#number(d).round(this.#random.below(4)),
      () => this.#time(d).sub(this.#time(d)),
      () => this.#date(d).sub(this.#date(d)),
      () => this.#choice(() => this.#number(d)),
      () =>
        this.#cast("f64", d, [() => this.#text(d), () => this.#integer(d), () => this.#time(d)]),
      () => this.#cast("f32", d, [() => this.#text(d), () => this.#integer(d), () => col("de")]),
    ]);
  }

  #small(depth: number): Expr {
    const d = depth - 1;
    return this.#one([
      () => this.#text(d).length(),
      () => this.#time(d).extract(this.#random.pick(TIME_PARTS)),
      () => this.#date(d).extract(this.#random.pick(["year", "week", "dayOfYear"])),
      () => this.#clock(d).extract(this.#random.pick(["hour", "millisecond"])),
      () =>
        this.#cast("i32", d, [() => this.#number(d), () => this.#integer(d), () => this.#text(d)]),
      () => this.#cast("i32", d, [() => this.bool(d), () => this.#time(d), () => col("de")]),
    ]);
  }

  #integer(depth: number): Expr {
    if (depth <= 0) {
      return this.#one([
        () => col("l"),
        () => col("ln"),
        () => col("st").field("l"),
        () => lit(this.#random.pick(I64_EDGES)),
      ]);
    }
    const d = depth - 1;
    const op = this.#random.pick(["add", "sub", "mul", "mod"] as const);
    return this.#one([
      () => this.#integer(d)[op](this.#integer(d)),
      () => this.#integer(d)[op](col("i")),
      () => this.#integer(d)[op](this.#random.pick([1, -1, 3n, 1000])),
      () => this.#integer(d)[this.#random.pick(["neg", "abs"] as const)](),
      () => this.#choice(() => this.#integer(d)),
      () => this.#cast("i64", d, [() => this.#number(d), () => this.#text(d), () => this.#time(d)]),
    ]);
  }

  #text(depth: number): Expr {
    if (depth <= 0) {
      return this.#one([
        () => col("s"),
        () => col("d"),
        () => col("e"),
        () => col("st").field("s"),
        () => col("st").field("d"),
        () => lit(this.#random.pick(TEXTS)),
      ]);
    }
    const d = depth - 1;
    return this.#one([
      () => this.#text(d).lower(),
      () => this.#text(d).upper(),
      () => concat(this.#text(d), this.#text(d), this.#text(0)),
      () => this.#choice(() => this.#text(d)),
      () => this.#label(d),
      () =>
        this.#cast("utf8", d, [() => this.#number(d), () => this.#integer(d), () => this.bool(d)]),
      () => this.#cast("utf8", d, [() => this.#time(d), () => this.#date(d), () => this.#clock(d)]),
    ]);
  }

  /** Strings out of few: what comes out as a dictionary. */
  #label(depth: number): Expr {
    const d = depth - 1;
    const label = () =>
      this.#one([
        () => lit("HIGH"),
        () => lit("LOW"),
        () => lit(null),
        () => col("d"),
        () => col("e"),
      ]);
    return this.#one([
      () => when(this.bool(d)).then(label()).when(this.bool(d)).then(label()).otherwise(label()),
      () => when(this.bool(d)).then("HIGH").otherwise("LOW"),
      () => coalesce(col("d"), label()),
      () => col("d").lower(),
    ]);
  }

  #time(depth: number): Expr {
    if (depth <= 0) {
      return this.#one([() => col("ts"), () => now(), () => lit(new Date(-123_456_789))]);
    }
    const d = depth - 1;
    return this.#one([
      () => this.#time(d).truncate(this.#random.pick(TIME_UNITS)),
      () => this.#time(d).add(this.#number(d)),
      () => this.#time(d).sub(this.#integer(d)),
      () => this.#choice(() => this.#time(d)),
      () => this.#cast("timestamp", d, [() => this.#number(d), () => this.#date(d)]),
      () => this.#cast("timestamp", d, [() => this.#text(d), () => this.#integer(d)]),
    ]);
  }

  #date(depth: number): Expr {
    if (depth <= 0) return col("da");
    const d = depth - 1;
    return this.#one([
      () => this.#date(d).truncate(this.#random.pick(["day", "week", "month", "year"])),
      () => this.#date(d).add(this.#number(d)),
      () =>
        this.#cast("date", d, [() => this.#time(d), () => this.#number(d), () => this.#text(d)]),
    ]);
  }

  #clock(depth: number): Expr {
    if (depth <= 0) return col("ti");
    const d = depth - 1;
    return this.#one([
      () => this.#clock(d).truncate(this.#random.pick(["second", "minute", "hour"])),
      () =>
        this.#cast("time", d, [() => this.#time(d), () => this.#number(d), () => this.#text(d)]),
    ]);
  }

  #comparison(depth: number): Expr {
    const op = this.#random.pick(["eq", "ne", "lt", "le", "gt", "ge"] as const);
    const d = depth;
    return this.#one([
      () => this.#number(d)[op](this.#number(d)),
      () => this.#number(d)[op](this.#random.pick(NUMBERS)),
      () => this.#number(d)[op](this.#integer(d)),
      () => this.#integer(d)[op](this.#number(d)),
      () => this.#integer(d)[op](this.#random.pick(I64_EDGES)),
      () => col("i")[op](this.#random.pick([0, 7, -2147483648])),
      () => col("i")[op](this.#small(d)),
      () => this.#text(d)[op](this.#text(d)),
      () => this.#text(d)[op](this.#random.pick(TEXTS)),
      () => lit(this.#random.pick(TEXTS))[op](this.#text(d)),
      () => this.bool(d)[op](this.bool(d)),
      () => this.#time(d)[op](this.#time(d)),
      () => this.#time(d)[op](this.#integer(d)),
      () => this.#date(d)[op](this.#date(d)),
      () => this.#clock(d)[op](this.#clock(d)),
      () => col("de")[op](this.#random.pick([0, 9.99, -50])),
    ]);
  }

  #membership(depth: number): Expr {
    const nulls = this.#random.chance(0.3) ? [null] : [];
    const some = <T>(all: readonly T[]) => all.filter(() => this.#random.chance(0.5));
    return this.#one([
      () => this.#number(depth).in([...some(NUMBERS), ...some(I64_EDGES), ...nulls]),
      () => this.#integer(depth).in([...some(I64_EDGES), ...some(NUMBERS), ...nulls]),
      () => this.#text(depth).in([...some(TEXTS), ...nulls]),
      () => col("i").in([...some([0, 1, 7, 0.5]), ...nulls]),
      () => this.bool(depth).in([...some([true, false]), ...nulls]),
      () => this.#number(depth).in([this.#number(0), 1]),
    ]);
  }

  #choice(make: Make): Expr {
    return this.#random.chance(0.5)
      ? when(this.bool(1)).then(make()).when(this.bool(0)).then(make()).otherwise(make())
      : coalesce(make(), make());
  }

  #cast(to: Parameters<Expr["cast"]>[0], depth: number, from: readonly Make[]): Expr {
    const subject = depth < 0 ? this.#number(0) : this.#one(from);
    return this.#random.chance(0.7) ? subject.tryCast(to) : subject.cast(to);
  }
}

const COMPARISONS = ["eq", "ne", "lt", "le", "gt", "ge"] as const;
const CASTS = [
  "bool",
  "i32",
  "i64",
  "f32",
  "f64",
  "timestamp",
  "date",
  "time",
  "utf8",
  "dict",
] as const;
/** Columns and constants by the family of their types. */
const LEAVES: readonly (readonly Expr[])[] = [
  [col("b"), lit(true), lit(null)],
  [col("i"), col("f"), col("g"), col("l"), col("ln"), col("st").field("x"), lit(-1), lit(2.5)],
  [col("l"), col("ln"), lit(-(2n ** 63n)), lit(-1n), lit(2n ** 53n + 1n)],
  [col("s"), col("d"), col("e"), col("st").field("s"), lit("abc"), lit("")],
  [col("ts"), lit(new Date(0)), now(), col("f").tryCast("timestamp")],
  [col("da"), col("f").tryCast("date")],
  [col("ti")],
  [col("de"), lit(9.99), lit(3)],
];

function isAccepted(expression: Expr): boolean {
  try {
    typeOf(expression, { fields: FIELDS });
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

/** Every operator over every kind of leaf that it accepts, each once. */
export function everyOperator(): Expr[] {
  const found: Expr[] = [];
  const ones = LEAVES.flat();
  for (const a of ones) {
    found.push(a.neg(), a.abs(), a.floor(), a.ceil(), a.round(), a.round(2), a.not());
    found.push(a.isNull(), a.isNaN(), a.lower(), a.upper(), a.length());
    for (const to of CASTS) found.push(a.cast(to), a.tryCast(to));
    for (const unit of TIME_UNITS) found.push(a.truncate(unit));
    for (const part of TIME_PARTS) found.push(a.extract(part));
    for (const pattern of PATTERNS) found.push(a.like(pattern));
    found.push(a.in(NUMBERS), a.in([...I64_EDGES, null]), a.in(TEXTS), a.in([true, null]));
  }
  for (const leaves of LEAVES) {
    for (const a of leaves) {
      for (const b of leaves) found.push(...everyPair(a, b));
    }
  }
  for (const a of LEAVES[1]) {
    for (const b of LEAVES[4]) found.push(b.add(a), b.sub(a), a.add(b), a.lt(b), b.ge(a));
    for (const b of LEAVES[5]) found.push(b.add(a), b.sub(a), a.add(b));
  }
  return found.filter(isAccepted);
}

function everyPair(a: Expr, b: Expr): Expr[] {
  const arithmetic = (["add", "sub", "mul", "div", "mod"] as const).map((op) => a[op](b));
  const searches = (["startsWith", "endsWith", "contains"] as const).map((op) => a[op](b));
  return [
    ...arithmetic,
    ...COMPARISONS.map((op) => a[op](b)),
    ...searches,
    a.and(b),
    a.or(b),
    concat(a, b),
    coalesce(a, b),
    when(col("b")).then(a).otherwise(b),
    a.between(b, b),
  ];
}
