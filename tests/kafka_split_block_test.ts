import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import "../src/kafka/kafka.ts";
import { COMPRESSIONS } from "../src/kafka/records/compression.ts";
import { decodePlainBatch, encodePlainBatch } from "../src/kafka/records/reference_records.ts";
import { splitBlock } from "../src/kafka/records/split_block.ts";

const bytes = fc.uint8Array({ maxLength: 40 });
const record = fc.record({
  timestamp: fc.integer({ min: 0, max: 2_000_000_000_000 }),
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.array(fc.tuple(fc.string({ maxLength: 5 }), fc.option(bytes)), { maxLength: 3 }),
});

Deno.test("splitBlock() gives two batches with all records in order, compressed as they were", () => {
  const cases = fc.record({
    records: fc.array(record, { minLength: 2, maxLength: 300 }),
    compression: fc.constantFrom(...COMPRESSIONS),
  });
  fc.assert(fc.property(cases, ({ records, compression }) => {
    const all = records.map((each, offset) => ({ ...each, offset }));
    const block = {
      ...{ topic: "t", partition: 3, records: all.length },
      bytes: encodePlainBatch({ records: all, compression }),
    };
    const parts = splitBlock(block);
    assertEquals(parts.map(({ topic, partition }) => [topic, partition]), [["t", 3], ["t", 3]]);
    const found = parts.map((part) => {
      const own = decodePlainBatch(part.bytes);
      assertEquals(own.map(({ offset }) => offset), [...own.keys()]);
      assertEquals([own.length, part.bytes[22] & 7], [part.records, block.bytes[22] & 7]);
      return own.map(({ offset: _, ...each }) => each);
    });
    assertEquals(found.flat(), records);
  }));
});
