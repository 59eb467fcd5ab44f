import { InflateError } from "../../codecs/inflate/inflate_error.ts";
import { spellDuration } from "../../runtime/duration.ts";
import type { Network } from "../../runtime/network.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { WebAddress } from "../../runtime/web_address.ts";
import { ChildAbort } from "../../stream/child_abort.ts";
import { Stop } from "../../stream/stop.ts";
import { AS_SENT, comesAsSent, decodedBody } from "./decoded_body.ts";
import { connectionError, drain, HttpError, statusError } from "./http_error.ts";

/** As many as the Fetch standard follows. */
const MOST_REDIRECTS = 20;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Options of {@linkcode HttpGet}. */
export interface HttpGetOptions {
  readonly address: WebAddress;
  readonly network: Network;
  readonly runtime: Runtime;
  /** How long an answer may take, ms. */
  readonly answerMs: number;
  /** How long the other side may be silent in the middle of it, ms; `Infinity`: as it likes. */
  readonly silenceMs: number;
  /** The longest that is waited because a server asks for it, ms. */
  readonly maxRetryAfterMs: number;
  /** Ends everything. */
  readonly signal: AbortSignal;
}

/** An answer whose body is read chunk by chunk. */
export interface HttpAnswer extends AsyncDisposable {
  readonly status: number;
  readonly headers: Headers;
  /** The next bytes; `undefined` at the end. */
  read(): Promise<Uint8Array | undefined>;
}

/** Reads by GET, and notices when the other side falls silent. */
export class HttpGet {
  readonly #options: HttpGetOptions;

  /** Asks for nothing yet. */
  constructor(options: HttpGetOptions) {
    this.#options = options;
  }

  /** What could not be done, to begin messages with. */
  get doing(): string {
    return `Cannot read ${this.#options.address.name}`;
  }

  /**
   * Asks once; redirects are followed, to other origins without the headers that were given.
   *
   * @throws {HttpError} when there is no answer, or none with a status from 200 to 299.
   */
  async ask(headers: Readonly<Record<string, string>> = {}): Promise<HttpAnswer> {
    const { address, signal, runtime, maxRetryAfterMs, answerMs } = this.#options;
    const child = new ChildAbort(signal);
    try {
      const { response, isAsSent } = await this.#watched(
        child,
        answerMs,
        this.#follow(headers, child.signal),
      );
      if (!response.ok) {
        const context = { address, doing: "read", nowMs: runtime.wallClockMs(), maxRetryAfterMs };
        throw await this.#watched(child, answerMs, statusError(response, context));
      }
      return this.#answer(response, isAsSent, child);
    } catch (error) {
      child.abort();
      child[Symbol.dispose]();
      throw error;
    }
  }

  #answer({ status, headers, body }: Response, isAsSent: boolean, child: ChildAbort): HttpAnswer {
    const reader = body?.getReader();
    const sent = this.#chunks(reader, child);
    const chunks = isAsSent ? decodedBody(sent, headers.get("content-encoding")) : sent;
    return {
      status,
      headers,
      read: async () => {
        try {
          return (await chunks.next()).value ?? undefined;
        } catch (error) {
          throw this.#worded(error);
        }
      },
      [Symbol.asyncDispose]: async () => {
        child.abort();
        child[Symbol.dispose]();
        await reader?.cancel().catch(() => {}); // it may have failed
        await chunks.return().catch(() => {}); // so may this
      },
    };
  }

  async *#chunks(
    reader: ReadableStreamDefaultReader<Uint8Array> | undefined,
    child: ChildAbort,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const { silenceMs } = this.#options;
    const next = async () => (await this.#watched(child, silenceMs, reader!.read())).value;
    for (let chunk = reader && await next(); chunk; chunk = await next()) yield chunk;
  }

  async #follow(given: Readonly<Record<string, string>>, signal: AbortSignal) {
    const { address, network } = this.#options;
    let { url } = address;
    for (let redirects = 0;; redirects++) {
      const own = url.origin === address.url.origin ? address.headers : {};
      const headers = { ...AS_SENT, ...given, ...own };
      const response = await network.fetch(
        new Request(url, { headers, redirect: "manual", signal }),
      );
      const next = redirects < MOST_REDIRECTS ? redirectOf(response, url) : undefined;
      if (!next) return { response, isAsSent: comesAsSent(headers) };
      await drain(response).catch(() => {}); // nobody wants it
      url = next;
    }
  }

  /** As the promise, at most so long, with the errors that there may be in words. */
  async #watched<T>(child: ChildAbort, ms: number, work: Promise<T>): Promise<T> {
    const { runtime } = this.#options;
    const silent = () =>
      new HttpError(`${this.doing}: nothing came within ${spellDuration(ms)}`, { retriable: true });
    const cancel = ms === Infinity ? () => {} : runtime.after(ms, () => child.abort(silent()));
    using stop = new Stop(child.signal);
    try {
      return await stop.or(work);
    } catch (error) {
      throw this.#worded(error);
    } finally {
      cancel();
    }
  }

  /** An error in words; the signal's reason where that was aborted. */
  #worded(error: unknown): unknown {
    const { signal, address } = this.#options;
    signal.throwIfAborted();
    if (error instanceof HttpError) return error;
    const what = error instanceof InflateError ? error.message : error; // which tells its cause
    return connectionError(what, { address, doing: "read" });
  }
}

/** Where an answer sends its reader; never from a connection that is encrypted to one that is not. */
function redirectOf({ status, headers }: Response, from: URL): URL | undefined {
  const to = headers.get("location");
  if (!REDIRECTS.has(status) || to === null || !URL.canParse(to, from)) return undefined;
  const url = new URL(to, from);
  const isSafe = url.protocol === "https:" ||
    (url.protocol === "http:" && from.protocol === "http:");
  return isSafe ? url : undefined;
}
