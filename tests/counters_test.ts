import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Counters } from "../src/metrics/mod.ts";

const RUNS = 2_000;

Deno.test("Counters add up by name", () => {
  const counters = new Counters(["in", "out", "late"]);
  counters.add("in", 5);
  counters.add("out");
  counters.add("in", 2 ** 40);
  assertEquals(counters.get("in"), 2 ** 40 + 5);
  const other = new Counters(["in", "out", "late"]);
  other.add("late", 3);
  counters.merge(other);
  assertEquals(JSON.parse(JSON.stringify(counters)), { in: 2 ** 40 + 5, out: 1, late: 3 });
});

Deno.test("Counters.follow() sees every growth that was published, over many wrap-arounds", () => {
  const amount = fc.oneof(
    fc.integer({ min: 0, max: 10 }),
    fc.integer({ min: 2 ** 31 - 2, max: 2 ** 32 - 1 }),
  );
  const check = (amounts: [number, number][]): void => {
    const bee = new Counters(["rows", "bytes"]);
    const hive = new Counters(["rows", "bytes"]);
    const cells = new Int32Array(new SharedArrayBuffer(4 * bee.words));
    for (const [rows, bytes] of amounts) {
      bee.add("rows", rows);
      bee.add("bytes", bytes);
      bee.publishTo(cells);
      hive.follow(cells);
      assertEquals(hive.toJSON(), bee.toJSON());
    }
  };
  fc.assert(fc.property(fc.array(fc.tuple(amount, amount)), check), { numRuns: RUNS });
});

Deno.test("a counter named __proto__ is one like any other", () => {
  const counters = new Counters(["__proto__", "constructor"]);
  counters.add("__proto__", 2);
  assertEquals(Object.entries(counters.toJSON()), [["__proto__", 2], ["constructor", 0]]);
});

Deno.test("Counters say what they cannot do", () => {
  const counters = new Counters<string>(["in", "out"]);
  assertThrows(() => new Counters(["in", "in"]), TypeError, "twice in in, in");
  assertThrows(() => counters.add("off"), TypeError, "counter off: there are only in, out");
  assertThrows(() => counters.get("off"), TypeError, "there are only in, out");
  for (const amount of [-1, 0.5, NaN]) {
    assertThrows(() => counters.add("in", amount), RangeError, `received ${amount}`);
  }
  assertThrows(() => counters.publishTo(new Int32Array(1)), RangeError, "need 2 words, received 1");
  assertThrows(() => counters.follow(new Int32Array(1)), RangeError, "need 2 words, received 1");
});
