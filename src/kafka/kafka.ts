/**
 * Records to and from Apache Kafka: `@waggle/stream/kafka`, through npm:kafkajs, and for LZ4 and snappy
 * npm:@platformatic/wasm-utils and npm:hysnappy.
 *
 * @module
 */
import { lz4Compress, snappyCompress } from "@platformatic/wasm-utils/bundled";
import { snappyUncompressor } from "hysnappy";
import Connection from "kafkajs/src/network/connection.js";
import socketFactory from "kafkajs/src/network/socketFactory.js";
import { setKafkaDriver } from "./driver/current_driver.ts";
import { KafkajsDriver } from "./driver/kafkajs/kafkajs_driver.ts";
import type { KafkajsPackage } from "./driver/kafkajs/kafkajs_package.ts";
import { type RecordCodecs, setRecordCodecs } from "./records/record_codecs.ts";

export type * from "./driver/driver.ts";
export * from "./driver/kafka_error.ts";
export type * from "./driver/kafka_login.ts";
export type { KafkaConnectionOptions } from "./driver/kafka_connection.ts";
export type { CompressionName } from "./records/compression.ts";
export { type BatchPlace, CorruptBatch } from "./records/corrupt_batch.ts";
export type * from "./records/record_layout.ts";
export { UnfitRecord } from "./records/unfit_record.ts";
export { KafkaPublisher } from "./publisher/kafka_publisher.ts";
export type {
  Acks,
  CreateTopicOptions,
  KafkaCompression,
  KafkaPartitioner,
  KafkaPublisherOptions,
} from "./publisher/publisher_options.ts";
export type { RecordInput } from "./publisher/record_input.ts";
export type {
  Compatibility,
  RegisteredSchema,
  SubjectSchema,
} from "./registry/registry_answers.ts";
export { KafkaRecordError, type ValueFault } from "./source/kafka_block.ts";
export { NotCommitted, type UncommittedPartition } from "./source/not_committed.ts";
export { kafkaSource } from "./source/kafka_source.ts";
export type {
  KafkaColumnOptions,
  KafkaSourceOptions,
  KafkaStart,
  KafkaValues,
  OffsetReset,
} from "./source/kafka_source_options.ts";
export { SchemaRegistryError, type SchemaRegistryErrorOptions } from "./registry/registry_error.ts";
export type { SchemaRegistryOptions } from "./registry/registry_options.ts";
export {
  type PrefixOptions,
  type RegistryPrefix,
  RegistrySerializer,
  type RegistrySerializerOptions,
  type SchemaOrigin,
} from "./registry/registry_serializer.ts";
export { type RegistryCallOptions, SchemaRegistry } from "./registry/schema_registry.ts";
export type { SubjectNaming, TopicPart } from "./registry/subject_naming.ts";

const kafkajs: unknown = { Connection, socketFactory };
setKafkaDriver(new KafkajsDriver(kafkajs as KafkajsPackage));

const codecs: unknown = { lz4Compress, snappyCompress, snappyUncompressor };
setRecordCodecs(codecs as RecordCodecs);
