import { kafkaDriver } from "../src/kafka/driver/current_driver.ts";
import "../src/kafka/kafka.ts";
import { SimulatedKafka } from "../src/testing/kafka/simulated_kafka.ts";
import { type BrokerWorld, testBrokerDriver } from "./support/kafka/broker_suite.ts";
import { driverTests, testDriver } from "./support/kafka/driver_suite.ts";
import { startProxiedKafka } from "./support/kafka/fault_proxy.ts";
import { ownKafka } from "./support/kafka/kafka.ts";
import { kcat } from "./support/kafka/kcat.ts";
import { FORGETFUL } from "./support/kafka/settings.ts";

type TestBody = (t: Deno.TestContext) => void | Promise<void>;
const ALWAYS = { test: (name: string, fn: TestBody) => ({ name, fn }) };

const simulated = driverTests("simulated", ALWAYS, () => {
  const kafka = new SimulatedKafka();
  return Promise.resolve({
    driver: kafka,
    bootstrapServers: ["simulated:9092"],
    [Symbol.asyncDispose]: () => Promise.resolve(kafka[Symbol.dispose]()),
  });
});

const kafkajs = driverTests("kafkajs", ownKafka.with(kcat), async (): Promise<BrokerWorld> => {
  const { broker, proxy, [Symbol.asyncDispose]: end } = await startProxiedKafka({
    config: FORGETFUL,
  });
  const driver = kafkaDriver("test");
  return { driver, bootstrapServers: [proxy.bootstrap], broker, proxy, [Symbol.asyncDispose]: end };
});

for (const test of [simulated, kafkajs]) testDriver(test);
testBrokerDriver(kafkajs);
