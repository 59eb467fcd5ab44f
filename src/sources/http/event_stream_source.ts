import type { TypedSchema } from "../../batch/schema.ts";
import { checkPositive } from "../../codecs/option_checks.ts";
import { type Duration, milliseconds } from "../../runtime/duration.ts";
import {
  checkBoolean,
  knownOptions,
  type OptionRule,
  received,
} from "../../runtime/known_options.ts";
import { denoNetwork, type Network } from "../../runtime/network.ts";
import type { WebAddress } from "../../runtime/web_address.ts";
import { FirstRows } from "../../stream/first_rows.ts";
import { checkRetryPolicy, RetryPolicy } from "../../stream/retry_policy.ts";
import type { Source, SourceBatch, SourceOptions } from "../../stream/source.ts";
import { ndjson, type NdjsonSourceOptions } from "../file_source.ts";
import { eventLines } from "./event_lines.ts";
import { HttpGet } from "./http_get.ts";
import { addressOf } from "./http_source.ts";

/** Options of {@linkcode EventStreamSource}. */
export interface EventStreamSourceOptions<Row = Record<string, unknown>> {
  /** The columns. Default: inferred from the first events, their whole numbers as `f64`. */
  schema?: TypedSchema<Row>;
  /** How records are read. */
  ndjson?: Omit<
    NdjsonSourceOptions<Row>,
    "schema" | "layout" | "name" | "compression" | "maxInflatedBytes" | "maxInflationRatio"
  >;
  /** The types of events that are read. Default: all. */
  events?: string | readonly string[];
  /** Headers of the request; redirects to other origins go without. */
  headers?: Readonly<Record<string, string>>;
  /** The id of the event behind which to begin. Default: where the other side begins. */
  lastEventId?: string;
  /** Whether a connection that has ended is made anew, as the specification has it. Default true. */
  reconnect?: boolean;
  /** How long to wait before that, until the other side says so by `retry:`. Default `"3s"`. */
  reconnectAfter?: Duration;
  /** The longest that the other side may ask to wait. Default `"5m"`. */
  maxReconnectAfter?: Duration;
  /**
   * How often in a row there may be no connection, or one over which nothing comes, and how much longer
   * is waited each time. Default: 10 times, from 1 s to 60 s.
   */
  retryPolicy?: RetryPolicy;
  /** How long an answer may take. Default `"30s"`. */
  timeout?: Duration;
  /**
   * How long nothing may come over a connection before a new one is made; comments count. Default: as
   * long as it likes.
   */
  silence?: Duration;
  /** The most bytes of an event. Default 16 MiB. */
  maxEventBytes?: number;
  /** What it is called in messages. Default: the address, without password and query. */
  name?: string;
  /** The net. Default: that of the process. */
  network?: Network;
}

const DOING = "read events";
const OPTIONS: OptionRule<EventStreamSourceOptions<never>> = {
  doing: DOING,
  names: {
    schema: true,
    ndjson: true,
    events: true,
    headers: true,
    lastEventId: true,
    reconnect: true,
    reconnectAfter: true,
    maxReconnectAfter: true,
    retryPolicy: true,
    timeout: true,
    silence: true,
    maxEventBytes: true,
    name: true,
    network: true,
  },
  example: '{ events: "reading" }',
};
const MAX_EVENT_BYTES = 16_777_216;

interface EventSettings {
  readonly address: WebAddress;
  readonly network: Network;
  readonly retryPolicy: RetryPolicy;
  readonly answerMs: number;
  readonly silenceMs: number;
  readonly reconnects: boolean;
  readonly reconnectMs: number;
  readonly mostReconnectMs: number;
  readonly lastId: string;
  readonly types?: ReadonlySet<string>;
  readonly maxEventBytes: number;
}

function settingsOf(
  from: string | URL | Request,
  options: EventStreamSourceOptions<never>,
): EventSettings {
  const {
    headers,
    events,
    lastEventId = "",
    reconnect = true,
    retryPolicy = new RetryPolicy({ maxRetries: 10, initialBackoff: "1s" }),
    silence,
    maxEventBytes = MAX_EVENT_BYTES,
    network = denoNetwork,
    ...times
  } = options;
  checkBoolean("reconnect", reconnect, DOING);
  if (typeof lastEventId !== "string" || /[\r\n\0]/.test(lastEventId)) {
    refuse(`lastEventId must be a text without line ends, received ${received(lastEventId)}`);
  }
  const silenceMs = silence === undefined
    ? Infinity
    : milliseconds(silence, "silence", { least: 1 });
  return {
    ...{ network, silenceMs, reconnects: reconnect, lastId: lastEventId },
    address: addressOf(from, headers, DOING),
    retryPolicy: checkRetryPolicy(retryPolicy, DOING),
    answerMs: milliseconds(times.timeout ?? "30s", "timeout", { least: 1 }),
    reconnectMs: milliseconds(times.reconnectAfter ?? "3s", "reconnectAfter"),
    mostReconnectMs: milliseconds(times.maxReconnectAfter ?? "5m", "maxReconnectAfter"),
    maxEventBytes: checkPositive("maxEventBytes", maxEventBytes, DOING),
    ...(events !== undefined && { types: typesOf(events) }),
  };
}

function refuse(what: string): never {
  throw new TypeError(`Cannot ${DOING}: ${what}`);
}

function typesOf(events: string | readonly string[]): ReadonlySet<string> {
  const types = typeof events === "string" ? [events] : events;
  const isList = Array.isArray(types) && types.length > 0 &&
    types.every((each) => typeof each === "string" && each !== "");
  return isList ? new Set(types) : refuse(
    `events must be the type of an event or several, such as ["reading"], received ` +
      received(events),
  );
}

/**
 * The records in server-sent events (WHATWG, HTML, section 9.2), as a source of a pipeline: the data of
 * an event is a JSON object, or an array of them.
 *
 * A connection that ends is made anew, with the id of the last event, and goes on behind it where the
 * other side gives ids; else what is sent in between is not seen. The status 204 ends the source, and
 * so does the end of the first connection with `reconnect: false`. Needs `--allow-net` of the host.
 *
 * @example
 * ```ts
 * import { EventStreamSource, from } from "@waggle/stream";
 *
 * const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () =>
 *   new Response('data: {"bird":"gull","n":3}\n\ndata: {"bird":"tern","n":5}\n\n', {
 *     headers: { "content-type": "text/event-stream" },
 *   }));
 * const url = `http://127.0.0.1:${server.addr.port}/`;
 * const birds = from(new EventStreamSource(url, { reconnect: false }), { workers: 1 });
 * for await (const { bird, n } of birds) console.log(bird, n); // gull 3, tern 5
 * await server.shutdown();
 * ```
 */
export class EventStreamSource<Row = Record<string, unknown>> implements Source<Row> {
  readonly name: string;
  readonly schema?: TypedSchema<Row>;
  readonly #settings: EventSettings;
  readonly #decoding: NdjsonSourceOptions<Row>;

  /**
   * Asks for nothing yet.
   *
   * @param from The address, or a `Request` by GET, of which address and headers are used.
   * @throws {TypeError | RangeError} when it is neither, or an option is none that it can be.
   */
  constructor(from: string | URL | Request, options: EventStreamSourceOptions<Row> = {}) {
    const { schema, ndjson: how, name, ...rest } = knownOptions(
      options,
      OPTIONS as OptionRule<EventStreamSourceOptions<Row>>,
    );
    this.#settings = settingsOf(from, rest);
    this.name = name ?? this.#settings.address.name;
    this.#decoding = { ...how, name: this.name, compression: "none" };
    if (schema) this.schema = schema;
    this.#sourceOf([], schema); // tells of options that cannot be, here and now
  }

  /** Connects, and reads for as long as there are events. */
  async *open(options: SourceOptions): AsyncGenerator<SourceBatch<Row>, void, undefined> {
    const { runtime, signal, columns } = options;
    const { address, network, answerMs, silenceMs, mostReconnectMs, ...rest } = this.#settings;
    const get = new HttpGet({
      ...{ address, network, answerMs, silenceMs, runtime, signal },
      maxRetryAfterMs: mostReconnectMs,
    });
    const lines = eventLines({ ...rest, get, mostReconnectMs, runtime, signal });
    try {
      if (this.schema) {
        return yield* this.#sourceOf(lines, this.schema).open(options);
      }
      yield* this.#inferring(lines, options, columns);
    } finally {
      await lines.return();
    }
  }

  /** Waits for as many records as tell the columns, and goes on from the first. */
  async *#inferring(
    lines: AsyncGenerator<readonly string[], void, undefined>,
    options: SourceOptions,
    columns: ReadonlySet<string> | undefined,
  ): AsyncGenerator<SourceBatch<Row>, void, undefined> {
    const { inferenceRows } = this.#decoding;
    const first = new FirstRows({ inferenceRows, columns });
    let held: (readonly string[])[] = [];
    for (let isEnough = false; !isEnough;) {
      const { value, done } = await lines.next();
      if (done) break;
      held.push(value);
      // By what is in the rows, never by which of them came together.
      const rows = value.map(rowOf).filter((row) => row !== undefined);
      isEnough = rows.some((row) => first.add(row));
      if (first.length > 0) continue;
      yield* this.#sourceOf(held, undefined).open(options); // which tells of bad ones
      held = [];
    }
    if (first.length === 0) return;
    const { schema } = first.take() as { schema: TypedSchema<Row> };
    const extraKeys = this.#decoding.extraKeys ?? (columns ? "ignore" : "error");
    const all = async function* () {
      yield* held;
      yield* lines;
    };
    yield* this.#sourceOf(all(), schema, { extraKeys }).open(options);
  }

  #sourceOf(
    lines: Iterable<readonly string[]> | AsyncIterable<readonly string[]>,
    schema: TypedSchema<Row> | undefined,
    how: Pick<NdjsonSourceOptions<Row>, "extraKeys"> = {},
  ): Source<Row> {
    return ndjson<Row>(bytesOf(lines), { ...this.#decoding, ...how, ...(schema && { schema }) });
  }
}

async function* bytesOf(
  lines: Iterable<readonly string[]> | AsyncIterable<readonly string[]>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const encoder = new TextEncoder();
  for await (const each of lines) yield encoder.encode(each.join("\n") + "\n");
}

/** A line as a row, when it is one. */
function rowOf(line: string): object | undefined {
  try {
    const row: unknown = JSON.parse(line);
    return typeof row === "object" && row !== null && !Array.isArray(row) ? row : undefined;
  } catch {
    return undefined;
  }
}
