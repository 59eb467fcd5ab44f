/**
 * Kafka by other connections: `@waggle/stream/kafka/platformatic`, through npm:@platformatic/kafka.
 *
 * @module
 */
import { Connection, Writer } from "@platformatic/kafka";
import type { KafkaDriver } from "./driver/driver.ts";
import { PlatformaticDriver } from "./driver/platformatic/platformatic_driver.ts";
import type { PlatformaticPackage } from "./driver/platformatic/platformatic_package.ts";

const given: unknown = { Connection, Writer };

/**
 * Speaks to brokers by connections of npm:@platformatic/kafka: give it as `driver` to what reads and
 * writes topics.
 */
export const platformaticDriver: KafkaDriver = new PlatformaticDriver(given as PlatformaticPackage);
