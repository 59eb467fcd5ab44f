import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { RecordBatch } from "../mod.ts";
import { zipRows } from "../src/batch/zip_rows.ts";
import { forSeeds } from "./support/random.ts";

const ODD = ["constructor", "toString", "__proto__", "7", "-1", "01", "4294967295", "", "ü", "a b"];

Deno.test("zipRows() makes plain objects of any columns, as one would value by value", () => {
  forSeeds(80, (random) => {
    const width = random.below(24);
    const names = Array.from(
      new Set(Array.from({ length: width }, (_, at) => random.pick([...ODD, `${at}c`, `${at}d`]))),
    );
    const count = random.below(40);
    const lists = names.map(() =>
      Array.from({ length: count }, () => random.pick([null, "a", 1.5, 7, 7n, true]))
    );
    const expected = Array.from(
      { length: count },
      (_, row) => Object.fromEntries(names.map((name, at) => [name, lists[at][row]])),
    );
    for (const rows of [zipRows(names, lists, count), zipRows(names, lists, count)]) {
      assertEquals(rows, expected);
      rows.forEach((row, at) => {
        assertEquals(Object.keys(row), Object.keys(expected[at]));
        assertStrictEquals(Object.getPrototypeOf(row), Object.prototype);
      });
    }
  });
});

Deno.test("zipRows() makes rows without columns", () => {
  assertEquals(zipRows([], [], 2), [{}, {}]);
});

Deno.test("rows of a batch are its own, by iterating, by toRows() and by helpers of iterators", () => {
  const batch = RecordBatch.fromRows(Array.from({ length: 3000 }, (_, a) => ({ a })));
  const iterated = Array.from(batch);
  assertEquals(iterated, batch.toRows());
  assertEquals(iterated.map(({ a }) => a), Array.from({ length: 3000 }, (_, a) => a));
  const iterator = batch[Symbol.iterator]();
  assert(iterator instanceof Iterator);
  assertEquals(Array.from(iterator.drop(2999).map(({ a }) => a)), [2999]);
  assertEquals(Array.from(batch.slice(0, 0)), []);
});

Deno.test("a loop over a batch that is left ends its iterator, and others go on", () => {
  const batch = RecordBatch.fromRows([{ a: 1 }, { a: 2 }, { a: 3 }]);
  const [left, other] = [batch[Symbol.iterator](), batch[Symbol.iterator]()];
  for (const _ of left) break;
  assert(left.next().done);
  assertEquals(Array.from(other), [{ a: 1 }, { a: 2 }, { a: 3 }]);
});
