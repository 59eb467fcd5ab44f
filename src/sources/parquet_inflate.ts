import { Inflater, zlib } from "../runtime/inflater.ts";

const LZ4_LENGTH_BYTES = 4;

/** Gives the bytes that a page has when it is decompressed. */
export type Inflate = (input: Uint8Array, outputLength: number) => Uint8Array;

/** One frame; `zstdDecompressSync` of Deno 2.9 may end the process where it is damaged. */
function inflateZstd(input: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  using inflater = new Inflater("zstd");
  for (let [from, to] = [0, 0]; to < length;) {
    const { consumed, written } = inflater.step(input.subarray(from), out.subarray(to));
    if (consumed + written === 0) throw new Error("a page is cut off");
    [from, to] = [from + consumed, to + written];
  }
  return out;
}

/** Whether LZ4 comes in the frames of Hadoop, each with both its lengths in front. */
function isFramed(input: Uint8Array): boolean {
  const view = new DataView(input.buffer, input.byteOffset, input.length);
  let at = 0;
  while (at + 2 * LZ4_LENGTH_BYTES <= input.length) {
    at += 2 * LZ4_LENGTH_BYTES + view.getUint32(at + LZ4_LENGTH_BYTES);
  }
  return at === input.length;
}

/**
 * Decompression of pages by its name, that gives as much as is expected and not more.
 *
 * @param others That of npm:hyparquet-compressors.
 * @param most Bytes of a page.
 */
export function pageInflates(
  others: Readonly<Record<string, Inflate>>,
  most: number,
): Record<string, Inflate> {
  const { gunzipSync, brotliDecompressSync } = zlib();
  const own: Record<string, Inflate> = {
    ...others,
    LZ4: (input, length) => (isFramed(input) ? others.LZ4 : others.LZ4_RAW)(input, length),
    GZIP: (input, length) => gunzipSync(input, { maxOutputLength: length }),
    BROTLI: (input, length) => brotliDecompressSync(input, { maxOutputLength: length }),
    ZSTD: inflateZstd,
  };
  return Object.fromEntries(
    Object.entries(own).map(([name, inflate]) => [name, (input: Uint8Array, length: number) => {
      if (!(length >= 0 && length <= most)) {
        throw new Error(`a page says that it has ${length} bytes`);
      }
      if (length === 0) return new Uint8Array();
      const out = inflate(input, length);
      if (out.length !== length) throw new Error("a page has not the length that it says");
      return out;
    }]),
  );
}
