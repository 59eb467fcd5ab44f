import { avro } from "../sources/avro_source.ts";
import { csv, ndjson } from "../sources/file_source.ts";
import { UsageError } from "./usage_error.ts";

const INNER = /(\.[A-Za-z0-9]+)(?:\.(?:gz|gzip|zst|zstd))?$/;

/** Rows of a file, by its name. */
export function recordInput(path: string) {
  const [, extension = ""] = INNER.exec(path) ?? [];
  switch (extension.toLowerCase()) {
    case ".csv":
    case ".tsv":
      return csv(path, extension.toLowerCase() === ".tsv" ? { separator: "\t" } : {});
    case ".ndjson":
    case ".jsonl":
    case ".json":
      return ndjson(path);
    case ".avro":
      return avro(path);
    default:
      throw new UsageError(
        `cannot tell what ${JSON.stringify(path)} is: a file's name ends in .csv, .tsv, .ndjson, ` +
          `.jsonl, .json or .avro, with .gz or .zst behind or not`,
      );
  }
}
