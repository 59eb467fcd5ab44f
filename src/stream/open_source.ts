import { RecordBatch } from "../batch/record_batch.ts";
import type { Source, SourceBatch, SourceOptions } from "./source.ts";

/**
 * Opens a source.
 *
 * @throws {TypeError} when it gives nothing that can be iterated.
 */
export function batchesOf(source: Source, options: SourceOptions): AsyncIterator<SourceBatch> {
  const opened: unknown = source.open(options);
  if (typeof opened === "object" && opened !== null && Symbol.asyncIterator in opened) {
    return (opened as AsyncIterable<SourceBatch>)[Symbol.asyncIterator]();
  }
  throw new TypeError(
    `Cannot read ${source.name}: its open() must give an async iterable, received ${typeof opened}`,
  );
}

/**
 * What a source gives may come from anybody: nothing of it may pass for no records.
 *
 * @throws {TypeError | RangeError} when it is nothing that a source gives.
 */
export function checkedRead(read: SourceBatch, name: string): SourceBatch {
  const { batch, skipped = 0, deadLettered = 0 } = Object(read) as SourceBatch;
  const isGiven = typeof read === "object" && read !== null;
  if (!isGiven || !(batch === undefined || batch instanceof RecordBatch)) {
    throw new TypeError(
      `Cannot read ${name}: a source gives objects such as { batch }, with a RecordBatch in it, ` +
        `received ${isGiven ? `a batch that is ${typeof batch}` : String(read)}`,
    );
  }
  for (const count of [skipped, deadLettered]) {
    if (Number.isSafeInteger(count) && count >= 0) continue;
    throw new RangeError(
      `Cannot read ${name}: skipped and deadLettered must be whole numbers, received ${count}`,
    );
  }
  return read;
}
