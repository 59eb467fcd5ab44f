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
  leaderEpoch: 12,
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

const NOBODY = -1n;

/** The header of a record batch. */
export interface BatchHeader {
  readonly baseOffset: number;
  /** The offset of its last record, also when compaction has taken that away. */
  readonly lastOffset: number;
  /** Bytes of the batch, header included. */
  readonly bytes: number;
  readonly crc: number;
  readonly attributes: number;
  /** Of one in a transaction; else nobody's. */
  readonly producerId: bigint;
  readonly records: number;
}

/** Reads the header of a batch of format 2 that is whole. */
export function readBatchHeader(view: DataView, at: number): BatchHeader {
  const baseOffset = longAt(view, at + At.baseOffset);
  const attributes = view.getInt16(at + At.attributes);
  const isOfTransaction = (attributes & (Attribute.transactional | Attribute.control)) !== 0;
  return {
    baseOffset,
    lastOffset: baseOffset + view.getInt32(at + At.lastOffsetDelta),
    bytes: view.getInt32(at + At.length) + LENGTH_OVERHEAD,
    crc: view.getUint32(at + At.crc),
    attributes,
    producerId: isOfTransaction ? view.getBigInt64(at + At.producerId) : NOBODY,
    records: view.getInt32(at + At.records),
  };
}

/** A number of 64 bits as a double, without the bigint between. */
export function longAt(view: DataView, at: number): number {
  return view.getInt32(at) * 2 ** 32 + view.getUint32(at + 4);
}

/** A view of bytes as numbers. */
export function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
