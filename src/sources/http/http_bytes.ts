import type { Runtime } from "../../runtime/runtime.ts";
import { delay } from "../../stream/delay.ts";
import { askedDelayMs, isRetriable } from "../../stream/failure.ts";
import type { RetryPolicy } from "../../stream/retry_policy.ts";
import { HttpError } from "./http_error.ts";
import type { HttpAnswer, HttpGet } from "./http_get.ts";

const PARTIAL = 206;

/** Options of {@linkcode httpBytes}. */
export interface HttpBytesOptions {
  readonly get: HttpGet;
  readonly retryPolicy: RetryPolicy;
  readonly runtime: Runtime;
  readonly signal: AbortSignal;
}

/**
 * The bytes of what an address has, as if nothing had happened where the connection was lost on the
 * way.
 *
 * In the middle it is gone on with only where it is certain that the bytes are the same still: where
 * the first answer had a strong validator, an `ETag` (RFC 9110, section 8.8.1), and the next has the
 * same. What was not compressed is then asked for by `Range`; what comes whole again is passed over
 * up to where it was lost.
 *
 * @throws {HttpError} when there is no answer, or no good one, or it cannot be gone on with.
 */
export async function* httpBytes(
  options: HttpBytesOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reading = new Reading(options.get);
  for (let failures = 0;;) {
    const before = reading.bytes;
    try {
      yield* reading.rest();
      return;
    } catch (error) {
      if (options.signal.aborted) return;
      if (reading.bytes > before) failures = 0;
      if (++failures > options.retryPolicy.maxRetries || !isRetriable(error)) throw error;
      reading.checkCanGoOn(error);
      await backOff(failures, error, options);
    }
    if (options.signal.aborted) return;
  }
}

/** Waits before a retry; no longer than until the signal is aborted. */
export async function backOff(
  failures: number,
  error: unknown,
  { retryPolicy, runtime, signal }: Omit<HttpBytesOptions, "get">,
): Promise<void> {
  const ownMs = retryPolicy.delayMs(failures, () => runtime.random());
  await delay(runtime, Math.max(ownMs, askedDelayMs(error)), signal).catch((reason) => {
    if (!signal.aborted) throw reason;
  });
}

/** What was read so far of something that may have to be asked for again. */
class Reading {
  readonly #get: HttpGet;
  #bytes = 0;
  /** The strong validator of what is read, once there was an answer. */
  #tag: string | undefined;
  #isEncoded = false;
  #canRange = true;

  constructor(get: HttpGet) {
    this.#get = get;
  }

  /** Bytes that were given. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The bytes from here on. */
  async *rest(): AsyncGenerator<Uint8Array, void, undefined> {
    await using answer = await this.#ask();
    let passed = this.#startOf(answer);
    for (let chunk = await answer.read(); chunk; chunk = await answer.read()) {
      const known = Math.min(chunk.length, this.#bytes - passed);
      passed += known;
      if (known === chunk.length) continue;
      const rest = chunk.subarray(known);
      passed += rest.length;
      this.#bytes += rest.length;
      yield rest;
    }
    if (passed < this.#bytes) throw this.#changed("it has become shorter");
  }

  /**
   * Looks whether it can be gone on with in the middle.
   *
   * @throws {HttpError} when it cannot.
   */
  checkCanGoOn(cause: unknown): void {
    if (this.#bytes === 0 || this.#tag !== undefined) return;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new HttpError(
      `${reason}; ${this.#bytes} bytes had come, and without an ETag in the answer it is not certain ` +
        `that what comes next belongs to them`,
      { cause },
    );
  }

  async #ask(): Promise<HttpAnswer> {
    const isRange = this.#bytes > 0 && this.#canRange && !this.#isEncoded;
    const answer = await this.#get.ask(
      isRange
        ? {
          "range": `bytes=${this.#bytes}-`,
          "if-range": this.#tag!,
          "accept-encoding": "identity",
        }
        : {},
    );
    if (this.#bytes === 0) this.#begin(answer.headers);
    return answer;
  }

  #begin(headers: Headers): void {
    const tag = headers.get("etag");
    this.#tag = tag !== null && /^"[^"]*"$/.test(tag) ? tag : undefined;
    this.#isEncoded = (headers.get("content-encoding") ?? "identity") !== "identity";
    this.#canRange = headers.get("accept-ranges") !== "none";
  }

  /** Where in the whole an answer begins. */
  #startOf({ status, headers }: HttpAnswer): number {
    if (this.#bytes === 0) {
      if (status !== PARTIAL) return 0;
      throw new HttpError(`${this.#get.doing}: the answer is a part, and the whole was asked for`);
    }
    if (headers.get("etag") !== this.#tag) throw this.#changed("its ETag is another");
    if (status !== PARTIAL) {
      const isEncoded = (headers.get("content-encoding") ?? "identity") !== "identity";
      if (isEncoded !== this.#isEncoded) throw this.#changed("it is encoded in another way");
      return 0;
    }
    const [, start] = /^bytes (\d+)-/.exec(headers.get("content-range") ?? "") ?? [];
    if (start !== undefined && Number(start) <= this.#bytes) return Number(start);
    throw new HttpError(
      `${this.#get.doing}: the bytes from ${this.#bytes} on were asked for, and the answer has the ` +
        `range ${JSON.stringify(headers.get("content-range"))}`,
    );
  }

  #changed(what: string): HttpError {
    return new HttpError(
      `${this.#get.doing}: it was changed while it was read: ${what}; read it again from the start`,
    );
  }
}
