/**
 * For tests of what is made with Waggle: a driver of pipelines, a clock, a source and a Kafka
 * that do what the test says and nothing else.
 *
 * @module
 */
export * from "./kafka/simulated_kafka.ts";
export * from "./pipeline_driver.ts";
export * from "./test_clock.ts";
export * from "./test_source.ts";
