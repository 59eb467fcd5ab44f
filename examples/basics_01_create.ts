// Creates a stream with 4 worker bees. Run: deno run examples/basics_01_create.ts
import { HiveStream } from "@waggle/stream";

const stream = new HiveStream({ workers: 4 });

// No bee is spawned before the start, so there is nothing to stop yet.
const { bees, recordsProcessed } = stream.metrics();
console.log(`${bees.length} bees at work, ${recordsProcessed} records processed`);
