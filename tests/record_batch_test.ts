import { assertEquals, assertThrows } from "@std/assert";
import { RecordBatch, schema, types as t } from "@waggle/stream";

Deno.test("RecordBatch.fromRows() and toRows() give the rows back", () => {
  const rows = [
    { name: "a", n: 1, x: 0.5, ok: true, tags: ["p", "q"], at: { lat: 1.5, note: null } },
    { name: "ü😀", n: null, x: -0, ok: null, tags: [], at: { lat: 2.5, note: "n" } },
  ];
  assertEquals(RecordBatch.fromRows(rows).toRows() as unknown[], rows as unknown[]);
});

Deno.test("RecordBatch.column() of an unknown name lists the names there are", () => {
  const batch = RecordBatch.fromRows([{ a: 1, b: 2 }], { schema: schema({ a: t.i32, b: t.f64 }) });
  // @ts-expect-error the schema has no such column
  assertThrows(() => batch.column("nope"), TypeError, '"nope": the batch has "a", "b"');
});
