import { crc32c } from "../../batch/crc32c.ts";
import { KafkaError } from "../driver/kafka_error.ts";
import { At, Attribute, HEADER_BYTES, LENGTH_OVERHEAD, viewOf } from "./batch_header.ts";
import { shiftCrc } from "./crc_shift.ts";

/** By whom a batch is sent, and which it is of theirs. */
export interface BatchSeal {
  /** The producer's id; −1n: none. */
  readonly producerId: bigint;
  /** Its epoch; −1: none. */
  readonly producerEpoch: number;
  /** The number of the first record among all that the producer sends to the partition; −1: none. */
  readonly baseSequence: number;
  /** Whether it is of a transaction. */
  readonly transactional: boolean;
}

const MAGIC = 2;

/**
 * Seals record batches for a producer, in place: writes id, epoch, sequence and the transactional
 * bit, and corrects the checksum. A checksum is linear, so records are not looked at: it costs the
 * same for a batch of any size, and one that was damaged before stays so.
 */
export class BatchSealer {
  /**
   * Seals a batch that is whole but for that, with a checksum that is right for what it holds: as a
   * {@linkcode RecordEncoder} gives it, or one that was sealed before.
   *
   * @throws {KafkaError} when the bytes are not one batch of format 2.
   */
  seal(bytes: Uint8Array, seal: BatchSeal): void {
    const view = viewOf(bytes);
    checkOne(view);
    const before = bytes.slice(At.attributes, At.records);
    const attributes = view.getInt16(At.attributes) & ~Attribute.transactional;
    const bit = seal.transactional ? Attribute.transactional : 0;
    view.setInt16(At.attributes, attributes | bit);
    view.setBigInt64(At.producerId, seal.producerId);
    view.setInt16(At.producerEpoch, seal.producerEpoch);
    view.setInt32(At.baseSequence, seal.baseSequence);
    const after = bytes.subarray(At.attributes, At.records);
    const difference = crc32c(before) ^ crc32c(after);
    const behind = bytes.length - At.records;
    view.setUint32(At.crc, view.getUint32(At.crc) ^ shiftCrc(difference, behind));
  }
}

function checkOne(view: DataView): void {
  const bytes = view.byteLength;
  if (
    bytes >= HEADER_BYTES && view.getInt8(At.magic) === MAGIC &&
    view.getInt32(At.length) + LENGTH_OVERHEAD === bytes
  ) return;
  throw new KafkaError(
    `Cannot seal record batch: ${bytes} bytes are not one whole batch of format 2; ` +
      `pass the bytes of one RecordBlock`,
  );
}
