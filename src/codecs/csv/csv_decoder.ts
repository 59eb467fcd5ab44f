import type { RecordBatch } from "../../batch/record_batch.ts";
import { knownOptions } from "../../runtime/known_options.ts";
import type { BatchDecoder, DecoderMetrics } from "../batch_decoder.ts";
import { CsvStream } from "./csv_stream.ts";
import { CsvFormat } from "./csv_format.ts";
import { CSV_OPTIONS, type CsvOptions, dialectOf, scannerOf } from "./csv_options.ts";

/**
 * Decodes CSV (RFC 4180 and what is found in the wild) from bytes into batches.
 *
 * Records end with LF, CRLF or CR, fields may be in quotes, with line ends and doubled quotes
 * within. A quote that is not the first character of its field is text. A byte-order mark is
 * passed over. Every row is held to its columns' types: bad ones go the way of `badRecords`.
 *
 * @example
 * ```ts
 * import { CsvDecoder } from "@waggle/stream";
 *
 * const decoder = new CsvDecoder({ name: "birds.csv" });
 * const bytes = new TextEncoder().encode("bird,count\r\nGull,3\r\n\"Owl, barn\",1\r\n");
 * for (const batch of [...decoder.push(bytes), ...decoder.finish()]) {
 *   console.log(batch.toRows()); // [{ bird: "Gull", count: 3 }, { bird: "Owl, barn", count: 1 }]
 * }
 * ```
 */
export class CsvDecoder<Row = Record<string, unknown>> implements BatchDecoder<Row> {
  readonly #stream: CsvStream<Row>;

  /**
   * A decoder of one input.
   *
   * @throws {TypeError} or {RangeError} when an option is none that it can be.
   */
  constructor(options: CsvOptions<Row> = {}) {
    knownOptions(options, CSV_OPTIONS);
    const dialect = dialectOf(options);
    const format = new CsvFormat<Row>(options, dialect);
    scannerOf(dialect, options.comment); // tells of characters that cannot be
    this.#stream = new CsvStream<Row>(options, format);
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
