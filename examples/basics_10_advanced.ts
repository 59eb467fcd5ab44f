// Puts a stream into windows of a minute and computes on each key's records. Run: deno run --allow-read=src examples/basics_10_advanced.ts
import {
  DeliveryGuarantee,
  EnhancedStreamProcessor,
  PeriodicWatermarkGenerator,
  TumblingWindow,
} from "@waggle/stream";

interface Reading {
  timestamp: number;
  key: string;
  value: number;
}

/** Runs in the bees, on all records of a window and key. */
function aggregate(records: Reading[]) {
  const total = records.reduce((sum, { value }) => sum + value, 0);
  const count = records.length;
  return { total, count, avg: total / count };
}

/** Three sensors, a reading every four seconds. */
function* incomingStream(): Generator<Reading> {
  for (let i = 0; i < 45; i++) {
    yield { timestamp: 4_000 * i, key: `sensor_${1 + i % 3}`, value: 10 + (i * 7) % 20 };
  }
}

await using stream = new EnhancedStreamProcessor<Reading, ReturnType<typeof aggregate>>({
  workers: 2,
  windowAssigner: new TumblingWindow({ size: "60s" }),
  watermarkGenerator: new PeriodicWatermarkGenerator({ interval: "10s" }),
  deliveryGuarantee: DeliveryGuarantee.AtLeastOnce,
});

for (const record of incomingStream()) {
  const result = await stream.processRecord(record, { aggregate, initialValue: [] });
  for (const { key, windowStart, value: { total, count, avg } } of result ?? []) {
    console.log(`Window result: ${windowStart / 1000}s ${key}: ${count} of ${total}, avg ${avg}`);
  }
}

const rest = await stream.close();
console.log(`${rest.length} results of the window that was still open`);

const metrics = stream.metrics();
console.log(`Records processed: ${metrics.recordsProcessed}, late: ${metrics.late}`);
console.log(`Processing rate: ${metrics.processingRate.toFixed(0)}/sec`);
console.log(`Worker utilization: ${(100 * metrics.workerUtilization).toFixed(1)}%`);
