import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { lowerBound, upperBound } from "../src/batch/sorted_numbers.ts";

Deno.test("lowerBound() and upperBound() count the numbers below a value, and those not above", () => {
  const number = fc.oneof(fc.integer({ min: -9, max: 9 }), fc.double({ noNaN: true }));
  fc.assert(fc.property(fc.array(number), number, (numbers, value) => {
    const ascending = Float64Array.from(numbers).sort();
    assertEquals(lowerBound(ascending, value), numbers.filter((each) => each < value).length);
    assertEquals(upperBound(ascending, value), numbers.filter((each) => each <= value).length);
  }));
});
