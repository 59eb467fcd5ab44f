import { assert, assertEquals } from "@std/assert";
import { createTopic } from "./support/kafka/wire.ts";
import { kcatConsume, kcatProduce } from "./support/kafka/kcat.ts";
import { type KafkaBroker, ownKafka, startKafka } from "./support/kafka/kafka.ts";

let broker: KafkaBroker;

Deno.test.beforeAll(async () => {
  if (ownKafka.reason !== undefined) return;
  broker = await startKafka({
    listeners: ["ssl", "sslExpired", "sslWrongHost", "sslMutual", "sasl", "saslSsl"],
  });
});
Deno.test.afterAll(async () => {
  await broker?.[Symbol.asyncDispose]();
});

function test(name: string, work: () => Promise<void>): void {
  Deno.test(ownKafka.test(name, work));
}

test("a broker keeps its data when it is killed, stopped and started again", async () => {
  await createTopic(broker.bootstrap, "kept", { config: { "cleanup.policy": "compact" } });
  await kcatProduce(broker.bootstrap, "kept", ["a|1", "b|2"]);
  await broker.kill();
  assert(!broker.isRunning);
  await broker.restart();
  await kcatProduce(broker.bootstrap, "kept", ["c|3"]);
  await broker.stop();
  await broker.restart();
  const records = await kcatConsume(broker.bootstrap, "kept");
  assertEquals(records.map(({ offset, key, payload }) => [offset, key, payload]), [
    [0, "a", "1"],
    [1, "b", "2"],
    [2, "c", "3"],
  ]);
});
