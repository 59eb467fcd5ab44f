// A record batch of format 2 (Kafka protocol guide, "Record Batch"; KIP-98): its header is 61 bytes,
// big-endian.

import { kafkaCrc } from "./crc32c";

/** Bytes of the header. */
export const HEADER_BYTES: u32 = 61;
/** Where what the checksum covers begins. */
const COVERED: u32 = 21;
const MAGIC: u8 = 2;
/** No producer, no sequence, no epoch. */
const NONE: i64 = -1;

/** Writes the header of a batch of so many bytes, header included; with its checksum if asked. */
export function writeHeader(
  to: u32, bytes: u32, records: u32, firstTime: i64, greatestTime: i64, isSummed: bool,
): void {
  store<i64>(to, 0);
  store<u32>(to, bswap<u32>(bytes - 12), 8);
  store<i32>(to, -1, 12);
  store<u8>(to, MAGIC, 16);
  store<u32>(to, 0, 17);
  store<u16>(to, 0, 21);
  store<u32>(to, bswap<u32>(records - 1), 23);
  store<i64>(to, bswap<i64>(firstTime), 27);
  store<i64>(to, bswap<i64>(greatestTime), 35);
  store<i64>(to, NONE, 43);
  store<i64>(to, NONE, 49);
  store<u32>(to, bswap<u32>(records), 57);
  if (isSummed) store<u32>(to, bswap<u32>(kafkaCrc(to + COVERED, bytes - COVERED, 0)), 17);
}
