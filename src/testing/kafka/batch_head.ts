import {
  At,
  Attribute,
  HEADER_BYTES,
  LENGTH_OVERHEAD,
  longAt,
  viewOf,
} from "../../kafka/records/batch_header.ts";
import { encodePlainBatch } from "../../kafka/records/reference_records.ts";
import { crc32c } from "../../batch/crc32c.ts";

/** What the head of a record batch says to a broker. */
export interface BatchHead {
  /** The offset of its first record. */
  readonly baseOffset: number;
  /** Its bytes, the head included. */
  readonly bytes: number;
  /** How far its last offset is from its first. */
  readonly lastOffsetDelta: number;
  /** Whether it belongs to a transaction. */
  readonly isTransactional: boolean;
  /** Whether it is a marker that ends a transaction. */
  readonly isControl: boolean;
  /** The time of its latest record, ms. */
  readonly maxTimestamp: number;
  /** Whose it is; −1: nobody's in particular. */
  readonly producerId: bigint;
  /** Which of the producer's lives. */
  readonly producerEpoch: number;
  /** The number of its first record among the producer's in this partition. */
  readonly baseSequence: number;
  /** How many records. */
  readonly records: number;
}

/** Reads the head of a record batch; `undefined` when there is none. */
export function readBatchHead(bytes: Uint8Array): BatchHead | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const view = viewOf(bytes);
  if (view.getInt8(At.magic) !== 2) return undefined;
  const attributes = view.getInt16(At.attributes);
  return {
    baseOffset: longAt(view, At.baseOffset),
    bytes: LENGTH_OVERHEAD + view.getInt32(At.length),
    lastOffsetDelta: view.getInt32(At.lastOffsetDelta),
    isTransactional: (attributes & Attribute.transactional) !== 0,
    isControl: (attributes & Attribute.control) !== 0,
    maxTimestamp: longAt(view, At.maxTime),
    producerId: view.getBigInt64(At.producerId),
    producerEpoch: view.getInt16(At.producerEpoch),
    baseSequence: view.getInt32(At.baseSequence),
    records: view.getInt32(At.records),
  };
}

/** Whether the checksum in the head is that of what follows it. */
export function isIntact(bytes: Uint8Array): boolean {
  return viewOf(bytes).getUint32(At.crc) === crc32c(bytes.subarray(At.attributes));
}

/** Writes where in the log a batch begins, and who leads it; the checksum does not cover that. */
export function writePlace(bytes: Uint8Array, offset: number, leaderEpoch: number): void {
  const view = viewOf(bytes);
  view.setBigInt64(At.baseOffset, BigInt(offset));
  view.setInt32(At.leaderEpoch, leaderEpoch);
}

/**
 * A marker that ends a producer's transaction in a partition: a batch of one control record, whose
 * key is a version and a kind and whose value a version and the coordinator's epoch.
 */
export function markerBatch(
  { producerId, producerEpoch, commits, timestampMs }: {
    readonly producerId: bigint;
    readonly producerEpoch: number;
    readonly commits: boolean;
    readonly timestampMs: number;
  },
): Uint8Array<ArrayBuffer> {
  const key = Uint8Array.of(0, 0, 0, commits ? 1 : 0);
  const record = { offset: 0, timestamp: timestampMs, key, value: new Uint8Array(6), headers: [] };
  const records = [record];
  return encodePlainBatch({
    records,
    producerId,
    producerEpoch,
    transactional: true,
    control: true,
  });
}
