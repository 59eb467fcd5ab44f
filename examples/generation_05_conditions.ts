// Streams only records that meet conditions. Run: deno run examples/generation_05_conditions.ts
import { type RecordBatch, StreamingGenerator } from "@waggle/stream";
import { type Customer, customerGenerator } from "./customers.ts";

const streamer = new StreamingGenerator(await customerGenerator());

let [customers, others] = [0, 0];
function processPremiumCustomers(batch: RecordBatch<Customer>) {
  customers += batch.length;
  for (const { segment, lifetime_value } of batch) {
    if (segment !== "premium" || lifetime_value <= 10_000) others++;
  }
}

// Stream only high-value customers
const conditions = { segment: "premium", lifetime_value: [">", 10_000] };
for (const batch of streamer.stream({ batchSize: 100, conditions, maxBatches: 20 })) {
  processPremiumCustomers(batch);
}
console.log(`${customers} customers of high value, ${others} others`);
