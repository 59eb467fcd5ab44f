import { assertEquals, assertThrows } from "@std/assert";
import { RecordBatchBuilder, schema, types as t } from "@waggle/stream";
import { assertSame, holds, schemaAndRows } from "./support/batches.ts";

const POINTS = schema({ name: t.dict, at: t.required(t.struct({ x: t.f64, y: t.f64 })) });

Deno.test("RecordBatchBuilder builds one batch after the other from rows", () => {
  holds(schemaAndRows, ({ schema, rows }) => {
    const builder = new RecordBatchBuilder(schema);
    for (let time = 0; time < 2; time++) {
      rows.forEach((row) => builder.append(row));
      assertEquals(builder.length, rows.length);
      assertSame(builder.finish().toRows(), rows);
      assertEquals(builder.length, 0);
    }
  });
});

Deno.test("RecordBatchBuilder is as it was before a row that does not fit", () => {
  const builder = new RecordBatchBuilder(POINTS, { firstRow: 10 });
  builder.append({ name: "a", at: { x: 1, y: 2 } });
  const cases: [unknown, string][] = [
    [
      { name: "b", at: { x: 1, y: "2" } },
      'row 11, column "at.y": expected f64 (a number), received "2"',
    ],
    [{ name: "b" }, 'row 11, column "at": expected struct<x: f64, y: f64> and never null'],
    [
      { name: "b", at: { x: 1, z: 2 } },
      'row 11, column "at": expected only fields of the schema (x, y), not "z"',
    ],
    [{ nam: "b" }, 'row 11: expected only fields of the schema (name, at), not "nam"'],
    [[1], "row 11 must be an object, received [1] (array)"],
    [null, "row 11 must be an object, received null"],
  ];
  for (const [row, message] of cases) {
    assertThrows(() => builder.append(row as object), TypeError, message);
  }
  builder.append({ at: { x: 3 } });
  assertEquals(builder.finish().toRows(), [
    { name: "a", at: { x: 1, y: 2 } },
    { name: null, at: { x: 3, y: null } },
  ]);
  assertThrows(() => builder.append({}), TypeError, "row 12");
});

Deno.test("RecordBatchBuilder takes extra keys silently only when asked to", () => {
  const builder = new RecordBatchBuilder(POINTS, { extraKeys: "ignore", maxDictionary: 1 });
  builder.append({ name: "a", more: 1, at: { x: 1, y: 1, z: 1 } });
  assertThrows(() => builder.append({ name: "b", at: {} }), TypeError, "at most 1 distinct");
  const [{ at }] = builder.finish();
  const x: number | null = at.x;
  assertEquals([x, at], [1, { x: 1, y: 1 }]);
});
