// Streams active customers to Kafka until there are enough or Ctrl-C ends it, and says how it went. Run: deno run --allow-env --allow-net --allow-read --allow-write examples/generation_14_complete.ts
import {
  StreamingError,
  StreamingGenerator,
  StreamingMetrics,
  SyntheticGenerator,
} from "@waggle/stream";
import { KafkaPublisher } from "@waggle/stream/kafka";
import { customerGenerator } from "./customers.ts";
import "./failures.ts"; // without a broker it says so in a line

const folder = await Deno.makeTempDir();
await (await customerGenerator()).save(`${folder}/customer_generator.waggle`);

// Load trained generator
const generator = await SyntheticGenerator.load(`${folder}/customer_generator.waggle`);

// Create streaming wrapper
const streamer = new StreamingGenerator(generator, { bufferSize: 5000, onBufferFull: "block" });

// Configure Kafka
const publisher = new KafkaPublisher({
  bootstrapServers: Deno.env.get("KAFKA_BOOTSTRAP") ?? "localhost:9092",
  topic: "synthetic-active-customers",
  createTopic: true,
  valueSerializer: "json",
  compression: "gzip",
});

// Metrics collection
const metrics = new StreamingMetrics();

// Ctrl-C ends the stream, and not the program in the middle of it
const stop = new AbortController();
const onInterrupt = () => stop.abort(new StreamingError("Streaming stopped"));
Deno.addSignalListener("SIGINT", onInterrupt);

// Start streaming
try {
  await streamer.streamTo(publisher, {
    batchSize: 100,
    interval: "20ms",
    conditions: { status: "active" },
    metrics,
    maxRecords: 2000,
    signal: stop.signal,
  });
} catch (error) {
  if (!stop.signal.aborted) throw error;
  console.log("Streaming stopped");
} finally {
  await publisher[Symbol.asyncDispose]();
  Deno.removeSignalListener("SIGINT", onInterrupt);
  console.log(`Total records sent: ${metrics.totalRecords}`);
  console.log(`Average rate: ${metrics.averageRate.toFixed(1)} records/sec`);
  await Deno.remove(folder, { recursive: true });
}
