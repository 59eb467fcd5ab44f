import { knownOptions, type OptionRule } from "../../runtime/known_options.ts";
import { checkWord } from "../option_checks.ts";
import { Feed } from "./feed.ts";
import { gzipMembers } from "./gzip_members.ts";
import { InflateFault } from "./inflate_error.ts";
import { InflatedOutput } from "./inflated_output.ts";
import { zstdFrames } from "./zstd_frames.ts";

/** The most bytes that come of a compressed input, unless told otherwise: 1 TiB. */
const MAX_INFLATED_BYTES = 1_099_511_627_776;

/** How many times larger than its input the output may be, unless told otherwise. */
const MAX_INFLATION_RATIO = 250;

/** How input may be compressed. */
export type Compression = "auto" | "none" | "gzip" | "zstd";

/** The options about compressed input. */
export interface CompressionOptions {
  /**
   * `"gzip"`, `"zstd"` or `"none"`; `"auto"` (default) tells by the first bytes, and takes what is
   * neither as it is.
   */
  compression?: Compression;
  /** The most bytes that may come of compressed input. Default 1 TiB. */
  maxInflatedBytes?: number;
  /**
   * How many times larger than the compressed input the output may be; the first 64 MiB are not
   * held against it. Default 250.
   */
  maxInflationRatio?: number;
}

/** Options of {@linkcode inflate}. */
export interface InflateOptions extends CompressionOptions {
  /** What is inflated, for error messages: the file's name, say. Default `"input"`. */
  name?: string;
}

/** The names of the options about compressed input. */
export const COMPRESSION_OPTIONS: Readonly<Record<keyof CompressionOptions, true>> = {
  compression: true,
  maxInflatedBytes: true,
  maxInflationRatio: true,
};

const OPTIONS: OptionRule<InflateOptions> = {
  doing: "inflate",
  names: { ...COMPRESSION_OPTIONS, name: true },
  example: '{ compression: "gzip" }',
};

const WORDS: readonly Compression[] = ["auto", "none", "gzip", "zstd"];

const ANY = -1;

/** The formats that are known by their first bytes but cannot be inflated. */
const FOREIGN: readonly (readonly [format: string, magic: readonly number[]])[] = [
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ["bzip2", [0x42, 0x5a, 0x68, ANY, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59]],
  ["lz4", [0x04, 0x22, 0x4d, 0x18]],
  ["zip", [0x50, 0x4b, 0x03, 0x04]],
];
const LONGEST_MAGIC = 10;

const GZIP = [0x1f, 0x8b, 0x08];
/** A frame, or one of the sixteen kinds of frames that are passed over. */
const ZSTD = [
  [0x28, 0xb5, 0x2f, 0xfd],
  ...Array.from({ length: 16 }, (_, kind) => [0x50 + kind, 0x2a, 0x4d, 0x18]),
];

/**
 * Checks options about compressed input.
 *
 * @throws {TypeError | RangeError} when one is none that it can be.
 */
export function checkCompression(options: CompressionOptions): Required<CompressionOptions> {
  const {
    compression = "auto",
    maxInflatedBytes = MAX_INFLATED_BYTES,
    maxInflationRatio = MAX_INFLATION_RATIO,
  } = options;
  checkWord("compression", compression, WORDS, "inflate");
  for (const [name, value] of Object.entries({ maxInflatedBytes, maxInflationRatio })) {
    if (typeof value === "number" && value >= 1) continue;
    throw new RangeError(
      `Cannot inflate: ${name} must be a number from 1, received ${value}`,
    );
  }
  return { compression, maxInflatedBytes, maxInflationRatio };
}

/**
 * Inflates what is compressed: gzip (RFC 1952) of any number of members, or zstd (RFC 8878) of any
 * number of frames, cut into chunks anywhere.
 *
 * Each chunk that it gives has at most 256 KiB, whatever the input is, is made when it is asked for,
 * and may be kept. Checksums are verified. Input that is not compressed passes as it is, chunk for
 * chunk.
 *
 * @param chunks The input, such as the `readable` of a file; it is closed when the generator is.
 * @throws {InflateError} naming the byte when the input is damaged or cut short, when garbage
 *   follows, and when more comes of it than the options allow.
 * @throws {TypeError | RangeError} when an option is none that it can be, or a chunk is not bytes.
 *
 * @example
 * ```ts
 * import { inflate } from "@waggle/stream";
 *
 * const text = new Blob(["bird,count\nGull,3\n"]).stream();
 * const compressed = text.pipeThrough(new CompressionStream("gzip"));
 * const decoder = new TextDecoder();
 * for await (const chunk of inflate(compressed)) console.log(decoder.decode(chunk));
 * ```
 */
export function inflate(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  options: InflateOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const { name = "input" } = knownOptions(options, OPTIONS);
  return inflating(new Feed(chunks), checkCompression(options), name);
}

async function* inflating(
  feed: Feed,
  { compression, ...limits }: Required<CompressionOptions>,
  name: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    const format = compression === "auto" ? await recognize(feed) : compression;
    if (format === "gzip") yield* gzipMembers(feed, new InflatedOutput(limits));
    else if (format === "zstd") yield* zstdFrames(feed, new InflatedOutput(limits));
    else yield* asItIs(feed);
  } catch (error) {
    throw error instanceof InflateFault ? error.in(name) : error;
  } finally {
    await feed.close();
  }
}

async function* asItIs(feed: Feed): AsyncGenerator<Uint8Array, void, undefined> {
  while (await feed.fill(1)) {
    const { bytes } = feed;
    feed.pass(bytes.length);
    yield bytes;
  }
}

async function recognize(feed: Feed): Promise<Compression> {
  // What cannot be compressed any more does not wait for bytes that may let wait for themselves.
  for (let length = 1; length <= LONGEST_MAGIC && await feed.fill(length); length++) {
    if (!mayBeCompressed(feed.bytes.subarray(0, length))) return "none";
  }
  const { bytes } = feed;
  if (begins(bytes, GZIP)) return "gzip";
  if (ZSTD.some((magic) => begins(bytes, magic))) return "zstd";
  const foreign = FOREIGN.find(([, magic]) => begins(bytes, magic));
  if (!foreign) return "none";
  throw new InflateFault(`the input is compressed as ${foreign[0]}, which is not known here`, {
    offset: 0,
    fix: 'compress it as gzip or zstd, or pass compression: "none" to take the bytes as they are',
  });
}

function mayBeCompressed(bytes: Uint8Array): boolean {
  const magics = [GZIP, ...ZSTD, ...FOREIGN.map(([, magic]) => magic)];
  return magics.some((magic) => begins(bytes, magic.slice(0, bytes.length)));
}

function begins(bytes: Uint8Array, magic: readonly number[]): boolean {
  return bytes.length >= magic.length &&
    magic.every((byte, at) => byte === ANY || bytes[at] === byte);
}
