import { avro } from "../sources/avro_source.ts";
import { csv, ndjson } from "../sources/file_source.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { CommandContext } from "./command_context.ts";
import { UsageError } from "./usage_error.ts";

const INNER = /(\.[A-Za-z0-9]+)(?:\.(?:gz|gzip|zst|zstd))?$/;

const PEEKED_BYTES = 64;
const ARRAY = /^[\ufeff\s]*\[/;

/** Whether a file of JSON is one array, and not an object a line; of a compressed one an array is expected. */
async function isArray(path: string, runtime: Runtime): Promise<boolean> {
  if (!path.toLowerCase().endsWith(".json")) return true;
  const file = await runtime.openFile(path);
  try {
    const bytes = new Uint8Array(PEEKED_BYTES);
    const count = await file.read(bytes) ?? 0;
    return ARRAY.test(new TextDecoder().decode(bytes.subarray(0, count)));
  } finally {
    file.close();
  }
}

/**
 * Rows of a file, by its name.
 *
 * @throws {UsageError} when there is no such file, or its name does not say what it is.
 */
export async function recordInput(path: string, { runtime }: CommandContext) {
  const [, extension = ""] = INNER.exec(path) ?? [];
  const kind = await runtime.fileKind(path);
  if (kind === "nothing" || kind === "folder") {
    throw new UsageError(
      `cannot read ${path}: ${kind === "folder" ? "it is a folder" : "there is no such file"}`,
    );
  }
  switch (extension.toLowerCase()) {
    case ".csv":
    case ".tsv":
      return csv(path, extension.toLowerCase() === ".tsv" ? { separator: "\t" } : {});
    case ".ndjson":
    case ".jsonl":
      return ndjson(path);
    case ".json":
      return ndjson(path, { layout: await isArray(path, runtime) ? "array" : "lines" });
    case ".avro":
      return avro(path);
    default:
      throw new UsageError(
        `cannot tell what ${JSON.stringify(path)} is: a file's name ends in .csv, .tsv, .ndjson, ` +
          `.jsonl, .json or .avro, with .gz or .zst behind or not`,
      );
  }
}
