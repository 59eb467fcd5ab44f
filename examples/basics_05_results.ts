// Reads results until none comes for a second. Run: deno run --allow-read=src examples/basics_05_results.ts
import { HiveStream } from "@waggle/stream";

// Results of one key come in the order of submission; with "all", those of all keys do.
await using stream = new HiveStream<{ value: number }, { doubled: number }>({
  workers: 2,
  ordered: "all",
});
await stream.start((record) => ({ doubled: record.value * 2 }));
for (let i = 0; i < 5; i++) await stream.submit(`key_${i}`, { value: i });

while (true) {
  const result = await stream.getResult({ timeout: "1s" });
  if (result === undefined) break; // no more results
  console.log(result);
}
