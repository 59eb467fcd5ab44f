// Counts what a stream does. Run: deno run examples/generation_08_monitoring.ts
import { MemoryPublisher, StreamingGenerator, StreamingMetrics } from "@waggle/stream";
import { customerGenerator } from "./customers.ts";

const streamer = new StreamingGenerator(await customerGenerator());
const metrics = new StreamingMetrics();

// Start streaming with metrics
await streamer.streamTo(new MemoryPublisher(), { batchSize: 100, maxRecords: 25_000, metrics });

// Check metrics; they may be read while it streams as well
console.log(`Total records: ${metrics.totalRecords}`);
console.log(`Records/second: ${metrics.recordsPerSecond.toFixed(0)}/sec`);
console.log(`Batches sent: ${metrics.batchesSent}`);
console.log(`Errors: ${metrics.errors}`);
