import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Histogram } from "../src/metrics/histogram.ts";

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

Deno.test("Histogram.record() counts a value several times", () => {
  const histogram = new Histogram();
  histogram.record(2, 98);
  histogram.record(50, 2);
  histogram.record(1_000, 0);
  assertEquals([histogram.count, histogram.max], [100, 50]);
  assertNear(histogram.percentile(98), 2, []);
  assertEquals(histogram.percentile(99), 50);
});

Deno.test("Histogram tells the exact count and greatest value", () => {
  const check = (values: number[]): void => {
    const histogram = histogramOf(values);
    assertEquals([histogram.count, histogram.max], [values.length, Math.max(...values)]);
  };
  fc.assert(fc.property(anyValues, check), { numRuns: RUNS });
});

Deno.test("an empty histogram has no percentiles and no greatest value", () => {
  const histogram = new Histogram();
  assertEquals([histogram.count, histogram.percentile(50), histogram.max], [0, NaN, NaN]);
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
  assertEquals(histogram.count, 0);
});
