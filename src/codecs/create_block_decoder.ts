import type { Kernel } from "../kernel/kernel.ts";
import { AvroBlockDecoder } from "./avro/avro_block_decoder.ts";
import { AvroMessageBlockDecoder } from "./avro/avro_message_block_decoder.ts";
import { CountedBlockDecoder } from "./avro/counted_records.ts";
import type { BlockDecoder } from "./block_decoder.ts";
import type { BlockDecoderSpec } from "./block_specs.ts";
import { CsvBlockDecoder } from "./csv/csv_block_decoder.ts";
import { FramedBlockDecoder } from "./framed_block_decoder.ts";
import { NdjsonBlockDecoder } from "./json/ndjson_block_decoder.ts";

/**
 * Makes the decoder that some plain data describe.
 *
 * @param kernel An instance that the decoder has for itself: the columns that it gives may be views
 *   of its memory.
 */
export function createBlockDecoder(spec: BlockDecoderSpec, kernel: Kernel): BlockDecoder {
  if (spec.format === "avro") {
    const records = new AvroBlockDecoder(spec, kernel);
    return spec.counted ? new CountedBlockDecoder(records) : records;
  }
  if (spec.format === "framed") {
    return new FramedBlockDecoder(spec, spec.values && createBlockDecoder(spec.values, kernel));
  }
  if (spec.format === "avroMessages") return new AvroMessageBlockDecoder(spec, kernel);
  if (spec.format === "csv") return new CsvBlockDecoder(spec, kernel);
  return new NdjsonBlockDecoder(spec, kernel);
}
