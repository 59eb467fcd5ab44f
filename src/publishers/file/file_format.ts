import type { RecordBatch } from "../../batch/record_batch.ts";
import {
  AvroFileEncoder,
  type AvroFileEncoderOptions,
} from "../../codecs/avro/avro_file_encoder.ts";
import { CsvEncoder, type CsvEncoderOptions } from "../../codecs/csv/csv_encoder.ts";
import { JsonEncoder, type JsonEncoderOptions } from "../../codecs/json/json_encoder.ts";
import { parquetFormat } from "../../codecs/optional_format.ts";
import {
  ParquetFileEncoder,
  type ParquetFileOptions,
} from "../../codecs/parquet/parquet_file_encoder.ts";

/** What a file is written as; Parquet needs `import "@waggle/stream/parquet"`. */
export type FileFormat = "ndjson" | "csv" | "avro" | "parquet";

/** Writes batches as the bytes of one file. */
export interface FileEncoder extends Disposable {
  /** The bytes of a batch; valid for good. */
  encode(batch: RecordBatch): Uint8Array[];
  /** The bytes of what it keeps, where they can be had before the end; absent where it keeps nothing. */
  flush?(): Uint8Array[];
  /** Makes it as if the last batch, or flush, had not been; absent where it keeps nothing of them. */
  undo?(): void;
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
  /** Of Parquet. */
  readonly parquet?: ParquetFileOptions;
}

function ndjson(options: FormatOptions): FileEncoder {
  const encoder = new JsonEncoder({ ...options.ndjson, lines: true });
  return {
    encode: (batch) => [encoder.encode(batch).slice()],
    end: () => [],
    [Symbol.dispose]: () => encoder[Symbol.dispose](),
  };
}

function csv(options: FormatOptions, isEmpty: boolean): FileEncoder {
  const encoder = new CsvEncoder(isEmpty ? options.csv : { ...options.csv, header: false });
  return {
    encode: (batch) => [encoder.encode(batch).slice()],
    end: () => [],
    [Symbol.dispose]: () => encoder[Symbol.dispose](),
  };
}

function avro(options: FormatOptions): FileEncoder {
  const encoder = new AvroFileEncoder(options.avro);
  let isKnown = options.avro?.schema !== undefined;
  return {
    encode: (batch) => {
      const bytes = encoder.push(batch);
      isKnown = true;
      return bytes;
    },
    flush: () => encoder.flush(),
    undo: () => encoder.undo(),
    end: () => isKnown ? encoder.finish() : [],
    [Symbol.dispose]: () => encoder[Symbol.dispose](),
  };
}

function parquet(options: FormatOptions): FileEncoder {
  const parts = parquetFormat.get("write files");
  const encoder = new ParquetFileEncoder(parts, options.parquet);
  return {
    encode: (batch) => encoder.push(batch),
    undo: () => encoder.undo(),
    end: () => encoder.finish(),
    [Symbol.dispose]: () => {},
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
    case "parquet":
      return parquet(options);
  }
}
