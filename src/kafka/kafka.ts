/**
 * Records to and from Apache Kafka: `@waggle/stream/kafka`, through npm:kafkajs.
 *
 * @module
 */
export type * from "./driver/driver.ts";
export * from "./driver/kafka_error.ts";
export type * from "./driver/kafka_login.ts";
export type { KafkaConnectionOptions } from "./driver/kafka_connection.ts";
export type {
  Compatibility,
  RegisteredSchema,
  SubjectSchema,
} from "./registry/registry_answers.ts";
export { SchemaRegistryError, type SchemaRegistryErrorOptions } from "./registry/registry_error.ts";
export type { SchemaRegistryOptions } from "./registry/registry_options.ts";
export { RegistryReader, type RegistryReaderOptions } from "./registry/registry_reader.ts";
export {
  type PrefixOptions,
  type RegistryPrefix,
  RegistrySerializer,
  type RegistrySerializerOptions,
  type SchemaOrigin,
} from "./registry/registry_serializer.ts";
export { type RegistryCallOptions, SchemaRegistry } from "./registry/schema_registry.ts";
export type { SubjectNaming, TopicPart } from "./registry/subject_naming.ts";
