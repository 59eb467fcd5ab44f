import { visible } from "../../batch/shown_names.ts";
import type { WebAddress } from "../../runtime/web_address.ts";
import {
  HttpError,
  type HttpErrorOptions,
  isRetriableStatus,
} from "../../sources/http/http_error.ts";

const MOST_REASON_CHARACTERS = 600;
const HINTS: Readonly<Record<number, string>> = {
  401: "pass username and password, or a token, that the registry knows",
  403: "look whether these credentials may do that",
  404: "look whether the address is that of a registry, with its path (such as /apis/ccompat/v7)",
  405: "look whether the address is that of a registry, and whether it may be written to",
  409: "give new fields defaults and keep the others' types, or lower the subject's compatibility",
  413: "make the schema smaller, or raise the registry's limit",
  422: "correct the schema",
};

/** Options of {@linkcode SchemaRegistryError}. */
export interface SchemaRegistryErrorOptions extends HttpErrorOptions {
  /** The registry's own number of it, such as 40403. */
  errorCode?: number;
  /** Why a schema was refused. */
  reasons?: readonly string[];
}

/** A schema registry could not be asked, or has refused. */
export class SchemaRegistryError extends HttpError {
  /** The name of the class. */
  override readonly name = "SchemaRegistryError";
  /** The registry's own number of it, such as 40403: see "Schema Registry API Reference". */
  readonly errorCode?: number;
  /** Why a schema was refused, where the registry says so. */
  readonly reasons: readonly string[];

  /** With a message that says what could not be done, why, and what to do. */
  constructor(message: string, options: SchemaRegistryErrorOptions = {}) {
    super(message, options);
    this.reasons = options.reasons ?? [];
    if (options.errorCode !== undefined) this.errorCode = options.errorCode;
  }
}

/** What a registry said that is no good answer. */
export interface RegistryRefusal {
  readonly status: number;
  readonly statusText: string;
  /** Its body, as JSON where it is that, else as the text that it is. */
  readonly body: unknown;
  /** How long it has asked to be left alone, ms. */
  readonly retryAfterMs?: number;
}

/** What comes from outside, in one line, of bounded length and without control characters. */
export function shownReason(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  const isLong = line.length > MOST_REASON_CHARACTERS;
  return visible(isLong ? `${line.slice(0, MOST_REASON_CHARACTERS)}…` : line);
}

/** The error that a refusal is. */
export function refusalError(
  { status, statusText, body, retryAfterMs }: RegistryRefusal,
  { address, doing }: { readonly address: WebAddress; readonly doing: string },
): SchemaRegistryError {
  const { errorCode, said } = saidIn(body);
  const reason = said === "" ? "" : shownReason(address.hush(said));
  const number = errorCode === undefined || errorCode === status ? "" : `, error ${errorCode}`;
  const hint = HINTS[status] ?? hintOf(status);
  const retriable = isRetriableStatus(status);
  return new SchemaRegistryError(
    `Cannot ${doing} ${address.name}: the answer was ` +
      `${address.hush(`${status} ${statusText}`.trimEnd())}${number}` +
      (reason === "" ? "" : ` (${reason})`) + (hint === undefined ? "" : `; ${hint}`),
    {
      ...{ status, retriable },
      ...(errorCode !== undefined && { errorCode }),
      ...(reason !== "" && { reasons: [reason] }),
      ...(retriable && retryAfterMs !== undefined && { retryAfterMs }),
    },
  );
}

/** What to do about a status that has no hint of its own. */
function hintOf(status: number): string | undefined {
  if (status >= 500) return "look whether the registry is well";
  if (status < 300 || status >= 400) return undefined;
  return "give the address that it redirects to, which is not followed since credentials would go along";
}

/** A refusal's own number and text; of a page for people there is no more to tell than its status. */
function saidIn(body: unknown): { readonly errorCode?: number; readonly said: string } {
  if (typeof body === "string") return { said: /^\s*</.test(body) ? "" : body };
  if (typeof body !== "object" || body === null) return { said: "" };
  const { error_code: code, message } = body as { error_code?: unknown; message?: unknown };
  return {
    ...(typeof code === "number" && { errorCode: code }),
    said: typeof message === "string" ? message : "",
  };
}
