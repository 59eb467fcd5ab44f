import type { RecordBatch } from "../../batch/record_batch.ts";
import {
  AvroFileEncoder,
  type AvroFileEncoderOptions,
} from "../../codecs/avro/avro_file_encoder.ts";
import { CsvEncoder, type CsvEncoderOptions } from "../../codecs/csv/csv_encoder.ts";
import { JsonEncoder, type JsonEncoderOptions } from "../../codecs/json/json_encoder.ts";

/** What a file is written as. */
export type FileFormat = "ndjson" | "csv" | "avro";

/** Writes batches as the bytes of one file. */
export interface FileEncoder extends Disposable {
  /** Whether a batch can be encoded again, as if it had not been before. */
  readonly repeats: boolean;
  /** The bytes of a batch; valid for good. */
  encode(batch: RecordBatch): Uint8Array[];
  /** What comes behind the last batch; may be called at once. */
  end(): Uint8Array[];
}

/** How records are written, by format. */
export interface FormatOptions {
  /** Of JSON lines. */
  readonly ndjson?: Omit<JsonEncoderOptions, "lines">;
  /** Of CSV. */
  readonly csv?: CsvEncoderOptions;
  /** Of Avro. */
  readonly avro?: AvroFileEncoderOptions;
}

function ndjson(options: FormatOptions): FileEncoder {
  const encoder = new JsonEncoder({ ...options.ndjson, lines: true });
  return {
    repeats: true,
    encode: (batch) => [encoder.encode(batch).slice()],
    end: () => [],
    [Symbol.dispose]: () => encoder[Symbol.dispose](),
  };
}

function csv(options: FormatOptions, isEmpty: boolean): FileEncoder {
  const encoder = new CsvEncoder(isEmpty ? options.csv : { ...options.csv, header: false });
  return {
    repeats: true,
    encode: (batch) => [encoder.encode(batch).slice()],
    end: () => [],
    [Symbol.dispose]: () => encoder[Symbol.dispose](),
  };
}

function avro(options: FormatOptions): FileEncoder {
  const encoder = new AvroFileEncoder(options.avro);
  let isKnown = options.avro?.schema !== undefined;
  return {
    repeats: false,
    encode: (batch) => {
      const bytes = encoder.push(batch);
      isKnown = true;
      return bytes;
    },
    end: () => isKnown ? encoder.finish() : [],
    [Symbol.dispose]: () => encoder[Symbol.dispose](),
  };
}

/** The encoder of a file, which is empty or goes on. */
export function fileEncoder(
  format: FileFormat,
  options: FormatOptions,
  isEmpty: boolean,
): FileEncoder {
  switch (format) {
    case "ndjson":
      return ndjson(options);
    case "csv":
      return csv(options, isEmpty);
    case "avro":
      return avro(options);
  }
}
