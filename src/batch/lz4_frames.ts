/**
 * LZ4 in frames: LZ4 Frame Format 1.6.1 and LZ4 Block Format by Yann Collet.
 *
 * Compressing is that of npm:@platformatic/wasm-utils; inflating, in the kernel and here as its twin,
 * is our own. That package has no limit to what a frame makes, takes frames without their end for
 * whole, and traps where one is damaged, without giving memory and stack back: after 2,000 damaged
 * frames of 100 KB it held 840 MB, and nothing that it does worked any more, compressing included.
 * npm:lz4js checks neither sums nor offsets, npm:lz4-wasm has no frames and reads a file, and
 * npm:hyparquet-compressors does not tell how much a block made.
 *
 * @module
 */
import { xxh32 } from "./xxh32.ts";

const MAGIC = 0x184d2204;
const SKIPPABLE = 0x184d2a50;
const VERSION = 0x40;
/** Blocks that do not refer to each other. */
const INDEPENDENT = 0x20;
const BLOCK_SUMS = 0x10;
const HAS_SIZE = 0x08;
const CONTENT_SUM = 0x04;
const HAS_DICTIONARY = 0x01;
/** The number of blocks of 64 KiB; each of the next is four times as large. */
const SMALLEST = 4;
const BLOCK_BYTES = 65_536;
const STORED = 0x80000000;
const MIN_MATCH = 4;

function damaged(at: number, reason: string): RangeError {
  return new RangeError(`its lz4 frame is damaged at byte ${at}: ${reason}`);
}

/** Bytes that grow as more come, up to a limit. */
class Output {
  readonly #maxBytes: number;
  bytes: Uint8Array<ArrayBuffer>;
  used = 0;

  constructor(firstBytes: number, maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.bytes = new Uint8Array(Math.min(firstBytes, maxBytes));
  }

  /** Makes room for more. */
  reserve(more: number): void {
    const needed = this.used + more;
    if (needed > this.#maxBytes) {
      throw new RangeError(`it makes more than ${this.#maxBytes} bytes`);
    }
    if (needed <= this.bytes.length) return;
    const size = Math.min(this.#maxBytes, Math.max(needed, 2 * this.bytes.length));
    const grown = new Uint8Array(size);
    grown.set(this.bytes.subarray(0, this.used));
    this.bytes = grown;
  }

  put(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.used);
    this.used += bytes.length;
  }

  /** Repeats what lies `offset` bytes back, which may be written only now. */
  copy(offset: number, count: number): void {
    this.reserve(count);
    const { bytes } = this;
    let to = this.used;
    for (const end = to + count; to < end; to++) bytes[to] = bytes[to - offset];
    this.used = to;
  }
}

/** A length that goes on over bytes of 255. */
function longLength(bytes: Uint8Array, at: number, first: number): [length: number, at: number] {
  let [length, next] = [first, at];
  if (first === 15) {
    let byte = 255;
    while (byte === 255) {
      if (next >= bytes.length) throw damaged(next, "a length is cut short");
      byte = bytes[next++];
      length += byte;
    }
  }
  return [length, next];
}

function inflateBlock(block: Uint8Array, out: Output, from: number, place: number): void {
  let at = 0;
  while (at < block.length) {
    const token = block[at];
    let count: number;
    [count, at] = longLength(block, at + 1, token >>> 4);
    if (at + count > block.length) throw damaged(place + at, "literals are cut short");
    out.put(block.subarray(at, at + count));
    at += count;
    // the last sequence has literals alone
    if (at === block.length) return;
    if (at + 2 > block.length) throw damaged(place + at, "an offset is cut short");
    const offset = block[at] | block[at + 1] << 8;
    if (offset === 0 || offset > out.used - from) throw damaged(place + at, "an offset");
    [count, at] = longLength(block, at + 2, token & 15);
    out.copy(offset, count + MIN_MATCH);
  }
  throw damaged(place + at, "a block without an end");
}

/** What the head of a frame says. */
interface FrameHead {
  readonly flags: number;
  readonly mostBytes: number;
  /** Where the first block is. */
  readonly at: number;
}

function readHead(bytes: Uint8Array, start: number): FrameHead {
  const [flags, size] = [bytes[start + 4], bytes[start + 5]];
  const at = start + 6 + (flags & HAS_SIZE ? 8 : 0);
  if (at >= bytes.length) throw damaged(start, "its head is cut short");
  if ((flags & 0xc0) !== VERSION) throw damaged(start + 4, "another version than 1");
  if (flags & HAS_DICTIONARY) throw damaged(start + 4, "it needs a dictionary");
  const kind = size >>> 4 & 7;
  if (kind < SMALLEST) throw damaged(start + 5, "a size of blocks that is not known");
  const sum = xxh32(bytes.subarray(start + 4, at)) >>> 8 & 0xff;
  // Kafka's clients once summed the magic too (KAFKA-3160), but not in batches of format 2
  if (bytes[at] !== sum) throw damaged(at, "the sum of its head does not fit");
  return { flags, mostBytes: BLOCK_BYTES << 2 * (kind - SMALLEST), at: at + 1 };
}

function checkSum(bytes: Uint8Array, view: DataView, at: number, of: string): void {
  if (at + 4 > view.byteLength) throw damaged(at, `the sum of ${of} is cut short`);
  if (view.getUint32(at, true) !== xxh32(bytes)) throw damaged(at, `the sum of ${of} does not fit`);
}

/** Inflates the frame that begins at `start`; where it ends. */
function inflateFrame(bytes: Uint8Array, view: DataView, start: number, out: Output): number {
  const from = out.used;
  const { flags, mostBytes, at: first } = readHead(bytes, start);
  let at = first;
  while (true) {
    if (at + 4 > bytes.length) throw damaged(at, "its end is missing");
    const word = view.getUint32(at, true);
    at += 4;
    if (word === 0) break;
    const length = word & ~STORED;
    if (length > mostBytes || length > bytes.length - at) {
      throw damaged(at - 4, "the size of a block");
    }
    const block = bytes.subarray(at, at + length);
    const before = out.used;
    if (word & STORED) out.put(block);
    else inflateBlock(block, out, flags & INDEPENDENT ? before : from, at);
    if (out.used - before > mostBytes) throw damaged(at, "a block makes more than it may");
    at += length;
    if (flags & BLOCK_SUMS) {
      checkSum(block, view, at, "a block");
      at += 4;
    }
  }
  if (flags & CONTENT_SUM) {
    checkSum(out.bytes.subarray(from, out.used), view, at, "its content");
    at += 4;
  }
  return at;
}

/**
 * Inflates LZ4 frames, one behind the other.
 *
 * @throws {RangeError} when they are damaged, or make more than `maxBytes`.
 */
export function lz4Decompress(bytes: Uint8Array, maxBytes: number): Uint8Array<ArrayBuffer> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out = new Output(bytes.length * 4, maxBytes);
  let at = 0;
  while (at < bytes.length) {
    if (at + 8 > bytes.length) throw damaged(at, "its head is cut short");
    const magic = view.getUint32(at, true);
    if (magic === MAGIC) at = inflateFrame(bytes, view, at, out);
    else if ((magic & ~15) === SKIPPABLE) at += 8 + view.getUint32(at + 4, true);
    else throw damaged(at, "it does not begin with 04 22 4d 18");
  }
  if (at > bytes.length) throw damaged(at, "a frame that is to be passed is cut short");
  return out.bytes.subarray(0, out.used);
}
