import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Histogram } from "../src/metrics/mod.ts";

const RUNS = 2_000;
const LOWEST = 2 ** -10;
const HIGHEST = 2 ** 24;

const anyValue = fc.oneof(
  fc.double({ min: 0, max: 100, noNaN: true }),
  fc.double({ min: LOWEST, max: HIGHEST, noNaN: true }),
  fc.integer({ min: 0, max: 2_000 }),
  fc.integer({ min: -12, max: 26 }).map((power) => 2 ** power),
);
const anyValues = fc.array(anyValue, { minLength: 1, maxLength: 200 });
const anyPercent = fc.oneof(
  fc.double({ min: 0, max: 100, noNaN: true }),
  fc.constantFrom(0, 50, 99, 99.9, 100),
);

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

/** All that a histogram tells, to compare two by. */
function tellings(histogram: Histogram): unknown[] {
  const percentiles = Array.from({ length: 101 }, (_, p) => histogram.percentile(p));
  const { count, min, max } = histogram;
  return [count, min, max, histogram.sum.toPrecision(12), percentiles];
}

function nearestRank(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(p / 100 * sorted.length)) - 1];
}

function assertNear(actual: number, exact: number, values: readonly number[]): void {
  if (exact < LOWEST) assert(actual <= exact && actual >= 0);
  else if (exact >= HIGHEST) assertEquals(actual, Math.max(...values));
  else {
    const error = Math.abs(actual - exact) / exact;
    assert(error <= Histogram.RELATIVE_ERROR, `${actual} is not near ${exact}`);
  }
}

Deno.test("Histogram.percentile() is within the stated error of the sorted values", () => {
  assertEquals(Histogram.RELATIVE_ERROR, 1 / 128);
  const check = (values: number[], p: number): void => {
    const histogram = histogramOf(values);
    assertNear(histogram.percentile(p), nearestRank(values, p), values);
    assertEquals(histogram.percentile(100), Math.max(...values));
  };
  fc.assert(fc.property(anyValues, anyPercent, check), { numRuns: RUNS });
});

Deno.test("count, sum, least and greatest are exact", () => {
  const check = (values: number[]): void => {
    const histogram = histogramOf(values);
    assertEquals(histogram.count, values.length);
    assertEquals(histogram.sum, values.reduce((sum, value) => sum + value, 0));
    assertEquals([histogram.min, histogram.max], [Math.min(...values), Math.max(...values)]);
    assertEquals(histogram.mean, histogram.sum / values.length);
  };
  fc.assert(fc.property(anyValues, check), { numRuns: RUNS });
});

Deno.test("Histogram.merge() tells what recording everything in one tells", () => {
  const check = (a: number[], b: number[]): void => {
    const merged = histogramOf(a);
    merged.merge(histogramOf(b));
    merged.merge(new Histogram());
    assertEquals(tellings(merged), tellings(histogramOf([...a, ...b])));
  };
  fc.assert(fc.property(anyValues, anyValues, check), { numRuns: RUNS });
});

Deno.test("Histogram.decodeFrom() gives back what encodeTo() wrote, also over older writes", () => {
  const cells = new Int32Array(new SharedArrayBuffer(4 * Histogram.ENCODED_WORDS));
  const decoded = new Histogram();
  const check = (values: number[]): void => {
    const histogram = histogramOf(values);
    histogram.encodeTo(cells);
    assertEquals(decoded.decodeFrom(cells), true);
    assertEquals(tellings(decoded), tellings(histogram));
  };
  fc.assert(fc.property(fc.array(anyValue, { maxLength: 50 }), check), { numRuns: RUNS });
});

Deno.test("a histogram that nobody encoded yet is empty, and takes values", () => {
  const decoded = histogramOf([5]);
  const cells = new Int32Array(Histogram.ENCODED_WORDS);
  assertEquals(decoded.decodeFrom(cells), true);
  assertEquals([decoded.count, decoded.min], [0, NaN]);
  decoded.record(7);
  assertEquals([decoded.min, decoded.max, decoded.percentile(50)], [7, 7, 7]);
});

Deno.test("Histogram.decodeFrom() of a write that never ends is false, until the next one", () => {
  const cells = new Int32Array(Histogram.ENCODED_WORDS);
  histogramOf([1]).encodeTo(cells);
  cells[0]++;
  const decoded = histogramOf([9]);
  assertEquals([decoded.decodeFrom(cells), decoded.count], [false, 0]);
  histogramOf([3]).encodeTo(cells);
  assertEquals([decoded.decodeFrom(cells), decoded.max], [true, 3]);
});

Deno.test("Histogram.record() counts a value several times", () => {
  const histogram = new Histogram();
  histogram.record(2, 98);
  histogram.record(50, 2);
  histogram.record(1_000, 0);
  assertEquals([histogram.count, histogram.sum, histogram.max], [100, 296, 50]);
  assertNear(histogram.percentile(98), 2, []);
  assertEquals(histogram.percentile(99), 50);
});

Deno.test("an empty histogram has no percentiles, and nulls in JSON", () => {
  const histogram = histogramOf([1, 2, 3]);
  histogram.reset();
  assertEquals([histogram.percentile(50), histogram.mean, histogram.max], [NaN, NaN, NaN]);
  const empty = { mean: null, min: null, max: null, p50: null, p90: null, p99: null, p999: null };
  assertEquals(JSON.parse(JSON.stringify(histogram)), { count: 0, ...empty });
  assertEquals({ ...histogramOf([4]).toJSON() }, {
    count: 1,
    mean: 4,
    min: 4,
    max: 4,
    p50: 4,
    p90: 4,
    p99: 4,
    p999: 4,
  });
});

Deno.test("what a histogram cannot take is an error that shows it", () => {
  const histogram = new Histogram();
  for (const value of [-1, NaN, Infinity]) {
    assertThrows(() => histogram.record(value), RangeError, `received ${value}`);
  }
  assertThrows(() => histogram.record(1, -2), RangeError, "received -2");
  assertThrows(() => histogram.record(1, 0.5), RangeError, "received 0.5");
  for (const p of [-1, 101, NaN]) {
    assertThrows(() => histogram.percentile(p), RangeError, `received ${p}`);
  }
  assertThrows(() => histogram.encodeTo(new Int32Array(8)), RangeError, "received 8");
  assertThrows(() => histogram.decodeFrom(new Int32Array(8)), RangeError, "received 8");
  assertEquals(histogram.count, 0);
});
