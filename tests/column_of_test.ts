import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { columnOf, type DataType, readColumn, types as t } from "@waggle/stream";
import { columnBuilder } from "../src/batch/nested_builders.ts";
import { Misfit } from "../src/batch/misfit.ts";
import { anyType, assertSame, holds, valueOf } from "./support/batches.ts";

const DAY_MS = 86_400_000;

Deno.test("columnOf() stores each type in the Arrow layout", () => {
  const bool = columnOf(t.bool, [true, null, true]);
  assertEquals([bool.values, bool.validity], [Uint8Array.of(0b101), Uint8Array.of(0b101)]);
  assertEquals(columnOf(t.i32, [1, null]).values, Int32Array.of(1, 0));
  assertEquals(columnOf(t.i64, [-1, 2n]).values, BigInt64Array.of(-1n, 2n));
  assertEquals(columnOf(t.f32, [0.5]).values, Float32Array.of(0.5));
  assertEquals(columnOf(t.f64, [0.1]).values, Float64Array.of(0.1));
  assertEquals(columnOf(t.timestamp, [-1]).values, BigInt64Array.of(-1n));
  assertEquals(columnOf(t.decimal(5, 1), ["-0.1"]).values, new Uint8Array(16).fill(255));
  const text = columnOf(t.utf8, ["é", null, "b"]);
  assertEquals(text.values, Uint8Array.of(0xc3, 0xa9, 0x62));
  assertEquals(text.offsets, Int32Array.of(0, 2, 2, 3));
  const dict = columnOf(t.dict, ["x", "y", null, "x"]);
  assertEquals(dict.values, Int32Array.of(0, 1, 0, 0));
  assertEquals(dict.children![0].offsets, Int32Array.of(0, 1, 2));
  const list = columnOf(t.list(t.i32), [[1, 2], null, []]);
  assertEquals(list.offsets, Int32Array.of(0, 2, 2, 2));
  assertEquals(list.children![0].values, Int32Array.of(1, 2));
  const map = columnOf(t.map(t.f64), [{ k: 1 }]);
  assertEquals(map.children![0].children![0].values, Uint8Array.of(0x6b));
  assertEquals(map.children![0].children![1].values, Float64Array.of(1));
});

Deno.test("columnOf() without a null has no bitmap", () => {
  assertEquals("validity" in columnOf(t.f64, [1, 2]), false);
  assertEquals(columnOf(t.f64, [undefined, 2]).nullCount, 1);
});

Deno.test("columnOf() takes the other ways to write a value", () => {
  const read = (type: DataType, values: unknown[]) =>
    readColumn(columnOf(type, values), { start: 0, end: values.length });
  assertEquals(read(t.timestamp, [new Date(7)]), [7]);
  assertEquals(read(t.date, [new Date(3 * DAY_MS), -2]), [3, -2]);
  assertEquals(read(t.i64AsNumber, [3n, 4]), [3, 4]);
  assertEquals(read(t.decimal(6, 2), [1.5, 2n, "3"]), ["1.50", "2.00", "3.00"]);
  assertEquals(read(t.map(t.i32), [new Map([["a", 1]])]), [{ a: 1 }]);
  assertEquals(read(t.f32, [0.1, Infinity, NaN]), [Math.fround(0.1), Infinity, NaN]);
});

Deno.test("columnOf() refuses what a type cannot hold exactly", () => {
  const wrong: [DataType, unknown[]][] = [
    [t.bool, [1, "true", {}]],
    [t.i32, [1.5, 2 ** 31, -(2 ** 31) - 1, NaN, "1", 1n, true]],
    [t.i64, [1.5, 2 ** 53, 2n ** 63n, "1", new Date(0)]],
    [t.f32, ["1", 1e39, 1n]],
    [t.f64, ["1", 1n, true]],
    [t.timestamp, [1.5, "2020-01-01", new Date(NaN), 5n, 2 ** 53]],
    [t.date, [1.5, new Date(1), "2020-01-01"]],
    [t.time, [-1, DAY_MS, 0.5]],
    [t.decimal(4, 1), ["1.25", 0.25, "x"]],
    [t.utf8, [1, "\ud800", ["a"]]],
    [t.dict, [1, "\ud800"]],
    [t.bytes, ["a", [1], new Uint16Array(1)]],
    [t.list(t.i32), [{}, "a", new Int32Array(1), [1.5]]],
    [t.struct({ a: t.i32 }), [[1], 5, { a: "x" }, { b: 1 }]],
    [t.struct({ a: t.required(t.i32) }), [{}, { a: null }]],
    [t.map(t.i32), [[1], { a: "x" }, new Map<unknown, number>([[1, 1]]), new Set()]],
    [t.mixed, [Symbol("s"), () => 1, new Map()]],
  ];
  for (const [type, values] of wrong) {
    for (const value of values) {
      assertThrows(() => columnOf(type, [null, value]), TypeError, "Cannot build column: value 1");
    }
  }
});

Deno.test("columnOf() says where within a value the misfit is", () => {
  const nested = t.list(t.struct({ m: t.map(t.i32) }));
  assertThrows(
    () => columnOf(nested, [[{ m: null }, { m: { "a b": 1.5 } }]]),
    TypeError,
    'value 0[1].m["a b"]: expected i32 (a whole number from -2147483648 to 2147483647), ' +
      "received 1.5 (number)",
  );
});

Deno.test("A dictionary is capped, and the error names cap and ways out", () => {
  const builder = columnBuilder(t.dict, { maxDictionary: 2 });
  builder.appendAll(["a", "b", "a"]);
  assertThrows(
    () => builder.append("c"),
    Misfit,
    'dict of at most 2 distinct strings (maxDictionary), or use utf8, received "c" (string)',
  );
  builder.append("b");
  assertEquals(builder.finish().values, Int32Array.of(0, 1, 0, 1));
});

const builderSteps = anyType.chain((type) =>
  fc.record({
    type: fc.constant(type),
    rounds: fc.array(
      fc.record({ values: fc.array(valueOf(type), { maxLength: 8 }), keep: fc.nat(10) }),
      { maxLength: 4 },
    ),
    oneByOne: fc.boolean(),
  })
);

Deno.test("A column builder appends, forgets and starts anew like an array", () => {
  holds(builderSteps, ({ type, rounds, oneByOne }) => {
    const builder = columnBuilder(type);
    for (let time = 0; time < 2; time++) {
      const expected: unknown[] = [];
      for (const { values, keep } of rounds) {
        if (oneByOne) values.forEach((value) => builder.append(value));
        else builder.appendAll(values);
        expected.push(...values);
        builder.truncate(keep);
        expected.splice(keep);
        assertEquals(builder.length, expected.length);
      }
      const column = builder.finish();
      assertSame(readColumn(column, { start: 0, end: column.length }), expected);
      assertEquals(column.nullCount, expected.filter((value) => value === null).length);
    }
  });
});

Deno.test("A column builder is as it was before a value that does not fit", () => {
  holds(builderSteps, ({ type, rounds }) => {
    const builder = columnBuilder(t.list(t.struct({ v: type, n: t.required(t.i32) })));
    const expected: unknown[] = [];
    for (const { values } of rounds) {
      const good = values.map((v, n) => ({ v, n }));
      assertThrows(() => builder.append([...good, { v: null, n: "x" }]), Misfit);
      builder.append(good);
      expected.push(good);
    }
    assertSame(readColumn(builder.finish(), { start: 0, end: rounds.length }), expected);
  });
});

Deno.test("Text of any length and script is stored, in runs and one by one", () => {
  const texts = Array.from({ length: 3000 }, (_, n) => {
    if (n % 11 === 0) return null;
    return n % 7 ? `text ${n} `.repeat(n % 40) : `ü${"😀".repeat(n % 30)}${n}`;
  });
  for (const some of [texts, texts.map((text) => text && text.replace(/[^ -~]/g, ""))]) {
    const builder = columnBuilder(t.utf8);
    builder.append("first");
    builder.appendAll(some);
    some.forEach((text) => builder.append(text));
    const expected = ["first", ...some, ...some];
    assertEquals(readColumn(builder.finish(), { start: 0, end: expected.length }), expected);
  }
});

Deno.test("Text with a lone surrogate ends a run at that row", () => {
  const builder = columnBuilder(t.utf8);
  const error = assertThrows(() => builder.appendAll(["ü", "\ud83d", "\ude00"]), Misfit);
  assertEquals([error.position, builder.length], [1, 1]);
  builder.append("x");
  assertEquals(readColumn(builder.finish(), { start: 0, end: 2 }), ["ü", "x"]);
});
