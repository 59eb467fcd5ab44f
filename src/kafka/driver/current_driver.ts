import type { KafkaDriver } from "./driver.ts";

let driver: KafkaDriver | undefined;

/** Hands in what speaks to brokers, for all that comes. */
export function setKafkaDriver(given: KafkaDriver): void {
  driver = given;
}

/**
 * What speaks to brokers: what was handed in.
 *
 * @param doing What cannot be done without, for the message.
 * @throws {TypeError} when there is none.
 */
export function kafkaDriver(doing: string): KafkaDriver {
  if (driver) return driver;
  throw new TypeError(`Cannot ${doing}: import "@waggle/stream/kafka" first`);
}
