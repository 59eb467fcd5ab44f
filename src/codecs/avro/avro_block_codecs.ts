import { concatBytes } from "../../batch/concat_bytes.ts";
import { crc32, zlib } from "../../runtime/inflater.ts";
import { unzstd } from "../../batch/unzstd.ts";
import { snappyCompress, snappyDecompress } from "./snappy.ts";

/** How the blocks of an Avro file may be compressed. */
export type AvroCodec = "null" | "deflate" | "snappy" | "zstandard";

/** The codecs that are known here. */
export const AVRO_CODECS: readonly AvroCodec[] = ["null", "deflate", "snappy", "zstandard"];

const CHECKSUM_BYTES = 4;

type Compress = (bytes: Uint8Array) => Uint8Array;
type Decompress = (bytes: Uint8Array, maxBytes: number) => Uint8Array;

function tooLarge(maxBytes: number): RangeError {
  return new RangeError(`it makes more than maxBlockBytes (${maxBytes}) bytes`);
}

/** The checksum of zlib (RFC 1950, 8.2), the highest byte first. */
function adler32(bytes: Uint8Array): number[] {
  let [a, b] = [1, 0];
  for (let at = 0; at < bytes.length;) {
    // as many as leave the sums below 2^32
    for (const end = Math.min(at + 3_800, bytes.length); at < end; at++) b += a += bytes[at];
    a %= 65_521;
    b %= 65_521;
  }
  return [b >>> 8, b & 0xff, a >>> 8, a & 0xff];
}

/**
 * Avro's deflate is RFC 1951 without the frame of zlib. Some writers leave a part of that: the
 * first bytes of its checksum.
 */
function inflateBlock(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const { inflateRawSync } = zlib();
  const options = { maxOutputLength: Math.max(1, maxBytes), info: true };
  let result: { buffer: Uint8Array; engine: { bytesWritten: number } };
  try {
    result = inflateRawSync(bytes, options) as unknown as typeof result;
  } catch (cause) {
    const { code, message } = cause as Error & { code?: string };
    if (code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(maxBytes);
    throw new RangeError(`its deflate stream is damaged (${message})`, { cause });
  }
  const { buffer, engine } = result;
  const rest = bytes.subarray(engine.bytesWritten);
  if (rest.length === 0) return buffer;
  const check = adler32(buffer);
  if (rest.length <= check.length && rest.every((byte, at) => byte === check[at])) return buffer;
  throw new RangeError(`${rest.length} bytes follow its deflate stream`);
}

/** Snappy, and then the CRC-32 of what was compressed, big-endian. */
function unsnappyBlock(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const end = bytes.length - CHECKSUM_BYTES;
  if (end < 0) throw new RangeError("it has no checksum");
  const made = snappyDecompress(bytes.subarray(0, end), maxBytes);
  const expected = new DataView(bytes.buffer, bytes.byteOffset + end).getUint32(0);
  const received = crc32(made);
  if (received === expected) return made;
  throw new RangeError(
    `its CRC-32 should be 0x${expected.toString(16)}, received bytes of 0x${received.toString(16)}`,
  );
}

function snappyBlock(bytes: Uint8Array): Uint8Array {
  const check = new Uint8Array(CHECKSUM_BYTES);
  new DataView(check.buffer).setUint32(0, crc32(bytes));
  return concatBytes([snappyCompress(bytes), check]);
}

const CODECS: Readonly<Record<AvroCodec, { compress: Compress; decompress: Decompress }>> = {
  null: { compress: (bytes) => bytes, decompress: (bytes) => bytes },
  deflate: { compress: (bytes) => zlib().deflateRawSync(bytes), decompress: inflateBlock },
  snappy: { compress: snappyBlock, decompress: unsnappyBlock },
  zstandard: {
    compress: (bytes) => zlib().zstdCompressSync(bytes),
    decompress: (bytes, maxBytes) => unzstd(bytes, maxBytes, () => tooLarge(maxBytes)),
  },
};

/** Whether a codec is known here. */
export function isAvroCodec(name: string): name is AvroCodec {
  return (AVRO_CODECS as readonly string[]).includes(name);
}

/** Compresses the records of a block. */
export function compressBlock(codec: AvroCodec, bytes: Uint8Array): Uint8Array {
  return CODECS[codec].compress(bytes);
}

/**
 * Decompresses the records of a block.
 *
 * @throws {RangeError} when they are damaged, or more than `maxBytes`.
 */
export function decompressBlock(codec: AvroCodec, bytes: Uint8Array, maxBytes: number): Uint8Array {
  try {
    return CODECS[codec].decompress(bytes, maxBytes);
  } catch (error) {
    if (error instanceof RangeError) throw error;
    throw new RangeError((error as Error).message, { cause: error });
  }
}
