import { visible } from "../../batch/shown_names.ts";
import { StreamingError, type StreamingErrorOptions } from "../../hive/streaming_error.ts";
import type { WebAddress } from "../../runtime/web_address.ts";

/** Of the answer to a request that failed, as much is read for the message. */
const MOST_EXCERPT_BYTES = 1024;
const MOST_EXCERPT_CHARACTERS = 200;
/** What is read so that the connection can be used again. */
const MOST_DRAINED_BYTES = 65_536;
const FIRST_FAILURE = 400;
const FIRST_SERVER_FAILURE = 500;
/** Request Timeout, Too Early, Too Many Requests: RFC 9110, 8470 and 6585. */
const RETRIABLE: ReadonlySet<number> = new Set([408, 425, 429]);
const HINTS: Readonly<Record<number, string>> = {
  401: "pass credentials in headers",
  403: "look whether the credentials may do that",
  404: "look whether the address is right",
  405: "look which method it takes",
  413: "send smaller batches",
  415: "look which format it takes",
};

/** Options of {@linkcode HttpError}. */
export interface HttpErrorOptions extends StreamingErrorOptions {
  /** The status of the answer. */
  status?: number;
}

/** A request over HTTP has failed: there was no answer, or it was not a good one. */
export class HttpError extends StreamingError {
  /** The name of the class. */
  override readonly name: string = "HttpError";
  /** The status of the answer; absent when there was none. */
  readonly status?: number;

  /** With a message that says what could not be done, and why. */
  constructor(message: string, options: HttpErrorOptions = {}) {
    super(message, options);
    if (options.status !== undefined) this.status = options.status;
  }
}

/** Whether the same request may succeed another time, by the status of its answer. */
export function isRetriableStatus(status: number): boolean {
  return status >= FIRST_SERVER_FAILURE || RETRIABLE.has(status);
}

/** What Deno throws where a program may not do something, now or later. */
const FORBIDDEN: ReadonlySet<string> = new Set(["NotCapable", "PermissionDenied"]);

/** The error of a request that got no answer. */
export function connectionError(
  error: unknown,
  { address, doing }: Pick<StatusContext, "address" | "doing">,
): HttpError {
  const cause = address.hushed(error);
  const retriable = !(error instanceof Error && FORBIDDEN.has(error.name));
  return new HttpError(`Cannot ${doing} ${address.name}: ${cause.message}`, { cause, retriable });
}

/** What an answer that is no good one is told with. */
export interface StatusContext {
  readonly address: WebAddress;
  /** What could not be done: `"publish to"`. */
  readonly doing: string;
  /** The time of day, ms since 1970. */
  readonly nowMs: number;
  /** The longest that is waited because a server asks for it, ms. */
  readonly maxRetryAfterMs: number;
}

/** The error that an answer is, with the beginning of what it says; its body is released. */
export async function statusError(response: Response, context: StatusContext): Promise<HttpError> {
  const { status, statusText, headers } = response;
  const { address, doing, nowMs, maxRetryAfterMs } = context;
  // A page for people says in many words what the status says.
  const isPage = /\bhtml\b/i.test(headers.get("content-type") ?? "");
  const start = await excerpt(response);
  const said = isPage ? "" : shown(address.hush(start));
  const asked = retryAfterMs(headers.get("retry-after"), nowMs);
  const isRetriable = isRetriableStatus(status);
  const text = address.hush(`${status} ${statusText}`.trimEnd());
  const isRedirect = status >= 300 && status < FIRST_FAILURE;
  const hint = HINTS[status] ?? (isRedirect ? redirectHint(response, address) : undefined);
  return new HttpError(
    `Cannot ${doing} ${address.name}: the answer was ${text}` +
      (said === "" ? "" : ` (${said})`) + (hint === undefined ? "" : `; ${hint}`),
    {
      status,
      retriable: isRetriable,
      ...(isRetriable && asked !== undefined && {
        retryAfterMs: Math.min(asked, maxRetryAfterMs),
      }),
    },
  );
}

function redirectHint({ headers }: Response, address: WebAddress): string {
  const to = headers.get("location") ?? "";
  const url = URL.canParse(to, address.url) ? new URL(to, address.url) : undefined;
  if (url && !/^https?:$/.test(url.protocol)) return `it leads to ${url.protocol}, out of the web`;
  return `use the new address` + (url ? `, ${address.hush(url.origin + url.pathname)}` : "");
}

/**
 * How long a `Retry-After` asks to wait, ms: seconds or a date (RFC 9110, section 10.2.3);
 * `undefined` where it says neither.
 */
export function retryAfterMs(header: string | null, nowMs: number): number | undefined {
  const text = header?.trim() ?? "";
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  // A date in any of the three forms begins with the name of a day.
  const at = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text) ? Date.parse(dateText(text)) : NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

/** The form of asctime has no zone, and is UTC all the same. */
function dateText(text: string): string {
  return /GMT$/.test(text) ? text : `${text} GMT`;
}

async function excerpt(response: Response): Promise<string> {
  const bytes = await start(response, MOST_EXCERPT_BYTES).catch(() => new Uint8Array());
  return new TextDecoder().decode(bytes);
}

/** The first bytes of a body; the rest is given up. */
async function start({ body }: Response, most: number): Promise<Uint8Array> {
  const all = new Uint8Array(most);
  let length = 0;
  for await (const chunk of body ?? []) {
    const part = chunk.subarray(0, most - length);
    all.set(part, length);
    length += part.length;
    if (length === most) break; // cancels the body
  }
  return all.subarray(0, length);
}

/** Reads to the end of an answer that nobody wants, unless it is long: then it is given up. */
export async function drain({ body }: Response): Promise<void> {
  let bytes = 0;
  for await (const { length } of body ?? []) {
    bytes += length;
    if (bytes > MOST_DRAINED_BYTES) break;
  }
}

/** The beginning of what a server says, in one line. */
function shown(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > MOST_EXCERPT_CHARACTERS
    ? `${visible(line.slice(0, MOST_EXCERPT_CHARACTERS))}…`
    : visible(line);
}
