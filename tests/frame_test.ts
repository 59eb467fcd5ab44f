import { assertEquals, assertThrows } from "@std/assert";
import { decodeFrame, encodeFrame, FrameVersionError, RecordBatch } from "@waggle/stream";

const ROWS = [
  { name: "a", n: 1, big: 5n, x: 0.5, ok: true, tags: ["p", "q"], odd: { a: [1, "x"] } },
  { name: "ü😀", n: null, big: null, x: -0, ok: null, tags: [], odd: 7 },
];

Deno.test("decodeFrame() gives back what encodeFrame() wrote, as views of its bytes", () => {
  const frame = encodeFrame({ kind: "data", epoch: 3, sequence: 9 }, RecordBatch.fromRows(ROWS));
  const { header, batch, byteLength } = decodeFrame(frame);
  assertEquals([header.epoch, header.sequence, header.watermark], [3, 9, -Infinity]);
  assertEquals(batch!.toRows(), ROWS);
  assertEquals(byteLength, frame.length);
  assertEquals(batch!.column("x").values!.buffer === frame.buffer, true);
});

Deno.test("decodeFrame() of another version is an error of its own", () => {
  const frame = encodeFrame({ kind: "end" });
  frame[4] = 9;
  assertThrows(() => decodeFrame(frame), FrameVersionError, "version is 9");
});
