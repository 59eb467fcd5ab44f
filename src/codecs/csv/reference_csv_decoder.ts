import type { RecordBatch } from "../../batch/record_batch.ts";
import { knownOptions } from "../../runtime/known_options.ts";
import type { BatchDecoder, DecoderMetrics } from "../batch_decoder.ts";
import { BatchReader } from "../batch_reader.ts";
import { CsvFormat } from "./csv_format.ts";
import { CSV_OPTIONS, type CsvOptions, dialectOf, scannerOf } from "./csv_options.ts";

/** Decodes CSV record by record in TypeScript: what `CsvDecoder` is held to. */
export class ReferenceCsvDecoder<Row = Record<string, unknown>> implements BatchDecoder<Row> {
  readonly #reader: BatchReader<Row>;

  /**
   * A decoder of one input.
   *
   * @throws {TypeError} or {RangeError} when an option is none that it can be.
   */
  constructor(options: CsvOptions<Row> = {}) {
    knownOptions(options, CSV_OPTIONS);
    const dialect = dialectOf(options);
    const format = new CsvFormat<Row>(options, dialect);
    this.#reader = new BatchReader<Row>(options, scannerOf(dialect, options.comment), format);
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
