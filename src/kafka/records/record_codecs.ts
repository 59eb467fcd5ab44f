/** Compression that neither the runtime nor the kernel has, as packages of npm do it. */
export interface RecordCodecs {
  /** Compresses up to 64 KiB to one frame of LZ4, of one block and without sums. */
  lz4Compress(bytes: Uint8Array): Uint8Array;
  /** Compresses to one block in snappy's raw format. */
  snappyCompress(bytes: Uint8Array): Uint8Array;
  /**
   * Makes what inflates blocks in snappy's raw format, in memory of its own: each to as many bytes
   * as it says that it has, or an error.
   */
  snappyUncompressor(): (bytes: Uint8Array, length: number) => Uint8Array;
}

let codecs: RecordCodecs | undefined;

/** Hands in what compresses, for all that comes. */
export function setRecordCodecs(given: RecordCodecs): void {
  codecs = given;
}

/**
 * What compresses: what was handed in.
 *
 * @param doing What cannot be done without, for the message.
 * @throws {TypeError} when there is none.
 */
export function recordCodecs(doing: string): RecordCodecs {
  if (codecs) return codecs;
  throw new TypeError(`Cannot ${doing}: import "@waggle/stream/kafka" first`);
}
