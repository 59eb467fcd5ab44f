// Returns an error marker, and shows what the stream makes of a throw. Run: deno run --allow-read=src examples/basics_09_error_handling.ts
import { HiveStream, isErrorRecord } from "@waggle/stream";

interface Input {
  value: number;
}

type Marked =
  | { success: true; data: number }
  | { success: false; error: string; record: Input };

/** Catches its own errors and returns a marker. */
function safeProcessor(record: Input): Marked {
  try {
    if (record.value < 0) throw new RangeError(`${record.value} has no real root`);
    return { success: true, data: Math.sqrt(record.value) };
  } catch (error) {
    return { success: false, error: String(error), record };
  }
}

const records = new Map([["a", { value: 16 }], ["b", { value: -4 }], ["c", { value: 9 }]]);

await using safe = new HiveStream<Input, Marked>({ workers: 2, ordered: "all" });
await safe.start(safeProcessor);
await safe.submitAll(records);
await safe.stop();
for await (const { result } of safe) console.log(result);

// Nothing needs to be caught: a record whose function throws comes back as an error record.
await using stream = new HiveStream<Input, number>({ workers: 2, ordered: "all" });
await stream.start((record) => {
  if (record.value < 0) throw new RangeError(`${record.value} has no real root`);
  return Math.sqrt(record.value);
});
await stream.submitAll(records);
await stream.stop();
for await (const { key, result } of stream) {
  if (isErrorRecord(result)) console.log(`${key} failed: ${result.error.message}`);
  else console.log(`${key}: ${result}`);
}
