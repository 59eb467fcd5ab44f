import type { RecordBatch } from "../../batch/record_batch.ts";
import type { Schema } from "../../batch/schema.ts";
import { create } from "../../kernel/kernel.ts";
import type { BlockDecoder } from "../block_decoder.ts";
import type { AvroBlockSpec } from "../block_specs.ts";
import { AvroBlockDecoder } from "./avro_block_decoder.ts";
import { avroColumns } from "./avro_columns.ts";
import { AvroEncoder, type AvroEncoderOptions, type EncodedAvro } from "./avro_encoder.ts";
import type { AvroSchema } from "./avro_type.ts";

/** What encodes batches as records of one schema. */
export interface AvroRecordEncoder extends Disposable {
  /** What it writes. */
  readonly schema: AvroSchema;
  /** Encodes a batch; what it gives is valid until the next call. */
  encode(batch: RecordBatch<unknown>): EncodedAvro;
}

/** What reads and writes the records in Avro files. */
export interface AvroEngine {
  /** The columns that records are read into, unless others are asked for. */
  columns(schema: AvroSchema): Schema;
  /** A decoder of records that follow each other. */
  decoder(spec: AvroBlockSpec, options: { readonly budgetBytes?: number }): BlockDecoder;
  /** An encoder. */
  encoder(schema: AvroSchema | string | object, options: AvroEncoderOptions): AvroRecordEncoder;
}

/** The kernel: fast, for records of plain values, arrays and maps of them, and records. */
export const kernelEngine: AvroEngine = {
  columns: avroColumns,
  decoder: (spec, { budgetBytes }) => {
    const remedy = "raise budgetBytes, or pass a smaller batchRows";
    const options = budgetBytes === undefined ? { remedy } : { budgetBytes, remedy };
    return new AvroBlockDecoder(spec, create(options));
  },
  encoder: (schema, options) => new AvroEncoder(schema, options),
};
