import { visible } from "../../batch/shown_names.ts";
import { StreamingError, type StreamingErrorOptions } from "../../hive/streaming_error.ts";
import type { PostgresConnectionSettings } from "./postgres_connection_options.ts";

const MOST_CHARACTERS = 500;

/** Classes of SQLSTATE, and states, that another attempt may not meet again. */
const PASSING_STATES: readonly string[] = [
  "08", // connection exceptions
  "25P03", // a transaction was idle for too long
  "40", // deadlocks and what could not be serialized
  "53", // too little memory, disk or connections
  "55P03", // a lock that was not to be had in time
  "57", // the server ends, or somebody has cancelled
  "58", // the system below
];
/** Codes of sockets and of npm:postgres about connections that may come again. */
const PASSING_CODES: ReadonlySet<string> = new Set([
  ...["CONNECTION_CLOSED", "CONNECTION_DESTROYED", "CONNECTION_ENDED", "CONNECT_TIMEOUT"],
  ...["ECONNREFUSED", "ECONNRESET", "ECONNABORTED", "EPIPE", "ENOENT", "ETIMEDOUT", "EAI_AGAIN"],
  ...["EHOSTUNREACH", "ENETUNREACH", "ENETDOWN", "EADDRNOTAVAIL", "ENOTFOUND"],
]);

/** PostgreSQL refused something, or could not be reached. */
export class PostgresError extends StreamingError {
  /** The name of the class. */
  override readonly name: string = "PostgresError";
  /** What the server called it (PostgreSQL manual, appendix A), where it was the server. */
  readonly sqlState?: string;

  /** With the state that the server gave. */
  constructor(message: string, options: StreamingErrorOptions & { sqlState?: string } = {}) {
    super(message, options);
    if (options.sqlState !== undefined) this.sqlState = options.sqlState;
  }
}

/** What is known of an error of npm:postgres. */
interface Fault {
  readonly code?: string;
  readonly detail?: string;
  readonly where?: string;
  readonly hint?: string;
  readonly severity?: string;
}

/** Whether the connection is gone, with which any query would fail. */
export function isLost(error: unknown): boolean {
  const { code = "", severity } = error as Fault;
  return PASSING_CODES.has(code) || severity === "FATAL";
}

function isPassing(code: string): boolean {
  return PASSING_CODES.has(code) || PASSING_STATES.some((state) => code.startsWith(state));
}

/** What to do about TLS that does not come about. */
function tlsHint(message: string, { tls }: PostgresConnectionSettings): string | undefined {
  if (!tls) return undefined;
  if (message.includes("before secure TLS connection")) {
    return "does the server speak TLS? For one that does not there is tls: false";
  }
  return message.includes("certificate")
    ? "for an authority of your own, run Deno with --cert"
    : undefined;
}

/** A text that may go into a message: seen, not too long, without the password. */
function told(text: string, { password }: PostgresConnectionSettings): string {
  const shown = visible(text.slice(0, MOST_CHARACTERS));
  if (password === "") return shown;
  return shown.replaceAll(password, "[secret]")
    .replaceAll(encodeURIComponent(password), "[secret]");
}

/**
 * What is thrown about something that was thrown by npm:postgres.
 *
 * @param doing What could not be done: `Cannot write to table "t" of database "d" at localhost:5432`.
 */
export function postgresError(
  cause: unknown,
  doing: string,
  settings: PostgresConnectionSettings,
): unknown {
  if (cause instanceof StreamingError) return cause;
  const { code = "", detail, where, hint, severity } = cause as Fault;
  const message = cause instanceof Error ? cause.message : String(cause);
  const more = [detail, where, hint, tlsHint(message, settings)].filter((text) =>
    text !== undefined && text !== ""
  );
  const sqlState = severity === undefined ? undefined : code;
  const state = sqlState === undefined ? "" : ` (SQLSTATE ${sqlState})`;
  const text = [`${message}${state}`, ...more].join("; ");
  return new PostgresError(`${doing}: ${told(text, settings)}`, {
    cause,
    retriable: isPassing(code),
    ...(sqlState !== undefined && { sqlState }),
  });
}
