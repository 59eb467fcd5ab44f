// Limits the rate: to a fixed one, and to what the sink takes within a time. Run: deno run examples/generation_06_rate_limit.ts
import { MemoryPublisher, StreamingGenerator, StreamingMetrics } from "@waggle/stream";
import { customerGenerator } from "./customers.ts";

const streamer = new StreamingGenerator(await customerGenerator());
const publisher = new MemoryPublisher();

// Fixed rate
const metrics = new StreamingMetrics();
await streamer.streamTo(publisher, {
  rateLimit: 1000, // records per second
  maxRecords: 500,
  metrics,
});
console.log(`${metrics.totalRecords} records at ${metrics.averageRate.toFixed(0)}/sec`);

// Adaptive rate
await streamer.streamTo(publisher, {
  adaptiveRate: true,
  targetLatency: "100ms",
  maxRecords: 50_000,
});
console.log(`${publisher.length} records altogether`);
