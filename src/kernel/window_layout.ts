import type { AggregateOp, PlannedValue, ValueType, WindowPlan } from "./window_types.ts";

const WORD = 8;
const I64_MAX = 2n ** 63n - 1n;
const I64_MIN = -(2n ** 63n);

/** Groups of fields that a value's partial state is made of. */
export const SUM = 1;
export const RANGE = 2;
export const MOMENTS = 4;
export const FIRST = 8;
export const LAST = 16;

const FIELDS_OF: Record<AggregateOp, number> = {
  count: 0,
  sum: SUM,
  mean: SUM,
  min: RANGE,
  max: RANGE,
  variance: MOMENTS,
  stddev: MOMENTS,
  first: FIRST,
  last: LAST,
};

const BYTES_OF: readonly (readonly [field: number, bytes: number])[] = [
  [SUM, 2 * WORD],
  [RANGE, 2 * WORD],
  [MOMENTS, 3 * WORD],
  [FIRST, 3 * WORD],
  [LAST, 3 * WORD],
];

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

/**
 * A group's partial state: 64-bit little-endian fields, the number of rows first.
 *
 * It is the same in the kernel's memory, in deltas and in snapshots.
 */
export interface StateLayout {
  readonly bytes: number;
  readonly values: readonly ValueLayout[];
}

/** Whether values of a type are kept as integers or doubles. */
export function domainOf(type: ValueType): Domain {
  return type.kind === "f64" || type.kind === "f32" ? "float" : "integer";
}

/** Lays out a group's state: rows, then the fields of each value, then the counts of nulls. */
export function layoutOf(plan: WindowPlan): StateLayout {
  let at = WORD;
  const values = plan.values.map((value, index) => {
    const fields = plan.aggregates.reduce(
      (bits, { op, value }) => value === index ? bits | FIELDS_OF[op] : bits,
      0,
    );
    const offsets = BYTES_OF.map(([field, bytes]) => {
      if ((fields & field) === 0) return -1;
      at += bytes;
      return at - bytes;
    });
    const [sum, range, moments, first, last] = offsets;
    return { domain: domainOf(value.type), fields, sum, range, moments, first, last, nulls: -1 };
  });
  const withNulls = values.map((value, index) => {
    if (!plan.values[index].nullable) return value;
    at += WORD;
    return { ...value, nulls: at - WORD };
  });
  return { bytes: at, values: withNulls };
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
  return new Uint8Array(view.buffer);
}

/** A layout as the kernel reads it: 8 words a value. */
export function layoutWords(layout: StateLayout): number[] {
  return layout.values.flatMap((value) => {
    const { fields, sum, range, moments, first, last, nulls, domain } = value;
    return [fields, sum, range, moments, first, last, nulls, Number(domain === "integer")];
  });
}

function describe({ type, nullable }: PlannedValue): string {
  return `${domainOf(type)}${nullable ? "?" : ""}`;
}

/** Tells plans apart whose deltas do not fit each other: FNV-1a over what decides the layout. */
export function fingerprintOf(plan: WindowPlan): number {
  const parts = [
    plan.size,
    plan.offset,
    ...plan.keys.map(({ kind }) => kind === "dict" ? "utf8" : kind),
    ...plan.values.map(describe),
    ...layoutOf(plan).values.map(({ fields }) => fields),
  ];
  let hash = 0x811c9dc5;
  for (const character of parts.join()) {
    hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  }
  return hash >>> 0;
}
