import { concatBytes } from "../../batch/concat_bytes.ts";
import { knownOptions, type OptionRule } from "../../runtime/known_options.ts";
import { type BatchStream, PulledBatches } from "./batch_stream.ts";
import { streamEncoder, type StreamFormat, type StreamFormatOptions } from "./stream_format.ts";
import { streamOnDemand } from "./stream_on_demand.ts";

/** Options of {@linkcode toByteStream}. */
export interface ByteStreamOptions extends StreamFormatOptions {
  /**
   * JSON lines (default), `"json"`, one array, `"csv"` with a header, or a file: `"avro"`, or
   * `"parquet"`, which needs `import "@waggle/stream/parquet"`.
   */
  format?: StreamFormat;
}

const DOING = "make a stream of bytes";
const OPTIONS: OptionRule<ByteStreamOptions> = {
  doing: DOING,
  names: { format: true, ndjson: true, json: true, csv: true, avro: true, parquet: true },
  example: '{ format: "csv" }',
};

/**
 * The records of batches as a stream of bytes, such as the body of a `Response`.
 *
 * A batch is asked for when the one before has been read. Who cancels the stream ends what makes the
 * batches; what fails there fails the stream.
 *
 * @param batches A pipeline, the stream of a `StreamingGenerator`, or any iterable of batches.
 * @throws {TypeError | RangeError} when it is none of these, or an option is none that it can be.
 *
 * @example
 * ```ts
 * import { from, toByteStream } from "@waggle/stream";
 *
 * const rows = from([{ x: 1 }, { x: 2 }], { workers: 1 });
 * const response = new Response(toByteStream(rows, { format: "csv" }), {
 *   headers: { "content-type": "text/csv" },
 * });
 * console.log(await response.text()); // x⏎1⏎2⏎
 * ```
 */
export function toByteStream(
  batches: BatchStream,
  options: ByteStreamOptions = {},
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const { format = "ndjson", ...formats } = knownOptions(options, OPTIONS);
  const pulled = new PulledBatches(batches, DOING);
  const encoder = streamEncoder(format, formats, DOING);
  return streamOnDemand({
    next: async (isOver) => {
      while (true) {
        const batch = await pulled.next();
        if (isOver() || !batch) return undefined;
        const bytes = concatBytes(encoder.encode(batch));
        if (bytes.length > 0) return bytes as Uint8Array<ArrayBuffer>;
      }
    },
    last: () => concatBytes(encoder.end()) as Uint8Array<ArrayBuffer>,
    stop: (reason) => pulled.stop(reason).catch(() => {}), // which fails with the reason
    [Symbol.dispose]: () => encoder[Symbol.dispose](),
  });
}
