import type { TypedSchema } from "../../batch/schema.ts";
import { checkWord } from "../../codecs/option_checks.ts";
import { type Duration, milliseconds } from "../../runtime/duration.ts";
import { knownOptions, type OptionRule } from "../../runtime/known_options.ts";
import { denoNetwork, type Network } from "../../runtime/network.ts";
import { WebAddress } from "../../runtime/web_address.ts";
import { checkRetryPolicy, RetryPolicy } from "../../stream/retry_policy.ts";
import type { Source, SourceBatch, SourceOptions } from "../../stream/source.ts";
import { avro, type AvroSourceOptions } from "../avro_source.ts";
import { csv, type CsvSourceOptions, ndjson, type NdjsonSourceOptions } from "../file_source.ts";
import { httpBytes } from "./http_bytes.ts";
import { HttpGet } from "./http_get.ts";

/** What the body of an answer is; `"json"` is an array of objects. */
export type HttpSourceFormat = "ndjson" | "json" | "csv" | "avro";

/** Options of {@linkcode HttpSource}. */
export interface HttpSourceOptions<Row = Record<string, unknown>> {
  /**
   * What the body is. Default: by the path of the address: `.ndjson` and `.jsonl`, `.json`, `.csv`,
   * `.avro`, with `.gz` or `.zst` behind or not.
   */
  format?: HttpSourceFormat;
  /** How JSON lines, or a JSON array, are read. */
  ndjson?: Omit<NdjsonSourceOptions<Row>, "layout" | "name">;
  /** How CSV is read. */
  csv?: Omit<CsvSourceOptions<Row>, "name">;
  /** How Avro is read. */
  avro?: Omit<AvroSourceOptions<Row>, "name">;
  /** Headers of the request; redirects to other origins go without. */
  headers?: Readonly<Record<string, string>>;
  /** How often it is asked again, and after how long. Default: `new RetryPolicy()`. */
  retryPolicy?: RetryPolicy;
  /** How long the other side may be silent, before its answer or within. Default `"30s"`. */
  timeout?: Duration;
  /** The longest that is waited because a server asks for it by `Retry-After`. Default `"5m"`. */
  maxRetryAfter?: Duration;
  /** What it is called in messages. Default: the address, without password and query. */
  name?: string;
  /** The net. Default: that of the process. */
  network?: Network;
}

const DOING = "read over HTTP";
const OPTIONS: OptionRule<HttpSourceOptions<never>> = {
  doing: DOING,
  names: {
    format: true,
    ndjson: true,
    csv: true,
    avro: true,
    headers: true,
    retryPolicy: true,
    timeout: true,
    maxRetryAfter: true,
    name: true,
    network: true,
  },
  example: '{ format: "csv" }',
};
const FORMATS: readonly HttpSourceFormat[] = ["ndjson", "json", "csv", "avro"];
const BY_EXTENSION: Readonly<Record<string, HttpSourceFormat>> = {
  ndjson: "ndjson",
  jsonl: "ndjson",
  json: "json",
  csv: "csv",
  avro: "avro",
};

/** What an address is read with, of whatever rows. */
interface HttpReading {
  readonly address: WebAddress;
  readonly network: Network;
  readonly retryPolicy: RetryPolicy;
  readonly timeoutMs: number;
  readonly maxRetryAfterMs: number;
}

/**
 * The records that an address on the web has, as a source of a pipeline: the body of the answer to a
 * GET, in JSON lines, JSON, CSV or Avro.
 *
 * What fails for now is asked for again by `retryPolicy`: no answer, one of 408, 425, 429 or from 500
 * on, and a connection that is lost in the middle, where an `ETag` says that the rest belongs to what
 * has come. Bodies may be compressed, by `Content-Encoding` or as they are. Needs `--allow-net` of the
 * host. What is not to be had by a GET is read by `csv(response)`, say.
 *
 * @example
 * ```ts
 * import { from, HttpSource } from "@waggle/stream";
 *
 * const server = Deno.serve(
 *   { hostname: "127.0.0.1", port: 0, onListen: () => {} },
 *   () => new Response("bird,n\ngull,3\ntern,5\n"),
 * );
 * const birds = new HttpSource(`http://127.0.0.1:${server.addr.port}/birds.csv`);
 * for await (const { bird, n } of from(birds, { workers: 1 })) console.log(bird, n); // gull 3, tern 5
 * await server.shutdown();
 * ```
 */
export class HttpSource<Row = Record<string, unknown>> implements Source<Row> {
  readonly name: string;
  readonly schema?: TypedSchema<Row>;
  readonly recordBytes?: number;
  readonly #reading: HttpReading;
  readonly #sourceOf: (bytes: AsyncIterable<Uint8Array>) => Source<Row>;

  /**
   * Asks for nothing yet.
   *
   * @param from The address, or a `Request` by GET, of which address and headers are used.
   * @throws {TypeError | RangeError} when it is neither, an option is none that it can be, or nothing
   *   says the format.
   */
  constructor(from: string | URL | Request, options: HttpSourceOptions<Row> = {}) {
    const { headers, retryPolicy = new RetryPolicy(), network = denoNetwork, ...rest } =
      knownOptions(options, OPTIONS as OptionRule<HttpSourceOptions<Row>>);
    const address = addressOf(from, headers, DOING);
    this.#reading = {
      ...{ address, network, retryPolicy: checkRetryPolicy(retryPolicy, DOING) },
      timeoutMs: milliseconds(rest.timeout ?? "30s", "timeout", { least: 1 }),
      maxRetryAfterMs: milliseconds(rest.maxRetryAfter ?? "5m", "maxRetryAfter"),
    };
    this.name = rest.name ?? address.name;
    this.#sourceOf = decoding(formatOf(address, rest.format), { ...rest, name: this.name });
    const { schema, recordBytes } = this.#sourceOf(nothing());
    if (schema) this.schema = schema;
    if (recordBytes !== undefined) this.recordBytes = recordBytes;
  }

  /** Asks for it, and reads it from the start. */
  open(options: SourceOptions): AsyncIterable<SourceBatch<Row>> {
    const { runtime, signal } = options;
    const { retryPolicy, timeoutMs, ...reading } = this.#reading;
    const get = new HttpGet({
      ...{ ...reading, runtime, signal },
      ...{ answerMs: timeoutMs, silenceMs: timeoutMs },
    });
    const bytes = httpBytes({ get, retryPolicy, runtime, signal });
    return this.#sourceOf(bytes).open(options);
  }
}

async function* nothing(): AsyncGenerator<Uint8Array, void, undefined> {}

/**
 * An address that can be read by GET.
 *
 * @throws {TypeError} when it is none.
 */
export function addressOf(
  from: string | URL | Request,
  headers: Readonly<Record<string, string>> | undefined,
  doing: string,
): WebAddress {
  if (!(from instanceof Request)) {
    return new WebAddress(from, { doing, ...(headers && { headers }) });
  }
  if (from.method !== "GET") {
    throw new TypeError(
      `Cannot ${doing}: a request is sent again when it fails, so it must be a GET, received ` +
        `${from.method}; pass the Response of yours to csv(), ndjson() or avro()`,
    );
  }
  return new WebAddress(from.url, {
    doing,
    headers: { ...Object.fromEntries(from.headers), ...headers },
  });
}

function formatOf({ url, name }: WebAddress, format?: HttpSourceFormat): HttpSourceFormat {
  if (format !== undefined) return checkWord("format", format, FORMATS, DOING);
  const [, extension = ""] = /\.([A-Za-z]+)(?:\.(?:gz|zst))?$/.exec(url.pathname) ?? [];
  const known = BY_EXTENSION[extension.toLowerCase()];
  if (known) return known;
  throw new TypeError(
    `Cannot ${DOING}: the address ${name} does not say what it has; pass format: ` +
      FORMATS.map((each) => `"${each}"`).join(", "),
  );
}

/** What makes a source of bytes in a format. */
function decoding<Row>(
  format: HttpSourceFormat,
  options: HttpSourceOptions<Row> & { readonly name: string },
): (bytes: AsyncIterable<Uint8Array>) => Source<Row> {
  const { name } = options;
  const other = (["ndjson", "csv", "avro"] as const).find((each) =>
    options[each] !== undefined && each !== (format === "json" ? "ndjson" : format)
  );
  if (other !== undefined) {
    throw new TypeError(
      `Cannot ${DOING}: ${other} says how ${other} is read, and the format is "${format}"`,
    );
  }
  switch (format) {
    case "ndjson":
      return (bytes) => ndjson<Row>(bytes, { ...options.ndjson, name });
    case "json":
      return (bytes) => ndjson<Row>(bytes, { ...options.ndjson, layout: "array", name });
    case "csv":
      return (bytes) => csv<Row>(bytes, { ...options.csv, name });
    case "avro":
      return (bytes) => avro<Row>(bytes, { ...options.avro, name });
  }
}
