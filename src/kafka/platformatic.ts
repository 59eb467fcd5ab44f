/**
 * Kafka by other connections: `@waggle/stream/kafka/platformatic`, through npm:@platformatic/kafka.
 *
 * @module
 */
import type { KafkaDriver } from "./driver/driver.ts";
import { PlatformaticDriver } from "./driver/platformatic/platformatic_driver.ts";
import type { PlatformaticPackage } from "./driver/platformatic/platformatic_package.ts";

/**
 * Speaks to brokers by connections of npm:@platformatic/kafka: give it as `driver` to what reads and
 * writes topics. The package is loaded when it connects, since loading it needs `--allow-env` and
 * `--allow-read`.
 */
export const platformaticDriver: KafkaDriver = new PlatformaticDriver(async () => {
  const given: unknown = await import("@platformatic/kafka");
  return given as PlatformaticPackage;
});
