// Shows what a stream has done and who did it. Run: deno run --allow-read=src examples/basics_08_monitoring.ts
import { HiveStream } from "@waggle/stream";

await using stream = new HiveStream<{ value: number }, { root: number }>({ workers: 2 });
await stream.start((record) => ({ root: Math.sqrt(record.value) }));
for (let i = 0; i < 10_000; i++) await stream.submit(`key_${i % 100}`, { value: i });
await stream.stop();

const metrics = stream.metrics();
console.log(`Records processed: ${metrics.recordsProcessed}`);
console.log(`Processing rate: ${metrics.processingRate.toFixed(0)}/sec`);
console.log(`Worker utilization: ${(100 * metrics.workerUtilization).toFixed(1)}%`);
console.log(`Latency p99: ${metrics.latencyMs.p99.toFixed(1)} ms`);
console.log(`Errors: ${metrics.errors}, lost bees: ${metrics.lostBees}`);
console.log(`Faster without workers: ${metrics.cheaperInPlace}`);
