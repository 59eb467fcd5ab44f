import { ZstdInflater } from "../../batch/unzstd.ts";
import { zlib } from "../../runtime/inflater.ts";
import { lz4Decompress } from "../../batch/lz4_frames.ts";
import { lz4Compress } from "./lz4.ts";
import { xerialCompress, XerialInflater } from "./xerial.ts";

/** How record batches are compressed. */
export type CompressionName = "none" | "gzip" | "snappy" | "lz4" | "zstd";

/** All of them, each at the number that a batch's attributes have for it. */
export const COMPRESSIONS: readonly CompressionName[] = ["none", "gzip", "snappy", "lz4", "zstd"];

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

const COMPRESS: Readonly<Record<CompressionName, (bytes: Uint8Array) => Uint8Array>> = {
  none: (bytes) => bytes,
  gzip: (bytes) => zlib().gzipSync(bytes),
  snappy: xerialCompress,
  lz4: lz4Compress,
  zstd: (bytes) => zlib().zstdCompressSync(bytes),
};

/**
 * Compresses the records of a batch.
 *
 * @throws {TypeError} when there is nothing at hand that does.
 */
export function compressRecords(name: CompressionName, bytes: Uint8Array): Uint8Array {
  return COMPRESS[name](bytes);
}

/** Decompresses the records of batches, one batch after the other. */
export class RecordInflater implements Disposable {
  readonly #zstd = new ZstdInflater();
  readonly #snappy = new XerialInflater();

  /**
   * Decompresses the records of a batch.
   *
   * @throws {RangeError} when they are damaged, or more than `maxBytes`.
   * @throws {TypeError} when there is nothing at hand that inflates them.
   */
  inflate(name: CompressionName, bytes: Uint8Array, maxBytes: number): Uint8Array {
    try {
      return this.#inflate(name, bytes, maxBytes);
    } catch (error) {
      if (error instanceof RangeError || error instanceof TypeError) throw error;
      throw new RangeError((error as Error).message, { cause: error });
    }
  }

  /** Gives back what it holds outside of the heap; it can be used again. */
  [Symbol.dispose](): void {
    this.#zstd[Symbol.dispose]();
  }

  #inflate(name: CompressionName, bytes: Uint8Array, maxBytes: number): Uint8Array {
    switch (name) {
      case "none":
        return bytes;
      case "gzip":
        return gunzip(bytes, maxBytes);
      case "snappy":
        return this.#snappy.inflate(bytes, maxBytes);
      case "lz4":
        return lz4Decompress(bytes, maxBytes);
      case "zstd":
        return this.#zstd.inflate(bytes, maxBytes, () => tooLarge(maxBytes));
    }
  }
}

/**
 * Decompresses the records of one batch.
 *
 * @throws {RangeError} when they are damaged, or more than `maxBytes`.
 */
export function decompressRecords(
  name: CompressionName,
  bytes: Uint8Array,
  maxBytes: number,
): Uint8Array {
  using inflater = new RecordInflater();
  return inflater.inflate(name, bytes, maxBytes);
}
