// Pushes batches to Kafka, a hundred records every twentieth of a second. Run: deno run --allow-env --allow-net examples/generation_11_kafka_push.ts
import { StreamingGenerator } from "@waggle/stream";
import { KafkaPublisher } from "@waggle/stream/kafka";
import { customerGenerator } from "./customers.ts";
import "./failures.ts"; // without a broker it says so in a line

const streamer = new StreamingGenerator(await customerGenerator());

await using publisher = new KafkaPublisher({
  bootstrapServers: Deno.env.get("KAFKA_BOOTSTRAP") ?? "localhost:9092",
  topic: "synthetic-data",
  createTopic: true, // unless it is there
});
const { records, batches } = await streamer.streamTo(publisher, {
  batchSize: 100,
  interval: "50ms",
  maxBatches: 10,
});
console.log(`${records} records in ${batches} batches`);
