import type { RecordBatch } from "../../batch/record_batch.ts";
import type { BatchDecoder, DecoderMetrics } from "../batch_decoder.ts";
import { BatchReader } from "../batch_reader.ts";
import { MAX_COLUMNS, MAX_JSON_DEPTH } from "../limits.ts";
import type { NdjsonOptions } from "./ndjson_decoder.ts";
import { NdjsonFormat } from "./ndjson_format.ts";
import { checkPositive } from "../option_checks.ts";
import { LineScanner } from "../record_scanner.ts";

/** The twin of `NdjsonDecoder` in TypeScript: small, obvious, and slow. */
export class ReferenceNdjsonDecoder<Row = Record<string, unknown>> implements BatchDecoder<Row> {
  readonly #reader: BatchReader<Row>;

  /**
   * A decoder of one input.
   *
   * @throws {TypeError} or {RangeError} when an option is none that it can be.
   */
  constructor(options: NdjsonOptions<Row> = {}) {
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
