/**
 * From bytes to batches and back: JSON, CSV, Avro, and what is compressed.
 *
 * @module
 */
export { avroCanonicalForm } from "./avro/avro_canonical_form.ts";
export { AvroEncoder, type AvroEncoderOptions, type EncodedAvro } from "./avro/avro_encoder.ts";
export type { AvroCodec } from "./avro/avro_block_codecs.ts";
export {
  AvroFileDecoder,
  type AvroFileDecoderOptions,
  type AvroFileInfo,
} from "./avro/avro_file_decoder.ts";
export { AvroFileEncoder, type AvroFileEncoderOptions } from "./avro/avro_file_encoder.ts";
export { AvroFileError } from "./avro/avro_file_error.ts";
export type { AvroEngine, AvroRecordEncoder } from "./avro/avro_engine.ts";
export { avroFingerprint, type AvroFingerprintAlgorithm } from "./avro/avro_fingerprint.ts";
export {
  type AvroMessage,
  type AvroMessageFormat,
  avroMessages,
  openAvroMessage,
} from "./avro/avro_messages.ts";
export { avroSchemaOf, type AvroSchemaOfOptions } from "./avro/avro_schema_of.ts";
export { avroColumns } from "./avro/avro_columns.ts";
export { AvroDataError, AvroDecoder, type AvroDecoderOptions } from "./avro/avro_decoder.ts";
export { UnsupportedAvroError } from "./avro/avro_unsupported.ts";
export type {
  AvroArray,
  AvroEnum,
  AvroField,
  AvroFixed,
  AvroLogicalType,
  AvroMap,
  AvroNamed,
  AvroNamedType,
  AvroPrimitive,
  AvroPrimitiveName,
  AvroRecord,
  AvroSchema,
  AvroType,
  AvroUnion,
} from "./avro/avro_type.ts";
export { parseAvroSchema } from "./avro/parse_avro_schema.ts";
export type { AvroSchemaOptions } from "./avro/schema_parser.ts";
export {
  type BadRecord,
  BadRecordError,
  type BadRecordErrorOptions,
  type BadRecordOptions,
  type BadRecordPolicy,
} from "./bad_record.ts";
export type { BatchDecoder, DecoderMetrics, DecoderOptions } from "./batch_decoder.ts";
export type { BadBlockRecord, BlockDecoder, DecodedBlock } from "./block_decoder.ts";
export type { AvroMessageSpec } from "./avro/avro_message_decoder.ts";
export type {
  AvroBlockSpec,
  AvroMessagesSpec,
  BlockDecoderSpec,
  BlockSpec,
  CsvBlockSpec,
  FramedBlockSpec,
  NdjsonBlockSpec,
} from "./block_specs.ts";
export { CsvDecoder } from "./csv/csv_decoder.ts";
export { CsvEncoder, type CsvEncoderOptions } from "./csv/csv_encoder.ts";
export type { CsvOptions } from "./csv/csv_options.ts";
export { JsonEncoder, type JsonEncoderOptions } from "./json/json_encoder.ts";
export type { JsonFieldsOptions } from "./json/json_fields.ts";
export { NdjsonDecoder, type NdjsonOptions } from "./json/ndjson_decoder.ts";
export {
  type Compression,
  type CompressionOptions,
  inflate,
  type InflateOptions,
} from "./inflate/inflate.ts";
export { InflateError } from "./inflate/inflate_error.ts";
