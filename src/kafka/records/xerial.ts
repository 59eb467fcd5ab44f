import { concatBytes } from "../../batch/concat_bytes.ts";
import { snappyCompress, snappyDecompress } from "../../codecs/avro/snappy.ts";

/** What `SnappyOutputStream` of xerial's snappy-java begins with: 82 "SNAPPY" 00. */
const MAGIC = Uint8Array.of(0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0);
/** The magic, the version and the oldest one that can read it. */
const HEAD_BYTES = 16;
const VERSION = 1;
const BLOCK_BYTES = 32_768;

function lengths(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, at) => view.setInt32(4 * at, value));
  return bytes;
}

/** Compresses with snappy in the blocks in which Java's clients write it and expect it. */
export function xerialCompress(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const pieces = [MAGIC, lengths(VERSION, VERSION)];
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    const block = snappyCompress(bytes.subarray(at, at + BLOCK_BYTES));
    pieces.push(lengths(block.length), block);
  }
  return concatBytes(pieces) as Uint8Array<ArrayBuffer>;
}

/**
 * Inflates snappy in xerial's blocks, or one block without a head, as some clients write it.
 *
 * @throws {RangeError} when it is damaged, or makes more than `maxBytes`.
 */
export function xerialDecompress(bytes: Uint8Array, maxBytes: number): Uint8Array {
  if (!MAGIC.every((byte, at) => bytes[at] === byte)) return snappyDecompress(bytes, maxBytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pieces: Uint8Array[] = [];
  let left = maxBytes;
  let at = HEAD_BYTES;
  if (bytes.length < at) throw new RangeError("its head of snappy blocks is cut short");
  while (at < bytes.length) {
    const length = at + 4 > bytes.length ? -1 : view.getInt32(at);
    at += 4;
    if (length < 0 || length > bytes.length - at) {
      throw new RangeError(`the size of the snappy block at its byte ${at - 4} does not fit`);
    }
    const piece = snappyDecompress(bytes.subarray(at, at + length), left);
    pieces.push(piece);
    left -= piece.length;
    at += length;
  }
  return pieces.length === 0 ? new Uint8Array() : concatBytes(pieces);
}
