import type { RecordBatch } from "../../batch/record_batch.ts";
import { denoRuntime } from "../../runtime/deno_runtime.ts";
import { spellDuration } from "../../runtime/duration.ts";
import { denoNetwork, type Network } from "../../runtime/network.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { connectionError, drain, HttpError, statusError } from "../../sources/http/http_error.ts";
import { ChildAbort } from "../../stream/child_abort.ts";
import type { Publisher, PublishOptions, Receipt } from "../../stream/publisher.ts";
import { Stop } from "../../stream/stop.ts";
import { compress } from "../file/output_file.ts";
import { type BodyEncoder, bodyEncoder } from "./http_body.ts";
import { type HttpPublisherOptions, type HttpSettings, httpSettings } from "./http_options.ts";
import { Semaphore } from "./semaphore.ts";

const MOST_REDIRECTS = 5;
const RUN_DIGITS = 12;
/** Redirects that keep the method and the body (RFC 9110, sections 15.4.8 and 15.4.9). */
const KEEPING: ReadonlySet<number> = new Set([307, 308]);

/** What a batch is sent with. */
interface Exchange {
  readonly id: string;
  readonly signal: AbortSignal;
  /** Called when a good answer has begun. */
  readonly taken: () => void;
}

/**
 * Sends each batch as the body of a request over HTTP.
 *
 * A batch is published when the answer has a status from 200 to 299. Delivery is at least once: where
 * an answer is lost nobody knows whether the batch was taken, and it comes again. Each request has
 * the id of its batch in the header `Idempotency-Key`, so that the other side can leave out what it
 * has: a batch (the same object) that is tried again keeps its id.
 *
 * It does not try again by itself: a `StreamingGenerator` does so by its `retryPolicy`, a pipeline
 * with {@linkcode retrying}. Both wait as long as a `Retry-After` says. Needs `--allow-net` of the
 * host.
 *
 * @example
 * ```ts
 * import { HttpPublisher, StreamingGenerator, SyntheticGenerator } from "@waggle/stream";
 *
 * const generator = await SyntheticGenerator.fit([{ x: 1 }, { x: 2 }, { x: 3 }]);
 * const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
 *   console.log((await request.json()).length); // 100, twice
 *   return new Response();
 * });
 * {
 *   await using api = new HttpPublisher({
 *     url: `http://127.0.0.1:${server.addr.port}/records`,
 *     headers: { authorization: "Bearer of-a-token" },
 *   });
 *   await new StreamingGenerator(generator, { onError: "retry" }).streamTo(api, { maxRecords: 200 });
 * }
 * await server.shutdown();
 * ```
 */
export class HttpPublisher implements Publisher {
  readonly #settings: HttpSettings;
  readonly #network: Network;
  readonly #runtime: Runtime;
  readonly #requests: Semaphore;
  readonly #encoder: BodyEncoder;
  readonly #run: string;
  /** Ids of batches that have failed. */
  readonly #ids = new WeakMap<RecordBatch, string>();
  #batches = 0;
  #isClosed = false;

  /**
   * Sends nothing yet.
   *
   * @throws {TypeError | RangeError} when an option is none that it can be.
   */
  constructor(options: HttpPublisherOptions) {
    this.#settings = httpSettings(options);
    const { format, formats, concurrency } = this.#settings;
    this.#encoder = bodyEncoder(format, formats);
    this.#network = options.network ?? denoNetwork;
    this.#runtime = options.runtime ?? denoRuntime;
    this.#requests = new Semaphore(concurrency);
    const digit = () => Math.floor(this.#runtime.random() * 36).toString(36);
    this.#run = Array.from({ length: RUN_DIGITS }, digit).join("");
  }

  /**
   * Sends a batch; one without rows is not sent.
   *
   * @throws {HttpError} when there is no answer within `timeout`, or it has no status from 200 to 299;
   *   statuses from 400 on other than 408, 425, 429 and those from 500 on are not to be tried again.
   */
  async publish(batch: RecordBatch, { signal }: PublishOptions = {}): Promise<Receipt> {
    signal?.throwIfAborted();
    if (this.#isClosed) throw new HttpError(`Cannot ${this.#doing}: the publisher was closed`);
    const id = this.#ids.get(batch) ?? `${this.#run}-${this.#batches++}`;
    return await this.#requests.pass(async () => {
      if (batch.length === 0) return { records: 0 };
      this.#ids.set(batch, id);
      const bytes = await this.#send(batch, { id, ...(signal && { signal }) });
      this.#ids.delete(batch);
      return { records: batch.length, bytes };
    }, signal);
  }

  /** Resolves when everything under way has come to an end. */
  flush(): Promise<void> {
    return this.#requests.left;
  }

  /** Ends when everything under way has come to an end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#requests.left;
    this.#encoder[Symbol.dispose]();
  }

  get #doing(): string {
    return `publish to ${this.#settings.address.name}`;
  }

  /** Sends a batch; gives how many bytes that took. */
  async #send(batch: RecordBatch, { id, signal }: { id: string; signal?: AbortSignal }) {
    const { timeoutMs, compression } = this.#settings;
    const body = await compress(this.#encoder.bytes(batch), compression);
    using child = new ChildAbort(signal);
    const late = new HttpError(
      `Cannot ${this.#doing}: there was no answer within timeout (${spellDuration(timeoutMs)})`,
      { retriable: true },
    );
    const cancel = this.#runtime.after(timeoutMs, () => child.abort(late));
    using stop = new Stop(child.signal);
    let isTaken = false;
    const taken = () => void (isTaken = true);
    try {
      await stop.or(this.#exchange(body, { id, taken, signal: child.signal }));
    } catch (error) {
      if (isTaken) return body.length; // however long it goes on to say so
      signal?.throwIfAborted();
      throw error;
    } finally {
      cancel();
      child.abort(); // whoever reads a rest of an answer
    }
    return body.length;
  }

  async #exchange(body: Uint8Array, how: Exchange): Promise<void> {
    const { address, maxRetryAfterMs, follows } = this.#settings;
    let { url } = address;
    for (let redirects = 0;; redirects++) {
      const response = await this.#fetch(url, body, how);
      if (response.ok) {
        how.taken();
        return await drain(response).catch(() => {}); // whatever is said
      }
      const next = follows && redirects < MOST_REDIRECTS ? sameOrigin(response, url) : undefined;
      if (!next) {
        const nowMs = this.#runtime.wallClockMs();
        throw await statusError(response, { address, doing: "publish to", nowMs, maxRetryAfterMs });
      }
      await drain(response).catch(() => {});
      url = next;
    }
  }

  async #fetch(
    url: URL,
    body: Uint8Array,
    { id, signal }: Exchange,
  ): Promise<Response> {
    const { address, method, compression, idHeader } = this.#settings;
    const headers = {
      "content-type": this.#encoder.contentType,
      ...(compression !== "none" && { "content-encoding": compression }),
      ...(idHeader !== false && { [idHeader.toLowerCase()]: id }),
      ...address.headers,
    };
    const how = { method, headers, body: body as BodyInit, redirect: "manual" as const, signal };
    try {
      return await this.#network.fetch(new Request(url, how));
    } catch (error) {
      signal.throwIfAborted();
      throw connectionError(error, { address, doing: "publish to" });
    }
  }
}

/** Where a redirect leads that keeps what is sent, at the same origin: credentials go no further. */
function sameOrigin({ status, headers }: Response, from: URL): URL | undefined {
  const to = headers.get("location");
  if (!KEEPING.has(status) || to === null || !URL.canParse(to, from)) return undefined;
  const url = new URL(to, from);
  return url.origin === from.origin ? url : undefined;
}
