import type {
  AggregateOp,
  PlannedAggregate,
  PlannedValue,
  PlannedWindows,
  ValueType,
  WindowPlan,
} from "./window_types.ts";

const WORD = 8;
const PAIR = 16;
const TRIPLE = 24;
const QUADRUPLE = 32;
const SEXTUPLE = 48;
const I64_MAX = 2n ** 63n - 1n;
const I64_MIN = -(2n ** 63n);

/** Bytes of a value's or pair's layout as the kernel reads it. */
export const LAYOUT_BYTES = 32;

/** Groups of fields that a value's partial state is made of. */
export const SUM = 1;
export const RANGE = 2;
export const MOMENTS = 4;
export const FIRST = 8;
export const LAST = 16;

/** Groups of fields that the partial state of two values together is made of. */
export const JOINT = 32;
export const ARG_MIN = 64;
export const ARG_MAX = 128;

const FIELDS_OF: Record<AggregateOp, number> = {
  count: 0,
  sum: SUM,
  mean: SUM,
  min: RANGE,
  max: RANGE,
  variance: MOMENTS,
  stddev: MOMENTS,
  populationVariance: MOMENTS,
  populationStddev: MOMENTS,
  first: FIRST,
  last: LAST,
  covariance: JOINT,
  correlation: JOINT,
  argMin: ARG_MIN,
  argMax: ARG_MAX,
};

/** How a spread comes of the sum of squared differences from the mean. */
export interface Spread {
  /** What the number of values is less, to divide by: 1 for a sample, 0 for a population. */
  readonly less: number;
  /** Whether it is the root. */
  readonly root: boolean;
}

/** The aggregates that are spreads. */
export const SPREADS: ReadonlyMap<AggregateOp, Spread> = new Map<AggregateOp, Spread>([
  ["variance", { less: 1, root: false }],
  ["stddev", { less: 1, root: true }],
  ["populationVariance", { less: 0, root: false }],
  ["populationStddev", { less: 0, root: true }],
]);

/** How a value is stored: doubles, or 64-bit integers. */
export type Domain = "float" | "integer";

/** Where the fields of one value lie in a group's state, in bytes; −1 when it has none. */
export interface ValueLayout {
  readonly domain: Domain;
  /** Which groups of fields it has, as bits. */
  readonly fields: number;
  /** f64: sum, compensation. i64: low and high half of 128 bits. */
  readonly sum: number;
  /** f64: least, and the greatest negated. i64: least, greatest. */
  readonly range: number;
  /** Doubles: count, mean, sum of squared differences from the mean. */
  readonly moments: number;
  /** Value, time (i64), partition · 2⁴⁸ + position. */
  readonly first: number;
  readonly last: number;
  /** Number of nulls (i64). */
  readonly nulls: number;
}

/** Where the fields of two values together lie in a group's state, in bytes; −1 for none. */
export interface PairLayout {
  /** Which of the plan's values. */
  readonly x: number;
  readonly y: number;
  /** Of `x`, whose values `argMin` and `argMax` keep. */
  readonly domain: Domain;
  /** Of `y`, by which they choose. */
  readonly byDomain: Domain;
  /** Which groups of fields it has, as bits. */
  readonly fields: number;
  /** Doubles: count, both means, both sums of squared differences, the sum of their products. */
  readonly joint: number;
  /** Value, time (i64), partition · 2⁴⁸ + position, rank (i64), of which the least is kept. */
  readonly argMin: number;
  readonly argMax: number;
}

/**
 * A group's partial state: 64-bit little-endian fields, the number of rows first.
 *
 * It is the same in the kernel's memory, in deltas and in snapshots.
 */
export interface StateLayout {
  readonly bytes: number;
  readonly values: readonly ValueLayout[];
  readonly pairs: readonly PairLayout[];
}

function aligned(bytes: number, unit: number): number {
  return Math.ceil(bytes / unit) * unit;
}

/** All kinds of windows of a plan. */
export function windowsOf({ aggregates, others = [], ...window }: WindowPlan): PlannedWindows[] {
  return [{ window, aggregates }, ...others];
}

/** The aggregates of all kinds of windows: a state holds what any of them asks for. */
function aggregatesOf(plan: WindowPlan): PlannedAggregate[] {
  return windowsOf(plan).flatMap(({ aggregates }) => aggregates);
}

/** Whether values of a type are kept as integers or doubles. */
function domainOf(type: ValueType): Domain {
  return type.kind === "f64" || type.kind === "f32" ? "float" : "integer";
}

function fieldsOf(plan: WindowPlan, index: number): number {
  return aggregatesOf(plan).reduce(
    (bits, { op, value, by }) => value === index && by === undefined ? bits | FIELDS_OF[op] : bits,
    0,
  );
}

/** The pairs of a plan, each once, and their fields as bits. */
function pairsOf(plan: WindowPlan): { x: number; y: number; fields: number }[] {
  const pairs = new Map<string, { x: number; y: number; fields: number }>();
  for (const { op, value: x, by: y } of aggregatesOf(plan)) {
    if (y === undefined) continue;
    const fields = pairs.get(`${x} ${y}`)?.fields ?? 0;
    pairs.set(`${x} ${y}`, { x, y, fields: fields | FIELDS_OF[op] });
  }
  return [...pairs.values()];
}

/**
 * Lays out a group's state: rows and the counts of nulls, then sums and ranges, which are 16 bytes
 * each, then all else, pairs last.
 *
 * Where there are ranges, sums and ranges start at multiples of 16 and so do states, which is faster
 * than to save 8 bytes; where there are none, at multiples of 8, which is as fast.
 */
export function layoutOf(plan: WindowPlan): StateLayout {
  let at = WORD;
  const place = (has: boolean, bytes: number): number => {
    if (!has) return -1;
    at += bytes;
    return at - bytes;
  };
  const fields = plan.values.map((_, index) => fieldsOf(plan, index));
  const unit = fields.some((bits) => (bits & RANGE) > 0) ? PAIR : WORD;
  const nulls = plan.values.map(({ nullable }) => place(nullable, WORD));
  at = aligned(at, unit);
  const summaries = fields.map((bits) => {
    return { sum: place((bits & SUM) > 0, PAIR), range: place((bits & RANGE) > 0, PAIR) };
  });
  const values = plan.values.map(({ type }, index): ValueLayout => {
    const bits = fields[index];
    return {
      domain: domainOf(type),
      fields: bits,
      ...summaries[index],
      moments: place((bits & MOMENTS) > 0, TRIPLE),
      first: place((bits & FIRST) > 0, TRIPLE),
      last: place((bits & LAST) > 0, TRIPLE),
      nulls: nulls[index],
    };
  });
  const pairs = pairsOf(plan).map(({ x, y, fields }): PairLayout => ({
    x,
    y,
    domain: domainOf(plan.values[x].type),
    byDomain: domainOf(plan.values[y].type),
    fields,
    joint: place((fields & JOINT) > 0, SEXTUPLE),
    argMin: place((fields & ARG_MIN) > 0, QUADRUPLE),
    argMax: place((fields & ARG_MAX) > 0, QUADRUPLE),
  }));
  return { bytes: aligned(at, unit), values, pairs };
}

/** The state of no rows. */
export function initialState(layout: StateLayout): Uint8Array {
  const view = new DataView(new ArrayBuffer(layout.bytes));
  for (const { domain, range, first, last } of layout.values) {
    if (range >= 0 && domain === "float") {
      view.setFloat64(range, Infinity, true);
      view.setFloat64(range + WORD, Infinity, true);
    } else if (range >= 0) {
      view.setBigInt64(range, I64_MAX, true);
      view.setBigInt64(range + WORD, I64_MIN, true);
    }
    if (first >= 0) {
      view.setBigInt64(first + WORD, I64_MAX, true);
      view.setBigInt64(first + 2 * WORD, -1n, true);
    }
    if (last >= 0) view.setBigInt64(last + WORD, I64_MIN, true);
  }
  for (const at of layout.pairs.flatMap(({ argMin, argMax }) => [argMin, argMax])) {
    if (at < 0) continue;
    view.setBigInt64(at + WORD, I64_MAX, true);
    view.setBigInt64(at + 2 * WORD, -1n, true);
    view.setBigInt64(at + 3 * WORD, I64_MAX, true);
  }
  return new Uint8Array(view.buffer);
}

/** How many layouts of values and pairs the kernel reads. */
export function layoutCount({ values, pairs }: StateLayout): number {
  return values.length + pairs.length;
}

/** A layout as the kernel reads it: 8 words a value, then 8 a pair. */
export function layoutWords(layout: StateLayout): number[] {
  const pairs = layout.pairs.flatMap(({ fields, joint, argMin, argMax }) => {
    return [fields, joint, argMin, argMax, -1, -1, -1, 0];
  });
  const values = layout.values.flatMap((value) => {
    const { fields, sum, range, moments, first, last, nulls, domain } = value;
    return [fields, sum, range, moments, first, last, nulls, Number(domain === "integer")];
  });
  return [...values, ...pairs];
}

function describe({ type, nullable }: PlannedValue): string {
  return `${domainOf(type)}${nullable ? "?" : ""}`;
}

/** Tells plans apart whose deltas do not fit each other: FNV-1a over what decides the layout. */
export function fingerprintOf(plan: WindowPlan): number {
  const layout = layoutOf(plan);
  const parts = [
    plan.size,
    plan.offset,
    ...(plan.slide === undefined ? [] : [`slide ${plan.slide}`]),
    ...(plan.step === undefined ? [] : [`step ${plan.step}`]),
    ...(plan.others ?? []).map(({ window: { size, offset, slide, step } }) =>
      `and ${size} ${offset} ${slide} ${step}`
    ),
    ...plan.keys.map(({ kind }) => kind === "dict" ? "utf8" : kind),
    ...plan.values.map(describe),
    ...layout.values.map(({ fields }) => fields),
    ...layout.pairs.flatMap(({ x, y, fields }) => [x, y, fields]),
  ];
  let hash = 0x811c9dc5;
  for (const character of parts.join()) {
    hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  }
  return hash >>> 0;
}
