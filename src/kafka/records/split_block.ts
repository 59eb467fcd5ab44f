import type { RecordBlock } from "../driver/driver.ts";
import { At, Attribute, viewOf } from "./batch_header.ts";
import { COMPRESSIONS } from "./compression.ts";
import { decodePlainBatch, encodePlainBatch, type PlainRecord } from "./reference_records.ts";

/**
 * The records of a block as two blocks, compressed as it is: KIP-126. That is seldom wanted, so they
 * are read and written one by one.
 *
 * @param block One of at least two records.
 */
export function splitBlock(block: RecordBlock): readonly [RecordBlock, RecordBlock] {
  const { topic, partition, bytes } = block;
  const codec = viewOf(bytes).getInt16(At.attributes) & Attribute.compression;
  const records = decodePlainBatch(bytes);
  const half = records.length >> 1;
  const made = (some: readonly PlainRecord[]): RecordBlock => ({
    ...{ topic, partition, records: some.length },
    bytes: encodePlainBatch({
      records: some.map((record, offset) => ({ ...record, offset })),
      compression: COMPRESSIONS[codec],
    }),
  });
  return [made(records.slice(0, half)), made(records.slice(half))];
}
