// Loads a trained generator and streams batches from it. Run: deno run --allow-read --allow-write examples/generation_01_quick_start.ts
import { type RecordBatch, StreamingGenerator, SyntheticGenerator } from "@waggle/stream";
import { type Customer, customerGenerator } from "./customers.ts";

// A model is trained once, saved, and loaded wherever it is needed.
const folder = await Deno.makeTempDir();
const trained = await customerGenerator();
await trained.save(`${folder}/trained_model.waggle`);

const generator = await SyntheticGenerator.load<Customer>(`${folder}/trained_model.waggle`);
const streamer = new StreamingGenerator(generator);

function processBatch(batch: RecordBatch<Customer>) {
  console.log(`${batch.length} customers, from id ${batch.toRows()[0].id}`);
}

for await (const batch of streamer.stream({ batchSize: 100, interval: "50ms", maxBatches: 3 })) {
  processBatch(batch);
}
await Deno.remove(folder, { recursive: true });
