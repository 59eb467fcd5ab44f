import type { RecordBatch } from "../../batch/record_batch.ts";
import { knownOptions, type OptionRule } from "../../runtime/known_options.ts";
import type { BatchDecoder, DecoderMetrics, DecoderOptions } from "../batch_decoder.ts";
import { NdjsonStream } from "./ndjson_stream.ts";
import { DECODER_OPTIONS } from "../option_checks.ts";

/** Options of {@linkcode NdjsonDecoder}. */
export interface NdjsonOptions<Row = Record<string, unknown>> extends DecoderOptions<Row> {
  /** The deepest nesting of a record, which is one level itself. Default 64. */
  maxDepth?: number;
  /** The most columns to infer, fields of structs included. Default 4,096. */
  maxColumns?: number;
  /**
   * `"lines"` (default): one object a line; `"array"`: all objects are the elements of one array,
   * over any lines.
   */
  layout?: "lines" | "array";
  /**
   * Whether values of keys that the schema has not are passed over without a look at their grammar,
   * because whoever wrote the input is known to write JSON. Default `false`.
   */
  trusted?: boolean;
}

const OPTIONS: OptionRule<NdjsonOptions<never>> = {
  doing: "make decoder",
  names: { ...DECODER_OPTIONS, maxDepth: true, maxColumns: true, layout: true, trusted: true },
};

/**
 * Decodes NDJSON (JSON lines: one object a line) from bytes into batches.
 *
 * Lines end with LF or CRLF; blank ones are passed over, as is a byte-order mark. A missing key is
 * null, of a repeated one the last counts. In a schema, `timestamp`, `date`, `time` and `bytes`
 * also take texts (ISO 8601, base64), and `decimal` and `i64` take numbers with all their digits.
 * Inferred are nested objects as structs and arrays as lists; whole numbers of up to 64 bits are
 * kept exactly.
 *
 * @example
 * ```ts
 * import { NdjsonDecoder } from "@waggle/stream";
 *
 * const decoder = new NdjsonDecoder();
 * const bytes = new TextEncoder().encode('{"sensor":"a","at":{"x":1}}\n{"sensor":"b"}\n');
 * for (const batch of [...decoder.push(bytes), ...decoder.finish()]) {
 *   console.log(batch.toRows()); // [{ sensor: "a", at: { x: 1 } }, { sensor: "b", at: null }]
 * }
 * ```
 */
export class NdjsonDecoder<Row = Record<string, unknown>> implements BatchDecoder<Row> {
  readonly #stream: NdjsonStream<Row>;

  /**
   * A decoder of one input.
   *
   * @throws {TypeError} or {RangeError} when an option is none that it can be.
   */
  constructor(options: NdjsonOptions<Row> = {}) {
    knownOptions(options, OPTIONS);
    this.#stream = new NdjsonStream<Row>(options);
  }

  /** Decodes a chunk: see {@linkcode BatchDecoder.push}. */
  push(chunk: Uint8Array): RecordBatch<Row>[] {
    return this.#stream.push(chunk);
  }

  /** Decodes what is left: see {@linkcode BatchDecoder.finish}. */
  finish(): RecordBatch<Row>[] {
    return this.#stream.finish();
  }

  /** What was done so far. */
  metrics(): DecoderMetrics {
    return this.#stream.metrics();
  }
}
