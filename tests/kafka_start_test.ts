import { assertEquals, assertRejects } from "@std/assert";
import { from, MemoryPublisher } from "../mod.ts";
import { KafkaError } from "../src/kafka/driver/kafka_error.ts";
import { kafkaSource } from "../src/kafka/source/kafka_source.ts";
import type { KafkaSourceOptions } from "../src/kafka/source/kafka_source_options.ts";
import { SimulatedKafka } from "../src/testing/kafka/simulated_kafka.ts";
import { TopicWriter } from "./support/kafka/topic_case.ts";

function numbered(...all: readonly [x: number, timestamp: number][]) {
  return all.map(([x, timestamp]) => ({ value: JSON.stringify({ x }), timestamp }));
}

/** Two topics, one with two partitions; at the end of the first an aborted record. */
async function written(): Promise<SimulatedKafka> {
  const kafka = new SimulatedKafka({ topics: { t: 2, u: 1 } });
  await using writer = await TopicWriter.of(kafka);
  const first = { topic: "t", partition: 0 };
  await writer.send(first, numbered([0, 1000], [1, 2000], [2, 3000]));
  await writer.transact(first, numbered([90, 4000]), "abort");
  await writer.send({ topic: "t", partition: 1 }, numbered([10, 1500], [11, 2500]));
  await writer.send({ topic: "u", partition: 0 }, numbered([20, 1000]));
  return kafka;
}

async function read(kafka: SimulatedKafka, options: Partial<KafkaSourceOptions>) {
  const source = kafkaSource<{ x: number }>({
    ...{ bootstrapServers: "simulated:9092", topics: "t", until: "end", driver: kafka },
    ...options as object,
  });
  const memory = new MemoryPublisher();
  await from(source, { workers: 1, deliveryGuarantee: "atLeastOnce" }).to(memory).run();
  return memory.rows().map(({ x }) => x as number).sort((a, b) => a - b);
}

const offsets = [{ topic: "t", partition: 0, offset: 2 }];
const CASES: readonly [Partial<KafkaSourceOptions>, readonly number[]][] = [
  [{}, [0, 1, 2, 10, 11]],
  [{ topics: ["t", "u"] }, [0, 1, 2, 10, 11, 20]],
  [{ partitions: [1] }, [10, 11]],
  [{ start: "earliest" }, [0, 1, 2, 10, 11]],
  [{ start: "latest" }, []],
  [{ start: { timestamp: 2000 } }, [1, 2, 11]],
  [{ start: { timestamp: 5000 } }, []],
  [{ start: { offsets } }, [2, 10, 11]],
  [{ start: { offsets }, otherwise: "latest" }, [2]],
  [{ isolation: "read_uncommitted" }, [0, 1, 2, 10, 11, 90]],
  [{ groupId: "new" }, [0, 1, 2, 10, 11]],
  [{ groupId: "new", otherwise: "latest" }, []],
];

for (const [options, expected] of CASES) {
  Deno.test(`kafkaSource begins where ${JSON.stringify(options)} says`, async () => {
    using kafka = await written();
    assertEquals(await read(kafka, options), expected);
  });
}

Deno.test("kafkaSource goes on where its group has come to, wherever it was to start", async () => {
  using kafka = await written();
  assertEquals(await read(kafka, { groupId: "g", topics: "u" }), [20]);
  assertEquals(await read(kafka, { groupId: "g", topics: "u", start: "earliest" }), []);
  // Of the other topic the group knows nothing
  assertEquals(await read(kafka, { groupId: "g", topics: ["t", "u"] }), [0, 1, 2, 10, 11]);
});

Deno.test("kafkaSource fails where it is not known where to begin, if it is told to", async () => {
  using kafka = await written();
  const otherwise = "fail";
  const unknown = (partition: number) =>
    `not known where to begin in partition ${partition} of t: `;
  await assertRejects(
    () => read(kafka, { start: { offsets }, otherwise }),
    KafkaError,
    `${unknown(1)}start.offsets has none for it; pass otherwise: "earliest" or "latest"`,
  );
  await assertRejects(
    () => read(kafka, { groupId: "new", otherwise }),
    KafkaError,
    `${unknown(0)}group "new" has committed nothing for it`,
  );
});
