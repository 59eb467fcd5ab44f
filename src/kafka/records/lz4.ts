import { concatBytes } from "../../batch/concat_bytes.ts";
import { recordCodecs } from "./record_codecs.ts";

const BLOCK_BYTES = 65_536;
/** The magic, version 1 with independent blocks of 64 KiB at most and no sums, and the head's sum. */
const FRAME_HEAD = Uint8Array.of(0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82);
const FRAME_END = new Uint8Array(4);

/**
 * Compresses bytes to one LZ4 frame of independent blocks of 64 KiB, as Kafka's clients do.
 *
 * @throws {TypeError} when nothing was handed in that compresses.
 */
export function lz4Compress(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { lz4Compress: compress } = recordCodecs("compress records by lz4");
  const pieces: Uint8Array[] = [FRAME_HEAD];
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    const frame = compress(bytes.subarray(at, at + BLOCK_BYTES));
    pieces.push(frame.subarray(FRAME_HEAD.length, -FRAME_END.length));
  }
  return concatBytes([...pieces, FRAME_END]) as Uint8Array<ArrayBuffer>;
}
