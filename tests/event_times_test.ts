import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { columnOf } from "../src/batch/mod.ts";
import { certainGreatestTime, greatestTime, impossibleTimes } from "../src/hive/event_times.ts";
import { create } from "../src/kernel/kernel.ts";
import { MemoryBlock } from "../src/kernel/memory_block.ts";

const LAST = 8_640_000_000_000_000n;
const LEAST = -(2n ** 63n);

/** Integers of all kinds, those at the edges of what is a time above all. */
const integer = fc.oneof(
  fc.bigInt({ min: 1n, max: LAST }),
  fc.bigInt({ min: -LAST, max: LAST }),
  fc.bigInt({ min: LEAST, max: 2n ** 63n - 1n }),
  fc.constantFrom(0n, 1n, -1n, LAST, LAST + 1n, -LAST, -LAST - 1n, LEAST, 2n ** 63n - 1n),
  fc.constantFrom(0x7ff0n << 48n, (0x7ff0n << 48n) + 1n, 0x7fefn << 48n),
);

function isTime(value: bigint): boolean {
  return value >= -LAST && value <= LAST;
}

Deno.test("event times are found as a loop over bigints finds them", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 9, arbitrary: fc.bigInt({ min: 1n, max: LAST }) }, integer)),
      fc.boolean(),
      (values, isPlain) => {
        const cells = isPlain ? values.filter((value) => value > 0n && isTime(value)) : values;
        const column = columnOf({ kind: "i64" }, cells);
        const times = cells.filter(isTime).map(Number);
        assertEquals(greatestTime(column, cells.length), Math.max(-Infinity, ...times));
        const wrong = cells.flatMap((value, row) => isTime(value) ? [] : [row]);
        assertEquals(impossibleTimes(column), wrong);
      },
    ),
    { numRuns: 2000 },
  );
});

Deno.test("the kernel finds the greatest time of a column where all of its values are times", () => {
  const kernel = create();
  using block = new MemoryBlock(kernel);
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 9, arbitrary: fc.bigInt({ min: -LAST, max: LAST }) }, integer)),
      (values) => {
        const address = block.reserve(8 * values.length);
        const cells = new BigInt64Array(kernel.u8.buffer, address, values.length);
        cells.set(values);
        const column = { ...columnOf({ kind: "i64" }, values), values: cells };
        const known = values.every(isTime) ? greatestTime(column, values.length) : undefined;
        assertEquals(certainGreatestTime(column, kernel), known);
        assertEquals(certainGreatestTime(columnOf({ kind: "i64" }, values), kernel), undefined);
        const validity = new Uint8Array(values.length);
        assertEquals(certainGreatestTime({ ...column, validity }, kernel), undefined);
      },
    ),
    { numRuns: 2000 },
  );
});
