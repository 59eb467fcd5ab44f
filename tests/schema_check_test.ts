import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type DataType, RecordBatch, schema, types as t } from "@waggle/stream";
import { MAX_DEPTH } from "../src/batch/limits.ts";
import { checkType, sameType, typeName } from "../src/batch/schema_check.ts";
import { anyType, holds } from "./support/batches.ts";

Deno.test("typeName() shows every part of a type", () => {
  const type = t.struct({
    a: t.required(t.decimal(10, 2)),
    b: t.list(t.map(t.i64AsNumber)),
    c: t.i64,
  });
  assertEquals(
    typeName(type),
    "struct<a: decimal(10, 2) not null, b: list<map<i64 as number>>, c: i64>",
  );
});

Deno.test("sameType() is equality in all parts", () => {
  holds(fc.tuple(anyType, anyType), ([a, b]) => {
    assertEquals(sameType(a, structuredClone(a)), true);
    if (!usesNullable(a) && !usesNullable(b)) {
      assertEquals(sameType(a, b), JSON.stringify(a) === JSON.stringify(b));
    }
  });
});

function usesNullable(type: DataType): boolean {
  return JSON.stringify(type).includes("nullable");
}

Deno.test("A schema with two columns of one name, or none, is refused", () => {
  const twice = { fields: [{ name: "a", type: t.i32 }, { name: "a", type: t.f64 }] };
  const broken = { fields: [{ name: "\ud800", type: t.i32 }] };
  const unknown = { fields: [{ name: "a", type: { kind: "i128" } as unknown as DataType }] };
  const cases: [{ fields: typeof twice.fields }, string][] = [
    [twice, 'two fields are named "a"'],
    [broken, "name must be a well-formed string"],
    [unknown as unknown as typeof twice, 'unknown kind "i128"'],
  ];
  for (const [schema, message] of cases) {
    assertThrows(() => RecordBatch.fromRows([], { schema }), TypeError, message);
  }
});

Deno.test("Types nest up to a limit, also such as refer to themselves", () => {
  let type: DataType = t.i32;
  for (let level = 1; level < MAX_DEPTH; level++) type = { kind: "list", item: type };
  checkType(type);
  const tooDeep: DataType = { kind: "list", item: type };
  assertThrows(() => checkType(tooDeep), TypeError, "nested deeper than 64 levels");
  assertThrows(() => schema({ a: tooDeep }), TypeError, "nested deeper");
  const circle = { kind: "list" } as { kind: "list"; item: DataType };
  circle.item = circle;
  assertThrows(() => checkType(circle), TypeError, "nested deeper");
});

Deno.test("decimal() refuses precisions and scales that are not there", () => {
  for (const [precision, scale] of [[0, 0], [39, 0], [5, 6], [5, -1], [5.5, 1], [5, 1.5]]) {
    assertThrows(
      () => t.decimal(precision, scale),
      RangeError,
      `received (${precision}, ${scale})`,
    );
  }
});
