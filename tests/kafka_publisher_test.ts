import { KafkaPublisher } from "../src/kafka/publisher/kafka_publisher.ts";
import type { KafkaPublisherOptions } from "../src/kafka/publisher/publisher_options.ts";
import { SimulatedKafka } from "../src/testing/mod.ts";
import { committedValues } from "./support/kafka/publisher_case.ts";
import { testPublisher } from "./support/publisher_suite.ts";

const AT = { topic: "rows", partition: 0 };

/** A broker in memory that can be made to fail and to stall. */
function simulated(given: Partial<KafkaPublisherOptions> = {}) {
  const kafka = new SimulatedKafka({ topics: { rows: 1 } });
  let failures = 0;
  let stalled = false;
  kafka.faults = ({ api }) => {
    if (api !== "produce") return undefined;
    if (stalled) return { error: "NOT_LEADER_OR_FOLLOWER" };
    if (failures === 0) return undefined;
    failures--;
    return { error: "KAFKA_STORAGE_ERROR" };
  };
  const publisher = new KafkaPublisher({
    bootstrapServers: "simulated",
    topic: "rows",
    driver: kafka,
    deliveryTimeout: "700ms",
    ...given,
  });
  return Promise.resolve({
    publisher,
    arrived: async () => (await committedValues(kafka, AT)).map((value) => JSON.parse(value)),
    stall: () => void (stalled = true),
    go: () => void (stalled = false),
    failNext: (n: number) => void (failures = n),
    [Symbol.asyncDispose]: () => {
      kafka[Symbol.dispose]();
      return Promise.resolve();
    },
  });
}
testPublisher("KafkaPublisher of a broker in memory", simulated, {
  cannot: ["break"],
  retries: true,
});

testPublisher(
  "KafkaPublisher in transactions of a broker in memory",
  () => simulated({ transactionalId: "writer" }),
  { cannot: ["break"], retries: true },
);
