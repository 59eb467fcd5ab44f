import { assertEquals } from "@std/assert";
import { RecordReader } from "../src/batch/records/mod.ts";
import { RECORD_HEADER_BYTES, writeWorkHeader } from "../src/hive/record_frames.ts";
import { RowFailure, WorkBatch } from "../src/hive/work_batch.ts";
import { BatchFiller } from "../src/stream/hive_stream/batch_filler.ts";

const revoked = Proxy.revocable({}, {});
revoked.revoke();

const FAILURES: [unknown, string, string][] = [
  [new RangeError("too far"), "RangeError", "too far"],
  ["a text", "Error", "a text"],
  [undefined, "Error", "undefined"],
  [Symbol("s"), "Error", "Symbol(s)"],
  [{ toString: () => "shown" }, "Error", "shown"],
  [
    {
      toString() {
        throw new Error("no");
      },
    },
    "Error",
    "a value that cannot be shown was thrown",
  ],
  [Object.create(null), "Error", "a value that cannot be shown was thrown"],
  [Object.assign(new Error("m"), { name: Symbol("n") }), "Symbol(n)", "m"],
  [Object.assign(new Error(), { message: { slice: 1 } }), "Error", "[object Object]"],
  [revoked.proxy, "Error", "a value that cannot be shown was thrown"],
];

Deno.test("RowFailure makes two texts of whatever was thrown, and never throws itself", () => {
  for (const [thrown, name, message] of FAILURES) {
    const failure = new RowFailure(thrown);
    assertEquals([failure.name, failure.message], [name, message]);
  }
});

/** A frame of work with the rows `[from, to)` of some values. */
function frameOf(
  values: unknown[],
  range: { from: number; to: number; suspect?: boolean; keys?: boolean },
): Uint8Array {
  const filler = new BatchFiller({
    group: 0,
    priority: false,
    sendKeys: () => range.keys ?? false,
    maxFrameBytes: 65_536,
  });
  values.forEach((value, i) => filler.add({ key: `key ${i}`, value }, 100 + i));
  const { body, rows, valueBytes, keyBytes } = filler.seal(0);
  const frame = new Uint8Array(RECORD_HEADER_BYTES + body.length);
  const { from, to, suspect = false } = range;
  writeWorkHeader(frame, { batch: 9, from, to, rows, valueBytes, keyBytes, suspect });
  frame.set(body, RECORD_HEADER_BYTES);
  return frame;
}

const readers = { values: new RecordReader(), keys: new RecordReader() };

Deno.test("WorkBatch reads rows, hashes and keys, and keeps nothing of the frame's memory", () => {
  const frame = frameOf([1, { a: "x" }, null], { from: 1, to: 3, keys: true });
  const batch = new WorkBatch(frame, readers, 12);
  frame.fill(0xff);
  assertEquals(batch.values, [1, { a: "x" }, null]);
  assertEquals(batch.keys, ["key 0", "key 1", "key 2"]);
  assertEquals([...batch.hashes], [100, 101, 102]);
  assertEquals([batch.id, batch.next, batch.sent, batch.to], [9, 1, 1, 3]);
  assertEquals([batch.suspect, batch.startedMs], [false, 12]);
});

Deno.test("WorkBatch has no keys when none were sent", () => {
  assertEquals(new WorkBatch(frameOf([1], { from: 0, to: 1 }), readers, 0).keys, undefined);
});

Deno.test("WorkBatch has a result to send only when the next row in order has one", () => {
  const batch = new WorkBatch(frameOf([1, 2, 3], { from: 1, to: 3, suspect: true }), readers, 0);
  assertEquals([batch.suspect, batch.hasResult, batch.done], [true, false, false]);
  batch.results[2] = "second";
  assertEquals(batch.hasResult, false);
  batch.results[1] = undefined; // a result all the same
  assertEquals(batch.hasResult, true);
  batch.sent = 2;
  assertEquals([batch.hasResult, batch.done], [true, false]);
  batch.sent = 3;
  assertEquals([batch.hasResult, batch.done], [false, true]);
});
