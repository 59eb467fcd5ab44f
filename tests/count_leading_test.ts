import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { countLeading } from "../src/batch/count_leading.ts";

Deno.test("countLeading() tells where a condition ends to hold, and asks seldom", () => {
  fc.assert(fc.property(fc.nat({ max: 1000 }), fc.nat({ max: 1000 }), (length, first) => {
    let asked = 0;
    const found = countLeading(length, (at) => {
      asked++;
      return at < first;
    });
    assertEquals(found, Math.min(length, first));
    return asked <= Math.ceil(Math.log2(length + 1)) + 1;
  }));
});
