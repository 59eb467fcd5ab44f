import { assertEquals, assertThrows } from "@std/assert";
import { RecordBatch, schema, types as t } from "@waggle/stream";
import { assertSame, holds, schemaAndRows } from "./support/batches.ts";

Deno.test("RowView reads each row as toRows() gives it", () => {
  holds(schemaAndRows, ({ schema, rows }) => {
    const batch = RecordBatch.fromRows(rows, { schema });
    if (rows.length === 0) return;
    const view = batch.row(0);
    rows.forEach((row, at) => {
      assertSame(view.moveTo(at).toObject(), row);
      for (const [name, value] of Object.entries(row)) assertSame(view.get(name as never), value);
    });
  });
});

Deno.test("RowView knows its row, its columns, and what is not there", () => {
  const points = schema({ x: t.required(t.f64), y: t.f64 });
  const batch = RecordBatch.fromRows([{ x: 1, y: 2 }, { x: 3, y: null }], { schema: points });
  const view = batch.row(1);
  const x: number = view.get("x");
  assertEquals([x, view.get("y"), view.getAt(0), view.index], [3, null, 3, 1]);
  assertEquals(view.moveTo(0).get("y"), 2);
  // @ts-expect-error the schema has no such column
  assertThrows(() => view.get("z"), TypeError, '"z": the batch has "x", "y"');
  for (const at of [2, -1, 0.5]) {
    assertThrows(() => batch.row(at), RangeError, `row ${at}: the batch has 2 rows`);
    assertThrows(() => view.moveTo(at), RangeError, `row ${at}`);
  }
  assertEquals(view.index, 0);
});
