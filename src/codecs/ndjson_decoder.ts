import type { RecordBatch } from "../batch/record_batch.ts";
import { knownOptions, type OptionRule } from "../runtime/known_options.ts";
import type { BatchDecoder, DecoderMetrics, DecoderOptions } from "./batch_decoder.ts";
import { BatchReader } from "./batch_reader.ts";
import { MAX_COLUMNS, MAX_JSON_DEPTH } from "./limits.ts";
import { NdjsonFormat } from "./ndjson_format.ts";
import { checkPositive, DECODER_OPTIONS } from "./option_checks.ts";
import { LineScanner } from "./record_scanner.ts";

/** Options of {@linkcode NdjsonDecoder}. */
export interface NdjsonOptions<Row = Record<string, unknown>> extends DecoderOptions<Row> {
  /** The deepest nesting of a record, which is one level itself. Default 64. */
  maxDepth?: number;
  /** The most columns to infer, fields of structs included. Default 4,096. */
  maxColumns?: number;
}

const OPTIONS: OptionRule<NdjsonOptions<never>> = {
  doing: "make decoder",
  names: { ...DECODER_OPTIONS, maxDepth: true, maxColumns: true },
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
  readonly #reader: BatchReader<Row>;

  /**
   * A decoder of one input.
   *
   * @throws {TypeError} or {RangeError} when an option is none that it can be.
   */
  constructor(options: NdjsonOptions<Row> = {}) {
    knownOptions(options, OPTIONS);
    const { name = "NDJSON input" } = options;
    const format = new NdjsonFormat<Row>(name, {
      maxDepth: checkPositive("maxDepth", options.maxDepth ?? MAX_JSON_DEPTH),
      maxColumns: checkPositive("maxColumns", options.maxColumns ?? MAX_COLUMNS),
    });
    this.#reader = new BatchReader<Row>(options, new LineScanner(), format);
  }

  /** Decodes a chunk: see {@linkcode BatchDecoder.push}. */
  push(chunk: Uint8Array): RecordBatch<Row>[] {
    return this.#reader.push(chunk);
  }

  /** Decodes what is left: see {@linkcode BatchDecoder.finish}. */
  finish(): RecordBatch<Row>[] {
    return this.#reader.finish();
  }

  /** What was done so far. */
  metrics(): DecoderMetrics {
    return this.#reader.metrics();
  }
}
