/** Numbers from one to another, both of them included. */
export type Range = readonly [low: number, high: number];

const double = new Float64Array(1);
const bits = new BigInt64Array(double.buffer);
const SIGN = -(2n ** 63n);

/** The place of a double among all of them. */
function placeOf(value: number): bigint {
  double[0] = value + 0; // −0 is 0
  return bits[0] >= 0n ? bits[0] : SIGN - bits[0];
}

function atPlace(place: bigint): number {
  bits[0] = place >= 0n ? place : SIGN - place;
  return double[0];
}

/** The next greater double. */
export function doubleAfter(value: number): number {
  return value === Infinity ? value : atPlace(placeOf(value) + 1n);
}

/** The next smaller double. */
export function doubleBefore(value: number): number {
  return value === -Infinity ? value : atPlace(placeOf(value) - 1n);
}

/** The least double of a range that passes a test which all greater ones pass; Infinity if none. */
function leastDouble([low, high]: Range, passes: (value: number) => boolean): number {
  if (!passes(high)) return Infinity;
  let [from, to] = [placeOf(low), placeOf(high)];
  while (from < to) {
    const middle = from + ((to - from) >> 1n);
    if (passes(atPlace(middle))) to = middle;
    else from = middle + 1n;
  }
  return atPlace(from);
}

/** As {@linkcode leastDouble}, of whole numbers. */
function leastWhole([low, high]: Range, passes: (value: number) => boolean): number {
  if (!passes(high)) return Infinity;
  let [from, to] = [low, high];
  while (from < to) {
    const middle = from + Math.floor((to - from) / 2);
    if (passes(middle)) to = middle;
    else from = middle + 1;
  }
  return from;
}

/** How neighbours are found: among doubles, or among whole numbers. */
export interface Neighbours {
  readonly before: (value: number) => number;
  readonly after: (value: number) => number;
  readonly least: typeof leastDouble;
}

/** Among all doubles. */
export const DOUBLES: Neighbours = {
  before: doubleBefore,
  after: doubleAfter,
  least: leastDouble,
};

/** Among whole numbers. */
export const WHOLE: Neighbours = {
  before: (value) => value - 1,
  after: (value) => value + 1,
  least: leastWhole,
};

/** Ranges in ascending order, those that meet as one, empty ones left out. */
export function merged(ranges: readonly Range[], { after }: Neighbours): Range[] {
  const sorted = ranges.filter(([low, high]) => low <= high).sort((a, b) => a[0] - b[0]);
  const out: Range[] = [];
  for (const [low, high] of sorted) {
    const last = out.at(-1);
    if (last && low <= after(last[1])) out[out.length - 1] = [last[0], Math.max(last[1], high)];
    else out.push([low, high]);
  }
  return out;
}

/** What of a range is in none of others, which are merged. */
export function outside(
  [low, high]: Range,
  ranges: readonly Range[],
  { before, after }: Neighbours,
): Range[] {
  const out: Range[] = [];
  let from = low;
  for (const [start, end] of ranges) {
    if (start > from) out.push([from, before(start)]);
    from = Math.max(from, after(end));
  }
  if (from <= high) out.push([from, high]);
  return out.filter(([a, b]) => a <= b);
}
