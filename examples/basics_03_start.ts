// Starts a stream: its bees get the function. Run: deno run --allow-read=src examples/basics_03_start.ts
import { HiveStream } from "@waggle/stream";

interface Processed {
  original: number;
  doubled: number;
  squared: number;
}

function processRecord(record: { value: number }): Processed {
  const { value } = record;
  return { original: value, doubled: value * 2, squared: value ** 2 };
}

await using stream = new HiveStream<{ value: number }, Processed>({ workers: 4 });
await stream.start(processRecord);
console.log(`${stream.metrics().bees.length} bees are ready`);
