import type { RecordBlock, TopicPartition } from "../../../src/kafka/driver/driver.ts";
import {
  BATCH_HEADER_BYTES,
  readBatchHeader,
  sealBatch,
} from "../../../src/testing/kafka/batch_header.ts";

const text = new TextEncoder();
const words = new TextDecoder();

/** A signed number as Kafka's records write it: zigzag, seven bits a byte. */
function varint(out: number[], value: number): void {
  let left = value < 0 ? -2 * value - 1 : 2 * value;
  while (left >= 128) {
    out.push(left % 128 + 128);
    left = Math.floor(left / 128);
  }
  out.push(left);
}

function readVarint(bytes: Uint8Array, at: { byte: number }): number {
  let [value, scale] = [0, 1];
  while (true) {
    const byte = bytes[at.byte++];
    value += (byte & 127) * scale;
    if (byte < 128) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    scale *= 128;
  }
}

/** An uncompressed record batch of texts without keys. */
export function blockOf(
  at: TopicPartition,
  values: readonly string[],
  timestampMs = 1_700_000_000_000,
): RecordBlock {
  const records = values.flatMap((value, i) => {
    const cell = text.encode(value);
    const record: number[] = [0];
    for (const each of [0, i, -1, cell.length]) varint(record, each);
    record.push(...cell, 0);
    const length: number[] = [];
    varint(length, record.length);
    return [...length, ...record];
  });
  const bytes = new Uint8Array(BATCH_HEADER_BYTES + records.length);
  const view = new DataView(bytes.buffer);
  view.setInt32(8, bytes.length - 12);
  view.setInt8(16, 2);
  view.setInt32(23, values.length - 1);
  view.setBigInt64(27, BigInt(timestampMs));
  view.setBigInt64(35, BigInt(timestampMs));
  view.setInt32(57, values.length);
  bytes.set(records, BATCH_HEADER_BYTES);
  sealBatch(bytes, { producerId: -1n, producerEpoch: -1, baseSequence: -1, transactional: false });
  return { ...at, records: values.length, bytes };
}

/** A record of a batch, as a reader sees it. */
export interface PlainRecord {
  readonly offset: number;
  readonly value: string;
}

/** The records of uncompressed batches, markers left out. */
export function recordsOf(bytes: Uint8Array): PlainRecord[] {
  const found: PlainRecord[] = [];
  for (let start = 0; start < bytes.length;) {
    const header = readBatchHeader(bytes, start)!;
    if (!header.isControl) {
      found.push(...recordsIn(bytes.subarray(start, start + header.bytes), header.baseOffset));
    }
    start += header.bytes;
  }
  return found;
}

function recordsIn(batch: Uint8Array, baseOffset: number): PlainRecord[] {
  const at = { byte: BATCH_HEADER_BYTES };
  const found: PlainRecord[] = [];
  while (at.byte < batch.length) {
    const length = readVarint(batch, at);
    const next = at.byte + length;
    at.byte++;
    readVarint(batch, at);
    const offset = baseOffset + readVarint(batch, at);
    const keyBytes = readVarint(batch, at);
    at.byte += Math.max(0, keyBytes);
    const size = readVarint(batch, at);
    found.push({ offset, value: words.decode(batch.subarray(at.byte, at.byte + size)) });
    at.byte = next;
  }
  return found;
}

/** The same, without those of aborted transactions: what a reader of committed records sees. */
export function committedOf(
  bytes: Uint8Array,
  aborted: readonly { producerId: bigint; firstOffset: number }[],
): PlainRecord[] {
  const found: PlainRecord[] = [];
  const open = new Set<bigint>();
  for (let start = 0; start < bytes.length;) {
    const header = readBatchHeader(bytes, start)!;
    const { baseOffset, producerId } = header;
    for (const each of aborted) {
      if (each.producerId === producerId && each.firstOffset === baseOffset) open.add(producerId);
    }
    if (header.isControl) open.delete(producerId);
    else if (!(header.isTransactional && open.has(producerId))) {
      found.push(...recordsOf(bytes.subarray(start, start + header.bytes)));
    }
    start += header.bytes;
  }
  return found;
}
