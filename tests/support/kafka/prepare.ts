/**
 * Fetches and prepares what the tests of Kafka need, so that none of them has to wait for it.
 *
 * @module
 */
import { startKafka } from "./broker.ts";
import { startRegistry } from "./registry.ts";

/** Once a machine: fetches both, and starts each once. */
export async function prepare(): Promise<void> {
  await using _broker = await startKafka();
  await using _registry = await startRegistry();
}

if (import.meta.main) await prepare();
