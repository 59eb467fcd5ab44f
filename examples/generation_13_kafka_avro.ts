// Streams to Kafka as Avro records of a given schema. Run: deno run --allow-env --allow-net examples/generation_13_kafka_avro.ts
import { StreamingGenerator, SyntheticGenerator } from "@waggle/stream";
import { KafkaPublisher } from "@waggle/stream/kafka";
import "./failures.ts"; // without a broker it says so in a line

const customers = Array.from({ length: 300 }, (_, i) => ({
  id: `customer-${i}`,
  age: 18 + (i * 7) % 60,
  income: 20_000 + (i * 373) % 60_000 + 0.5,
}));
const generator = await SyntheticGenerator.fit(customers, { seed: 1 });

const schema = {
  type: "record",
  name: "Customer",
  fields: [
    { name: "id", type: "string" },
    { name: "age", type: "int" },
    { name: "income", type: "float" },
  ],
};

await using publisher = new KafkaPublisher({
  bootstrapServers: Deno.env.get("KAFKA_BOOTSTRAP") ?? "localhost:9092",
  topic: "customers",
  createTopic: true,
  valueSerializer: "avro",
  avroSchema: schema, // with `registry` it is registered, and its number stands in front of records
});
const { records } = await new StreamingGenerator(generator).streamTo(publisher, {
  batchSize: 100,
  maxRecords: 1000,
});
console.log(`${records} customers as Avro`);
