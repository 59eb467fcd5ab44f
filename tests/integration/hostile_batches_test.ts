import { assert, assertEquals, assertThrows } from "@std/assert";
import { decodeFrame, encodeFrame, RecordBatch } from "@waggle/stream";

Deno.test("RecordBatch.fromRows() refuses what cannot be iterated, saying what came", () => {
  for (
    const [rows, received] of [[undefined, "undefined"], [null, "null"], [5, "5 (number)"], [
      {},
      "{} (object)",
    ], [() => [], "a function (function)"]]
  ) {
    const { message } = assertThrows(() => RecordBatch.fromRows(rows as never), TypeError);
    assert(message.includes("must be an array or another iterable"), message);
    assert(message.includes(`received ${received}`), message);
  }
  assertEquals(RecordBatch.fromRows(new Set([{ a: 1 }])).toRows(), [{ a: 1 }]);
});

Deno.test("Messages of batches stay short, whatever they tell of", () => {
  const wide = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`column ${n}`, n]));
  const batch = RecordBatch.fromRows([wide]);
  const unknown = assertThrows(() => batch.indexOf("none"), TypeError).message;
  assert(unknown.endsWith('"column 19" and 19980 more'), unknown.slice(-80));
  const schema = { fields: [{ name: "a", type: { kind: "i64" } }] } as const;
  for (const a of [2n ** 100_000n, "x".repeat(100_000), [new Array(100_000).fill(1)]]) {
    const { message } = assertThrows(() => RecordBatch.fromRows([{ a }], { schema }), TypeError);
    assert(message.length < 500, `${message.length} characters`);
  }
});

Deno.test("A batch of 100,000 columns goes through a frame and comes back equal", () => {
  const names = Array.from({ length: 100_000 }, (_, n) => `column ${n}`);
  const wide = Object.fromEntries(names.map((name, n) => [name, n % 2 ? n : `text ${n}`]));
  const { batch } = decodeFrame(encodeFrame({ kind: "data" }, RecordBatch.fromRows([wide])));
  assertEquals(batch?.names, names);
  const [row] = batch?.toRows() ?? [];
  assert(names.every((name) => row[name] === wide[name]));
});
