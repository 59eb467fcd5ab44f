import { JsonEncoder, type JsonEncoderOptions } from "../../codecs/json/json_encoder.ts";
import { checkWord } from "../../codecs/option_checks.ts";
import {
  type FileEncoder,
  fileEncoder,
  type FileFormat,
  type FormatOptions,
} from "../file/file_format.ts";

/** What many batches are as one stream of bytes. */
export type StreamFormat = FileFormat | "json";

/** How records are written, by format. */
export interface StreamFormatOptions extends FormatOptions {
  /** Of JSON. */
  readonly json?: Omit<JsonEncoderOptions, "lines">;
}

const FORMATS: readonly StreamFormat[] = ["ndjson", "json", "csv", "avro", "parquet"];
const [OPEN, CLOSE, COMMA, EMPTY] = ["[", "]", ",", "[]"].map((text) =>
  new TextEncoder().encode(text)
);

/** All rows of all batches as one array. */
function json(options: JsonEncoderOptions | undefined): FileEncoder {
  const encoder = new JsonEncoder(options);
  let isFirst = true;
  return {
    encode: (batch) => {
      if (batch.length === 0) return [];
      const rows = encoder.encode(batch).slice(1, -1);
      const before = isFirst ? OPEN : COMMA;
      isFirst = false;
      return [before, rows];
    },
    end: () => [isFirst ? EMPTY : CLOSE],
    [Symbol.dispose]: () => encoder[Symbol.dispose](),
  };
}

/**
 * What makes one stream of bytes of many batches.
 *
 * @throws {TypeError | RangeError} when the format is none of these, or an option none that it can be.
 */
export function streamEncoder(
  format: StreamFormat,
  { json: jsonOptions, ...options }: StreamFormatOptions,
  doing: string,
): FileEncoder {
  const known = checkWord("format", format, FORMATS, doing);
  return known === "json" ? json(jsonOptions) : fileEncoder(known, options, true);
}
