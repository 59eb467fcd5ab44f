import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { columnOf, isValid, readColumn, types as t, valueAt } from "@waggle/stream";
import { anyType, assertSame, holds, valueOf } from "./support/batches.ts";

const typeAndValues = anyType.chain((type) =>
  fc.array(valueOf(type), { maxLength: 20 }).map((values) => ({ type, values }))
);

Deno.test("readColumn() and valueAt() give back the values that columnOf() was given", () => {
  holds(fc.tuple(typeAndValues, fc.nat(20), fc.nat(20)), ([{ type, values }, a, b]) => {
    const column = columnOf(type, values);
    const start = Math.min(a, b, values.length);
    const end = Math.min(Math.max(a, b), values.length);
    assertSame(readColumn(column, { start, end }), values.slice(start, end));
    assertSame(values.map((_, at) => valueAt(column, at)), values);
    assertEquals(values.map((_, at) => isValid(column, at)), values.map((value) => value !== null));
  });
});

Deno.test("readColumn() gives i64 as number only where that is exact", () => {
  const column = columnOf(t.i64AsNumber, [2n ** 53n - 1n, 2n ** 53n, -(2n ** 53n), -1]);
  const expected = [2 ** 53 - 1, 2n ** 53n, -(2n ** 53n), -1];
  assertEquals(readColumn(column, { start: 0, end: 4 }), expected);
  assertEquals(expected.map((_, at) => valueAt(column, at)), expected);
});

Deno.test("readColumn() replaces what is not UTF-8 in a column from elsewhere, and nothing else", () => {
  const values = Uint8Array.of(0x61, 0xf0, 0x62, 0x80);
  const offsets = Int32Array.of(0, 1, 2, 3, 4);
  const column = { type: t.utf8, length: 4, nullCount: 0, values, offsets };
  const expected = ["a", "\ufffd", "b", "\ufffd"];
  assertEquals(readColumn(column, { start: 0, end: 4 }), expected);
  assertEquals(expected.map((_, at) => valueAt(column, at)), expected);
});

Deno.test("Bytes read from a column are a copy", () => {
  const column = columnOf(t.bytes, [Uint8Array.of(1, 2)]);
  (valueAt(column, 0) as Uint8Array)[0] = 9;
  assertEquals(valueAt(column, 0), Uint8Array.of(1, 2));
});
