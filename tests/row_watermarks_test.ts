import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { columnOf } from "../src/batch/mod.ts";
import { watermarksBefore } from "../src/hive/row_watermarks.ts";

Deno.test("the watermark before a row is the greatest time before it less the bound, up to the cap", () => {
  const limit = fc.oneof(fc.constantFrom(-Infinity, Infinity), fc.integer({ min: -50, max: 50 }));
  fc.assert(
    fc.property(
      fc.array(fc.option(fc.integer({ min: -60, max: 60 }))),
      fc.record({ watermark: limit, bound: fc.integer({ min: 0, max: 30 }), cap: limit }),
      (times, rule) => {
        const { watermark, bound, cap } = rule;
        const column = columnOf({ kind: "timestamp" }, times);
        const expected = times.map((_, row) => {
          const before = times.slice(0, row).map((time) =>
            time === null ? -Infinity : time - bound
          );
          return Math.min(cap, Math.max(watermark, ...before));
        });
        assertEquals([...watermarksBefore(column, times.length, rule)], expected);
        const used = new Float64Array(times.length).fill(99);
        assertEquals(watermarksBefore(column, times.length, { ...rule, out: used }), used);
        assertEquals([...used], expected);
      },
    ),
    { numRuns: 1000 },
  );
});

Deno.test("with a bound without end the watermark stays through a batch", () => {
  const column = columnOf({ kind: "i64" }, [5n, 900n, 7n]);
  const rule = { watermark: 3, bound: Infinity, cap: Infinity };
  assertEquals([...watermarksBefore(column, 3, rule)], [3, 3, 3]);
});

Deno.test("an integer that is no time moves no watermark", () => {
  const rule = { watermark: -Infinity, bound: 2, cap: Infinity };
  for (const odd of [2n ** 62n, -(2n ** 62n), 8_640_000_000_000_001n]) {
    const column = columnOf({ kind: "i64" }, [5n, odd, 7n, 0n]);
    assertEquals([...watermarksBefore(column, 4, rule)], [-Infinity, 3, 3, 5]);
  }
});
