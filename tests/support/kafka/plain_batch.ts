import type {
  AbortedTransaction,
  RecordBlock,
  TopicPartition,
} from "../../../src/kafka/driver/driver.ts";
import { readBatchHeader, viewOf } from "../../../src/kafka/records/batch_header.ts";
import {
  decodePlainBatches,
  encodePlainBatch,
  type PlainRecord as Plain,
} from "../../../src/kafka/records/reference_records.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** An uncompressed record batch of texts without keys. */
export function blockOf(
  at: TopicPartition,
  values: readonly string[],
  timestamp = 1_700_000_000_000,
): RecordBlock {
  const records = values.map((value, offset): Plain => ({
    offset,
    timestamp,
    key: null,
    value: encoder.encode(value),
    headers: [],
  }));
  return { ...at, records: values.length, bytes: encodePlainBatch({ records }) };
}

/** A record of a batch, as a reader sees it. */
export interface PlainRecord {
  readonly offset: number;
  readonly value: string;
}

function batchesOf(bytes: Uint8Array): Uint8Array[] {
  const batches: Uint8Array[] = [];
  const view = viewOf(bytes);
  for (let at = 0; at < bytes.length;) {
    const end = at + readBatchHeader(view, at).bytes;
    batches.push(bytes.subarray(at, end));
    at = end;
  }
  return batches;
}

function texts(records: readonly Plain[]): PlainRecord[] {
  return records.map(({ offset, value }) => ({ offset, value: decoder.decode(value!) }));
}

/** The records of uncompressed batches, markers left out. */
export function recordsOf(bytes: Uint8Array): PlainRecord[] {
  const reading = { from: 0, isolation: "read_uncommitted", aborted: [] } as const;
  return texts(decodePlainBatches(batchesOf(bytes), reading));
}

/** The same, without those of aborted transactions: what a reader of committed records sees. */
export function committedOf(
  bytes: Uint8Array,
  aborted: readonly AbortedTransaction[],
): PlainRecord[] {
  const reading = { from: 0, isolation: "read_committed", aborted } as const;
  return texts(decodePlainBatches(batchesOf(bytes), reading));
}
