// Bounds what waits for a slow consumer, and lets go of the oldest. Run: deno run examples/generation_07_backpressure.ts
import { MemoryPublisher, type RecordBatch, StreamingGenerator } from "@waggle/stream";
import { type Customer, customerGenerator } from "./customers.ts";

/** A consumer that stands still for a second when it gets its first batch. */
class SlowConsumer extends MemoryPublisher {
  override async publish(batch: RecordBatch) {
    if (this.length === 0) await new Promise((resolve) => setTimeout(resolve, 1000));
    return await super.publish(batch);
  }
}

const streamer = new StreamingGenerator(await customerGenerator(), {
  bufferSize: 10_000, // buffer up to 10,000 records
  onBufferFull: "drop", // "drop", "block", or "error"
  dropOldest: true,
});

const consumer = new SlowConsumer();
const report = await streamer.streamTo(consumer, { rateLimit: 100_000, maxRecords: 50_000 });
const ids = consumer.rows().map((row) => (row as unknown as Customer).id);
console.log(`${report.records} records delivered, ${report.dropped} dropped`);
console.log(`The last is number ${ids.at(-1)}, the first behind the gap ${ids[100]}`);
