import { KafkaError } from "../kafka_error.ts";

/** Base offset and length of a record batch. */
const PREFIX_BYTES = 12;
const MAGIC_AT = 16;
const LAST_OFFSET_DELTA_AT = 23;
const HEADER_BYTES = 61;
const MAGIC = 2;

/** What of some bytes is whole record batches. */
export interface WholeBatches {
  /** How many bytes they are. */
  readonly bytes: number;
  /** The offset behind the last. */
  readonly next: number;
}

/**
 * The whole record batches at the beginning of what a broker sent, which may cut off the last.
 *
 * @throws {KafkaError} when they are of a format before Kafka 0.11.
 */
export function wholeBatches(bytes: Uint8Array, from: number): WholeBatches {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  let next = from;
  while (at + HEADER_BYTES <= bytes.length) {
    const length = PREFIX_BYTES + view.getInt32(at + 8);
    const magic = view.getInt8(at + MAGIC_AT);
    if (magic !== MAGIC) {
      throw new KafkaError(
        `Cannot read records: they are of format ${magic}, from before Kafka 0.11; copy the topic ` +
          "with newer tools first",
      );
    }
    if (length < HEADER_BYTES) {
      throw new KafkaError(
        `Cannot read records: a record batch says that it is ${length} bytes long; the broker's ` +
          "log is damaged",
      );
    }
    if (at + length > bytes.length) break;
    next = Number(view.getBigInt64(at)) + view.getInt32(at + LAST_OFFSET_DELTA_AT) + 1;
    at += length;
  }
  return { bytes: at, next };
}
