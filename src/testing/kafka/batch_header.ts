import { crc32c } from "../../batch/crc32c.ts";

/** Bytes of a record batch before its records: "Record Batch" in Kafka's protocol guide. */
export const BATCH_HEADER_BYTES = 61;
const CRC_FROM = 21;
/** Bits of the attributes. */
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

/** What the head of a record batch says. */
export interface BatchHeader {
  /** The offset of its first record. */
  readonly baseOffset: number;
  /** Its bytes, the head included. */
  readonly bytes: number;
  /** How far its last offset is from its first. */
  readonly lastOffsetDelta: number;
  /** How its records are compressed; 0: not at all. */
  readonly codec: number;
  /** Whether it belongs to a transaction. */
  readonly isTransactional: boolean;
  /** Whether it is a marker that ends a transaction. */
  readonly isControl: boolean;
  /** The time of its first record, ms. */
  readonly baseTimestamp: number;
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

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Reads the head of the record batch that begins at a byte; `undefined` when there is none. */
export function readBatchHeader(bytes: Uint8Array, at = 0): BatchHeader | undefined {
  if (bytes.length - at < BATCH_HEADER_BYTES) return undefined;
  const view = viewOf(bytes);
  if (view.getInt8(at + 16) !== 2) return undefined;
  const attributes = view.getInt16(at + 21);
  return {
    baseOffset: Number(view.getBigInt64(at)),
    bytes: 12 + view.getInt32(at + 8),
    lastOffsetDelta: view.getInt32(at + 23),
    codec: attributes & 0x07,
    isTransactional: (attributes & TRANSACTIONAL) !== 0,
    isControl: (attributes & CONTROL) !== 0,
    baseTimestamp: Number(view.getBigInt64(at + 27)),
    maxTimestamp: Number(view.getBigInt64(at + 35)),
    producerId: view.getBigInt64(at + 43),
    producerEpoch: view.getInt16(at + 51),
    baseSequence: view.getInt32(at + 53),
    records: view.getInt32(at + 57),
  };
}

/** Whether the checksum in the head is that of what follows it. */
export function isIntact(bytes: Uint8Array): boolean {
  return viewOf(bytes).getUint32(17) === crc32c(bytes.subarray(CRC_FROM));
}

/** Writes where in the log a batch begins; the checksum does not cover that. */
export function writeBaseOffset(bytes: Uint8Array, offset: number): void {
  viewOf(bytes).setBigInt64(0, BigInt(offset));
}

/** Who appends a batch, and as which of its batches. */
export interface BatchSeal {
  /** The producer; −1n: none. */
  readonly producerId: bigint;
  /** Which of its lives; −1: none. */
  readonly producerEpoch: number;
  /** The number of its first record in this partition; −1: none. */
  readonly baseSequence: number;
  /** Whether it belongs to a transaction. */
  readonly transactional: boolean;
}

/** Writes who appends it into a batch, and its checksum. */
export function sealBatch(bytes: Uint8Array, seal: BatchSeal): void {
  const view = viewOf(bytes);
  const attributes = view.getInt16(21) & ~TRANSACTIONAL;
  view.setInt16(21, attributes | (seal.transactional ? TRANSACTIONAL : 0));
  view.setBigInt64(43, seal.producerId);
  view.setInt16(51, seal.producerEpoch);
  view.setInt32(53, seal.baseSequence);
  view.setUint32(17, crc32c(bytes.subarray(CRC_FROM)));
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
  const record = [32, 0, 0, 0, 8, 0, 0, 0, commits ? 1 : 0, 12, 0, 0, 0, 0, 0, 0, 0];
  const bytes = new Uint8Array(BATCH_HEADER_BYTES + record.length);
  const view = viewOf(bytes);
  view.setInt32(8, bytes.length - 12);
  view.setInt8(16, 2);
  view.setInt16(21, CONTROL);
  view.setBigInt64(27, BigInt(timestampMs));
  view.setBigInt64(35, BigInt(timestampMs));
  view.setInt32(57, 1);
  bytes.set(record, BATCH_HEADER_BYTES);
  sealBatch(bytes, { producerId, producerEpoch, baseSequence: -1, transactional: true });
  return bytes;
}
