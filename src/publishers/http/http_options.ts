import type { CsvEncoderOptions } from "../../codecs/csv/csv_encoder.ts";
import { checkPositive, checkWord } from "../../codecs/option_checks.ts";
import { type Duration, milliseconds } from "../../runtime/duration.ts";
import { knownOptions, type OptionRule, received } from "../../runtime/known_options.ts";
import type { Network } from "../../runtime/network.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { WebAddress } from "../../runtime/web_address.ts";
import type { FileCompression } from "../file/output_file.ts";
import {
  MESSAGE_FORMATS,
  type MessageFormat,
  type MessageFormatOptions,
} from "../message_format.ts";

/** What a batch is as the body of a request. */
export type HttpFormat = MessageFormat | "csv";

/** Options of {@linkcode HttpPublisher}. */
export interface HttpPublisherOptions extends MessageFormatOptions {
  /** Where each batch is sent; a name and password in it go as `Authorization`. */
  url: string | URL;
  /** Default `"POST"`. */
  method?: "POST" | "PUT" | "PATCH";
  /** Headers of each request; in the place of those that the publisher would send. */
  headers?: Readonly<Record<string, string>>;
  /**
   * What a batch is as a body: a JSON array of objects (default), JSON lines, CSV with a header, an
   * Avro file, or MessagePack, which needs `import "@waggle/stream/msgpack"`.
   */
  format?: HttpFormat;
  /** How CSV is written. */
  csv?: CsvEncoderOptions;
  /** Compresses bodies, and says so in `Content-Encoding`. Default `"none"`. */
  compression?: FileCompression;
  /** How long an answer may take. Default `"30s"`. */
  timeout?: Duration;
  /** Requests that are under way at once; with more than 1 batches may overtake each other. Default 1. */
  concurrency?: number;
  /**
   * `"error"` (default): a redirect is an error that names the new address. `"follow"`: one that keeps
   * method and body (307, 308) and stays at the same origin is followed, five times at most.
   */
  redirect?: "error" | "follow";
  /**
   * The header with the id of a batch, which is the same when it is tried again, so that the other
   * side can tell; `false`: none. Default `"Idempotency-Key"`.
   */
  idHeader?: string | false;
  /** The longest that is waited because a server asks for it by `Retry-After`. Default `"5m"`. */
  maxRetryAfter?: Duration;
  /** The net. Default: that of the process. */
  network?: Network;
  /** The world: clocks and timers. Default: that of the process. */
  runtime?: Runtime;
}

const DOING = "create HttpPublisher";
const OPTIONS: OptionRule<HttpPublisherOptions> = {
  doing: DOING,
  names: {
    url: true,
    method: true,
    headers: true,
    format: true,
    json: true,
    csv: true,
    avro: true,
    compression: true,
    timeout: true,
    concurrency: true,
    redirect: true,
    idHeader: true,
    maxRetryAfter: true,
    network: true,
    runtime: true,
  },
  example: '{ url: "https://example.com/records" }',
};
const FORMATS: readonly HttpFormat[] = [...MESSAGE_FORMATS, "csv"];
const METHODS = ["POST", "PUT", "PATCH"] as const;

/** {@linkcode HttpPublisherOptions} with all that is not given. */
export interface HttpSettings {
  readonly address: WebAddress;
  readonly method: string;
  readonly format: HttpFormat;
  readonly formats: MessageFormatOptions & { readonly csv?: CsvEncoderOptions };
  readonly compression: FileCompression;
  readonly timeoutMs: number;
  readonly concurrency: number;
  readonly follows: boolean;
  readonly idHeader: string | false;
  readonly maxRetryAfterMs: number;
}

/**
 * Checks the options of an {@linkcode HttpPublisher}.
 *
 * @throws {TypeError | RangeError} when one is none that it can be.
 */
export function httpSettings(given: HttpPublisherOptions): HttpSettings {
  const { url, method = "POST", headers, format = "json", ...options } = knownOptions(
    given,
    OPTIONS,
  );
  const { compression = "none", concurrency = 1, redirect = "error", idHeader } = options;
  const { timeout = "30s", maxRetryAfter = "5m", json, csv, avro } = options;
  return {
    address: new WebAddress(url, { doing: DOING, ...(headers && { headers }) }),
    method: checkWord("method", method, METHODS, DOING),
    format: checkWord("format", format, FORMATS, DOING),
    formats: { ...(json && { json }), ...(csv && { csv }), ...(avro && { avro }) },
    compression: checkWord("compression", compression, ["none", "gzip", "zstd"], DOING),
    timeoutMs: milliseconds(timeout, "timeout", { least: 1 }),
    concurrency: checkPositive("concurrency", concurrency, DOING),
    follows: checkWord("redirect", redirect, ["error", "follow"], DOING) === "follow",
    idHeader: checkIdHeader(idHeader),
    maxRetryAfterMs: milliseconds(maxRetryAfter, "maxRetryAfter"),
  };
}

function checkIdHeader(name: string | false = "Idempotency-Key"): string | false {
  if (name === false || /^[\w!#$%&'*+.^`|~-]+$/.test(String(name))) return name;
  throw new TypeError(
    `Cannot ${DOING}: idHeader must be the name of a header, or false, received ${received(name)}`,
  );
}
