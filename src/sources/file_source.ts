import { blockableCsv, blockableNdjson } from "../codecs/block_scout.ts";
import { CsvDecoder } from "../codecs/csv/csv_decoder.ts";
import type { CsvOptions } from "../codecs/csv/csv_options.ts";
import { NdjsonDecoder, type NdjsonOptions } from "../codecs/json/ndjson_decoder.ts";
import { NdjsonStream } from "../codecs/json/ndjson_stream.ts";
import type { Source } from "../stream/source.ts";
import { BlockSource, type ByteSourceOptions } from "./block_source.ts";
import { type ByteSource, checkByteSource, nameOf } from "./byte_input.ts";
import { DecodedSource } from "./decoded_source.ts";
import { decoderOptions } from "./decoder_options.ts";

export type { ByteSourceOptions } from "./block_source.ts";
export { type ByteSource, FileSourceError } from "./byte_input.ts";

/** Options of {@linkcode csv}: those of the decoder, and those about the bytes. */
export interface CsvSourceOptions<Row = Record<string, unknown>>
  extends CsvOptions<Row>, ByteSourceOptions {
  /** Rows that are decoded at a time, at most. Default 16,384, where bees decode 65,536. */
  batchRows?: number;
}

/** Options of {@linkcode ndjson}: those of the decoder, and those about the bytes. */
export interface NdjsonSourceOptions<Row = Record<string, unknown>>
  extends NdjsonOptions<Row>, ByteSourceOptions {
  /**
   * Rows that are decoded at a time, at most. Default 16,384, where bees decode 65,536, of an array
   * 8,192.
   */
  batchRows?: number;
}

/**
 * The records of a CSV file or stream of bytes, as a source of a pipeline.
 *
 * Records that cannot be decoded go the way of the pipeline's `badRecords`, unless that option is
 * given here. Input that is compressed by gzip or zstd is inflated on the way.
 *
 * @param input The path of a file, relative to the working directory, or a stream of bytes, which can
 *   be read once.
 * @throws {TypeError | RangeError} when an option is none that it can be.
 */
export function csv<Row = Record<string, unknown>>(
  input: ByteSource,
  options: CsvSourceOptions<Row> = {},
): Source<Row> {
  checkByteSource(input, "read CSV");
  const given = decoderOptions(options) as CsvOptions<Row>;
  new CsvDecoder({ name: nameOf(input), ...given }); // tells of options that cannot be, here and now
  const way = (name: string, batchRows: number) =>
    blockableCsv(name, { batchRows, ...given as CsvOptions<never> });
  return new BlockSource<Row>(input, { options, way });
}

/** Elements of an array come one by one, so there are no blocks that could have a size. */
function refuseBlockBytes({ blockBytes }: ByteSourceOptions): void {
  if (blockBytes === undefined) return;
  throw new TypeError(
    `Cannot read NDJSON: layout "array" is not read in blocks, received blockBytes ${blockBytes}; ` +
      `leave blockBytes out, or write one object a line`,
  );
}

/**
 * The records of an NDJSON file (one JSON object a line) or stream of bytes, as a source of a
 * pipeline.
 *
 * Records that cannot be decoded go the way of the pipeline's `badRecords`, unless that option is
 * given here. Input that is compressed by gzip or zstd is inflated on the way.
 *
 * @param input The path of a file, relative to the working directory, or a stream of bytes, which can
 *   be read once.
 * @throws {TypeError | RangeError} when an option is none that it can be.
 *
 * @example
 * ```ts
 * import { count, from, ndjson, TumblingWindow } from "@waggle/stream";
 *
 * const lines = ['{"at":1000,"bird":"gull"}', '{"at":61000,"bird":"tern"}'];
 * const { body } = new Response(lines.join("\n"));
 * const minutes = from(ndjson(body!), { workers: 1 })
 *   .timestamps("at", { format: "ms" })
 *   .window(new TumblingWindow({ size: "1m" }))
 *   .aggregate({ n: count() });
 * for await (const { n } of minutes) console.log(n); // 1, then 1
 * ```
 */
export function ndjson<Row = Record<string, unknown>>(
  input: ByteSource,
  options: NdjsonSourceOptions<Row> = {},
): Source<Row> {
  checkByteSource(input, "read NDJSON");
  const given = decoderOptions(options) as NdjsonOptions<Row>;
  new NdjsonDecoder({ name: nameOf(input), ...given }); // tells of options that cannot be
  if (given.layout === "array") {
    refuseBlockBytes(options);
    // The elements of an array cannot be told apart from its middle on.
    const decoderOf = (own: object) => new NdjsonStream<Row>({ ...given, ...own });
    return new DecodedSource<Row>(input, { options, decoderOf });
  }
  const way = (name: string, batchRows: number) =>
    blockableNdjson(name, { batchRows, ...given as NdjsonOptions<never> });
  return new BlockSource<Row>(input, { options, way });
}
