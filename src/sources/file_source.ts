import type { RecordBatch } from "../batch/record_batch.ts";
import type { TypedSchema } from "../batch/schema.ts";
import type { BadRecord, BadRecordOptions } from "../codecs/bad_record.ts";
import type { BatchDecoder, DecoderOptions } from "../codecs/batch_decoder.ts";
import { CsvDecoder } from "../codecs/csv_decoder.ts";
import type { CsvOptions } from "../codecs/csv_options.ts";
import { NdjsonDecoder, type NdjsonOptions } from "../codecs/ndjson_decoder.ts";
import type { Source, SourceBatch, SourceOptions } from "../stream/source.ts";
import { StreamingError } from "../hive/streaming_error.ts";

/** A file cannot be read. */
export class FileSourceError extends StreamingError {
  /** The name of the class. */
  override readonly name: string = "FileSourceError";
}

type MakeDecoder<Row> = (policy: BadRecordOptions & { name: string }) => BatchDecoder<Row>;

/** A source of the records in a file, read in pieces and decoded as they come. */
class FileSource<Row> implements Source<Row> {
  readonly name: string;
  readonly schema?: TypedSchema<Row>;
  readonly #path: string | URL;
  readonly #options: DecoderOptions<Row>;
  readonly #decoder: MakeDecoder<Row>;

  constructor(
    path: string | URL,
    { options, decoder }: { options: DecoderOptions<Row>; decoder: MakeDecoder<Row> },
  ) {
    this.#path = path;
    this.#options = options;
    this.#decoder = decoder;
    this.name = options.name ?? String(path);
    if (options.schema) this.schema = options.schema;
    decoder({ ...this.#own(), name: this.name }); // tells of options that cannot be, here and now
  }

  async *open(options: SourceOptions): AsyncGenerator<SourceBatch<Row>, void, undefined> {
    const decoder = this.#decoder({ ...this.#policy(options), name: this.name });
    const { badRecords = options.badRecords } = this.#options;
    let told = 0;
    const counted = function* (batches: readonly RecordBatch<Row>[]): Generator<SourceBatch<Row>> {
      const bad = decoder.metrics().badRecords - told;
      told += bad;
      if (bad > 0) yield badRecords === "skip" ? { skipped: bad } : { deadLettered: bad };
      for (const batch of batches) yield { batch };
    };
    for await (const chunk of this.#chunks(options)) {
      yield* counted(decoder.push(chunk));
      if (options.signal.aborted) return;
    }
    yield* counted(decoder.finish());
  }

  /** The options about bad records that were given to the source itself. */
  #own(): BadRecordOptions {
    const { badRecords, deadLetter } = this.#options;
    return { ...(badRecords && { badRecords }), ...(deadLetter && { deadLetter }) };
  }

  #policy({ badRecords, deadLetter }: SourceOptions): BadRecordOptions {
    if (this.#options.badRecords) return this.#own();
    if (badRecords !== "deadLetter") return { badRecords };
    const put = ({ bytes, error, line }: BadRecord) => {
      const { name, message } = error;
      deadLetter({ record: bytes, error: { name, message }, position: line });
    };
    return { badRecords, deadLetter: put };
  }

  /** The file's bytes; it may fail to open, or later, as a folder does. */
  async *#chunks({ runtime }: SourceOptions): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* await runtime.readFile(this.#path);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new FileSourceError(
        `Cannot read ${this.name}: ${reason}; check that the path is right (it is relative to the ` +
          `working directory), that it is a file, and that the program runs with --allow-read for it`,
        { cause },
      );
    }
  }
}

/**
 * The records of a CSV file, as a source of a pipeline.
 *
 * Records that cannot be decoded go the way of the pipeline's `badRecords`, unless that option is
 * given here.
 *
 * @param path Of the file; relative paths from the working directory.
 * @throws {TypeError | RangeError} when an option is none that it can be.
 */
export function csv<Row = Record<string, unknown>>(
  path: string | URL,
  options: CsvOptions<Row> = {},
): Source<Row> {
  const decoder: MakeDecoder<Row> = (policy) => new CsvDecoder({ ...options, ...policy });
  return new FileSource(path, { options, decoder });
}

/**
 * The records of an NDJSON file (one JSON object a line), as a source of a pipeline.
 *
 * Records that cannot be decoded go the way of the pipeline's `badRecords`, unless that option is
 * given here.
 *
 * @param path Of the file; relative paths from the working directory.
 * @throws {TypeError | RangeError} when an option is none that it can be.
 */
export function ndjson<Row = Record<string, unknown>>(
  path: string | URL,
  options: NdjsonOptions<Row> = {},
): Source<Row> {
  const decoder: MakeDecoder<Row> = (policy) => new NdjsonDecoder({ ...options, ...policy });
  return new FileSource(path, { options, decoder });
}
