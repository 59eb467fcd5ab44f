import { crc32c } from "../../../batch/crc32c.ts";

/** What a sink writes into a record batch before it sends it. */
export interface Seal {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly isTransactional: boolean;
}

const TRANSACTIONAL = 0x10;

/** Writes the fields and the CRC in place: "Record Batch" in Kafka's documentation. */
export function seal(bytes: Uint8Array, fields: Seal): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const attributes = view.getInt16(21);
  view.setInt16(21, fields.isTransactional ? attributes | TRANSACTIONAL : attributes);
  view.setBigInt64(43, fields.producerId);
  view.setInt16(51, fields.producerEpoch);
  view.setInt32(53, fields.baseSequence);
  view.setUint32(17, crc32c(bytes.subarray(21)));
}
