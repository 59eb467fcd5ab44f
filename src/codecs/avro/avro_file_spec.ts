import type { Schema } from "../../batch/schema.ts";
import type { AvroBlockSpec } from "../block_specs.ts";
import { schemaOf } from "./avro_encoder.ts";
import type { AvroEngine } from "./avro_engine.ts";
import type { AvroSchema } from "./avro_type.ts";

/** How the records of a file are read. */
export interface AvroFileReading {
  readonly engine: AvroEngine;
  readonly batchRows: number;
  readonly maxRecordBytes: number;
  /** The columns that are wanted; default all. */
  readonly schema?: Schema;
  /** The Avro schema that records are read as; default the file's own. */
  readonly readerSchema?: AvroSchema | string | object;
  /** Of these columns the names of those that are asked for; default all. */
  readonly names?: ReadonlySet<string>;
}

/**
 * What makes a decoder of a file's records, and the columns that there are.
 *
 * @throws {TypeError} when there are no columns for the schema, or it is none that it can be.
 */
export function avroFileSpec(
  writer: AvroSchema,
  { engine, batchRows, maxRecordBytes, schema, readerSchema, names }: AvroFileReading,
): { readonly columns: Schema; readonly spec: AvroBlockSpec } {
  const reader = readerSchema === undefined ? writer : schemaOf(readerSchema);
  const columns = schema ?? engine.columns(reader);
  const fields = columns.fields.filter(({ name }) => names?.has(name) ?? true);
  return {
    columns,
    spec: {
      format: "avro",
      schema: fields.length < columns.fields.length ? { fields } : columns,
      batchRows,
      maxRecordBytes,
      writerSchema: writer.json,
      readerSchema: reader.json,
    },
  };
}
