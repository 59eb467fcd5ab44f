// Takes batches at its own pace, and stops when it has enough. Run: deno run examples/generation_02_pull.ts
import { type RecordBatch, StreamingGenerator } from "@waggle/stream";
import { type Customer, customerGenerator } from "./customers.ts";

const streamer = new StreamingGenerator(await customerGenerator());

const database: Customer[] = [];
function saveToDatabase(batch: RecordBatch<Customer>) {
  database.push(...batch);
}

let totalRecords = 0;
for (const batch of streamer.stream({ batchSize: 100 })) {
  saveToDatabase(batch);
  totalRecords += batch.length;
  if (totalRecords >= 10_000) break; // ends the stream
}
console.log(`${database.length} records`);
