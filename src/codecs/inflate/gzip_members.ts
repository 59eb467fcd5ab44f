import { crc32, Inflater } from "../../runtime/inflater.ts";
import type { Feed } from "./feed.ts";
import { COPY_AGAIN, cutShort, InflateFault } from "./inflate_error.ts";
import { inflatePieces } from "./inflate_pieces.ts";
import type { InflatedOutput } from "./inflated_output.ts";

const MAX_HEADER_BYTES = 131_072;
const HEADER_BYTES = 10;
const TRAILER_BYTES = 8;
const DEFLATE = 8;
// Flags of a member's header, RFC 1952, 2.3.1.
const HAS_CRC = 2;
const HAS_EXTRA = 4;
const HAS_NAME = 8;
const HAS_COMMENT = 16;
const RESERVED = 0xe0;
const WITHIN_HEADER = "the header of a gzip member";

/** Inflates gzip (RFC 1952): one member after the other, until the feed ends. */
export async function* gzipMembers(
  feed: Feed,
  output: InflatedOutput,
): AsyncGenerator<Uint8Array, void, undefined> {
  let isFirst = true;
  while (isFirst || await feed.fill(1)) {
    await passHeader(feed, isFirst);
    isFirst = false;
    yield* member(feed, output);
  }
}

async function* member(
  feed: Feed,
  output: InflatedOutput,
): AsyncGenerator<Uint8Array, void, undefined> {
  using inflater = new Inflater("deflate");
  let [check, size] = [0, 0];
  while (true) {
    if (!await feed.fill(1)) throw cutShort(feed.offset, "a gzip member");
    const { bytes, offset } = feed;
    const pieces = inflatePieces(inflater, { bytes, offset, within: "the gzip member" }, output);
    let next = pieces.next();
    for (; !next.done; next = pieces.next()) {
      check = crc32(next.value, check);
      size = (size + next.value.length) >>> 0;
      yield next.value;
    }
    feed.pass(next.value);
    if (next.value < bytes.length) break;
  }
  await passTrailer(feed, check, size);
}

async function passTrailer(feed: Feed, check: number, size: number): Promise<void> {
  if (!await feed.fill(TRAILER_BYTES)) throw cutShort(feed.offset, "the trailer of a gzip member");
  const [crc, length] = [word(feed.bytes, 0), word(feed.bytes, 4)];
  const { offset } = feed;
  if (crc !== check) {
    const reason = `the member's CRC-32 should be ${hex(crc)}, received bytes of ${hex(check)}`;
    throw new InflateFault(reason, { offset, fix: COPY_AGAIN });
  }
  if (length !== size) {
    const reason = `the member should have ${length} bytes (modulo 2^32), received ${size}`;
    throw new InflateFault(reason, { offset: offset + 4, fix: COPY_AGAIN });
  }
  feed.pass(TRAILER_BYTES);
}

/** Reads the bytes of a header and keeps them for its checksum. */
class Header {
  readonly #feed: Feed;
  readonly bytes: number[] = [];

  constructor(feed: Feed) {
    this.#feed = feed;
  }

  async byte(): Promise<number> {
    const feed = this.#feed;
    if (!await feed.fill(1)) throw cutShort(feed.offset, WITHIN_HEADER);
    if (this.bytes.length === MAX_HEADER_BYTES) {
      const reason = `${WITHIN_HEADER} is longer than ${MAX_HEADER_BYTES} bytes`;
      throw new InflateFault(reason, { offset: feed.offset, fix: COPY_AGAIN });
    }
    const byte = feed.bytes[0];
    this.bytes.push(byte);
    feed.pass(1);
    return byte;
  }

  async short(): Promise<number> {
    return await this.byte() | (await this.byte() << 8);
  }

  async text(): Promise<void> {
    while (await this.byte() !== 0);
  }
}

async function passHeader(feed: Feed, isFirst: boolean): Promise<void> {
  const start = feed.offset;
  await checkMagic(feed, isFirst);
  if (!await feed.fill(HEADER_BYTES)) throw cutShort(start, WITHIN_HEADER);
  const header = new Header(feed);
  for (let at = 0; at < HEADER_BYTES; at++) await header.byte();
  const [, , method, flags] = header.bytes;
  if (method !== DEFLATE) {
    const reason = `a gzip member of compression method ${method}, only 8 (deflate) is known`;
    throw new InflateFault(reason, { offset: start + 2, fix: COPY_AGAIN });
  }
  if (flags & RESERVED) {
    const reason = `a gzip member has reserved flags (${hex(flags)})`;
    throw new InflateFault(reason, { offset: start + 3, fix: COPY_AGAIN });
  }
  if (flags & HAS_EXTRA) {
    for (let left = await header.short(); left > 0; left--) await header.byte();
  }
  if (flags & HAS_NAME) await header.text();
  if (flags & HAS_COMMENT) await header.text();
  if (flags & HAS_CRC) await checkHeader(header, feed.offset);
}

async function checkMagic(feed: Feed, isFirst: boolean): Promise<void> {
  const whole = await feed.fill(2);
  const [first, second] = feed.bytes;
  if (first === 0x1f && (second === 0x8b || !whole)) {
    if (whole) return;
    throw cutShort(feed.offset, WITHIN_HEADER);
  }
  const reason = isFirst
    ? "the input is no gzip: it does not begin with 1f 8b"
    : "garbage follows the last gzip member";
  const fix = isFirst
    ? 'leave out compression: "gzip" when it is not compressed'
    : "take off what is not compressed";
  throw new InflateFault(reason, { offset: feed.offset, fix });
}

async function checkHeader(header: Header, offset: number): Promise<void> {
  const check = crc32(Uint8Array.from(header.bytes)) & 0xffff;
  const crc = await header.short();
  if (crc === check) return;
  const reason = `the header's CRC-16 should be ${hex(crc)}, received bytes of ${hex(check)}`;
  throw new InflateFault(reason, { offset, fix: COPY_AGAIN });
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | bytes[at + 3] << 24) >>> 0;
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
