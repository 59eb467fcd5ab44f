import { concatBytes } from "../../batch/concat_bytes.ts";
import { knownOptions, type OptionRule } from "../../runtime/known_options.ts";
import { type BatchStream, PulledBatches } from "./batch_stream.ts";
import { streamEncoder, type StreamFormat, type StreamFormatOptions } from "./stream_format.ts";

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
  let isOver = false;
  const end = () => {
    if (!isOver) encoder[Symbol.dispose]();
    isOver = true;
  };
  /** The next bytes; `undefined` when there are no more. */
  const next = async () => {
    while (true) {
      const batch = await pulled.next();
      if (isOver || !batch) return undefined;
      const bytes = concatBytes(encoder.encode(batch));
      if (bytes.length > 0) return bytes as Uint8Array<ArrayBuffer>;
    }
  };
  return new ReadableStream({
    async pull(controller) {
      try {
        const bytes = await next();
        if (isOver) return;
        if (bytes) return controller.enqueue(bytes);
        const last = concatBytes(encoder.end()) as Uint8Array<ArrayBuffer>;
        if (last.length > 0) controller.enqueue(last);
        controller.close();
        end();
      } catch (error) {
        if (isOver) return; // nobody listens any more
        end();
        await pulled.stop(error).catch(() => {}); // the first error is the one to be seen
        throw error;
      }
    },
    async cancel(reason) {
      end();
      await pulled.stop(reason).catch(() => {}); // which fails with the reason, as it was told to
    },
  }, { highWaterMark: 0 });
}
