import { assertEquals, assertThrows } from "@std/assert";
import { type Column, columnOf, types as t } from "@waggle/stream";
import { checkColumn } from "../src/batch/column_check.ts";
import { sliceColumn } from "../src/batch/column_ops.ts";
import { anyType, holds, valueOf } from "./support/batches.ts";
import fc from "fast-check";

const typeAndValues = anyType.chain((type) =>
  fc.array(valueOf(type), { maxLength: 10 }).map((values) => ({ type, values }))
);

Deno.test("checkColumn() finds nothing wrong with columns that builders and slices make", () => {
  holds(fc.tuple(typeAndValues, fc.nat(10)), ([{ type, values }, start]) => {
    const column = columnOf(type, values);
    checkColumn(column, type);
    const range = { start: Math.min(start, values.length), end: values.length };
    checkColumn(sliceColumn(column, range), type);
  });
});

Deno.test("checkColumn() says what a column lacks", () => {
  const f64 = columnOf(t.f64, [1, null]);
  const text = columnOf(t.utf8, ["a"]);
  const list = columnOf(t.list(t.i32), [[1]]);
  const struct = columnOf(t.struct({ a: t.i32 }), [{ a: 1 }]);
  const cases: [Column, string][] = [
    [{ ...f64, length: 3 }, "f64 of 3 rows needs 3 values in a Float64Array, received 2"],
    [
      { ...f64, values: Int32Array.of(1, 2) },
      "f64 of 2 rows needs 2 values in a Float64Array, received 2 in a Int32Array",
    ],
    [{ ...f64, validity: undefined }, "1 null of 2 rows needs a validity bitmap"],
    [{ ...text, offsets: undefined }, "utf8 of 1 row needs 2 offsets from 0 in an Int32Array"],
    [{ ...text, offsets: Int32Array.of(1, 1) }, "utf8 of 1 row needs 2 offsets from 0"],
    [
      { ...text, values: new Uint8Array() },
      "utf8 of 1 row needs 1 value in a Uint8Array, received 0",
    ],
    [{ ...list, children: undefined }, "list<i32> lacks child 0"],
    [{ ...list, children: [columnOf(t.i32, [])] }, "list<i32> needs 1 row in child 0, has 0"],
    [{ ...list, children: [text] }, "the schema says i32, the column is utf8"],
    [
      { ...struct, children: [columnOf(t.i32, [])] },
      "struct<a: i32> needs 1 row in child 0, has 0",
    ],
  ];
  for (const [column, message] of cases) {
    assertThrows(
      () => checkColumn(column, column.type),
      TypeError,
      `Cannot use column: ${message}`,
    );
  }
  assertEquals(checkColumn(f64, t.f64), undefined);
});
