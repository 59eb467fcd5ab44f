// Loads a trained generator and streams to Kafka, with the options one sees most. Run: deno run --allow-env --allow-net --allow-read --allow-write examples/generation_12_kafka_setup.ts
import { StreamingGenerator, SyntheticGenerator } from "@waggle/stream";
import { KafkaPublisher } from "@waggle/stream/kafka";
import { customerGenerator } from "./customers.ts";
import "./failures.ts"; // without a broker it says so in a line

const folder = await Deno.makeTempDir();
await (await customerGenerator()).save(`${folder}/model.waggle`);

// Load generator
const generator = await SyntheticGenerator.load(`${folder}/model.waggle`);
await Deno.remove(folder, { recursive: true });
const streamer = new StreamingGenerator(generator);

// Configure Kafka publisher
await using publisher = new KafkaPublisher({
  bootstrapServers: Deno.env.get("KAFKA_BOOTSTRAP") ?? "localhost:9092",
  topic: "synthetic-customers",
  createTopic: { partitions: 4 },
  valueSerializer: "json", // "json", "avro" or "raw"
  key: "id", // customers of one id stay in order
  acks: "all",
  compression: "gzip",
});

// Start streaming
const { records } = await streamer.streamTo(publisher, {
  batchSize: 100,
  interval: "50ms",
  maxBatches: 5,
});
console.log(`${records} customers`);
