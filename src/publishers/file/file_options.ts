import { parquetFormat } from "../../codecs/optional_format.ts";
import { ParquetFileEncoder } from "../../codecs/parquet/parquet_file_encoder.ts";
import { type Duration, milliseconds } from "../../runtime/duration.ts";
import { knownOptions, type OptionRule, received } from "../../runtime/known_options.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { FileFormat, FormatOptions } from "./file_format.ts";
import type { FileCompression } from "./output_file.ts";

/** When a file is finished, and the next begun. */
export interface RotateOptions {
  /** When it has so many bytes, as they are written; the last batch may make it larger. */
  bytes?: number;
  /** When its first record is so old. */
  every?: Duration;
}

/** Options of {@linkcode FilePublisher}. */
export interface FilePublisherOptions extends FormatOptions {
  /** Default: by the name: `.ndjson` and `.jsonl`, `.csv`, `.avro`, `.parquet`, with `.gz` or `.zst` behind or not. */
  format?: FileFormat;
  /** Default: by the name: `.gz` is gzip, `.zst` is zstd. */
  compression?: FileCompression;
  /**
   * What becomes of a file that exists: `"error"` refuses it, `"replace"` takes its place when the
   * new one is whole, `"append"` writes behind it (not Avro, nor Parquet). Default `"error"`.
   */
  ifExists?: "error" | "replace" | "append";
  /** Writes several files, numbered before their extension: `out-000001.csv`. Default: one. */
  rotate?: RotateOptions;
  /** The world: the only way to files and clocks. Default: that of the process. */
  runtime?: Runtime;
}

const OPTIONS: OptionRule<FilePublisherOptions> = {
  doing: "create FilePublisher",
  names: {
    format: true,
    compression: true,
    ifExists: true,
    rotate: true,
    ndjson: true,
    csv: true,
    avro: true,
    parquet: true,
    runtime: true,
  },
  example: '{ format: "csv" }',
};
const FORMATS: Readonly<Record<string, FileFormat>> = {
  ".ndjson": "ndjson",
  ".jsonl": "ndjson",
  ".csv": "csv",
  ".avro": "avro",
  ".parquet": "parquet",
};
const COMPRESSIONS: Readonly<Record<string, FileCompression>> = { ".gz": "gzip", ".zst": "zstd" };
const WORDS = {
  format: ["ndjson", "csv", "avro", "parquet"],
  compression: ["none", "gzip", "zstd"],
  ifExists: ["error", "replace", "append"],
} as const;

/** {@linkcode FilePublisherOptions} with all that is not given. */
export interface FileSettings {
  readonly format: FileFormat;
  readonly compression: FileCompression;
  readonly ifExists: "error" | "replace" | "append";
  readonly formats: FormatOptions;
  readonly rotateBytes: number;
  readonly rotateMs: number;
  readonly rotates: boolean;
  /** What stands before a file's number, and behind it. */
  readonly stem: string;
  readonly extension: string;
}

function refuse(what: string): never {
  throw new TypeError(`Cannot create FilePublisher: ${what}`);
}

/** The extensions of a path that say what it is. */
function extensionsOf(
  path: string,
): { format?: FileFormat; compression?: FileCompression; length: number } {
  const [, last = ""] = /(\.[A-Za-z]+)$/.exec(path) ?? [];
  const compression = COMPRESSIONS[last.toLowerCase()];
  const rest = compression ? path.slice(0, -last.length) : path;
  const [, inner = ""] = /(\.[A-Za-z]+)$/.exec(rest) ?? [];
  const format = FORMATS[inner.toLowerCase()];
  return {
    ...(format && { format }),
    ...(compression && { compression }),
    length: (compression ? last.length : 0) + (format || !compression ? inner.length : 0),
  };
}

function checkWords(options: FilePublisherOptions): void {
  for (const [name, words] of Object.entries(WORDS)) {
    const value = options[name as keyof typeof WORDS];
    if (value === undefined || (words as readonly string[]).includes(value)) continue;
    refuse(
      `${name} must be one of ${words.map((word) => JSON.stringify(word)).join(", ")}, received ` +
        received(value),
    );
  }
}

function rotation(rotate: RotateOptions | undefined) {
  if (rotate === undefined) return { rotateBytes: Infinity, rotateMs: Infinity, rotates: false };
  const { bytes, every } = knownOptions(rotate, {
    doing: "create FilePublisher: rotate",
    names: { bytes: true, every: true },
    example: '{ bytes: 100e6, every: "1h" }',
  });
  if (bytes === undefined && every === undefined) refuse("rotate must have bytes, every, or both");
  if (bytes !== undefined && !(bytes >= 1 && bytes < Infinity)) {
    refuse(`rotate.bytes must be a number from 1, received ${received(bytes)}`);
  }
  return {
    rotateBytes: bytes ?? Infinity,
    rotateMs: every === undefined ? Infinity : milliseconds(every, "rotate.every", { least: 1 }),
    rotates: true,
  };
}

/** Checks what a format can do, and that it is there. */
function checkFormat(format: FileFormat, options: FilePublisherOptions): void {
  const { compression, ifExists } = options;
  if (format === "avro" && compression !== "none") {
    refuse(`Avro compresses its blocks by itself: pass avro: { codec: "deflate" } or "zstandard"`);
  }
  if (format === "avro" && ifExists === "append") {
    refuse("an Avro file cannot be appended to, for its blocks end in a marker of its own");
  }
  if (format !== "parquet") return;
  if (compression !== "none") {
    refuse(`Parquet compresses its pages by itself: pass parquet: { codec: "zstd" } or "gzip"`);
  }
  if (ifExists === "append") {
    refuse("a Parquet file cannot be appended to, for it ends in what says where all is");
  }
  new ParquetFileEncoder(parquetFormat.get("create FilePublisher"), options.parquet);
}

function formatsOf({ ndjson, csv, avro, parquet }: FilePublisherOptions): FormatOptions {
  return {
    ...(ndjson && { ndjson }),
    ...(csv && { csv }),
    ...(avro && { avro }),
    ...(parquet && { parquet }),
  };
}

/**
 * Checks the options of a {@linkcode FilePublisher}.
 *
 * @throws {TypeError | RangeError} when one is none that it can be.
 */
export function fileSettings(path: string, given: FilePublisherOptions): FileSettings {
  const options = knownOptions(given, OPTIONS);
  checkWords(options);
  const known = extensionsOf(path);
  const format = options.format ?? known.format;
  if (!format) {
    return refuse(
      `the name ${JSON.stringify(path)} does not say what to write; end it in .ndjson, .csv, ` +
        `.avro or .parquet, or pass format`,
    );
  }
  const { compression = known.compression ?? "none", ifExists = "error" } = options;
  checkFormat(format, { ...options, compression, ifExists });
  const rotates = rotation(options.rotate);
  if (rotates.rotates && ifExists === "append") {
    refuse('ifExists: "append" is for one file, and rotate makes several');
  }
  return {
    ...{ format, compression, ifExists, ...rotates },
    formats: formatsOf(options),
    stem: path.slice(0, path.length - known.length),
    extension: path.slice(path.length - known.length),
  };
}
