/**
 * Records to and from Apache Kafka: `@waggle/stream/kafka`, through npm:kafkajs.
 *
 * @module
 */
export type * from "./driver/driver.ts";
export * from "./driver/kafka_error.ts";
export type * from "./driver/kafka_login.ts";
export type { KafkaConnectionOptions } from "./driver/kafka_connection.ts";
