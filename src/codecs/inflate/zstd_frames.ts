import { Inflater } from "../../runtime/inflater.ts";
import type { Feed } from "./feed.ts";
import { COPY_AGAIN, cutShort, InflateFault } from "./inflate_error.ts";
import { inflatePieces } from "./inflate_pieces.ts";
import type { InflatedOutput } from "./inflated_output.ts";

// RFC 8878, 3.1.
const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
const MAX_BLOCK_BYTES = 131_072;
const BLOCK_HEADER_BYTES = 3;
const CHECKSUM_BYTES = 4;
const MAX_WINDOW_BYTES = 134_217_728;
const RLE = 1;
const RESERVED = 3;
const WITHIN_HEADER = "the header of a zstd frame";

/** What a frame's header says. */
interface FrameHeader {
  readonly sizeBytes: number;
  readonly hasChecksum: boolean;
}

/** Inflates zstd (RFC 8878): one frame after the other, skippable ones skipped, until the feed ends. */
export async function* zstdFrames(
  feed: Feed,
  output: InflatedOutput,
): AsyncGenerator<Uint8Array, void, undefined> {
  let isFirst = true;
  while (isFirst || await feed.fill(1)) {
    if (await isSkippable(feed, isFirst)) await skipFrame(feed);
    else yield* frame(feed, output);
    isFirst = false;
  }
}

async function* frame(
  feed: Feed,
  output: InflatedOutput,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { sizeBytes, hasChecksum } = await readHeader(feed);
  using inflater = new Inflater("zstd");
  yield* inflate(feed, sizeBytes, inflater, output);
  for (let isLast = false; !isLast;) {
    if (!await feed.fill(BLOCK_HEADER_BYTES)) throw cutShort(feed.offset, "a zstd frame");
    const [a, b, c] = feed.bytes;
    isLast = (a & 1) === 1;
    const blockBytes = bytesOfBlock(a | b << 8 | c << 16, feed.offset);
    yield* inflate(feed, BLOCK_HEADER_BYTES + blockBytes, inflater, output);
  }
  if (hasChecksum) yield* inflate(feed, CHECKSUM_BYTES, inflater, output);
}

/** How many bytes follow the header of a block. */
function bytesOfBlock(header: number, offset: number): number {
  const type = header >>> 1 & 3;
  const size = header >>> 3;
  if (type === RESERVED) {
    throw new InflateFault("a zstd block is of a reserved type", { offset, fix: COPY_AGAIN });
  }
  if (size > MAX_BLOCK_BYTES) {
    const reason = `a zstd block has ${size} bytes, at most ${MAX_BLOCK_BYTES} are allowed`;
    throw new InflateFault(reason, { offset, fix: COPY_AGAIN });
  }
  return type === RLE ? 1 : size;
}

async function* inflate(
  feed: Feed,
  count: number,
  inflater: Inflater,
  output: InflatedOutput,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let left = count; left > 0;) {
    if (!await feed.fill(1)) throw cutShort(feed.offset, "a zstd frame");
    const { offset } = feed;
    const bytes = feed.bytes.subarray(0, left);
    const consumed = yield* inflatePieces(
      inflater,
      { bytes, offset, within: "the zstd frame" },
      output,
    );
    if (consumed < bytes.length) {
      const reason = "the zstd frame ends before its last block";
      throw new InflateFault(reason, { offset: offset + consumed, fix: COPY_AGAIN });
    }
    feed.pass(consumed);
    left -= consumed;
  }
}

async function isSkippable(feed: Feed, isFirst: boolean): Promise<boolean> {
  const whole = await feed.fill(4);
  const magic = whole ? numberAt(feed.bytes, 0, 4) : NaN;
  if (magic === MAGIC) return false;
  // The lowest digit is free.
  if (magic - magic % 16 === SKIPPABLE) return true;
  const reason = isFirst
    ? "the input is no zstd: it does not begin with 28 b5 2f fd"
    : "garbage follows the last zstd frame";
  const fix = isFirst
    ? 'leave out compression: "zstd" when it is not compressed'
    : "take off what is not compressed";
  throw new InflateFault(reason, { offset: feed.offset, fix });
}

async function skipFrame(feed: Feed): Promise<void> {
  const within = "a skippable zstd frame";
  if (!await feed.fill(8)) throw cutShort(feed.offset, within);
  const size = numberAt(feed.bytes, 4, 4);
  if (!await feed.skip(8 + size)) throw cutShort(feed.offset, within);
}

/** The header of the frame that comes next, which is not passed (RFC 8878, 3.1.1.1). */
async function readHeader(feed: Feed): Promise<FrameHeader> {
  const { offset } = feed;
  if (!await feed.fill(5)) throw cutShort(offset, WITHIN_HEADER);
  const descriptor = feed.bytes[4];
  if (descriptor & 8) {
    const reason = `${WITHIN_HEADER} has its reserved bit set`;
    throw new InflateFault(reason, { offset: offset + 4, fix: COPY_AGAIN });
  }
  const isSingle = (descriptor & 0x20) !== 0;
  const windowBytes = isSingle ? 0 : 1;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3];
  const contentBytes = [isSingle ? 1 : 0, 2, 4, 8][descriptor >>> 6];
  const sizeBytes = 5 + windowBytes + dictionaryBytes + contentBytes;
  if (!await feed.fill(sizeBytes)) throw cutShort(offset, WITHIN_HEADER);
  const dictionary = numberAt(feed.bytes, 5 + windowBytes, dictionaryBytes);
  if (dictionary !== 0) {
    const reason = `the zstd frame needs the dictionary ${dictionary}`;
    throw new InflateFault(reason, { offset, fix: "compress without a dictionary" });
  }
  const content = numberAt(feed.bytes, sizeBytes - contentBytes, contentBytes);
  checkWindow(isSingle ? content : windowOf(feed.bytes[5]), offset);
  return { sizeBytes, hasChecksum: (descriptor & 4) !== 0 };
}

function windowOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >>> 3));
  return base + base / 8 * (descriptor & 7);
}

function checkWindow(bytes: number, offset: number): void {
  if (bytes <= MAX_WINDOW_BYTES) return;
  throw new InflateFault(
    `the zstd frame needs a window of ${bytes} bytes, more than ${MAX_WINDOW_BYTES}`,
    { offset, fix: "compress without --long, or with --long=27 at most" },
  );
}

function numberAt(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = count - 1; i >= 0; i--) value = value * 256 + bytes[at + i];
  return value;
}
