/**
 * Snappy in the blocks of xerial's snappy-java, and in one without a head.
 *
 * Compressing is that of npm:@platformatic/wasm-utils, inflating that of npm:hysnappy: the former's
 * has no limit, and traps where a block is damaged without giving its stack back, so that after 7,000
 * of them nothing that it does works any more. The latter makes as much as it is told, which stands in
 * front of each block, answers damage with an error, and is an instance for whoever asks.
 *
 * @module
 */
import { concatBytes } from "../../batch/concat_bytes.ts";
import { recordCodecs } from "./record_codecs.ts";

/** What `SnappyOutputStream` of xerial's snappy-java begins with: 82 "SNAPPY" 00. */
const MAGIC = Uint8Array.of(0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0);
/** The magic, the version and the oldest one that can read it. */
const HEAD_BYTES = 16;
const VERSION = 1;
const BLOCK_BYTES = 32_768;
/** No element of a block makes more: 64 bytes of 2. */
const MOST_FROM_BYTE = 32;
/** What inflates a larger block than these gives its memory back. */
const KEPT_BYTES = 4_194_304;

/** A block, and what it says that it makes. */
interface SnappyBlock {
  readonly bytes: Uint8Array;
  readonly length: number;
}

type Uncompress = (bytes: Uint8Array, length: number) => Uint8Array;

function lengths(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, at) => view.setInt32(4 * at, value));
  return bytes;
}

/**
 * Compresses with snappy in the blocks in which Java's clients write it and expect it.
 *
 * @throws {TypeError} when nothing was handed in that compresses.
 */
export function xerialCompress(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { snappyCompress } = recordCodecs("compress records by snappy");
  const pieces = [MAGIC, lengths(VERSION, VERSION)];
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    const block = snappyCompress(bytes.subarray(at, at + BLOCK_BYTES));
    pieces.push(lengths(block.length), block);
  }
  return concatBytes(pieces) as Uint8Array<ArrayBuffer>;
}

/** A block with the length in front of it: a little-endian base-128 number of at most 32 bits. */
function readBlock(bytes: Uint8Array): SnappyBlock {
  let length = 0;
  for (let at = 0; at < 5 && at < bytes.length; at++) {
    length += (bytes[at] & 0x7f) * 2 ** (7 * at);
    if (bytes[at] >= 0x80) continue;
    if (length <= MOST_FROM_BYTE * bytes.length) return { bytes, length };
    throw new RangeError(`its snappy block of ${bytes.length} bytes claims to make ${length}`);
  }
  throw new RangeError("its snappy block does not begin with a length");
}

function readBlocks(bytes: Uint8Array): SnappyBlock[] {
  if (!MAGIC.every((byte, at) => bytes[at] === byte)) return [readBlock(bytes)];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const blocks: SnappyBlock[] = [];
  let at = HEAD_BYTES;
  if (bytes.length < at) throw new RangeError("its head of snappy blocks is cut short");
  while (at < bytes.length) {
    const length = at + 4 > bytes.length ? -1 : view.getInt32(at);
    at += 4;
    if (length < 0 || length > bytes.length - at) {
      throw new RangeError(`the size of the snappy block at its byte ${at - 4} does not fit`);
    }
    blocks.push(readBlock(bytes.subarray(at, at + length)));
    at += length;
  }
  return blocks;
}

/** Inflates snappy in xerial's blocks, or one block without a head, as some clients write it. */
export class XerialInflater {
  #uncompress: Uncompress | undefined;

  /**
   * Inflates all blocks.
   *
   * @throws {RangeError} when they are damaged, or make more than `maxBytes`.
   * @throws {TypeError} when nothing was handed in that inflates.
   */
  inflate(bytes: Uint8Array, maxBytes: number): Uint8Array<ArrayBuffer> {
    const { snappyUncompressor } = recordCodecs("inflate records by snappy");
    const blocks = readBlocks(bytes);
    const total = blocks.reduce((sum, { length }) => sum + length, 0);
    if (total > maxBytes) throw new RangeError(`it makes more than ${maxBytes} bytes`);
    const made = new Uint8Array(total);
    let at = 0;
    for (const block of blocks) {
      const uncompress = this.#uncompress ?? snappyUncompressor();
      // what has met damage or taken much is not used again
      this.#uncompress = undefined;
      made.set(inflated(block, uncompress), at);
      if (block.length <= KEPT_BYTES) this.#uncompress = uncompress;
      at += block.length;
    }
    return made;
  }
}

function inflated({ bytes, length }: SnappyBlock, uncompress: Uncompress): Uint8Array {
  try {
    return uncompress(bytes, length);
  } catch (cause) {
    throw new RangeError(`its snappy block is damaged (${(cause as Error).message})`, { cause });
  }
}
