// Stops a stream: what is accepted is finished and stays readable. Run: deno run --allow-read=src examples/basics_06_stop.ts
import { HiveStream } from "@waggle/stream";

const stream = new HiveStream<number, number>({ workers: 2, ordered: "all" });
await stream.start((n) => n * n);
for (let n = 1; n <= 4; n++) await stream.submit(`key_${n}`, n);

const report = await stream.stop();
console.log(report);

// After the stop, reading ends by itself when the last result is read.
for await (const { key, result } of stream) console.log(key, result);
