import type { Runtime } from "../../runtime/runtime.ts";
import { delay } from "../../stream/delay.ts";
import { askedDelayMs, isRetriable, messageOf } from "../../stream/failure.ts";
import type { RetryPolicy } from "../../stream/retry_policy.ts";
import { EventStreamParser, type ServerSentEvent } from "./event_stream_parser.ts";
import { HttpError } from "./http_error.ts";
import type { HttpAnswer, HttpGet } from "./http_get.ts";
import { jsonElements } from "./json_elements.ts";

/** No Content: an event stream has ended for good (WHATWG, HTML, section 9.2.3). */
const NO_CONTENT = 204;
/** The least time between two connections of which the first has brought no event. */
const LEAST_WAIT_MS = 100;

/** Options of {@linkcode eventLines}. */
export interface EventLinesOptions {
  readonly get: HttpGet;
  readonly retryPolicy: RetryPolicy;
  readonly runtime: Runtime;
  readonly signal: AbortSignal;
  /** Whether a connection that has ended is made anew. */
  readonly reconnects: boolean;
  /** How long to wait before that, unless the other side says, ms. */
  readonly reconnectMs: number;
  /** The longest that the other side may ask to wait, ms. */
  readonly mostReconnectMs: number;
  /** The id from which to go on; empty: from wherever the other side begins. */
  readonly lastId: string;
  /** The types of events that are read; absent: all. */
  readonly types?: ReadonlySet<string>;
  readonly maxEventBytes: number;
}

/**
 * The records in the data of server-sent events, each as a line of JSON; those of events that came
 * together come together. A connection that was lost is made anew, from the event behind the last.
 *
 * @throws {HttpError} when there is no connection, or none that gives events.
 */
export async function* eventLines(
  options: EventLinesOptions,
): AsyncGenerator<readonly string[], void, undefined> {
  const { signal, reconnects, retryPolicy } = options;
  const stream = new EventConnections(options);
  for (let failures = 0;;) {
    let error: unknown;
    stream.hasCome = false;
    try {
      yield* stream.connection();
      if (!reconnects || stream.isOver) return;
    } catch (thrown) {
      error = thrown;
    }
    if (signal.aborted) return;
    if (stream.hasCome) failures = 0;
    else failures++;
    if (error !== undefined && !(reconnects && isRetriable(error))) throw error;
    if (failures > retryPolicy.maxRetries) throw error ?? stream.silent(failures);
    await stream.wait(failures, error);
    if (signal.aborted) return;
  }
}

/** Connections to one stream of events, one after the other. */
class EventConnections {
  readonly #options: EventLinesOptions;
  #lastId: string;
  #reconnectMs: number;
  #hasEvent = false;
  /** Whether anything has come over this connection. */
  hasCome = false;
  /** Whether the other side has said that nothing more comes. */
  isOver = false;

  constructor(options: EventLinesOptions) {
    this.#options = options;
    this.#lastId = options.lastId;
    this.#reconnectMs = options.reconnectMs;
  }

  /** What comes over one connection. */
  async *connection(): AsyncGenerator<readonly string[], void, undefined> {
    const { get, maxEventBytes, mostReconnectMs } = this.#options;
    this.#hasEvent = false;
    await using answer = await get.ask({
      "accept": "text/event-stream",
      "cache-control": "no-store",
      ...(this.#lastId !== "" && { "last-event-id": headerText(this.#lastId) }),
    });
    this.isOver = answer.status === NO_CONTENT;
    if (this.isOver) return;
    this.#checkType(answer);
    const parser = new EventStreamParser({ maxEventBytes, lastId: this.#lastId });
    for (let bytes = await answer.read(); bytes; bytes = await answer.read()) {
      this.hasCome ||= bytes.length > 0;
      const events = this.#parse(parser, bytes);
      this.#hasEvent ||= events.length > 0;
      this.#reconnectMs = Math.min(parser.retryMs ?? this.#reconnectMs, mostReconnectMs);
      const lines = this.#linesOf(events);
      if (lines.length > 0) yield lines;
      this.#lastId = parser.lastId; // what was given, it goes on behind
    }
  }

  /** Connections that end before anything has come. */
  silent(times: number): HttpError {
    return new HttpError(
      `${this.#options.get.doing}: ${times} connections ended before anything came; look whether it ` +
        `is a stream of events, or pass reconnect: false`,
    );
  }

  /** Waits before the next connection. */
  async wait(failures: number, error: unknown): Promise<void> {
    const { retryPolicy, runtime, signal } = this.#options;
    const ownMs = failures === 0 ? 0 : retryPolicy.delayMs(failures, () => runtime.random());
    const leastMs = this.#hasEvent ? 0 : LEAST_WAIT_MS;
    const ms = Math.max(this.#reconnectMs, ownMs, askedDelayMs(error), leastMs);
    await delay(runtime, ms, signal).catch((reason) => {
      if (!signal.aborted) throw reason;
    });
  }

  #parse(parser: EventStreamParser, bytes: Uint8Array): ServerSentEvent[] {
    try {
      return parser.push(bytes);
    } catch (cause) {
      throw new HttpError(`${this.#options.get.doing}: ${messageOf(cause)}`, { cause });
    }
  }

  #linesOf(events: readonly ServerSentEvent[]): string[] {
    const { types } = this.#options;
    const wanted = types ? events.filter(({ event }) => types.has(event)) : events;
    return wanted.flatMap(({ data }) => jsonElements(data.replaceAll("\n", " ")));
  }

  #checkType({ headers }: HttpAnswer): void {
    const type = headers.get("content-type") ?? "nothing";
    if (/^text\/event-stream\s*(;|$)/i.test(type)) return;
    throw new HttpError(
      `${this.#options.get.doing}: it must be of the type text/event-stream, and is ` +
        `${JSON.stringify(type.slice(0, 100))}; read what has an end by HttpSource`,
    );
  }
}

/** The bytes of a text as the characters that a header can have. */
function headerText(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("");
}
