/**
 * A Kafka for tests: the one that `KAFKA_BOOTSTRAP` names, or one of their own.
 *
 * @module
 */
import { type KafkaBroker, type KafkaOptions, startKafka } from "./broker.ts";
import { type Counterpart, testUnless } from "../counterpart.ts";
import { programs } from "./java.ts";

export { type KafkaBroker, type KafkaOptions, startKafka };

/** Whether tests can have a broker, and what to hand to `Deno.test()`. */
export interface KafkaCounterpart {
  /** Why there is none, and what to do; `undefined` when there is one. */
  readonly reason?: string;
  /** The test itself when there is a broker; else ignored with the reason, under `CI=true` failing. */
  test(name: string, fn: (t: Deno.TestContext) => void | Promise<void>): Deno.TestDefinition;
  /** The same for tests that need other programs too. */
  with(...others: readonly Counterpart[]): KafkaCounterpart;
}

function needing(reason: string | undefined): KafkaCounterpart {
  const test: KafkaCounterpart["test"] = (name, fn) => testUnless(reason, name, fn);
  const withOthers: KafkaCounterpart["with"] = (...others) =>
    needing(reason ?? others.find((other) => other.reason !== undefined)?.reason);
  return { reason, test, with: withOthers };
}

const given = Deno.env.get("KAFKA_BOOTSTRAP") || undefined;
const found = programs();
const reason = "reason" in found ? found.reason : undefined;

/** For tests of a broker of their own, which they kill, or which has its own settings. */
export const ownKafka: KafkaCounterpart = needing(reason);
/** For tests that share a broker with others: they use topics and groups with names of their own. */
export const kafka: KafkaCounterpart = needing(given === undefined ? reason : undefined);

/** A broker that a test file shares with others, or only with itself. */
export interface SharedKafka extends AsyncDisposable {
  /** Its address. */
  readonly bootstrap: string;
}

/** The broker that `KAFKA_BOOTSTRAP` names, else one that is started now. */
export async function sharedKafka(): Promise<SharedKafka> {
  if (given === undefined) return await startKafka();
  return { bootstrap: given, [Symbol.asyncDispose]: () => Promise.resolve() };
}

/** A name for a topic or a group that no other test has. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${crypto.randomUUID().slice(0, 8)}`;
}
