import { assertEquals } from "@std/assert";
import { RecordBatch } from "@waggle/stream";
import { inspect } from "node:util";

const ROWS = Array.from(
  { length: 7 },
  (_, n) => ({ n, name: `row ${n}`, ok: n % 2 ? null : true }),
);

Deno.test("Deno.inspect() of a batch shows columns, first rows and how many more there are", () => {
  const expected = `RecordBatch(7 rows) { n: i32, name: utf8, ok: bool }
  n  name   ok
  0  row 0  true
  1  row 1  null
  2  row 2  true
  3  row 3  null
  4  row 4  true
  … 2 more`;
  assertEquals(Deno.inspect(RecordBatch.fromRows(ROWS)), expected);
  assertEquals(inspect(RecordBatch.fromRows(ROWS)), expected);
});

Deno.test("Deno.inspect() of a batch is one line when it has no rows", () => {
  const batch = RecordBatch.fromRows(ROWS).slice(0, 0);
  assertEquals(Deno.inspect(batch), "RecordBatch(0 rows) { n: i32, name: utf8, ok: bool }");
  assertEquals(Deno.inspect(RecordBatch.fromRows([{}])), "RecordBatch(1 row) {  }");
});

Deno.test("Deno.inspect() of a batch cuts long values, and lets nothing act on a terminal", () => {
  const long = "x".repeat(1000);
  const rows = [{
    "a\x1b[2J": "\x1b[31mred\n",
    long,
    big: 5n,
    bytes: new Uint8Array(3),
    o: { b: 1n },
  }];
  const text = Deno.inspect(RecordBatch.fromRows(rows));
  assertEquals(/\p{Cc}/u.test(text.replaceAll("\n", "")), false);
  const [, , row] = text.split("\n");
  assertEquals(row, `  �[31mred�  ${"x".repeat(23)}…  5n   3 bytes  {"b":"1n"}`);
});
