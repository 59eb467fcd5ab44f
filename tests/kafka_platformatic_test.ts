import { platformaticDriver } from "../src/kafka/platformatic.ts";
import { type BrokerWorld, testBrokerDriver } from "./support/kafka/broker_suite.ts";
import { driverTests, testDriver } from "./support/kafka/driver_suite.ts";
import { startProxiedKafka } from "./support/kafka/fault_proxy.ts";
import { ownKafka } from "./support/kafka/kafka.ts";
import { kcat } from "./support/kafka/kcat.ts";
import { FORGETFUL } from "./support/kafka/settings.ts";

const platformatic = driverTests(
  "platformatic",
  ownKafka.with(kcat),
  async (): Promise<BrokerWorld> => {
    const { broker, proxy, [Symbol.asyncDispose]: end } = await startProxiedKafka({
      config: FORGETFUL,
    });
    const driver = platformaticDriver;
    const bootstrapServers = [proxy.bootstrap];
    return { driver, bootstrapServers, broker, proxy, [Symbol.asyncDispose]: end };
  },
);

testDriver(platformatic);
testBrokerDriver(platformatic);
