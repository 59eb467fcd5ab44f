import { lz4Decompress } from "./lz4_frames.ts";
import { ZstdInflater } from "./unzstd.ts";

type Inflate = (bytes: Uint8Array, length: number) => Uint8Array;

interface Codec {
  decode(bytes: Uint8Array, length: number): Uint8Array;
  encode(bytes: Uint8Array): Uint8Array;
}

/** Where npm:@uwdata/flechette keeps its codecs, by Arrow's numbers for them. */
export interface ArrowCodecs {
  readonly CompressionType: { readonly LZ4_FRAME: 0; readonly ZSTD: 1 };
  getCompressionCodec(type: 0 | 1): Codec | null;
  setCompressionCodec(type: 0 | 1, codec: Codec): void;
}

/** A codec that holds what it makes to what was claimed: views of fewer bytes would be of others. */
function codecOf(inflate: Inflate): Codec {
  const decode = (bytes: Uint8Array, length: number) => {
    const made = inflate(bytes, length);
    if (made.length === length) return made;
    throw new RangeError(`a buffer inflates to ${made.length} bytes, and claims ${length}`);
  };
  const encode = () => {
    throw new TypeError("Cannot compress Arrow buffers here: only reading has codecs");
  };
  return { decode, encode };
}

/**
 * Does something in which npm:@uwdata/flechette inflates buffers by LZ4 and zstd, the codecs that
 * Arrow's formats have. Its codecs are those of all who use it: they are put back afterwards.
 */
export function withArrowCodecs<T>(flechette: ArrowCodecs, work: () => T): T {
  const { CompressionType, getCompressionCodec, setCompressionCodec } = flechette;
  using zstd = new ZstdInflater();
  const tooLong = (length: number) => new RangeError(`a buffer makes more than ${length} bytes`);
  const codecs = [
    [CompressionType.LZ4_FRAME, codecOf(lz4Decompress)],
    [
      CompressionType.ZSTD,
      codecOf((bytes, length) => zstd.inflate(bytes, length, () => tooLong(length))),
    ],
  ] as const;
  const before = codecs.map(([type]) => [type, getCompressionCodec(type)] as const);
  for (const [type, codec] of codecs) setCompressionCodec(type, codec);
  try {
    return work();
  } finally {
    for (const [type, codec] of before) setCompressionCodec(type, codec as Codec);
  }
}
