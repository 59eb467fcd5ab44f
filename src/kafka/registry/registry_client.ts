import { spellDuration } from "../../runtime/duration.ts";
import { withoutEndSlashes } from "../../runtime/file_path.ts";
import type { WebAddress } from "../../runtime/web_address.ts";
import { connectionError, isRetriableStatus, retryAfterMs } from "../../sources/http/http_error.ts";
import { ChildAbort } from "../../stream/child_abort.ts";
import { delay } from "../../stream/delay.ts";
import { askedDelayMs, isRetriable } from "../../stream/failure.ts";
import { Stop } from "../../stream/stop.ts";
import { refusalError, type RegistryRefusal, SchemaRegistryError } from "./registry_error.ts";
import type { RegistrySettings } from "./registry_options.ts";

/** "Content Types" in Confluent's "Schema Registry API Reference". */
const CONTENT_TYPE = "application/vnd.schemaregistry.v1+json";
const ACCEPT = `${CONTENT_TYPE}, application/json`;
/** An answer that is larger is none. */
const MOST_ANSWER_BYTES = 16 << 20;
/** The longest that is waited because a registry asks for it. */
const MOST_RETRY_AFTER_MS = 60_000;

/** What is asked of a registry. */
export interface RegistryRequest {
  /** Behind the address: `/subjects`. */
  readonly path: string;
  /** What is posted, as JSON; absent: it is a GET. */
  readonly body?: object;
  /** What is done, before an address: `get schema 7 from`. */
  readonly doing: string;
}

/** An answer: a good one, or a refusal that the one who asks may have a use for. */
export interface RegistryAnswer extends RegistryRefusal {
  /** The error that it is, if it is no good one. */
  readonly error?: SchemaRegistryError;
}

/** Asks a registry, at one of its addresses, until there is an answer or it is tried no more. */
export class RegistryClient {
  readonly #settings: RegistrySettings;
  /** The address that answered last. */
  #at = 0;

  /** Asks for nothing yet. */
  constructor(settings: RegistrySettings) {
    this.#settings = settings;
  }

  /**
   * Asks. Failures that may pass are tried again, at each address in turn.
   *
   * @throws {SchemaRegistryError} when there is no answer.
   * @throws the signal's reason, when that is aborted.
   */
  async ask(request: RegistryRequest, signal: AbortSignal): Promise<RegistryAnswer> {
    const { retryPolicy, runtime } = this.#settings;
    for (let failures = 1;; failures++) {
      try {
        return await this.#round(request, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (failures > retryPolicy.maxRetries || !isRetriable(error)) throw error;
        const ownMs = retryPolicy.delayMs(failures, () => runtime.random());
        await delay(runtime, Math.max(ownMs, askedDelayMs(error)), signal);
      }
    }
  }

  /** Asks each address once, the one that answered last first. */
  async #round(request: RegistryRequest, signal: AbortSignal): Promise<RegistryAnswer> {
    const { addresses } = this.#settings;
    const failures: SchemaRegistryError[] = [];
    for (let tried = 0; tried < addresses.length; tried++) {
      const at = (this.#at + tried) % addresses.length;
      const answer = await this.#once(addresses[at], request, signal).catch((error) => {
        signal.throwIfAborted();
        if (!(error instanceof SchemaRegistryError && error.retriable)) throw error;
        return { error };
      });
      if (answer.error?.retriable !== true) {
        this.#at = at;
        return answer as RegistryAnswer;
      }
      failures.push(answer.error);
    }
    throw failures.length === 1 ? failures[0] : noneAnswered(failures);
  }

  async #once(
    address: WebAddress,
    request: RegistryRequest,
    signal: AbortSignal,
  ): Promise<RegistryAnswer> {
    const { runtime, timeoutMs } = this.#settings;
    const { doing } = request;
    using child = new ChildAbort(signal);
    const late = new SchemaRegistryError(
      `Cannot ${doing} ${address.name}: there was no answer within requestTimeout ` +
        `(${spellDuration(timeoutMs)})`,
      { retriable: true },
    );
    const cancel = runtime.after(timeoutMs, () => child.abort(late));
    using stop = new Stop(child.signal);
    try {
      const answer = await stop.or(this.#exchange(address, request, child.signal));
      const isGood = answer.status >= 200 && answer.status < 300;
      return isGood ? answer : { ...answer, error: refusalError(answer, { address, doing }) };
    } catch (error) {
      if (error instanceof SchemaRegistryError) throw error;
      const { message, cause, retriable } = connectionError(error, { address, doing });
      throw new SchemaRegistryError(message, { cause, retriable });
    } finally {
      cancel();
      child.abort(); // whoever reads a rest of an answer
    }
  }

  async #exchange(
    address: WebAddress,
    { path, body, doing }: RegistryRequest,
    signal: AbortSignal,
  ): Promise<RegistryAnswer> {
    const { network, runtime } = this.#settings;
    const url = new URL(withoutEndSlashes(address.url.href) + path);
    const headers = {
      accept: ACCEPT,
      ...(body !== undefined && { "content-type": CONTENT_TYPE }),
      ...address.headers,
    };
    const response = await network.fetch(
      new Request(url, {
        ...{ headers, redirect: "manual", signal },
        ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }),
      }),
    );
    const { status, statusText } = response;
    const text = await bodyOf(response, `Cannot ${doing} ${address.name}`);
    const asked = retryAfterMs(response.headers.get("retry-after"), runtime.wallClockMs());
    const json = parsed(text);
    if (response.ok && json === undefined) {
      throw new SchemaRegistryError(
        `Cannot ${doing} ${address.name}: the answer is no JSON; look whether the address is that of ` +
          `a registry, with its path (such as /apis/ccompat/v7)`,
        { status },
      );
    }
    return {
      ...{ status, statusText, body: json ?? text },
      ...(asked !== undefined && isRetriableStatus(status) && {
        retryAfterMs: Math.min(asked, MOST_RETRY_AFTER_MS),
      }),
    };
  }
}

/** All that an answer says, if that is not too much. */
async function bodyOf({ body, status }: Response, doing: string): Promise<string> {
  const decoder = new TextDecoder();
  let [text, bytes] = ["", 0];
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > MOST_ANSWER_BYTES) {
      throw new SchemaRegistryError(
        `${doing}: the answer is larger than ${MOST_ANSWER_BYTES} bytes; look whether the address is ` +
          `that of a registry`,
        { status },
      );
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The error about several addresses of which none answered: it says of each why. */
function noneAnswered(failures: readonly SchemaRegistryError[]): SchemaRegistryError {
  const texts = failures.map(({ message }, at) =>
    at === 0 ? message : message.replace(/^Cannot /, "")
  );
  const retryAfterMs = Math.min(...failures.map(askedDelayMs));
  return new SchemaRegistryError(texts.join("; nor "), {
    retriable: true,
    ...(retryAfterMs > 0 && { retryAfterMs }),
  });
}
