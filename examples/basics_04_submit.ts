// Submits records one by one, in a loop, and all at once. Run: deno run --allow-read=src examples/basics_04_submit.ts
import { HiveStream } from "@waggle/stream";

await using stream = new HiveStream<{ value: number }, { doubled: number }>({ workers: 2 });
await stream.start((record) => ({ doubled: record.value * 2 }));

// Single records; `await` waits while the stream is full.
await stream.submit("key_1", { value: 10 });
await stream.submit("key_2", { value: 20 });
await stream.submit("key_3", { value: 30 });

// In a loop.
for (let i = 0; i < 100; i++) await stream.submit(`key_${i}`, { value: i });

// Any iterable of pairs.
const more = new Map([["key_1", { value: 40 }], ["key_2", { value: 50 }]]);
const count = await stream.submitAll(more);
console.log(`${count} records from the map`);

const { processed } = await stream.stop();
console.log(`${processed} records processed`);
