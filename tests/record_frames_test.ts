import { assertEquals } from "@std/assert";
import {
  aligned,
  hashBytes,
  readResultHeader,
  readWorkHeader,
  RECORD_HEADER_BYTES,
  RecordFrameKind,
  refusalInStream,
  writeResultHeader,
  writeWorkHeader,
} from "../src/hive/record_frames.ts";
import { forSeeds } from "./support/random.ts";

const MAX = 2 ** 31;

Deno.test("headers of work and results are read as they were written, wherever the frame lies", () => {
  forSeeds(2_000, (random) => {
    const memory = new Uint8Array(new SharedArrayBuffer(256)).fill(random.below(256));
    const frame = memory.subarray(8 * random.below(10));
    const work = {
      batch: random.below(MAX),
      from: random.below(MAX),
      to: random.below(MAX),
      rows: random.below(MAX),
      valueBytes: random.below(MAX),
      keyBytes: random.below(MAX),
      suspect: random.chance(0.5),
    };
    writeWorkHeader(frame, work);
    assertEquals(readWorkHeader(frame), work);
    const results = {
      kind: random.pick([RecordFrameKind.results, RecordFrameKind.fatal]),
      batch: random.below(MAX),
      from: random.below(MAX),
      rows: random.below(MAX),
      valueBytes: random.below(MAX),
      errorBytes: random.below(MAX),
    };
    writeResultHeader(frame, results);
    assertEquals(readResultHeader(frame), results);
  });
});

Deno.test("sections begin at multiples of 8, and hashes take four bytes a row", () => {
  assertEquals([0, 1, 7, 8, 9].map(aligned), [0, 8, 8, 8, 16]);
  assertEquals([0, 1, 2, 3].map(hashBytes), [0, 8, 8, 16]);
  assertEquals(RECORD_HEADER_BYTES % 8, 0);
});

Deno.test("refusalInStream() names the stream's option in place of the writer's", () => {
  const message = "value takes more than 10 bytes; split it or raise maxBytes";
  assertEquals(
    refusalInStream(message),
    "value takes more than 10 bytes; split it or raise ringBytes, 4 times that",
  );
  assertEquals(refusalInStream("value is a symbol"), "value is a symbol");
});
