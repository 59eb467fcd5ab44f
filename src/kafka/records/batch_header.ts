/**
 * The header of a record batch of format 2: Kafka's protocol guide, "Record Batch"; KIP-98.
 *
 * @module
 */

/** Bytes of the header. */
export const HEADER_BYTES = 61;
/** Bytes in front of what the length counts. */
export const LENGTH_OVERHEAD = 12;

/** Where each part of the header lies. */
export const At = {
  baseOffset: 0,
  length: 8,
  magic: 16,
  crc: 17,
  /** What the checksum covers begins here. */
  attributes: 21,
  lastOffsetDelta: 23,
  firstTime: 27,
  maxTime: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  records: 57,
} as const;

/** Bits of the attributes. */
export const Attribute = {
  compression: 0x07,
  appendTime: 0x08,
  transactional: 0x10,
  control: 0x20,
} as const;

/** The header of a record batch. */
export interface BatchHeader {
  readonly baseOffset: bigint;
  /** The offset of its last record, also when compaction has taken that away. */
  readonly lastOffset: number;
  /** Bytes of the batch, header included. */
  readonly bytes: number;
  readonly crc: number;
  readonly attributes: number;
  readonly firstTime: bigint;
  readonly maxTime: bigint;
  readonly producerId: bigint;
  readonly records: number;
}

/** Reads the header of a batch of format 2 that is whole. */
export function readBatchHeader(view: DataView, at: number): BatchHeader {
  const baseOffset = view.getBigInt64(at + At.baseOffset);
  return {
    baseOffset,
    lastOffset: Number(baseOffset) + view.getInt32(at + At.lastOffsetDelta),
    bytes: view.getInt32(at + At.length) + LENGTH_OVERHEAD,
    crc: view.getUint32(at + At.crc),
    attributes: view.getInt16(at + At.attributes),
    firstTime: view.getBigInt64(at + At.firstTime),
    maxTime: view.getBigInt64(at + At.maxTime),
    producerId: view.getBigInt64(at + At.producerId),
    records: view.getInt32(at + At.records),
  };
}

/** A view of bytes as numbers. */
export function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
