import { assertEquals, assertThrows } from "@std/assert";
import { crc32c } from "../src/batch/crc32c.ts";
import { RecordDecoder } from "../src/kafka/records/record_decoder.ts";
import { encodePlainBatch } from "../src/kafka/records/reference_records.ts";
import { create } from "../src/kernel/kernel.ts";

// nothing here imports "@waggle/stream/kafka"

const RECORD = { offset: 0, timestamp: 0, key: null, value: new Uint8Array(9), headers: [] };

Deno.test("records that a package compresses say which entry point has it", () => {
  for (const compression of ["lz4", "snappy"] as const) {
    assertThrows(
      () => encodePlainBatch({ records: [RECORD], compression }),
      TypeError,
      `Cannot compress records by ${compression}: import "@waggle/stream/kafka" first`,
    );
  }
  const attributes = 22;
  for (const [compression, number] of [["none", 0], ["gzip", 1], ["zstd", 4]] as const) {
    assertEquals(encodePlainBatch({ records: [RECORD], compression })[attributes], number);
  }
});

Deno.test("RecordDecoder does not call records damaged that it has nothing to inflate with", () => {
  const bytes = encodePlainBatch({ records: [RECORD] });
  const view = new DataView(bytes.buffer);
  const [attributes, crc] = [21, 17];
  view.setInt16(attributes, 2);
  view.setUint32(crc, crc32c(bytes.subarray(attributes)));
  using decoder = new RecordDecoder(create(), { isolation: "read_committed", maxBatchBytes: 1000 });
  const block = { topic: "t", partition: 0, bytes, from: 0, aborted: [] };
  assertThrows(
    () => [...decoder.decode(block)],
    TypeError,
    'Cannot inflate records by snappy: import "@waggle/stream/kafka" first',
  );
});
