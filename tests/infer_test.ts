import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type DataType, inferSchema, RecordBatch } from "@waggle/stream";
import { INFERENCE_ROWS } from "../src/batch/limits.ts";
import { assertSame, holds, rowOf } from "./support/batches.ts";

function inferred(...values: unknown[]): DataType {
  return inferSchema(values.map((v) => ({ v }))).fields[0].type;
}

Deno.test("inferSchema() finds the narrowest type that holds all values exactly", () => {
  const cases: [unknown[], DataType][] = [
    [[1, null, -5], { kind: "i32" }],
    [[1, 2 ** 31], { kind: "i64", as: "number" }],
    [[1, 2 ** 53], { kind: "f64" }],
    [[1, 0.5], { kind: "f64" }],
    [[-0], { kind: "f64" }],
    [[NaN, 1], { kind: "f64" }],
    [[1n, undefined], { kind: "i64" }],
    [[true, false], { kind: "bool" }],
    [["a", ""], { kind: "utf8" }],
    [[new Date(0)], { kind: "timestamp" }],
    [[new Uint8Array()], { kind: "bytes" }],
    [[[], [1], [0.5, null]], { kind: "list", item: { kind: "f64" } }],
    [[[]], { kind: "list", item: { kind: "mixed" } }],
    [[[1, "a"]], { kind: "list", item: { kind: "mixed" } }],
    [[1, "a"], { kind: "mixed" }],
    [[1, 1n], { kind: "mixed" }],
    [[null, undefined], { kind: "mixed" }],
    [[{}], { kind: "struct", fields: [] }],
  ];
  for (const [values, type] of cases) assertEquals(inferred(...values), type);
});

Deno.test("inferSchema() joins the keys of all rows and of all nested objects", () => {
  const rows = [{ a: 1, o: { x: 1 } }, { b: "t", o: { y: true } }];
  assertEquals(inferSchema(rows).fields, [
    { name: "a", type: { kind: "i32" } },
    {
      name: "o",
      type: {
        kind: "struct",
        fields: [{ name: "x", type: { kind: "i32" } }, { name: "y", type: { kind: "bool" } }],
      },
    },
    { name: "b", type: { kind: "utf8" } },
  ]);
});

Deno.test("inferSchema() looks at the first rows only", () => {
  const rows = new Array(INFERENCE_ROWS).fill({ n: 1 }).concat({ n: "x", more: 1 });
  assertEquals(inferSchema(rows).fields, [{ name: "n", type: { kind: "i32" } }]);
});

Deno.test("inferSchema() names the place of a value that no column type holds", () => {
  const cases: [unknown, string][] = [
    [{ f: () => 1 }, 'row 0, column "v".f: no column type holds f (function); leave it out'],
    [[Symbol("s")], 'row 0, column "v"[]: no column type holds Symbol(s) (symbol)'],
    [new Map([[1, 2]]), 'row 0, column "v": no column type holds {} (Map)'],
  ];
  for (const [value, message] of cases) assertThrows(() => inferred(value), TypeError, message);
  const circle: unknown[] = [];
  circle.push(circle);
  assertThrows(() => inferred(circle), TypeError, "nested deeper than 64 levels");
});

const anyRow = rowOf([
  { name: "a", type: { kind: "mixed" } },
  { name: "b", type: { kind: "mixed" } },
]);

Deno.test("Rows of JSON come back from an inferred schema, missing keys as null", () => {
  const json = fc.array(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 }), {
    maxLength: 5,
  });
  holds(json, (given) => {
    const rows = given.map((row) => ({ ...row }));
    const back = RecordBatch.fromRows<object>(rows).toRows() as Record<string, unknown>[];
    rows.forEach((row, at) => assertEquals(withoutNulls(back[at]), withoutNulls(row)));
  });
});

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutNulls(inner)]));
}

Deno.test("Whatever is inferred, the rows it was inferred from fit", () => {
  holds(fc.array(anyRow, { maxLength: 6 }), (rows) => {
    let schema;
    try {
      schema = inferSchema(rows);
    } catch (error) {
      assertEquals(error instanceof TypeError, true);
      return;
    }
    if (JSON.stringify(rows, bigintText).includes("\\ud8")) return; // no UTF-8 for those
    assertSame(RecordBatch.fromRows(rows, { schema }).length, rows.length);
  });
});

function bigintText(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
