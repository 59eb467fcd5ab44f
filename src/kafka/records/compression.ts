import { unzstd } from "../../codecs/inflate/unzstd.ts";
import { zlib } from "../../runtime/inflater.ts";
import { lz4Compress, lz4Decompress } from "./lz4.ts";
import { xerialCompress, xerialDecompress } from "./xerial.ts";

/** How record batches are compressed. */
export type CompressionName = "none" | "gzip" | "snappy" | "lz4" | "zstd";

/** All of them, each at the number that a batch's attributes have for it. */
export const COMPRESSIONS: readonly CompressionName[] = ["none", "gzip", "snappy", "lz4", "zstd"];

interface Codec {
  compress(bytes: Uint8Array): Uint8Array;
  /** At most so many bytes, or an error. */
  decompress(bytes: Uint8Array, maxBytes: number): Uint8Array;
}

function tooLarge(maxBytes: number): RangeError {
  return new RangeError(`it makes more than ${maxBytes} bytes`);
}

function gunzip(bytes: Uint8Array, maxBytes: number): Uint8Array {
  try {
    const { buffer, byteOffset, length } = zlib().gunzipSync(bytes, {
      maxOutputLength: Math.max(1, maxBytes),
    });
    return new Uint8Array(buffer, byteOffset, length);
  } catch (cause) {
    const { code, message } = cause as Error & { code?: string };
    if (code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(maxBytes);
    throw new RangeError(`its gzip stream is damaged (${message})`, { cause });
  }
}

const CODECS: Readonly<Record<CompressionName, Codec>> = {
  none: { compress: (bytes) => bytes, decompress: (bytes) => bytes },
  gzip: { compress: (bytes) => zlib().gzipSync(bytes), decompress: gunzip },
  snappy: { compress: xerialCompress, decompress: xerialDecompress },
  lz4: { compress: lz4Compress, decompress: lz4Decompress },
  zstd: {
    compress: (bytes) => zlib().zstdCompressSync(bytes),
    decompress: (bytes, maxBytes) => unzstd(bytes, maxBytes, () => tooLarge(maxBytes)),
  },
};

/** Compresses the records of a batch. */
export function compressRecords(name: CompressionName, bytes: Uint8Array): Uint8Array {
  return CODECS[name].compress(bytes);
}

/**
 * Decompresses the records of a batch.
 *
 * @throws {RangeError} when they are damaged, or more than `maxBytes`.
 */
export function decompressRecords(
  name: CompressionName,
  bytes: Uint8Array,
  maxBytes: number,
): Uint8Array {
  try {
    return CODECS[name].decompress(bytes, maxBytes);
  } catch (error) {
    if (error instanceof RangeError) throw error;
    throw new RangeError((error as Error).message, { cause: error });
  }
}
